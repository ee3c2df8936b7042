// The agent's network as a torch::nn module. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>

#include "chrysalis/agent/native_layers.h"
#include "chrysalis/agent/torso.h"
#include "chrysalis/rollout/curriculum.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {

// T steps of B environments, time-major: entry t * B + b. Observation pointers must live until the backward
// pass.
struct NetworkInput {
  std::int64_t steps = 1;
  std::int64_t batch = 1;
  Frames frames;            // [T * B]
  at::Tensor last_actions;  // [T * B] int64, -1: none.
  at::Tensor last_rewards;  // [T * B], raw: the network clips.
  at::Tensor starts;        // [T, B] bytes, on the host.
  at::Tensor core_state;    // [B, core_state_size]
  at::Tensor tasks;         // [B] int64, of each environment, on any device; undefined: all of task 0.
  double alpha = 1;         // Mixes the baselines of two cores.
  // The policies to compute. The core of pi_2 runs with them, but where pi_1 alone is alive and has a core of
  // its own: there core_state passes through as it is. A baseline that alpha mixes in needs its policy alive.
  Alive alive;
  // The layers after the torso on operators that can be differentiated twice, for the sobolev loss.
  bool twice_differentiable = false;
  int chunk_frames = 64;
  // These weights, packed: the layers run on the kernels, on the CPU in float32. Null: on stock operators.
  std::shared_ptr<const PackedNetwork> packed;
};

struct NetworkOutput {
  // Undefined where the policy is not alive.
  at::Tensor log_policy;   // [T, B, A], the complex policy pi_2, or the only one.
  at::Tensor log_simple;   // [T, B, A1], the simple policy pi_1 over its own actions, of each one's task.
  at::Tensor values;       // [T, B], of two cores (1 - alpha) V_1 + alpha V_2, else of each one's task.
  at::Tensor features;     // [T, B, hidden], the torso's.
  at::Tensor core;         // [T, B, W], the core's outputs; undefined where it did not run.
  at::Tensor simple_core;  // [T, B, W], those of pi_1's own core, if it has one.
  at::Tensor core_state;   // [B, core_state_size], after the last step; no gradient.
};

// Parameters are views of one flat tensor, laid out by WeightLayout, and gradients of another: the optimizer
// sees only flat tensors. Several networks may share the flat weights and differ in their gradients, one for
// each thread; forward() and backward passes of different networks may run at once.
class Network : public torch::nn::Module {
 public:
  // `config` and `spec` must pass agent_shape(). flat: [layout.count], float32 or float64, on any device.
  Network(const AgentConfig& config, const AgentSpec& spec, const WeightLayout& layout,
          const at::Tensor& flat);

  NetworkOutput forward(const NetworkInput& in) const;
  // [layout.count], zeros at first; backward passes add to it.
  const at::Tensor& flat_gradient() const { return flat_gradient_; }

 private:
  const at::Tensor& part(const std::string& name) const;
  CoreParameters core_parameters(bool simple) const;
  NativeContext native(const NetworkInput& in) const;
  bool on_kernels(const NetworkInput& in) const;  // The layers after the torso.
  void check(const NetworkInput& in) const;

  // features: [n, hidden].
  at::Tensor torso(const NetworkInput& in) const;
  // [n, outputs] before any nonlinearity; simple: of pi_1's own core.
  at::Tensor core_input(const NetworkInput& in, const at::Tensor& features, bool simple) const;
  // Sets out.core and out.core_state.
  void run_core(const NetworkInput& in, const at::Tensor& features, NetworkOutput& out) const;
  // [n, rows of the head], from core: [T, B, W].
  at::Tensor head(const NetworkInput& in, const std::string& name, const at::Tensor& core) const;
  at::Tensor values(const NetworkInput& in, const NetworkOutput& out) const;

  // Constant after construction.
  AgentConfig config_;
  AgentSpec spec_;
  AgentShape shape_;
  at::Tensor flat_gradient_;
  std::shared_ptr<NativeWorkspace> workspace_ = std::make_shared<NativeWorkspace>();
};

}  // namespace chrysalis
