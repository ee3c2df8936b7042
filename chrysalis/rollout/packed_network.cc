#include "chrysalis/rollout/packed_network.h"

#include <algorithm>
#include <cstring>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/kernels/elementwise.h"

namespace chrysalis {
namespace {

ConvolutionShape conv2_shape(const AgentConfig& config, const AgentShape& shape) {
  return {.height = (shape.conv2_height - 1) * kStride2 + kKernel2,
          .width = (shape.conv2_width - 1) * kStride2 + kKernel2,
          .channels = static_cast<int>(config.conv1_filters),
          .filters = static_cast<int>(config.conv2_filters),
          .kernel = kKernel2,
          .stride = kStride2};
}
// Of its outputs only those that the second convolution reads.
ConvolutionShape conv1_shape(const AgentConfig& config, const AgentSpec& spec, const AgentShape& shape) {
  const ConvolutionShape next = conv2_shape(config, shape);
  return {.height = spec.height,
          .width = spec.width,
          .channels = 3,
          .filters = static_cast<int>(config.conv1_filters),
          .kernel = kKernel1,
          .stride = kStride1,
          .wanted_height = next.height,
          .wanted_width = next.width};
}

}  // namespace

PackedCoreInput::PackedCoreInput(Precision precision, int hidden, int out, const AgentSpec& spec,
                                 const float* input_weight, const float* action_weight,
                                 const float* reward_weight, const float* bias)
    : features_(precision, hidden, out, input_weight, nullptr),
      action_count_(spec.action_count),
      reward_clip_(spec.reward_clip),
      input_weight_(input_weight),
      action_weight_(action_weight),
      reward_weight_(reward_weight),
      bias_(bias) {}

void PackedCoreInput::offset(int last_action, float last_reward, float* to) const {
  CHRYSALIS_CHECK(last_action >= -1 && last_action < action_count_);
  const float* row =
      last_action < 0 ? nullptr : action_weight_ + static_cast<std::ptrdiff_t>(last_action) * out();
  add_scaled(bias_, row, clipped(last_reward), reward_weight_, to, out());
}

PackedNetwork::PackedNetwork(const AgentConfig& config, const AgentSpec& spec, Precision precision,
                             WeightsPtr weights)
    : spec_(spec),
      shape_(agent_shape(config, spec).value()),
      precision_(precision),
      weights_(std::move(weights)) {
  CHRYSALIS_CHECK(weights_ != nullptr && weights_->layout != nullptr);
  const auto layout = weight_layout(config, spec).value();
  CHRYSALIS_CHECK_EQ(weights_->layout->parts.size(), layout->parts.size());
  for (std::size_t i = 0; i < layout->parts.size(); ++i) {
    const WeightLayout::Part &given = weights_->layout->parts[i], &wanted = layout->parts[i];
    CHRYSALIS_CHECK(given.name == wanted.name && given.shape == wanted.shape && given.offset == wanted.offset,
                    "weights whose {} is not the agent's {}", given.name, wanted.name);
  }
  CHRYSALIS_CHECK_EQ(weights_->values.size(), layout->count);
  const StageScope scope(Stage::kPack);
  const int hidden = static_cast<int>(config.hidden), width = static_cast<int>(config.core_width),
            gates = shape_.gate_width;
  conv1_ = PackedConvolution(conv1_shape(config, spec, shape_), precision, part("torso.conv1.weight"),
                             part("torso.conv1.bias"), kPixelScale);
  conv2_ = PackedConvolution(conv2_shape(config, shape_), precision, part("torso.conv2.weight"),
                             part("torso.conv2.bias"), 1.0f);
  linear_ = PackedLinear(precision, shape_.torso_features, hidden, part("torso.linear.weight"),
                         part("torso.linear.bias"));
  core_input_ = PackedCoreInput(precision, hidden, gates, spec, part("core.input_weight"),
                                part("core.action_weight"), part("core.reward_weight"), part("core.bias"));
  if (has_memory())
    recurrent_ = PackedLinear(precision, width, gates, part("core.recurrent_weight"), nullptr);
  // Heads are small, and a policy's probabilities are what everything else is judged by.
  const auto head = [&](int rows, const char* weight, const char* bias) {
    return PackedLinear(Precision::kFloat32, width, rows, part(weight), part(bias));
  };
  const CurriculumShape& curriculum = spec.curriculum;
  policy_ = head(spec.logit_count(), "policy.weight", "policy.bias");
  baseline_ = head(curriculum.task_heads(), "baseline.weight", "baseline.bias");
  if (curriculum.has_two_policies())
    simple_policy_ = head(curriculum.task_heads() * spec.simple_action_count(), "simple_policy.weight",
                          "simple_policy.bias");
  if (!curriculum.has_simple_core()) return;
  simple_core_input_ = PackedCoreInput(precision, hidden, width, spec, part("simple_core.input_weight"),
                                       part("simple_core.action_weight"), part("simple_core.reward_weight"),
                                       part("simple_core.bias"));
  simple_baseline_ = head(1, "simple_baseline.weight", "simple_baseline.bias");
}

void PackedNetwork::pack_gradients() const {
  std::call_once(gradients_, [this] {
    const StageScope scope(Stage::kPack);
    conv2_.pack_gradient(part("torso.conv2.weight"), 1.0f);
    linear_.pack_gradient(part("torso.linear.weight"));
    core_input_.pack_gradient();
    if (has_memory()) recurrent_.pack_gradient(part("core.recurrent_weight"));
    policy_.pack_gradient(part("policy.weight"));
    baseline_.pack_gradient(part("baseline.weight"));
    const CurriculumShape& curriculum = spec_.curriculum;
    if (curriculum.has_two_policies()) simple_policy_.pack_gradient(part("simple_policy.weight"));
    if (!curriculum.has_simple_core()) return;
    simple_core_input_.pack_gradient();
    simple_baseline_.pack_gradient(part("simple_baseline.weight"));
  });
}

const PackedLinear& PackedNetwork::head(std::string_view name) const {
  if (name == "policy") return policy_;
  if (name == "baseline") return baseline_;
  if (name == "simple_policy") return simple_policy_;
  CHRYSALIS_CHECK(name == "simple_baseline", "weights have no head {}", name);
  return simple_baseline_;
}

const float* PackedNetwork::part(const char* name) const {
  for (const WeightLayout::Part& part : weights_->layout->parts)
    if (part.name == name) return weights_->values.data() + part.offset;
  CHRYSALIS_CHECK(false, "weights have no part {}", name);
  return nullptr;
}

void convolve_frame(const PackedNetwork& network, const std::uint8_t* pixels, void* hidden, void* features,
                    TorsoScratch& scratch) {
  const ConvolutionShape &first = network.conv1().shape(), &second = network.conv2().shape();
  const Precision precision = network.precision();
  const std::ptrdiff_t bytes = operand_bytes(precision);
  const bool floats = precision == Precision::kFloat32;
  // Pixels become operands just before their use, in a window of rows that stays in the first cache.
  const int window_rows = first.kernel + 3 * first.stride;
  scratch.pixels.reserve(static_cast<std::size_t>(window_rows * first.row() + 2) * 4);
  if (!floats)
    scratch.outputs.reserve(static_cast<std::size_t>(std::max(first.out_row(), second.out_elements())) * 4);
  {
    const StageScope scope(Stage::kConv1, first.multiply_adds());
    const std::ptrdiff_t row = first.row();
    char* window = scratch.pixels.as<char>();
    int begin = 0, end = 0;  // Rows of the picture that are in the window.
    for (int y = 0; y < first.out_height(); ++y) {
      const int wanted = y * first.stride, needed = wanted + first.kernel;
      if (needed - begin > window_rows) {
        std::memmove(window, window + (wanted - begin) * row * bytes,
                     static_cast<std::size_t>((end - wanted) * row * bytes));
        begin = wanted;
      }
      operands_of_bytes(precision, pixels + end * row, window + (end - begin) * row * bytes,
                        static_cast<std::size_t>((needed - end) * row));
      end = needed;
      char* to = static_cast<char*>(hidden) + static_cast<std::ptrdiff_t>(y) * first.out_row() * bytes;
      float* out = floats ? reinterpret_cast<float*>(to) : scratch.outputs.as<float>();
      network.conv1().forward_rows(window + (wanted - begin) * row * bytes, 1, out);
      if (!floats) operands_of_floats(precision, out, to, static_cast<std::size_t>(first.out_row()));
    }
  }
  const StageScope scope(Stage::kConv2, second.multiply_adds());
  float* out = floats ? static_cast<float*>(features) : scratch.outputs.as<float>();
  network.conv2().forward_rows(hidden, second.out_height(), out);
  if (!floats) operands_of_floats(precision, out, features, static_cast<std::size_t>(second.out_elements()));
}

std::shared_ptr<const PackedNetwork> PackedNetworks::of(const WeightsPtr& weights) {
  const std::lock_guard lock(mu_);
  if (last_ != nullptr && last_->weights() == weights) return last_;
  std::erase_if(in_use_, [](const auto& entry) { return entry.expired(); });
  for (const auto& entry : in_use_) {
    auto packed = entry.lock();
    if (packed != nullptr && packed->weights() == weights) return packed;
  }
  last_ = std::make_shared<const PackedNetwork>(config_, spec_, precision_, weights);
  in_use_.push_back(last_);
  return last_;
}

}  // namespace chrysalis
