// The recurrent part of an LSTM over a sequence. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace chrysalis {

// T steps of B memories of width W (Hochreiter and Schmidhuber 1997, with forget gates):
//   o, i, f = sigmoid, g = tanh of  inputs[t] + h U^T  (four blocks of W columns in this order)
//   c = f c + i g,   h = o tanh(c)
// Where starts[t, b] is set, h and c are zeros before step t.
//   inputs: [T, B, 4 W], everything that does not depend on h.   recurrent: U, [4 W, W].
//   h, c: [B, W], before step 0; no gradient flows to them.      starts: [T, B] bytes, on the host.
// Returns outputs h [T, B, W] with gradients to inputs and recurrent, and the last h and c, [B, W], without.
std::tuple<at::Tensor, at::Tensor, at::Tensor> lstm(const at::Tensor& inputs, const at::Tensor& recurrent,
                                                    const at::Tensor& h, const at::Tensor& c,
                                                    const at::Tensor& starts);
// The same by stock operators alone: slower, but its gradients have gradients.
std::tuple<at::Tensor, at::Tensor, at::Tensor> twice_differentiable_lstm(const at::Tensor& inputs,
                                                                         const at::Tensor& recurrent,
                                                                         const at::Tensor& h,
                                                                         const at::Tensor& c,
                                                                         const at::Tensor& starts);

}  // namespace chrysalis
