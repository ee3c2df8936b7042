#include "chrysalis/rollout/weight_layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

namespace chrysalis {
namespace {

constexpr int kSmallestSide = kKernel1 + (kKernel2 - 1) * kStride1;

int outputs(int size, int kernel, int stride) {
  return (size - kernel) / stride + 1;
}

void add_part(WeightLayout& layout, std::string name, std::vector<std::int64_t> shape) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  layout.parts.push_back({std::move(name), std::move(shape), layout.count, count});
  layout.count += count;
}

bool is_bias(const WeightLayout::Part& part) {
  return part.name.ends_with("bias");
}

// Inputs that are summed into one output of this part's layer.
double fan_in(const WeightLayout::Part& part, const AgentConfig& config, const AgentSpec& spec) {
  if (part.name.starts_with("simple_core."))
    return static_cast<double>(config.hidden) + spec.action_count + 1;
  if (part.name.starts_with("core.")) {
    const double memory = config.core == "lstm" ? static_cast<double>(config.core_width) : 0.0;
    return static_cast<double>(config.hidden) + spec.action_count + 1 + memory;
  }
  return static_cast<double>(part.count) / static_cast<double>(part.shape[0]);
}

bool is_head(const WeightLayout::Part& part) {
  return part.name.find("policy.") != std::string::npos || part.name.find("baseline.") != std::string::npos;
}

}  // namespace

int AgentSpec::logit_count() const {
  return factors.empty() ? action_count : std::accumulate(factors.begin(), factors.end(), 0);
}

Result<AgentShape> agent_shape(const AgentConfig& config, const AgentSpec& spec) {
  if (spec.height % 4 != 0 || spec.width % 4 != 0 || spec.height < kSmallestSide ||
      spec.width < kSmallestSide) {
    return invalid_input(
        "observations are {} x {} (width x height); the agent's convolutions want multiples of 4, "
        "at least {} x {}",
        spec.width, spec.height, kSmallestSide, kSmallestSide);
  }
  if (spec.action_count < 1)
    return invalid_input("the action set has {} actions; expected at least 1", spec.action_count);
  if (!spec.factors.empty() && std::accumulate(spec.factors.begin(), spec.factors.end(), std::int64_t{1},
                                               std::multiplies<>()) != spec.action_count)
    return invalid_input("a factored head's sizes do not multiply to the {} actions of the set",
                         spec.action_count);
  if (!(spec.reward_clip > 0))
    return invalid_input("reward clip is {}; expected a number above 0", spec.reward_clip);
  for (const auto& [name, size] :
       {std::pair<std::string_view, std::int64_t>{"conv1_filters", config.conv1_filters},
        {"conv2_filters", config.conv2_filters},
        {"hidden", config.hidden},
        {"core_width", config.core_width}}) {
    if (size < 1) return invalid_input("agent.{} is {}; expected at least 1", name, size);
  }
  if (config.core != "lstm" && config.core != "feed_forward") {
    return invalid_input("agent.core is '{}'; expected lstm or feed_forward{}", config.core,
                         did_you_mean(config.core, {"lstm", "feed_forward"}));
  }
  AgentShape shape;
  shape.conv1_height = outputs(spec.height, kKernel1, kStride1);
  shape.conv1_width = outputs(spec.width, kKernel1, kStride1);
  shape.conv2_height = outputs(shape.conv1_height, kKernel2, kStride2);
  shape.conv2_width = outputs(shape.conv1_width, kKernel2, kStride2);
  shape.torso_features = shape.conv2_height * shape.conv2_width * static_cast<int>(config.conv2_filters);
  const bool lstm = config.core == "lstm";
  shape.gate_width = static_cast<int>(config.core_width) * (lstm ? 4 : 1);
  shape.core_state_size = lstm ? 2 * static_cast<int>(config.core_width) : 0;
  return shape;
}

Result<StepMultiplyAdds> step_multiply_adds(const AgentConfig& config, const AgentSpec& spec) {
  CHRYSALIS_ASSIGN_OR_RETURN(const AgentShape shape, agent_shape(config, spec));
  const auto product = [](auto... sizes) { return (static_cast<double>(sizes) * ...); };
  const double conv1 = product(shape.conv1_height, shape.conv1_width, config.conv1_filters, 8 * 8 * 3);
  const double conv2 =
      product(shape.conv2_height, shape.conv2_width, config.conv2_filters, 4 * 4, config.conv1_filters);
  const double linear = product(shape.torso_features, config.hidden);
  const auto recurrent = shape.core_state_size > 0 ? config.core_width : 0;
  const double core = product(shape.gate_width, config.hidden + spec.action_count + 1 + recurrent);
  const CurriculumShape& curriculum = spec.curriculum;
  double heads = product(config.core_width, spec.logit_count() + curriculum.task_heads());
  if (curriculum.has_two_policies())
    heads += product(config.core_width, spec.simple_action_count(), curriculum.task_heads());
  if (curriculum.has_simple_core())
    heads += product(config.core_width, config.hidden + spec.action_count + 1 + 1);
  const double forward = conv1 + conv2 + linear + core + heads;
  return StepMultiplyAdds{.act = forward, .learn = 3 * forward - conv1};
}

Result<std::shared_ptr<const WeightLayout>> weight_layout(const AgentConfig& config, const AgentSpec& spec) {
  CHRYSALIS_ASSIGN_OR_RETURN(const AgentShape shape, agent_shape(config, spec));
  auto layout = std::make_shared<WeightLayout>();
  add_part(*layout, "torso.conv1.weight", {config.conv1_filters, 3, kKernel1, kKernel1});
  add_part(*layout, "torso.conv1.bias", {config.conv1_filters});
  add_part(*layout, "torso.conv2.weight", {config.conv2_filters, config.conv1_filters, kKernel2, kKernel2});
  add_part(*layout, "torso.conv2.bias", {config.conv2_filters});
  add_part(*layout, "torso.linear.weight", {config.hidden, shape.torso_features});
  add_part(*layout, "torso.linear.bias", {config.hidden});
  add_part(*layout, "core.input_weight", {shape.gate_width, config.hidden});
  add_part(*layout, "core.action_weight", {spec.action_count, shape.gate_width});
  add_part(*layout, "core.reward_weight", {shape.gate_width});
  add_part(*layout, "core.bias", {shape.gate_width});
  if (shape.core_state_size > 0)
    add_part(*layout, "core.recurrent_weight", {shape.gate_width, config.core_width});
  const CurriculumShape& curriculum = spec.curriculum;
  add_part(*layout, "policy.weight", {spec.logit_count(), config.core_width});
  add_part(*layout, "policy.bias", {spec.logit_count()});
  add_part(*layout, "baseline.weight", {curriculum.task_heads(), config.core_width});
  add_part(*layout, "baseline.bias", {curriculum.task_heads()});
  if (curriculum.has_simple_core()) {
    add_part(*layout, "simple_core.input_weight", {config.core_width, config.hidden});
    add_part(*layout, "simple_core.action_weight", {spec.action_count, config.core_width});
    add_part(*layout, "simple_core.reward_weight", {config.core_width});
    add_part(*layout, "simple_core.bias", {config.core_width});
  }
  if (curriculum.has_two_policies()) {
    const int rows = curriculum.task_heads() * spec.simple_action_count();
    add_part(*layout, "simple_policy.weight", {rows, config.core_width});
    add_part(*layout, "simple_policy.bias", {rows});
  }
  if (curriculum.has_simple_core()) {
    add_part(*layout, "simple_baseline.weight", {1, config.core_width});
    add_part(*layout, "simple_baseline.bias", {1});
  }
  return std::shared_ptr<const WeightLayout>(std::move(layout));
}

Result<WeightsPtr> initial_weights(const AgentConfig& config, const AgentSpec& spec, RandomKey key,
                                   double alpha) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto layout, weight_layout(config, spec));
  auto weights = std::make_shared<Weights>();
  weights->layout = layout;
  weights->alpha = alpha;
  weights->values.assign(layout->count, 0.0f);
  for (std::size_t index = 0; index < layout->parts.size(); ++index) {
    const WeightLayout::Part& part = layout->parts[index];
    float* values = weights->values.data() + part.offset;
    if (part.name == "core.bias" && config.core == "lstm") {
      std::fill_n(values + 2 * config.core_width, config.core_width, static_cast<float>(config.forget_bias));
    }
    if (is_bias(part)) continue;
    const double bound =
        std::sqrt(3.0 / fan_in(part, config, spec)) * (is_head(part) ? config.head_init_scale : 1.0);
    RandomStream stream(key.split(index));
    for (std::size_t i = 0; i < part.count; ++i)
      values[i] = static_cast<float>(stream.uniform(-bound, bound));
  }
  return WeightsPtr(std::move(weights));
}

}  // namespace chrysalis
