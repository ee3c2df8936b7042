// The agent's network in plain loops over double, from weight_layout.h alone: what every fast way of
// computing it must give.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "chrysalis/kernels/reference_test.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {

class NetworkOracle {
 public:
  NetworkOracle(AgentConfig config, const AgentSpec& spec, Precision precision, WeightsPtr weights)
      : config_(std::move(config)),
        spec_(spec),
        shape_(agent_shape(config_, spec).value()),
        precision_(precision),
        weights_(std::move(weights)) {}

  // [rows, columns, filters] after ReLU, as operands of what follows. `in` likewise, `factor` goes into the
  // weights.
  struct Picture {
    int height = 0, width = 0, channels = 0;
    std::vector<double> values;
    double at(int y, int x, int channel) const {
      return values[static_cast<std::size_t>((y * width + x) * channels + channel)];
    }
  };
  Picture pixels(const std::uint8_t* bytes) const {
    Picture picture{spec_.height, spec_.width, 3, {}};
    picture.values.assign(bytes, bytes + spec_.height * spec_.width * 3);
    return picture;
  }
  // Pixels count in [0, 1]; the factor is part of the weights, which are rounded after it.
  Picture conv1(const Picture& in) const {
    return convolved(in, "torso.conv1", static_cast<int>(config_.conv1_filters), 8, 4, 1.0f / 255.0f);
  }
  Picture conv2(const Picture& in) const {
    return convolved(in, "torso.conv2", static_cast<int>(config_.conv2_filters), 4, 2, 1.0f);
  }

  struct Output {
    std::vector<double> log_policy;
    double value = 0;
  };
  // One decision. core_state: h then c, before and after.
  Output step(const std::uint8_t* bytes, int last_action, double last_reward, bool start,
              std::vector<double>& core_state) const {
    const Picture features = conv2(conv1(pixels(bytes)));
    const std::vector<double> hidden = operands(
        relu(product("torso.linear.weight", features.values, values("torso.linear.bias"), precision_)));
    const std::vector<double> h = core(hidden, last_action, last_reward, start, core_state);
    Output out;
    out.log_policy = product("policy.weight", h, values("policy.bias"), Precision::kFloat32);
    out.value = product("baseline.weight", h, values("baseline.bias"), Precision::kFloat32)[0];
    const double most = *std::max_element(out.log_policy.begin(), out.log_policy.end());
    double sum = 0;
    for (const double logit : out.log_policy) sum += std::exp(logit - most);
    for (double& logit : out.log_policy) logit -= most + std::log(sum);
    return out;
  }

 private:
  const float* part(std::string_view name) const {
    for (const auto& part : weights_->layout->parts)
      if (part.name == name) return weights_->values.data() + part.offset;
    ADD_FAILURE() << "no part " << name;
    return nullptr;
  }
  std::vector<double> values(std::string_view name) const {
    for (const auto& part : weights_->layout->parts) {
      const auto* first = weights_->values.data() + part.offset;
      if (part.name == name) return std::vector<double>(first, first + part.count);
    }
    ADD_FAILURE() << "no part " << name;
    return {};
  }
  std::vector<double> operands(std::vector<double> x) const {
    for (double& value : x) value = as_operand(value, precision_);
    return x;
  }
  static std::vector<double> relu(std::vector<double> x) {
    for (double& value : x) value = std::max(0.0, value);
    return x;
  }
  // init + W x, where W is [outputs, inputs] and rounded to an operand.
  std::vector<double> product(std::string_view weight, const std::vector<double>& x, std::vector<double> init,
                              Precision precision) const {
    const float* w = part(weight);
    for (double& sum : init)
      for (const double value : x) sum += as_operand(*w++, precision) * value;
    return init;
  }

  Picture convolved(const Picture& in, const std::string& layer, int filters, int kernel, int stride,
                    float factor) const {
    const float *weight = part(layer + ".weight"), *bias = part(layer + ".bias");
    Picture out{(in.height - kernel) / stride + 1, (in.width - kernel) / stride + 1, filters, {}};
    for (int y = 0; y < out.height; ++y)
      for (int x = 0; x < out.width; ++x)
        for (int f = 0; f < filters; ++f) {
          double sum = bias[f];
          for (int channel = 0; channel < in.channels; ++channel)
            for (int ky = 0; ky < kernel; ++ky)
              for (int kx = 0; kx < kernel; ++kx) {
                const float w = weight[((f * in.channels + channel) * kernel + ky) * kernel + kx] * factor;
                sum += as_operand(w, precision_) * in.at(y * stride + ky, x * stride + kx, channel);
              }
          out.values.push_back(as_operand(std::max(0.0, sum), precision_));
        }
    return out;
  }

  // The core's output. Its input is the features, the one-hot last action and the clipped last reward.
  std::vector<double> core(const std::vector<double>& hidden, int last_action, double last_reward, bool start,
                           std::vector<double>& state) const {
    const auto gate_width = static_cast<std::size_t>(shape_.gate_width);
    std::vector<double> one_hot(static_cast<std::size_t>(spec_.action_count), 0.0);
    if (last_action >= 0) one_hot[static_cast<std::size_t>(last_action)] = 1;
    const double clip = spec_.reward_clip;
    const double reward = std::min(clip, std::max(-clip, last_reward));
    std::vector<double> gates = product("core.input_weight", hidden, values("core.bias"), precision_);
    const std::vector<double> action_weight = values("core.action_weight"),
                              reward_weight = values("core.reward_weight");
    for (std::size_t g = 0; g < gate_width; ++g) {
      for (std::size_t a = 0; a < one_hot.size(); ++a)
        gates[g] += one_hot[a] * action_weight[a * gate_width + g];
      gates[g] += reward * reward_weight[g];
    }
    if (config_.core == "feed_forward") return relu(gates);

    const auto width = static_cast<std::size_t>(config_.core_width);
    if (start) std::fill(state.begin(), state.end(), 0.0);
    std::vector<double> h(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(width));
    gates = product("core.recurrent_weight", operands(h), gates, precision_);
    const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
    for (std::size_t n = 0; n < width; ++n) {
      const double o = sigmoid(gates[n]), i = sigmoid(gates[width + n]), f = sigmoid(gates[2 * width + n]),
                   g = std::tanh(gates[3 * width + n]);
      double& c = state[width + n];
      c = f * c + i * g;
      h[n] = o * std::tanh(c);
      state[n] = h[n];
    }
    return h;
  }

  AgentConfig config_;
  AgentSpec spec_;
  AgentShape shape_;
  Precision precision_;
  WeightsPtr weights_;
};

// Weights whose heads and biases matter, unlike a first draw's.
inline WeightsPtr drawn_weights(AgentConfig config, const AgentSpec& spec, std::uint64_t seed) {
  config.head_init_scale = 1;
  auto weights = std::make_shared<Weights>(*initial_weights(config, spec, RandomKey(seed)).value());
  weights->version = static_cast<std::int64_t>(seed);
  RandomStream random{RandomKey(seed + 1000)};
  for (const auto& part : weights->layout->parts) {
    if (!part.name.ends_with("bias")) continue;
    for (std::size_t i = 0; i < part.count; ++i)
      weights->values[part.offset + i] += static_cast<float>(random.uniform(-0.3, 0.5));
  }
  return weights;
}

// What environments show a policy, and where it writes, for one step: every array exactly as long as it must
// be.
struct Decision {
  Decision(const AgentSpec& spec, int batch, int core_state_size, RandomStream& random)
      : batch(batch), actions(spec.action_count), state_size(core_state_size) {
    for (int i = 0; i < batch; ++i) {
      pictures.emplace_back(static_cast<std::size_t>(spec.height * spec.width * 3));
      for (std::uint8_t& pixel : pictures.back()) pixel = static_cast<std::uint8_t>(random.below(256));
      last_actions.push_back(random.between(-1, spec.action_count - 1));
      last_rewards.push_back(static_cast<float>(random.uniform(-3, 3)) * spec.reward_clip);
      starts.push_back(random.chance(0.3) ? 1 : 0);
    }
    core_states.resize(static_cast<std::size_t>(batch) * core_state_size);
    for (float& value : core_states) value = static_cast<float>(random.uniform(-1, 1));
    log_policy.resize(static_cast<std::size_t>(batch) * spec.action_count);
    values.resize(static_cast<std::size_t>(batch));
  }
  // Environments [first, first + count) of `other`.
  Decision(const Decision& other, int first, int count)
      : batch(count), actions(other.actions), state_size(other.state_size) {
    const auto part = [&](auto& to, const auto& from, int each) {
      to.assign(from.begin() + static_cast<std::ptrdiff_t>(first) * each,
                from.begin() + static_cast<std::ptrdiff_t>(first + count) * each);
    };
    part(pictures, other.pictures, 1);
    part(last_actions, other.last_actions, 1);
    part(last_rewards, other.last_rewards, 1);
    part(starts, other.starts, 1);
    part(core_states, other.core_states, state_size);
    log_policy.resize(static_cast<std::size_t>(count) * actions);
    values.resize(static_cast<std::size_t>(count));
  }
  std::vector<double> state(int i) const {
    const auto first = core_states.begin() + static_cast<std::ptrdiff_t>(i) * state_size;
    return std::vector<double>(first, first + state_size);
  }

  int batch, actions, state_size;
  std::vector<std::vector<std::uint8_t>> pictures;
  std::vector<std::int32_t> last_actions;
  std::vector<float> last_rewards;
  std::vector<std::uint8_t> starts;
  std::vector<float> core_states, log_policy, values;
};

}  // namespace chrysalis
