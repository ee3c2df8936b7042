#include "chrysalis/impala/fused_loss.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "chrysalis/core/check.h"
#include "chrysalis/kernels/entropy.h"

namespace chrysalis {
namespace {

struct Sums {
  double policy = 0, baseline = 0, entropy = 0;
};

// All [T, B, …] and contiguous. Fills the gradients of the total.
Sums loss_and_gradient(const at::Tensor& log_policy, const at::Tensor& values, const at::Tensor& actions,
                       const VTraceReturns& returns, const LearnerConfig& config,
                       at::Tensor& log_policy_gradient, at::Tensor& values_gradient) {
  Sums sums;
  const float* x = log_policy.data_ptr<float>();
  float* dx = log_policy_gradient.data_ptr<float>();
  sums.entropy =
      entropy(x, static_cast<std::size_t>(log_policy.numel()), -static_cast<float>(config.entropy_cost), dx);
  const at::Tensor advantages = returns.advantages.contiguous(), targets = returns.targets.contiguous();
  const float *advantage = advantages.data_ptr<float>(), *target = targets.data_ptr<float>(),
              *value = values.data_ptr<float>();
  const std::int64_t* action = actions.data_ptr<std::int64_t>();
  float* dv = values_gradient.data_ptr<float>();
  const auto cost = static_cast<float>(config.baseline_cost);
  const std::int64_t action_count = log_policy.size(2), steps = actions.numel();
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t taken = i * action_count + action[i];
    const double error = static_cast<double>(target[i]) - value[i];
    sums.policy -= static_cast<double>(advantage[i]) * x[taken];
    sums.baseline += 0.5 * error * error;
    dx[taken] -= advantage[i];
    dv[i] = cost * (value[i] - target[i]);
  }
  return sums;
}

class FusedLoss : public torch::autograd::Function<FusedLoss> {
 public:
  // Of T + 1 steps; returns {total, policy, baseline, entropy}.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const at::Tensor& log_policy, const at::Tensor& values,
                                                const at::Tensor& actions, const VTraceReturns& returns,
                                                const LearnerConfig& config) {
    const std::int64_t steps = actions.size(0);
    const at::Tensor log_policy_gradient = at::empty_like(log_policy, at::MemoryFormat::Contiguous),
                     values_gradient = at::empty_like(values, at::MemoryFormat::Contiguous);
    log_policy_gradient[steps].zero_();  // The last observation only bootstraps.
    values_gradient[steps].zero_();
    at::Tensor dx = log_policy_gradient.narrow(0, 0, steps), dv = values_gradient.narrow(0, 0, steps);
    const Sums sums = loss_and_gradient(log_policy.narrow(0, 0, steps).contiguous(),
                                        values.narrow(0, 0, steps).contiguous(), actions.contiguous(),
                                        returns, config, dx, dv);
    context->save_for_backward({log_policy_gradient, values_gradient});
    const double total =
        sums.policy + config.baseline_cost * sums.baseline - config.entropy_cost * sums.entropy;
    torch::autograd::variable_list out;
    for (const double sum : {total, sums.policy, sums.baseline, sums.entropy})
      out.push_back(at::full({}, static_cast<float>(sum), values.options()));
    context->mark_non_differentiable({out[1], out[2], out[3]});
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& upstream = gradients[0];
    // As a rule it is the total itself that is differentiated, and its gradient 1.
    if (upstream.item<float>() == 1.0f) return {saved[0], saved[1], {}, {}, {}};
    return {saved[0] * upstream, saved[1] * upstream, {}, {}, {}};
  }
};

}  // namespace

bool fused_loss_suits(const NetworkOutput& out) {
  return out.log_policy.is_cpu() && out.log_policy.scalar_type() == at::kFloat;
}

Loss fused_impala_loss(const NetworkOutput& out, const Batch& batch, const VTraceReturns& returns,
                       const LearnerConfig& config) {
  CHRYSALIS_CHECK(fused_loss_suits(out));
  const auto parts = FusedLoss::apply(out.log_policy, out.values, batch.actions, returns, config);
  return {.total = parts[0], .policy = parts[1], .baseline = parts[2], .entropy = parts[3]};
}

}  // namespace chrysalis
