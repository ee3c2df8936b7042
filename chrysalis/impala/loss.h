// IMPALA's loss of a batch of unrolls: the place to change what is optimised. Autograd differentiates it. On
// the CPU the learner takes fused_loss.h's shortcut to the same numbers (in ImpalaLearner::gradient): take it
// out there when you change impala_loss(). Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "chrysalis/agent/network.h"
#include "chrysalis/impala/vtrace.h"
#include "chrysalis/rollout/learner_config.h"
#include "chrysalis/rollout/unroll.h"

namespace chrysalis {

// What happened in B unrolls of T agent steps, time-major, on the learner's device. `frames` points into the
// unrolls.
struct Batch {
  NetworkInput input;    // T + 1 steps.
  at::Tensor actions;    // [T, B] int64.
  at::Tensor log_mu;     // [T, B]
  at::Tensor rewards;    // [T, B], clipped, plus what a bootstrap at a time limit is worth.
  at::Tensor discounts;  // [T, B], 0 where the episode ended.
};
Batch make_batch(std::span<const Unroll* const> unrolls, const LearnerConfig& config, const AgentSpec& spec,
                 const at::TensorOptions& options);

// V-trace's targets and advantages for the network's output, constants of the loss.
VTraceReturns impala_returns(const NetworkOutput& out, const Batch& batch, const LearnerConfig& config);

// Sums over T and B as in the IMPALA reference; the last observation only bootstraps.
struct Loss {
  at::Tensor total;   // policy + baseline_cost * baseline - entropy_cost * entropy; the one to differentiate.
  at::Tensor policy;  // -sum advantage ln pi(a|x)
  at::Tensor baseline;  // 1/2 sum (target - V)^2
  at::Tensor entropy;   // sum H(pi(.|x)), nats.
};
Loss impala_loss(const NetworkOutput& out, const Batch& batch, const VTraceReturns& returns,
                 const LearnerConfig& config);

// [T, B], ln pi(a|x) of the actions that were taken.
at::Tensor action_log_policy(const NetworkOutput& out, const Batch& batch);

}  // namespace chrysalis
