// The seam between what trains and what schedules training. A learner turns unrolls into new weights. It has
// no threads, files or clocks of its own: workers call it. No Torch here.
//
// One update: gradient(0..shard_count-1, …), each call on any thread and any of them at once, then apply() on
// one thread after all of them. The result depends on the shards' contents, not on threads or order of the
// calls.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/tensor.h"
#include "chrysalis/rollout/curriculum_config.h"
#include "chrysalis/rollout/learner_config.h"
#include "chrysalis/rollout/unroll.h"
#include "chrysalis/rollout/weights.h"

namespace chrysalis {

// What an update was like. Means are over the batch's agent steps.
struct UpdateReport {
  std::int64_t version = 0;  // Of the weights it made.
  bool finite = true;  // False: NaN or infinity in loss, gradient or weights; the weights are unchanged.
  double loss = 0;     // Total, as optimised.
  double policy_loss = 0;
  double baseline_loss = 0;
  double entropy = 0;             // Of the policy that acts now, of a mixture as a whole; nats a step.
  double gradient_norm = 0;       // Before clipping.
  double explained_variance = 0;  // Of V-trace's targets by the baseline; under 0.1 the agent hardly sees.
  double mean_rho = 0;            // Mean unclipped importance ratio; 1 where the behaviour was this policy.
  double saturated_units = 0;     // Share of core outputs beyond 0.9.
  double mean_lag = 0;            // Updates between the weights that acted and these, mean over unrolls.
  std::int64_t max_lag = 0;
  std::int64_t unrolls_lost = 0;  // Sum of Unroll::losses; the trainer fills it in.
  // The settings that the update was made with.
  double alpha = 1;
  double learning_rate = 0;
  double entropy_cost = 0;
  // Of the two policies of a curriculum; NaN where a policy was not computed.
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  double transfer_loss = kNone;    // The matching loss a step, before lambda; kl where the arm has none.
  double simple_entropy = kNone;   // Nats a step.
  double complex_entropy = kNone;  // Likewise.
  double simple_mass = kNone;      // pi_2's probability of pi_1's actions, mean.
};

class Learner {
 public:
  virtual ~Learner() = default;
  virtual int shard_count() const = 0;
  // Loss and gradient of one shard of the batch, from the weights as they are.
  virtual void gradient(int shard, std::span<const Unroll* const> unrolls) = 0;
  // Adds the shards in their order, clips, takes one optimizer step, publishes.
  virtual UpdateReport apply() = 0;
  // Takes the tunable settings (FieldSpec::tunable) of both for the updates from now on; alpha with the next
  // version of the weights. The other settings must be those that the learner was made with. Not while
  // gradient() or apply() runs.
  virtual void tune(const LearnerConfig& learner, const CurriculumConfig& curriculum) = 0;
  // The weights after the last apply(). Any thread, also during gradient().
  virtual WeightsPtr weights() const = 0;

  // Everything that the next update depends on except tune()'s settings, and back. "learner.version" [] I64
  // is the weights' version, so that whoever copies a learner may give it another. Not while gradient()
  // runs. restore() leaves the learner as it was if tensors are missing or of another shape, and says which.
  virtual std::vector<NamedTensor> save() const = 0;
  virtual Status restore(std::span<const NamedTensor> tensors) = 0;
};

}  // namespace chrysalis
