// Products of matrices and the linear layer, by whichever stock operator is fastest on the device.
// Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include "chrysalis/core/stage_clock.h"

namespace chrysalis {

// a b^T. a: [m, k], b: [n, k], any strides, one device and dtype; returns [m, n]. No gradient.
//
// Big float32 products on CPUs go through oneDNN's 1 x 1 convolution over channels-last views of the same
// memory: it reaches the machine's peak whatever BLAS is installed, where OpenBLAS falls back to SSE on CPUs
// that are younger than itself. Everything else is at::mm.
at::Tensor product(const at::Tensor& a, const at::Tensor& b);

// x weight^T + bias with gradients to all three, as torch::nn::functional::linear, through product().
// x: [n, in], weight: [out, in], bias: [out]. Forward and backward count as `stage`.
at::Tensor linear(Stage stage, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// Sets Torch's operators and OpenBLAS to one thread for calls from this thread. Cheap; call it at every
// entry.
void use_one_thread();

}  // namespace chrysalis
