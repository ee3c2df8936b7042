// A network and its inputs for tests, and sums that depend on every output.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "chrysalis/agent/network.h"
#include "chrysalis/core/random.h"

namespace chrysalis {

// A network with weights drawn for a test, and inputs for it.
struct Case {
  explicit Case(const AgentConfig& config, const AgentSpec& spec, std::int64_t steps, std::int64_t batch,
                at::ScalarType dtype = at::kFloat)
      : config(config), spec(spec), weights(initial_weights(config, spec, RandomKey(5)).value()) {
    flat = at::from_blob(const_cast<float*>(weights->values.data()),
                         {static_cast<std::int64_t>(weights->values.size())})
               .to(dtype, false, true);
    RandomStream random(RandomKey(11));
    pixels.resize(steps * batch * spec.height * spec.width * 3);
    for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random.below(256));
    const int state = agent_shape(config, spec).value().core_state_size;
    input.steps = steps;
    input.batch = batch;
    for (std::int64_t i = 0; i < steps * batch; ++i) {
      input.frames.pixels.push_back(pixels.data() + i * spec.height * spec.width * 3);
    }
    input.frames.height = spec.height;
    input.frames.width = spec.width;
    input.last_actions = at::empty({steps * batch}, at::kLong);
    input.last_rewards = at::empty({steps * batch}, dtype);
    input.starts = at::zeros({steps, batch}, at::kByte);
    input.core_state = at::empty({batch, state}, dtype);
    for (std::int64_t i = 0; i < steps * batch; ++i) {
      const bool start = random.chance(0.2);
      input.starts.flatten()[i] = start ? 1 : 0;
      input.last_actions[i] = start ? -1 : random.between(0, spec.action_count - 1);
      input.last_rewards[i] = start ? 0.0 : random.uniform(-2, 2);
    }
    const int tasks = spec.curriculum.task_heads();
    input.tasks = at::zeros({batch}, at::kLong);
    for (std::int64_t b = 0; b < batch && tasks > 1; ++b) input.tasks[b] = random.between(0, tasks - 1);
    for (std::int64_t i = 0; i < batch * state; ++i) input.core_state.view({-1})[i] = random.uniform(-1, 1);
  }
  Network network() const { return Network(config, spec, *weights->layout, flat); }

  AgentConfig config;
  AgentSpec spec;
  WeightsPtr weights;
  at::Tensor flat;
  std::vector<std::uint8_t> pixels;
  NetworkInput input;
};

inline AgentConfig small_config(const char* core = "lstm") {
  return {.conv1_filters = 3,
          .conv2_filters = 4,
          .hidden = 8,
          .core = core,
          .core_width = 6,
          .head_init_scale = 1};
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item().toDouble();
}

// The same case by the native kernels.
inline NetworkInput on_kernels(const Case& test, Precision precision = Precision::kFloat32) {
  NetworkInput in = test.input;
  in.packed = std::make_shared<const PackedNetwork>(test.config, test.spec, precision, test.weights);
  return in;
}

// Relative to the largest value, as a kernel's error is judged.
inline double error_of(const at::Tensor& found, const at::Tensor& expected) {
  const double largest = expected.abs().max().item().toDouble();
  return largest_difference(found.to(at::kDouble), expected.to(at::kDouble)) / (largest > 0 ? largest : 1);
}

// Something that depends on every output of policies and baselines differently.
inline at::Tensor weighted_sum(const NetworkOutput& out) {
  at::Tensor sum = at::zeros({}, out.values.options().requires_grad(false));
  for (const at::Tensor& policy : {out.log_policy, out.log_simple}) {
    if (!policy.defined()) continue;
    const at::Tensor by = at::arange(policy.numel(), policy.options()).view_as(policy).sin();
    sum = sum + (policy * by).sum();
  }
  const at::Tensor by_value = at::arange(out.values.numel(), out.values.options()).view_as(out.values).cos();
  return sum + (out.values * by_value).sum();
}

}  // namespace chrysalis
