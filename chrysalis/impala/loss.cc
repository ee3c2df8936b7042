#include "chrysalis/impala/loss.h"

#include <ATen/ATen.h>

#include "chrysalis/core/stage_clock.h"
#include "chrysalis/mixmatch/mixture.h"

namespace chrysalis {

VTraceReturns impala_returns(const NetworkOutput& out, const Batch& batch, const LearnerConfig& config,
                             const MixAndMatch& mix) {
  at::NoGradGuard no_grad;
  const StageScope scope(Stage::kLoss);
  const std::int64_t steps = batch.actions.size(0);
  return vtrace({.log_rhos = action_log_policy(out, batch, mix) - batch.log_mu,
                 .discounts = batch.discounts,
                 .rewards = batch.rewards,
                 .values = out.values.narrow(0, 0, steps),
                 .bootstrap_value = out.values[steps]},
                config.rho_clip, config.c_clip);
}

Loss impala_loss(const NetworkOutput& out, const Batch& batch, const VTraceReturns& returns,
                 const LearnerConfig& config, const MixAndMatch& mix) {
  const StageScope scope(Stage::kLoss);
  const ActingPolicy acting = acting_policy(out, batch, mix);
  const at::Tensor values = out.values.narrow(0, 0, batch.actions.size(0));
  Loss loss;
  loss.policy = -(returns.advantages * log_of_actions(acting, /*of_none=*/0)).sum();
  loss.baseline = 0.5 * (returns.targets - values).square().sum();
  loss.entropy = entropy(acting.log_policy).sum();
  loss.total = loss.policy + config.baseline_cost * loss.baseline - config.entropy_cost * loss.entropy;
  if (mix.transfers()) {
    const at::Tensor per_step = transfer_per_step(out, batch, mix);
    loss.total = loss.total + mix.transfer_weight * transfer_sum(per_step, mix.reduction, mix.batch_unrolls);
    loss.transfer = per_step.detach().sum();
  }
  at::NoGradGuard no_grad;
  if (!mix.transfers() && mix.mixes()) loss.transfer = transfer_per_step(out, batch, mix).sum();
  if (mix.needs_simple()) loss.simple_entropy = entropy(simple_policy(out, batch)).sum();
  if (mix.needs_complex()) {
    loss.complex_entropy = entropy(complex_policy(out, batch)).sum();
    loss.simple_mass = simple_mass(out, batch, mix);
  }
  return loss;
}

}  // namespace chrysalis
