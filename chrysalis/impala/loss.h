// The loss of a batch of unrolls: the place to change what is optimised. Autograd differentiates it. On the
// CPU the learner takes fused_loss.h's shortcut to the same numbers (in ImpalaLearner::gradient): take it out
// there when you change impala_loss(). Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include "chrysalis/agent/network.h"
#include "chrysalis/impala/batch.h"
#include "chrysalis/impala/mix_and_match.h"
#include "chrysalis/impala/vtrace.h"
#include "chrysalis/rollout/learner_config.h"

namespace chrysalis {

// V-trace's targets and advantages for the network's output, constants of the loss. The ratio is
// pi_mm(a|x) / mu(a|x), 0 where an action of before is none that the agent can take now.
VTraceReturns impala_returns(const NetworkOutput& out, const Batch& batch, const LearnerConfig& config,
                             const MixAndMatch& mix = {});

// Scalars. The terms of IMPALA are sums over T and B as in its reference; the last observation only
// bootstraps.
struct Loss {
  // policy + baseline_cost * baseline - entropy_cost * entropy + transfer_weight * L_mm, the one to
  // differentiate. L_mm is `transfer`, or the mean over the batch's unrolls of its sums over time.
  at::Tensor total;
  at::Tensor policy;    // -sum advantage ln pi_mm(a|x); an action that pi_mm cannot take counts nothing.
  at::Tensor baseline;  // 1/2 sum (target - V)^2
  at::Tensor entropy;   // sum H(pi_mm(.|x)), nats.
  // Without a gradient, sums over T and B likewise; undefined where a policy that they are of was not needed.
  at::Tensor transfer = {};         // The matching loss; kl's where nothing is transferred.
  at::Tensor simple_entropy = {};   // H(pi_1), nats.
  at::Tensor complex_entropy = {};  // H(pi_2), nats.
  at::Tensor simple_mass = {};  // pi_2's probability of pi_1's actions, where those are a part of its own.
};
Loss impala_loss(const NetworkOutput& out, const Batch& batch, const VTraceReturns& returns,
                 const LearnerConfig& config, const MixAndMatch& mix = {});

}  // namespace chrysalis
