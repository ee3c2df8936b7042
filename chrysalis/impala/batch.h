// What a learner learns from, as tensors. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "chrysalis/agent/network.h"
#include "chrysalis/rollout/learner_config.h"
#include "chrysalis/rollout/unroll.h"

namespace chrysalis {

// What happened in B unrolls of T agent steps, time-major, on the learner's device. `frames` points into the
// unrolls.
struct Batch {
  NetworkInput input;         // T + 1 steps, of the unrolls' tasks.
  at::Tensor actions;         // [T, B] int64, of the joint action space.
  at::Tensor simple_actions;  // [T, B] int64, their places among pi_1's actions; -1 where it has none such.
  at::Tensor log_mu;          // [T, B]
  at::Tensor rewards;         // [T, B], clipped, plus what a bootstrap at a time limit is worth.
  at::Tensor discounts;       // [T, B], 0 where the episode ended.
};

// CHECKs that the unrolls fit config and spec, their actions and tasks with them.
Batch make_batch(std::span<const Unroll* const> unrolls, const LearnerConfig& config, const AgentSpec& spec,
                 const at::TensorOptions& options);

}  // namespace chrysalis
