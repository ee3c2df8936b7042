// What the layers on the kernels share: memory that a forward pass keeps for its backward pass. Needs Torch;
// for sources only.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace chrysalis {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Frames that go through the layers at a time: enough to load a wide layer's weights and gradients rarely,
// few enough that their activations stay in the second cache.
inline constexpr int kChunk = 200;

// What a forward pass keeps, beside tensors.
template <typename T>
struct Tape : torch::CustomClassHolder {
  explicit Tape(T value) : value(std::move(value)) {}
  T value;
};
template <typename T>
T& keep(AutogradContext* context, T value) {
  auto tape = c10::make_intrusive<Tape<T>>(std::move(value));
  T& kept = tape->value;
  context->saved_data["tape"] = c10::IValue::make_capsule(std::move(tape));
  return kept;
}
template <typename T>
T& kept(AutogradContext* context) {
  const auto capsule = context->saved_data["tape"].toCapsule();
  return static_cast<Tape<T>&>(*capsule).value;
}

inline float* data(const at::Tensor& tensor) {
  return tensor.data_ptr<float>();
}

}  // namespace chrysalis
