#include "chrysalis/agent/network.h"

#include <ATen/ATen.h>

#include "chrysalis/agent/heads.h"
#include "chrysalis/agent/lstm.h"
#include "chrysalis/agent/product.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"

namespace chrysalis {
namespace {

// torch::nn::Module allows no dots in parameter names.
std::string module_name(std::string name) {
  for (char& letter : name) {
    if (letter == '.') letter = '/';
  }
  return name;
}

}  // namespace

Network::Network(const AgentConfig& config, const AgentSpec& spec, const WeightLayout& layout,
                 const at::Tensor& flat)
    : config_(config), spec_(spec), shape_(agent_shape(config, spec).value()) {
  CHRYSALIS_CHECK_EQ(flat.numel(), static_cast<std::int64_t>(layout.count));
  flat_gradient_ = at::zeros_like(flat);
  for (const WeightLayout::Part& part : layout.parts) {
    const auto offset = static_cast<std::int64_t>(part.offset), count = static_cast<std::int64_t>(part.count);
    at::Tensor parameter = flat.detach().narrow(0, offset, count).view(part.shape);
    register_parameter(module_name(part.name), parameter);
    parameter.mutable_grad() = flat_gradient_.narrow(0, offset, count).view(part.shape);
  }
}

const at::Tensor& Network::part(const std::string& name) const {
  return parameters_[module_name(name)];
}

bool Network::on_kernels(const NetworkInput& in) const {
  return in.packed != nullptr && !in.twice_differentiable;
}

void Network::check(const NetworkInput& in) const {
  const std::int64_t rows = in.steps * in.batch;
  CHRYSALIS_CHECK_EQ(static_cast<std::int64_t>(in.frames.pixels.size()), rows);
  CHRYSALIS_CHECK(in.frames.height == spec_.height && in.frames.width == spec_.width);
  CHRYSALIS_CHECK(in.last_actions.numel() == rows && in.last_rewards.numel() == rows &&
                  in.starts.numel() == rows);
  if (in.packed != nullptr)
    CHRYSALIS_CHECK(flat_gradient_.is_cpu() && flat_gradient_.scalar_type() == at::kFloat);
  const CurriculumShape& curriculum = spec_.curriculum;
  CHRYSALIS_CHECK(in.alive.complex || in.alive.simple, "no policy is alive");
  CHRYSALIS_CHECK(curriculum.has_two_policies() || !in.alive.simple,
                  "an agent of one policy has no simple one");
  if (curriculum.has_simple_core())
    CHRYSALIS_CHECK((in.alpha == 1 || in.alive.simple) && (in.alpha == 0 || in.alive.complex),
                    "alpha is {}: the baseline of a policy that is not alive is wanted", in.alpha);
  if (in.tasks.defined() && in.tasks.is_cpu())
    CHRYSALIS_CHECK(in.tasks.min().item().toLong() >= 0 &&
                    in.tasks.max().item().toLong() < curriculum.task_heads());
}

NetworkOutput Network::forward(const NetworkInput& in) const {
  check(in);
  const std::int64_t rows = in.steps * in.batch, width = config_.core_width;
  const CurriculumShape& curriculum = spec_.curriculum;
  NetworkOutput out;
  // Everything after it goes through out.features itself: a gradient with respect to it can be asked for.
  out.features = torso(in).view({in.steps, in.batch, config_.hidden});
  const at::Tensor features = out.features.view({rows, config_.hidden});

  // Step 1. The cores that are wanted: pi_2's is pi_1's too, unless that has one of its own.
  if (in.alive.complex || !curriculum.has_simple_core()) {
    run_core(in, features, out);
  } else {
    out.core_state = in.core_state;
  }
  if (in.alive.simple && curriculum.has_simple_core())
    out.simple_core = core_input(in, features, true).relu().view({in.steps, in.batch, width});

  // Step 2. The policies.
  if (in.alive.complex)
    out.log_policy = joint_log_policy(head(in, "policy", out.core), spec_.factors, on_kernels(in))
                         .view({in.steps, in.batch, spec_.action_count});
  if (in.alive.simple) {
    const at::Tensor& core = curriculum.has_simple_core() ? out.simple_core : out.core;
    const at::Tensor all = head(in, "simple_policy", core).view({in.steps, in.batch, -1});
    out.log_simple = of_own_task(all, in.tasks, curriculum.task_heads()).log_softmax(2);
  }
  out.values = values(in, out);
  return out;
}

at::Tensor Network::values(const NetworkInput& in, const NetworkOutput& out) const {
  const auto of = [&](const char* name, const at::Tensor& core, std::int64_t tasks) {
    return of_own_task(head(in, name, core).view({in.steps, in.batch, tasks}), in.tasks, tasks).squeeze(2);
  };
  const CurriculumShape& curriculum = spec_.curriculum;
  if (!curriculum.has_simple_core()) return of("baseline", out.core, curriculum.task_heads());
  // At the ends the other baseline is left alone: 0 times it would still touch its gradient, and be NaN where
  // it is infinite.
  if (in.alpha == 1) return of("baseline", out.core, 1);
  const at::Tensor simple = of("simple_baseline", out.simple_core, 1);
  return in.alpha == 0 ? simple : simple * (1 - in.alpha) + of("baseline", out.core, 1) * in.alpha;
}

at::Tensor Network::torso(const NetworkInput& in) const {
  const at::Tensor &weight1 = part("torso.conv1.weight"), &bias1 = part("torso.conv1.bias"),
                   &weight2 = part("torso.conv2.weight"), &bias2 = part("torso.conv2.bias"),
                   &linear_weight = part("torso.linear.weight"), &linear_bias = part("torso.linear.bias");
  if (in.packed != nullptr)
    return native_torso(native(in), in.frames, weight1, bias1, weight2, bias2, linear_weight, linear_bias);
  const at::Tensor convolved = convolve(in.frames, weight1, bias1, weight2, bias2, in.chunk_frames);
  return linear(Stage::kLinear, convolved, linear_weight, linear_bias).relu();
}

at::Tensor Network::core_input(const NetworkInput& in, const at::Tensor& features, bool simple) const {
  const CoreParameters parameters = core_parameters(simple);
  if (on_kernels(in))
    return native_core_input(native(in), simple ? in.packed->simple_core_input() : in.packed->core_input(),
                             features, in.last_actions, in.last_rewards, parameters);
  // The one-hot's share is a look-up in a table whose first row, no action, is the bias alone.
  const at::Tensor &bias = parameters.bias, &weight = parameters.input_weight;
  const at::Tensor table = at::cat({bias.unsqueeze(0), parameters.action_weight + bias}, 0);
  const at::Tensor rewards = in.last_rewards.clamp(-spec_.reward_clip, spec_.reward_clip);
  const at::Tensor offset =
      at::addr(table.index_select(0, in.last_actions + 1), rewards, parameters.reward_weight);
  if (in.twice_differentiable) {
    const StageScope scope(Stage::kCoreInput, static_cast<double>(features.size(0) * weight.numel()));
    return at::mm(features, weight.t()) + offset;
  }
  const at::Tensor no_bias = at::zeros({weight.size(0)}, weight.options().requires_grad(false));
  return linear(Stage::kCoreInput, features, weight, no_bias) + offset;
}

void Network::run_core(const NetworkInput& in, const at::Tensor& features, NetworkOutput& out) const {
  const std::int64_t width = config_.core_width;
  if (shape_.core_state_size == 0) {
    out.core = core_input(in, features, false).relu().view({in.steps, in.batch, width});
    out.core_state = in.core_state;
    return;
  }
  const at::Tensor h = in.core_state.narrow(1, 0, width), c = in.core_state.narrow(1, width, width);
  const at::Tensor& recurrent = part("core.recurrent_weight");
  at::Tensor last_h, last_c;
  if (on_kernels(in)) {
    std::tie(out.core, last_h, last_c) =
        native_lstm_core(native(in), features, in.last_actions, in.last_rewards, core_parameters(false),
                         recurrent, h, c, in.starts);
  } else {
    const at::Tensor inputs = core_input(in, features, false).view({in.steps, in.batch, 4 * width});
    std::tie(out.core, last_h, last_c) = in.twice_differentiable
                                             ? twice_differentiable_lstm(inputs, recurrent, h, c, in.starts)
                                             : lstm(inputs, recurrent, h, c, in.starts);
  }
  out.core_state = at::cat({last_h, last_c}, 1);
}

at::Tensor Network::head(const NetworkInput& in, const std::string& name, const at::Tensor& core) const {
  const at::Tensor x = core.reshape({in.steps * in.batch, config_.core_width});
  const at::Tensor &weight = part(name + ".weight"), &bias = part(name + ".bias");
  if (on_kernels(in)) return native_linear(native(in), in.packed->head(name), x, weight, bias);
  const StageScope scope(Stage::kHeads, static_cast<double>(x.size(0) * weight.numel()));
  return at::addmm(bias, x, weight.t());
}

NativeContext Network::native(const NetworkInput& in) const {
  return {.network = in.packed, .workspace = workspace_};
}

CoreParameters Network::core_parameters(bool simple) const {
  const std::string core = simple ? "simple_core." : "core.";
  return {.input_weight = part(core + "input_weight"),
          .action_weight = part(core + "action_weight"),
          .reward_weight = part(core + "reward_weight"),
          .bias = part(core + "bias")};
}

}  // namespace chrysalis
