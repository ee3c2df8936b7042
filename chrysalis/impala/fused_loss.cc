#include "chrysalis/impala/fused_loss.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/kernels/entropy.h"
#include "chrysalis/kernels/mixture_loss.h"

namespace chrysalis {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Sums {
  double total = 0, policy = 0, baseline = 0, entropy = 0;
  double transfer = 0, simple_entropy = 0, complex_entropy = 0, simple_mass = 0;  // Of two policies.
};

// What both losses below have beside the policies.
struct Terms {
  at::Tensor advantages, targets;  // [T, B], contiguous.
  LearnerConfig config;
  MixAndMatch mix;

  Terms(const VTraceReturns& returns, const LearnerConfig& learner, const MixAndMatch& mix_and_match)
      : advantages(returns.advantages.contiguous()),
        targets(returns.targets.contiguous()),
        config(learner),
        mix(mix_and_match) {}
};

// Of [T + 1, B, ...], where the gradient of the last observation, which only bootstraps, is 0.
at::Tensor gradient_like(const at::Tensor& tensor) {
  const at::Tensor gradient = at::empty_like(tensor, at::MemoryFormat::Contiguous);
  gradient[tensor.size(0) - 1].zero_();
  return gradient;
}

// values: [T + 1, B]. Fills the gradient of the first T.
double baseline_loss(const at::Tensor& values, const Terms& terms, at::Tensor& gradient) {
  const at::Tensor contiguous = values.contiguous();
  const float *target = terms.targets.data_ptr<float>(), *value = contiguous.data_ptr<float>();
  float* dv = gradient.data_ptr<float>();
  const auto cost = static_cast<float>(terms.config.baseline_cost);
  double sum = 0;
  for (std::int64_t i = 0; i < terms.targets.numel(); ++i) {
    const double error = static_cast<double>(target[i]) - value[i];
    sum += 0.5 * error * error;
    dv[i] = cost * (value[i] - target[i]);
  }
  return sum;
}

void add_up(const Terms& terms, Sums& sums) {
  sums.total =
      sums.policy + terms.config.baseline_cost * sums.baseline - terms.config.entropy_cost * sums.entropy;
  if (terms.mix.transfers()) sums.total += terms.mix.step_weight() * sums.transfer;
}

// The tensors of a Loss in its order, the first of which is differentiated: by `inputs`, with `gradients`.
variable_list finish(AutogradContext* context, const Sums& sums, const variable_list& gradients) {
  context->save_for_backward(gradients);
  variable_list out;
  for (const double sum : {sums.total, sums.policy, sums.baseline, sums.entropy, sums.transfer,
                           sums.simple_entropy, sums.complex_entropy, sums.simple_mass})
    out.push_back(at::full({}, static_cast<float>(sum), gradients[0].options()));
  context->mark_non_differentiable(variable_list(out.begin() + 1, out.end()));
  return out;
}

variable_list times_upstream(AutogradContext* context, const variable_list& upstream, std::size_t others) {
  variable_list gradients = context->get_saved_variables();
  // As a rule it is the total itself that is differentiated, and its gradient 1.
  if (upstream[0].item<float>() != 1.0f)
    for (at::Tensor& gradient : gradients) gradient = gradient * upstream[0];
  gradients.resize(gradients.size() + others);
  return gradients;
}

// One policy acts, nothing is transferred.
class LossOfOne : public torch::autograd::Function<LossOfOne> {
 public:
  // log_policy, values: of T + 1 steps; actions: [T, B], -1 where the policy has none such.
  static variable_list forward(AutogradContext* context, const at::Tensor& log_policy,
                               const at::Tensor& values, const at::Tensor& actions, const Terms& terms) {
    at::Tensor policy_gradient = gradient_like(log_policy), values_gradient = gradient_like(values);
    Sums sums;
    sums.baseline = baseline_loss(values, terms, values_gradient);
    const at::Tensor contiguous = log_policy.contiguous(), taken = actions.contiguous();
    const float *x = contiguous.data_ptr<float>(), *advantage = terms.advantages.data_ptr<float>();
    float* dx = policy_gradient.data_ptr<float>();
    const std::int64_t* action = taken.data_ptr<std::int64_t>();
    const std::int64_t count = log_policy.size(2);
    sums.entropy = entropy(x, static_cast<std::size_t>(taken.numel() * count),
                           -static_cast<float>(terms.config.entropy_cost), dx);
    for (std::int64_t i = 0; i < taken.numel(); ++i) {
      if (action[i] < 0) continue;
      const std::int64_t at = i * count + action[i];
      sums.policy -= static_cast<double>(advantage[i]) * x[at];
      dx[at] -= advantage[i];
    }
    add_up(terms, sums);
    return finish(context, sums, {policy_gradient, values_gradient});
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    return times_upstream(context, upstream, 2);
  }
};

// The mixture's policy gradient: ln pi_mm of the actions that were taken, and what it owes to either policy.
double policy_loss_of_mixture(const MixturePolicies& policies, const std::int64_t* action,
                              const std::int64_t* simple_action, const float* advantage, float* dx,
                              float* dy) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  const double log_simple = std::log1p(-policies.alpha), log_complex = std::log(policies.alpha);
  double sum = 0;
  for (std::size_t i = 0; i < policies.rows; ++i) {
    const std::size_t y_at = i * policies.joint_count + static_cast<std::size_t>(action[i]);
    const std::size_t x_at = i * policies.simple_count + static_cast<std::size_t>(simple_action[i]);
    const bool known = simple_action[i] >= 0;
    if (!known && policies.alpha == 0) continue;  // pi_mm cannot take it.
    const double u = known ? log_simple + policies.simple[x_at] : kNone;
    const double v = log_complex + policies.complex[y_at];
    const double high = std::max(u, v), log_m = high + std::log1p(std::exp(std::min(u, v) - high));
    sum -= advantage[i] * log_m;
    dy[y_at] -= static_cast<float>(advantage[i] * std::exp(v - log_m));
    if (known) dx[x_at] -= static_cast<float>(advantage[i] * std::exp(u - log_m));
  }
  return sum;
}

// Two policies act, or one and the other is to match it.
class LossOfTwo : public torch::autograd::Function<LossOfTwo> {
 public:
  // As LossOfOne; actions are joint, simple_actions -1 where pi_1 has none such.
  static variable_list forward(AutogradContext* context, const at::Tensor& log_simple,
                               const at::Tensor& log_complex, const at::Tensor& values,
                               const at::Tensor& actions, const at::Tensor& simple_actions,
                               const Terms& terms) {
    at::Tensor simple_gradient = gradient_like(log_simple), complex_gradient = gradient_like(log_complex),
               values_gradient = gradient_like(values);
    Sums sums;
    sums.baseline = baseline_loss(values, terms, values_gradient);
    const at::Tensor simple = log_simple.contiguous(), complex = log_complex.contiguous(),
                     action = actions.contiguous(), simple_action = simple_actions.contiguous();
    const MixturePolicies policies{.simple = simple.data_ptr<float>(),
                                   .complex = complex.data_ptr<float>(),
                                   .indices = terms.mix.simple_actions,
                                   .rows = static_cast<std::size_t>(action.numel()),
                                   .simple_count = static_cast<std::size_t>(simple.size(2)),
                                   .joint_count = static_cast<std::size_t>(complex.size(2)),
                                   .alpha = terms.mix.alpha};
    float *dx = simple_gradient.data_ptr<float>(), *dy = complex_gradient.data_ptr<float>();
    const double teaching = 1 - terms.mix.alpha;
    const MixtureSums mixture =
        mixture_loss(policies, -terms.config.entropy_cost, terms.mix.step_weight() * teaching, dx, dy);
    sums.entropy = mixture.entropy;
    sums.transfer = teaching * mixture.kl;
    sums.simple_entropy = mixture.simple_entropy;
    sums.complex_entropy = mixture.complex_entropy;
    sums.simple_mass = mixture.simple_mass;
    sums.policy = policy_loss_of_mixture(policies, action.data_ptr<std::int64_t>(),
                                         simple_action.data_ptr<std::int64_t>(),
                                         terms.advantages.data_ptr<float>(), dx, dy);
    add_up(terms, sums);
    return finish(context, sums, {simple_gradient, complex_gradient, values_gradient});
  }

  static variable_list backward(AutogradContext* context, variable_list upstream) {
    return times_upstream(context, upstream, 3);
  }
};

Loss loss_of_one(const NetworkOutput& out, const Batch& batch, const Terms& terms) {
  const ActingPolicy acting = acting_policy(out, batch, terms.mix);
  const bool simple = terms.mix.alpha == 0;
  const auto parts =
      LossOfOne::apply(simple ? out.log_simple : out.log_policy, out.values, acting.actions, terms);
  Loss loss{.total = parts[0], .policy = parts[1], .baseline = parts[2], .entropy = parts[3]};
  (simple ? loss.simple_entropy : loss.complex_entropy) = loss.entropy;
  at::NoGradGuard no_grad;
  if (!simple) loss.simple_mass = simple_mass(out, batch, terms.mix);
  return loss;
}

}  // namespace

bool fused_loss_suits(const NetworkOutput& out, const MixAndMatch& mix) {
  return out.values.is_cpu() && out.values.scalar_type() == at::kFloat &&
         (!mix.transfers() || mix.loss->name == "kl");
}

Loss fused_impala_loss(const NetworkOutput& out, const Batch& batch, const VTraceReturns& returns,
                       const LearnerConfig& config, const MixAndMatch& mix) {
  CHRYSALIS_CHECK(fused_loss_suits(out, mix));
  const StageScope scope(Stage::kLoss);
  const Terms terms(returns, config, mix);
  if (!mix.mixes()) return loss_of_one(out, batch, terms);
  const auto parts = LossOfTwo::apply(out.log_simple, out.log_policy, out.values, batch.actions,
                                      batch.simple_actions, terms);
  Loss loss{.total = parts[0],
            .policy = parts[1],
            .baseline = parts[2],
            .entropy = parts[3],
            .transfer = parts[4],
            .simple_entropy = parts[5],
            .complex_entropy = parts[6]};
  if (!mix.simple_actions.empty()) loss.simple_mass = parts[7];
  return loss;
}

}  // namespace chrysalis
