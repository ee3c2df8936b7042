// The network's layers on the kernels, as functions that autograd differentiates: the same contracts as
// torso.h, product.h and lstm.h, which stay the reference and the path on other devices. CPU and float32
// only; weights are given twice, packed to compute with and as tensors for their gradients to go to. Needs
// Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <tuple>
#include <vector>

#include "chrysalis/agent/torso.h"
#include "chrysalis/rollout/packed_network.h"

namespace chrysalis {

// Memory of one Network, used by one thread at a time: scratch, and what a forward pass keeps for the
// backward pass, which goes back to the pool with the graph.
struct NativeWorkspace {
  std::shared_ptr<BufferPool> pool = std::make_shared<BufferPool>();
  TorsoScratch torso;
  LinearScratch linear;
  Buffer pairs, gradient_pairs, padded, floats, gradients, hidden_gradients, memory;
};

struct NativeContext {
  std::shared_ptr<const PackedNetwork> network;  // Null: stock operators.
  std::shared_ptr<NativeWorkspace> workspace;
};

// relu(linear(relu(conv2(relu(conv1(frames / 255)))))): [frames, hidden], gradients to the six parameters.
// The frames' pixels must live until the backward pass, which may run once.
at::Tensor native_torso(const NativeContext& context, const Frames& frames, const at::Tensor& weight1,
                        const at::Tensor& bias1, const at::Tensor& weight2, const at::Tensor& bias2,
                        const at::Tensor& linear_weight, const at::Tensor& linear_bias);

// The parameters of a core's input product; see weight_layout.h.
struct CoreParameters {
  at::Tensor input_weight, action_weight, reward_weight, bias;
};
// features W^T + bias + the last action's row + clipped reward * column: [n, layer.out()]. The actions are a
// look-up forward and a sum of rows backward. last_actions: [n] int64, -1: none. last_rewards: [n], raw.
// layer: core_input() or simple_core_input() of the context's network.
at::Tensor native_core_input(const NativeContext& context, const PackedCoreInput& layer,
                             const at::Tensor& features, const at::Tensor& last_actions,
                             const at::Tensor& last_rewards, const CoreParameters& parameters);
// The same with core_input() and then the recurrence of lstm.h over [steps, batch]: outputs [steps, batch,
// W], and the last h and c without gradient. The backward pass may run once.
std::tuple<at::Tensor, at::Tensor, at::Tensor> native_lstm_core(
    const NativeContext& context, const at::Tensor& features, const at::Tensor& last_actions,
    const at::Tensor& last_rewards, const CoreParameters& parameters, const at::Tensor& recurrent,
    const at::Tensor& h, const at::Tensor& c, const at::Tensor& starts);

// x W^T + b for a head: [n, out].
at::Tensor native_linear(const NativeContext& context, const PackedLinear& layer, const at::Tensor& x,
                         const at::Tensor& weight, const at::Tensor& bias);

// The joint log-probabilities of independent factors, by kernels/mixture.h: [n, sum of factors] to
// [n, product of factors].
at::Tensor native_expand_factors(const at::Tensor& logs, const std::vector<int>& factors);

}  // namespace chrysalis
