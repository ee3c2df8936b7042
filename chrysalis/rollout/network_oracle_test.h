// The agent's network in plain loops over double, from weight_layout.h alone: what every fast way of
// computing it must give.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "chrysalis/kernels/reference_test.h"
#include "chrysalis/rollout/decision_test.h"
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
    std::vector<double> log_policy;  // Of the mixture, over the joint actions.
    double value = 0;
  };
  // One decision by (1 - alpha) pi_1 + alpha pi_2. core_state: h then c, before and after.
  Output step(const std::uint8_t* bytes, int last_action, double last_reward, bool start,
              std::vector<double>& core_state, double alpha = 1, int task = 0) const {
    const Picture features = conv2(conv1(pixels(bytes)));
    const std::vector<double> hidden = operands(
        relu(product("torso.linear.weight", features.values, values("torso.linear.bias"), precision_)));
    const std::vector<double> h = core(hidden, last_action, last_reward, start, core_state);
    const CurriculumShape& curriculum = spec_.curriculum;
    if (!curriculum.has_two_policies()) return {complex_policy(h), head("baseline", h)[0]};

    const bool own_core = curriculum.has_simple_core();
    const std::vector<double> simple_h =
        own_core ? relu(core_input("simple_core", hidden, last_action, last_reward)) : h;
    const auto actions = static_cast<std::size_t>(spec_.simple_action_count());
    const std::vector<double> all = head("simple_policy", simple_h), of_tasks = head("baseline", h);
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(actions) * task;
    const std::vector<double> simple = log_softmax({first, first + static_cast<std::ptrdiff_t>(actions)});
    std::vector<double> p = complex_policy(h);
    for (double& each : p) each = alpha * std::exp(each);
    for (std::size_t i = 0; i < actions; ++i) {
      const auto a =
          curriculum.simple_actions.empty() ? i : static_cast<std::size_t>(curriculum.simple_actions[i]);
      p[a] += (1 - alpha) * std::exp(simple[i]);
    }
    Output out;
    for (const double each : p) out.log_policy.push_back(std::log(each));
    out.value = own_core ? (1 - alpha) * head("simple_baseline", simple_h)[0] + alpha * of_tasks[0]
                         : of_tasks[static_cast<std::size_t>(task)];
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

  std::vector<double> head(const std::string& name, const std::vector<double>& h) const {
    return product(name + ".weight", h, values(name + ".bias"), Precision::kFloat32);
  }
  static std::vector<double> log_softmax(std::vector<double> x) {
    const double most = *std::max_element(x.begin(), x.end());
    double sum = 0;
    for (const double each : x) sum += std::exp(each - most);
    for (double& each : x) each -= most + std::log(sum);
    return x;
  }
  // Over the joint actions, of a flat head or of independent factors.
  std::vector<double> complex_policy(const std::vector<double>& h) const {
    const std::vector<double> logits = head("policy", h);
    if (spec_.factors.empty()) return log_softmax(logits);
    std::vector<double> joint = {0};
    auto first = logits.begin();
    for (const int size : spec_.factors) {
      std::vector<double> longer;
      const std::vector<double> factor = log_softmax({first, first + size});
      for (const double outer : joint)
        for (const double inner : factor) longer.push_back(outer + inner);
      joint = longer;
      first += size;
    }
    return joint;
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

  // A core's product with its input: the features, the one-hot last action and the clipped last reward.
  std::vector<double> core_input(const std::string& core, const std::vector<double>& hidden, int last_action,
                                 double last_reward) const {
    std::vector<double> one_hot(static_cast<std::size_t>(spec_.action_count), 0.0);
    if (last_action >= 0) one_hot[static_cast<std::size_t>(last_action)] = 1;
    const double clip = spec_.reward_clip;
    const double reward = std::min(clip, std::max(-clip, last_reward));
    std::vector<double> gates = product(core + ".input_weight", hidden, values(core + ".bias"), precision_);
    const std::vector<double> action_weight = values(core + ".action_weight"),
                              reward_weight = values(core + ".reward_weight");
    for (std::size_t g = 0; g < gates.size(); ++g) {
      for (std::size_t a = 0; a < one_hot.size(); ++a)
        gates[g] += one_hot[a] * action_weight[a * gates.size() + g];
      gates[g] += reward * reward_weight[g];
    }
    return gates;
  }

  std::vector<double> core(const std::vector<double>& hidden, int last_action, double last_reward, bool start,
                           std::vector<double>& state) const {
    std::vector<double> gates = core_input("core", hidden, last_action, last_reward);
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

// In bf16 layers round what they hand on: where the oracle's double and the kernel's float lie on two sides
// of a tie, one operand differs by its last bit, 2^-8 of itself, one of many in the sums that follow. (Which
// is rare; network layers by themselves are held to 1e-5 in packed_network_test.cc and the room kernels.)
inline double tolerance(Precision precision) {
  return precision == Precision::kFloat32 ? 1e-5 : 2e-3;
}

}  // namespace chrysalis
