// V-trace: targets for the baseline and advantages for the policy from off-policy unrolls. Needs Torch; for
// sources only.
#pragma once

#include <ATen/core/Tensor.h>

namespace chrysalis {

// All [T, B], one float dtype and device, T, B >= 1; bootstrap_value: [B], the baseline's value of the
// observation after the last step. log_rhos: ln pi(a|x) - ln mu(a|x). discounts: 0 where an episode ended
// with the step.
struct VTraceInputs {
  at::Tensor log_rhos;
  at::Tensor discounts;
  at::Tensor rewards;
  at::Tensor values;
  at::Tensor bootstrap_value;
};

struct VTraceReturns {
  at::Tensor targets;     // v_s, [T, B].
  at::Tensor advantages;  // min(rho-bar, rho_s) (r_s + discount_s v_{s+1} - V(x_s)), [T, B].
};

// Espeholt et al. 2018, section 4.1, by its recursion (remark 1):
//   v_s = V(x_s) + delta_s + discount_s c_s (v_{s+1} - V(x_{s+1})),   c_s = min(c-bar, rho_s),
//   delta_s = min(rho-bar, rho_s) (r_s + discount_s V(x_{s+1}) - V(x_s)).
// No gradient flows through it. Pure; any thread.
VTraceReturns vtrace(const VTraceInputs& in, double rho_clip, double c_clip);

// The same by Torch's operators, which is how vtrace() does it on other devices than the CPU: there, several
// operators a step would cost more than the arithmetic.
VTraceReturns vtrace_by_operators(const VTraceInputs& in, double rho_clip, double c_clip);

}  // namespace chrysalis
