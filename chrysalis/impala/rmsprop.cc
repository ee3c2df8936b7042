#include "chrysalis/impala/rmsprop.h"

#include <ATen/ATen.h>

namespace chrysalis {

RmsPropStep rmsprop(const at::Tensor& weights, const at::Tensor& gradient, const at::Tensor& mean_square,
                    double learning_rate, double decay, double epsilon) {
  at::NoGradGuard no_grad;
  RmsPropStep step;
  step.mean_square = (mean_square * decay).addcmul_(gradient, gradient, 1 - decay);
  step.weights = at::addcdiv(weights, gradient, (step.mean_square + epsilon).sqrt_(), -learning_rate);
  return step;
}

}  // namespace chrysalis
