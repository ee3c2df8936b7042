// RMSProp as the framework of the IMPALA reference had it. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

namespace chrysalis {

struct RmsPropStep {
  at::Tensor weights;
  at::Tensor mean_square;
};

// One step on flat tensors, any device; the inputs stay as they are:
//   m' = decay m + (1 - decay) g^2,   w' = w - learning_rate g / sqrt(m' + epsilon).
// epsilon stands inside the square root (Tieleman and Hinton 2012, and TensorFlow's RMSPropOptimizer). No
// momentum.
RmsPropStep rmsprop(const at::Tensor& weights, const at::Tensor& gradient, const at::Tensor& mean_square,
                    double learning_rate, double decay, double epsilon);

}  // namespace chrysalis
