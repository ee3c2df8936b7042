// What a loss makes of the mixture of two policies, and its gradient through both, in one pass over the joint
// actions. Policies are natural logarithms of probabilities, float32. With n_1 actions of pi_1 among n joint
// ones it costs n exponentials a row and a few more for each of the n_1; the mixture is never written out.
// Vectorised; buffers need no alignment and rows may have any length. Pure; any thread, no allocation.
#pragma once

#include <cstddef>
#include <span>

namespace chrysalis {

// Rows of two policies. All numbers finite; those that are none make sums and gradients none.
struct MixturePolicies {
  const float* simple = nullptr;      // [rows, simple_count], ln pi_1.
  const float* complex = nullptr;     // [rows, joint_count], ln pi_2.
  std::span<const int> indices = {};  // [simple_count], the joint index of each of pi_1's actions, distinct.
                                      // Empty: pi_1 is joint, and simple_count is joint_count.
  std::size_t rows = 0;
  std::size_t simple_count = 0;
  std::size_t joint_count = 0;
  double alpha = 0;  // [0, 1]; exact at both ends.
};

// Sums over the rows, in nats, with p = exp(ln pi_1), q = exp(ln pi_2), m = (1 - alpha) p + alpha q, p being
// 0 outside the actions that pi_1 knows.
struct MixtureSums {
  double entropy = 0;          // H(m) = -sum m ln m
  double simple_entropy = 0;   // H(p)
  double complex_entropy = 0;  // H(q)
  double kl = 0;               // KL(p || q) = sum p (ln p - ln q)
  double simple_mass = 0;      // Of q on pi_1's actions.
};

// Fills the gradients of entropy_scale * H(m) + kl_scale * KL(p || q), of the shapes of the policies:
//   d / d ln p = -entropy_scale (1 - alpha) p (ln m + 1) + kl_scale p (ln p - ln q + 1)
//   d / d ln q = -entropy_scale alpha q (ln m + 1) - kl_scale p
MixtureSums mixture_loss(const MixturePolicies& policies, double entropy_scale, double kl_scale,
                         float* simple_gradient, float* complex_gradient);

}  // namespace chrysalis
