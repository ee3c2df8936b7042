// The agent's network on the kernels: weights of one version, packed once and shared by all who act and learn
// with them. No Torch here.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string_view>

#include "chrysalis/core/result.h"
#include "chrysalis/kernels/convolution.h"
#include "chrysalis/kernels/linear.h"
#include "chrysalis/rollout/agent_config.h"
#include "chrysalis/rollout/weight_layout.h"
#include "chrysalis/rollout/weights.h"

namespace chrysalis {

// Goes into conv1's weights: pixels are converted, not scaled.
inline constexpr float kPixelScale = 1.0f / 255.0f;

// A core's product with its input: the features, the one-hot last action and the clipped last reward.
class PackedCoreInput {
 public:
  PackedCoreInput() = default;
  // The parts of weight_layout.h, which must outlive this. out: their G.
  PackedCoreInput(Precision precision, int hidden, int out, const AgentSpec& spec, const float* input_weight,
                  const float* action_weight, const float* reward_weight, const float* bias);
  void pack_gradient() { features_.pack_gradient(input_weight_); }

  const PackedLinear& features() const { return features_; }  // The features' block, without bias.
  int out() const { return features_.out(); }
  int action_count() const { return action_count_; }
  float clipped(float reward) const { return std::clamp(reward, -reward_clip_, reward_clip_); }

  // What the product starts from: bias + the last action's row (-1: none) + clipped reward times its column.
  // to: [out].
  void offset(int last_action, float last_reward, float* to) const;

 private:
  PackedLinear features_;
  int action_count_ = 0;
  float reward_clip_ = 0;
  const float* input_weight_ = nullptr;
  const float* action_weight_ = nullptr;
  const float* reward_weight_ = nullptr;
  const float* bias_ = nullptr;
};

// Immutable but for pack_gradients(); any number of threads may read it. The layers are those of
// weight_layout().
class PackedNetwork {
 public:
  // config and spec must pass agent_shape(), weights be of their layout.
  PackedNetwork(const AgentConfig& config, const AgentSpec& spec, Precision precision, WeightsPtr weights);

  // Packs once what gradients of inputs need. Any thread; returns when it is there.
  void pack_gradients() const;

  const WeightsPtr& weights() const { return weights_; }
  Precision precision() const { return precision_; }
  const AgentShape& shape() const { return shape_; }
  const AgentSpec& spec() const { return spec_; }
  int hidden() const { return linear_.out(); }
  int core_width() const { return policy_.in(); }
  bool has_memory() const { return shape_.core_state_size > 0; }

  const PackedConvolution& conv1() const { return conv1_; }
  const PackedConvolution& conv2() const { return conv2_; }
  const PackedLinear& linear() const { return linear_; }
  const PackedCoreInput& core_input() const { return core_input_; }
  const PackedLinear& recurrent() const { return recurrent_; }
  const PackedLinear& policy() const { return policy_; }      // All logits, of all factors.
  const PackedLinear& baseline() const { return baseline_; }  // One row a task.
  // Of pi_1; empty where the curriculum has none.
  const PackedCoreInput& simple_core_input() const { return simple_core_input_; }
  const PackedLinear& simple_policy() const { return simple_policy_; }  // Of all tasks.
  const PackedLinear& simple_baseline() const { return simple_baseline_; }
  // One of these four by the name of its parts, "policy" or "simple_baseline".
  const PackedLinear& head(std::string_view name) const;
  const float* part(const char* name) const;  // Of the weights as they are.

  // Bytes from one frame to the next of what convolve_frame() writes, hidden and features: room for the
  // operand that may be read after them, and an odd number of cache lines.
  std::ptrdiff_t hidden_row() const { return row_of(conv1_.shape().out_elements()); }
  std::ptrdiff_t features_row() const { return row_of(shape_.torso_features); }

 private:
  std::ptrdiff_t row_of(int operands) const {
    return static_cast<std::ptrdiff_t>(odd_lines((static_cast<std::size_t>(operands) + 2) *
                                                 static_cast<std::size_t>(operand_bytes(precision_))));
  }

  AgentSpec spec_;
  AgentShape shape_;
  Precision precision_;
  WeightsPtr weights_;
  mutable PackedConvolution conv1_, conv2_;
  mutable PackedLinear linear_, recurrent_, policy_, baseline_, simple_policy_, simple_baseline_;
  mutable PackedCoreInput core_input_, simple_core_input_;
  mutable std::once_flag gradients_;
};

// Where a frame's pixels become features: scratch of one thread.
struct TorsoScratch {
  Buffer pixels;   // Operands of a picture.
  Buffer outputs;  // Floats of a convolution's outputs, where operands are not floats.
};
// One frame through both convolutions. pixels: [height, width, 3] RGB. hidden: operands [conv1's output];
// features: operands [torso_features]. In bf16 the operand after each is read by the layer that follows: it
// must be there and finite.
void convolve_frame(const PackedNetwork& network, const std::uint8_t* pixels, void* hidden, void* features,
                    TorsoScratch& scratch);

// Packs each version of an agent's weights once, whoever asks first; others wait for it. Keeps those that
// someone still uses, and the last one. Any thread.
class PackedNetworks {
 public:
  PackedNetworks(const AgentConfig& config, const AgentSpec& spec, Precision precision)
      : config_(config), spec_(spec), precision_(precision) {}
  std::shared_ptr<const PackedNetwork> of(const WeightsPtr& weights);
  const AgentConfig& config() const { return config_; }
  const AgentSpec& spec() const { return spec_; }

 private:
  const AgentConfig config_;
  const AgentSpec spec_;
  const Precision precision_;
  std::mutex mu_;
  std::shared_ptr<const PackedNetwork> last_;               // Guarded by mu_.
  std::vector<std::weak_ptr<const PackedNetwork>> in_use_;  // Guarded by mu_.
};

}  // namespace chrysalis
