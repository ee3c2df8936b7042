// One step of the optimizer on flat float buffers, in two passes over memory: add the shards' gradients and
// measure their norm, then clip and step. Buffers need no alignment and may have any length. Every element is
// computed by exactly rounded operations and every sum taken in one order, so results are the same bits for
// every vector width. Pure; any thread, no allocation.
#pragma once

#include <cstddef>
#include <span>

namespace chrysalis {

// sum[i] = shards[0][i] + shards[1][i] + …, in this order; at least one shard, each [count]. sum may be
// shards[0]. Returns sum_i sum[i]^2, in doubles: infinite or NaN exactly where an element of sum is.
double add_gradients(std::span<const float* const> shards, std::size_t count, float* sum);

// RMSProp's step without momentum (Tieleman and Hinton 2012, and TensorFlow's RMSPropOptimizer: epsilon
// stands inside the square root), with g = gradient_scale * gradient[i]:
//   m' = decay m + (1 - decay) g^2,   w' = w - learning_rate g / sqrt(m' + epsilon).
struct RmsPropRates {
  double learning_rate;
  double decay;
  double epsilon;
  double gradient_scale = 1;  // What clipping leaves of the gradient.
};
struct RmsPropBuffers {
  std::size_t count;
  const float* gradient;
  const float* weights;
  const float* mean_square;
  float* new_weights;      // Not among those that are read.
  float* new_mean_square;  // Likewise.
};
// Returns whether all that was written is finite. Where it is not, drop what was written: the old values are
// as they were.
bool rmsprop_step(const RmsPropRates& rates, const RmsPropBuffers& buffers);

}  // namespace chrysalis
