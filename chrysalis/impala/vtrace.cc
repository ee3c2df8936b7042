#include "chrysalis/impala/vtrace.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

void check_shapes(const VTraceInputs& in) {
  CHRYSALIS_CHECK(in.values.dim() == 2 && in.values.numel() > 0);
  CHRYSALIS_CHECK(in.log_rhos.sizes() == in.values.sizes() && in.discounts.sizes() == in.values.sizes() &&
                  in.rewards.sizes() == in.values.sizes());
  CHRYSALIS_CHECK(in.bootstrap_value.dim() == 1 && in.bootstrap_value.size(0) == in.values.size(1));
}

template <typename Number>
void vtrace_in_a_loop(const VTraceInputs& in, double rho_clip, double c_clip, VTraceReturns& out) {
  const std::int64_t steps = in.values.size(0), batch = in.values.size(1);
  const auto pointer = [](const at::Tensor& tensor) { return tensor.data_ptr<Number>(); };
  const at::Tensor log_rhos = in.log_rhos.contiguous(), discounts = in.discounts.contiguous(),
                   rewards = in.rewards.contiguous(), values = in.values.contiguous(),
                   bootstrap = in.bootstrap_value.contiguous();
  // Of the step after, [B].
  const Number* next_values = pointer(bootstrap);
  const Number* next_targets = pointer(bootstrap);
  for (std::int64_t s = steps - 1; s >= 0; --s) {
    const std::int64_t row = s * batch;
    const Number *value = pointer(values) + row, *log_rho = pointer(log_rhos) + row,
                 *discount = pointer(discounts) + row, *reward = pointer(rewards) + row;
    Number *target = pointer(out.targets) + row, *advantage = pointer(out.advantages) + row;
    for (std::int64_t b = 0; b < batch; ++b) {
      const Number ratio = std::exp(log_rho[b]);
      const Number rho = std::min(ratio, static_cast<Number>(rho_clip));
      const Number c = std::min(ratio, static_cast<Number>(c_clip));
      const Number delta = rho * (reward[b] + discount[b] * next_values[b] - value[b]);
      target[b] = value[b] + delta + discount[b] * c * (next_targets[b] - next_values[b]);
      advantage[b] = rho * (reward[b] + discount[b] * next_targets[b] - value[b]);
    }
    next_values = value;
    next_targets = target;
  }
}

}  // namespace

VTraceReturns vtrace(const VTraceInputs& in, double rho_clip, double c_clip) {
  check_shapes(in);
  if (!in.values.is_cpu()) return vtrace_by_operators(in, rho_clip, c_clip);
  at::NoGradGuard no_grad;
  VTraceReturns returns{.targets = at::empty(in.values.sizes(), in.values.options()),
                        .advantages = at::empty(in.values.sizes(), in.values.options())};
  AT_DISPATCH_FLOATING_TYPES(in.values.scalar_type(), "vtrace",
                             [&] { vtrace_in_a_loop<scalar_t>(in, rho_clip, c_clip, returns); });
  return returns;
}

VTraceReturns vtrace_by_operators(const VTraceInputs& in, double rho_clip, double c_clip) {
  at::NoGradGuard no_grad;
  check_shapes(in);
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
