// What Mix & Match (Czarnecki et al. 2018, appendix) makes of IMPALA: whose policy acts, and what matches the
// two. L = L_RL(pi_mm, V) + lambda L_mm with pi_mm = (1 - alpha) pi_1 + alpha pi_2. The tensors' arithmetic
// is mixmatch's. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "chrysalis/agent/network.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"
#include "chrysalis/impala/batch.h"
#include "chrysalis/mixmatch/transfer.h"
#include "chrysalis/rollout/curriculum.h"
#include "chrysalis/rollout/learner_config.h"

namespace chrysalis {

// Of one update. As it is by default: one policy, called pi_2.
struct MixAndMatch {
  double alpha = 1;                         // pi_2's weight in the mixture.
  std::vector<int> simple_actions = {};     // The joint index of each of pi_1's actions; empty: it is joint.
  double transfer_weight = 0;               // lambda
  const TransferLossEntry* loss = nullptr;  // Needed where both policies are.
  TransferReduction reduction = TransferReduction::kMeanOverUnrolls;
  std::int64_t batch_unrolls = 1;  // Of the whole batch, so that the losses of shards sum to its loss.
  double activation_weight = 1;
  double sobolev_weight = 1;
  int projections = 1;
  RandomKey key = RandomKey(0);  // Of the sobolev loss's directions.

  bool transfers() const { return transfer_weight > 0 && alpha < 1; }
  // Whose output the loss reads; as alive_learning().
  bool needs_simple() const { return alpha < 1; }
  bool needs_complex() const { return alpha > 0 || transfer_weight > 0; }
  bool mixes() const { return needs_simple() && needs_complex(); }
  // Weight of one step's matching loss in the total.
  double step_weight() const {
    if (!transfers()) return 0;
    return reduction == TransferReduction::kSum ? transfer_weight
                                                : transfer_weight / static_cast<double>(batch_unrolls);
  }
};

// alpha: of the weights; 1 where there is one policy. Where the arm transfers nothing, loss is kl, to report.
// Errors: an unknown loss or reduction; `activations` where the policies share a core.
Result<MixAndMatch> mix_and_match(const CurriculumConfig& config, const CurriculumShape& shape,
                                  const LearnerConfig& learner, double alpha);

// What the entropy counts at this alpha: entropy_cost * entropy_ratio ^ alpha.
double effective_entropy_cost(const LearnerConfig& learner, const CurriculumConfig& curriculum, double alpha);

// [T, B, actions], of the steps without the last observation.
at::Tensor simple_policy(const NetworkOutput& out, const Batch& batch);
at::Tensor complex_policy(const NetworkOutput& out, const Batch& batch);

// The policy that acts, over the actions that it has: at alpha 0 those of pi_1, whose very tensor it is, so
// that nothing is rounded; at alpha 1 likewise pi_2's; between them the mixture over the joint actions.
struct ActingPolicy {
  at::Tensor log_policy;  // [T, B, actions]
  at::Tensor actions;     // [T, B] int64, what was done, as an index of those; -1: none of them.
  bool has_all = true;    // No index is -1, whatever was done.
};
ActingPolicy acting_policy(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix);
// [T, B]; of_none: where the action is none of the policy's.
at::Tensor log_of_actions(const ActingPolicy& acting, double of_none);

// [T, B], ln pi_mm(a|x) of the actions that were taken, -inf where it is 0. The same numbers as
// log_of_actions(), without the mixture over all actions.
at::Tensor action_log_policy(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix = {});

// [T, B], the terms of L_mm before lambda.
at::Tensor transfer_per_step(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix);

// Sum over T and B of pi_2's probability of pi_1's actions; undefined where those are all.
at::Tensor simple_mass(const NetworkOutput& out, const Batch& batch, const MixAndMatch& mix);

}  // namespace chrysalis
