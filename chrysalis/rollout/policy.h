// The seam between what decides and what acts. Actors, evaluation and films see only this; a policy may be a
// network, a script or chance. No Torch here.
#pragma once

#include <cstdint>
#include <span>

#include "chrysalis/rollout/weights.h"

namespace chrysalis {

// One decision for each of `batch` environments. Everything is owned by the caller.
struct PolicyInput {
  int batch = 0;
  std::span<const std::uint8_t* const> observations;  // [batch] pointers to [H, W, 3] RGB.
  std::span<const std::int32_t>
      last_actions;                     // [batch], index in the action set; -1: none, at an episode's start.
  std::span<const float> last_rewards;  // [batch], raw; the policy clips as its learner does.
  std::span<const std::uint8_t> episode_starts;  // [batch], 1: the core state is reset before this decision.
  std::span<const std::int32_t> tasks = {};      // [batch], from 0; empty: all of task 0.
};

struct PolicyOutput {
  std::span<float> core_states;  // [batch, core_state_size], in and out. All zeros is the state at a start.
  std::span<float> log_policy;   // [batch, action_count], natural logarithms of probabilities that sum to 1.
  std::span<float> values;       // [batch], the baseline.
};

// One thread at a time.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual int action_count() const = 0;
  virtual int core_state_size() const = 0;  // Floats an environment; 0 without memory.
  // Takes these weights from now on. Policies without weights ignore it.
  virtual void load(const WeightsPtr& weights) = 0;
  virtual void step(const PolicyInput& in, const PolicyOutput& out) = 0;
};

}  // namespace chrysalis
