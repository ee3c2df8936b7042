#include "chrysalis/impala/vtrace.h"

#include <ATen/ATen.h>

#include "chrysalis/core/check.h"

namespace chrysalis {

VTraceReturns vtrace(const VTraceInputs& in, double rho_clip, double c_clip) {
  at::NoGradGuard no_grad;
  CHRYSALIS_CHECK(in.values.dim() == 2 && in.values.numel() > 0);
  CHRYSALIS_CHECK(in.log_rhos.sizes() == in.values.sizes() && in.discounts.sizes() == in.values.sizes() &&
                  in.rewards.sizes() == in.values.sizes());
  CHRYSALIS_CHECK(in.bootstrap_value.dim() == 1 && in.bootstrap_value.size(0) == in.values.size(1));
  const std::int64_t steps = in.values.size(0);
  const at::Tensor rhos = in.log_rhos.exp();
  const at::Tensor clipped_rhos = rhos.clamp_max(rho_clip);
  const at::Tensor discounted_cs = rhos.clamp_max(c_clip) * in.discounts;
  const at::Tensor next_values =
      at::cat({in.values.narrow(0, 1, steps - 1), in.bootstrap_value.unsqueeze(0)}, 0);
  const at::Tensor deltas = clipped_rhos * (in.rewards + in.discounts * next_values - in.values);

  const at::Tensor corrections = at::empty_like(deltas);  // v_s - V(x_s).
  corrections[steps - 1].copy_(deltas[steps - 1]);
  for (std::int64_t s = steps - 2; s >= 0; --s) {
    at::Tensor correction = corrections[s];
    at::addcmul_out(correction, deltas[s], discounted_cs[s], corrections[s + 1]);
  }
  VTraceReturns returns;
  returns.targets = in.values + corrections;
  const at::Tensor next_targets =
      at::cat({returns.targets.narrow(0, 1, steps - 1), in.bootstrap_value.unsqueeze(0)}, 0);
  returns.advantages = clipped_rhos * (in.rewards + in.discounts * next_targets - in.values);
  return returns;
}

}  // namespace chrysalis
