// Policies without a network: chance, for comparison; and scripts, so that actors, scheduling, store and
// command line can be tested without Torch.
#pragma once

#include <functional>
#include <memory>

#include "chrysalis/rollout/policy.h"

namespace chrysalis {

// Every action equally likely.
std::unique_ptr<Policy> make_random_policy(int action_count);

// A policy from a function of one environment's view. The function reads the observation [H, W, 3] and the
// core state, may change the core state, and fills log_policy [action_count] (it must be normalised) and the
// value.
struct ScriptedView {
  const std::uint8_t* observation;
  std::int32_t last_action;
  float last_reward;
  const Weights* weights;  // Last loaded, or null.
};
using Script = std::function<void(const ScriptedView& view, std::span<float> core_state,
                                  std::span<float> log_policy, float& value)>;
std::unique_ptr<Policy> make_scripted_policy(int action_count, int core_state_size, Script script);

}  // namespace chrysalis
