#include "chrysalis/agent/network.h"

#include <ATen/ATen.h>

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

const at::Tensor& Network::part(const char* name) const {
  return parameters_[module_name(name)];
}

NetworkOutput Network::forward(const NetworkInput& in) const {
  const std::int64_t rows = in.steps * in.batch;
  CHRYSALIS_CHECK_EQ(static_cast<std::int64_t>(in.frames.pixels.size()), rows);
  CHRYSALIS_CHECK(in.frames.height == spec_.height && in.frames.width == spec_.width);
  CHRYSALIS_CHECK(in.last_actions.numel() == rows && in.last_rewards.numel() == rows &&
                  in.starts.numel() == rows);

  if (in.packed != nullptr) return native_forward(in);

  // Step 1. The torso.
  const at::Tensor convolved =
      convolve(in.frames, part("torso.conv1.weight"), part("torso.conv1.bias"), part("torso.conv2.weight"),
               part("torso.conv2.bias"), in.chunk_frames);
  const at::Tensor features =
      linear(Stage::kLinear, convolved, part("torso.linear.weight"), part("torso.linear.bias")).relu();

  // Step 2. The core's input product with (features, one-hot action, reward). The one-hot's share is a
  // look-up in a table whose first row, no action, is the bias alone.
  const at::Tensor& bias = part("core.bias");
  const at::Tensor& action_weight = part("core.action_weight");
  const at::Tensor table = at::cat({bias.unsqueeze(0), action_weight + bias}, 0);
  const at::Tensor rewards = in.last_rewards.clamp(-spec_.reward_clip, spec_.reward_clip);
  const at::Tensor offset =
      at::addr(table.index_select(0, in.last_actions + 1), rewards, part("core.reward_weight"));
  const at::Tensor& input_weight = part("core.input_weight");
  const at::Tensor no_bias = at::zeros({input_weight.size(0)}, input_weight.options().requires_grad(false));
  const at::Tensor inputs = linear(Stage::kCoreInput, features, input_weight, no_bias) + offset;

  // Step 3. The core.
  NetworkOutput out;
  if (shape_.core_state_size > 0) {
    const std::int64_t width = config_.core_width;
    at::Tensor h, c;
    std::tie(out.core, h, c) =
        lstm(inputs.view({in.steps, in.batch, 4 * width}), part("core.recurrent_weight"),
             in.core_state.narrow(1, 0, width), in.core_state.narrow(1, width, width), in.starts);
    out.core_state = at::cat({h, c}, 1);
  } else {
    out.core = inputs.relu().view({in.steps, in.batch, config_.core_width});
    out.core_state = in.core_state;
  }

  // Step 4. The heads.
  const StageScope scope(Stage::kHeads,
                         static_cast<double>(rows * config_.core_width * (spec_.action_count + 1)));
  const at::Tensor core = out.core.reshape({rows, config_.core_width});
  const at::Tensor logits = at::addmm(part("policy.bias"), core, part("policy.weight").t());
  out.log_policy = logits.log_softmax(1).view({in.steps, in.batch, spec_.action_count});
  out.values = at::addmm(part("baseline.bias"), core, part("baseline.weight").t()).view({in.steps, in.batch});
  return out;
}

NetworkOutput Network::native_forward(const NetworkInput& in) const {
  const std::int64_t rows = in.steps * in.batch, width = config_.core_width;
  CHRYSALIS_CHECK(flat_gradient_.is_cpu() && flat_gradient_.scalar_type() == at::kFloat);
  const NativeContext context{.network = in.packed, .workspace = workspace_};
  const at::Tensor features = native_torso(
      context, in.frames, part("torso.conv1.weight"), part("torso.conv1.bias"), part("torso.conv2.weight"),
      part("torso.conv2.bias"), part("torso.linear.weight"), part("torso.linear.bias"));
  const CoreParameters parameters{.input_weight = part("core.input_weight"),
                                  .action_weight = part("core.action_weight"),
                                  .reward_weight = part("core.reward_weight"),
                                  .bias = part("core.bias")};
  NetworkOutput out;
  if (shape_.core_state_size > 0) {
    at::Tensor h, c;
    std::tie(out.core, h, c) = native_lstm_core(
        context, features, in.last_actions, in.last_rewards, parameters, part("core.recurrent_weight"),
        in.core_state.narrow(1, 0, width), in.core_state.narrow(1, width, width), in.starts);
    out.core_state = at::cat({h, c}, 1);
  } else {
    out.core = native_core_input(context, features, in.last_actions, in.last_rewards, parameters)
                   .relu()
                   .view({in.steps, in.batch, width});
    out.core_state = in.core_state;
  }
  const at::Tensor core = out.core.reshape({rows, width});
  out.log_policy =
      native_linear(context, in.packed->policy(), core, part("policy.weight"), part("policy.bias"))
          .log_softmax(1)
          .view({in.steps, in.batch, spec_.action_count});
  out.values =
      native_linear(context, in.packed->baseline(), core, part("baseline.weight"), part("baseline.bias"))
          .view({in.steps, in.batch});
  return out;
}

}  // namespace chrysalis
