#include "chrysalis/impala/rmsprop.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "chrysalis/kernels/optimizer.h"

namespace chrysalis {
namespace {

TEST(RmsProp, EqualsNumbersComputedByHand) {
  // Step 1: m = 0.99 * 1 + 0.01 * 4 = 1.03, w = 1 - 0.5 * 2 / sqrt(1.13)
  // Step 2: m = 0.99 * 1.03 + 0.01 * 9 = 1.1097, w -= 0.5 * -3 / sqrt(1.2097)
  const at::Tensor weights = at::ones({1}, at::kDouble), squares = at::ones({1}, at::kDouble);
  const RmsPropStep first = rmsprop(weights, at::full({1}, 2.0, at::kDouble), squares, 0.5, 0.99, 0.1);
  EXPECT_NEAR(first.mean_square.item().toDouble(), 1.03, 1e-12);
  EXPECT_NEAR(first.weights.item().toDouble(), 0.0592791316, 1e-9);
  const RmsPropStep second =
      rmsprop(first.weights, at::full({1}, -3.0, at::kDouble), first.mean_square, 0.5, 0.99, 0.1);
  EXPECT_NEAR(second.mean_square.item().toDouble(), 1.1097, 1e-12);
  EXPECT_NEAR(second.weights.item().toDouble(), 1.4230845725, 1e-9);
  EXPECT_EQ(weights.item().toDouble(), 1);  // The inputs stay as they were.
  EXPECT_EQ(squares.item().toDouble(), 1);
}

// What the learner runs on the CPU against what it runs elsewhere.
TEST(RmsProp, OfTheKernelsIsTheSameStep) {
  const std::int64_t count = 10'007;
  at::manual_seed(1);
  const at::Tensor weights = at::randn({count}), gradient = at::randn({count}), squares = at::rand({count});
  const RmsPropStep expected = rmsprop(weights, 0.25 * gradient, squares, 0.5, 0.99, 0.1);
  const at::Tensor new_weights = at::empty({count}), new_squares = at::empty({count});
  EXPECT_TRUE(rmsprop_step({.learning_rate = 0.5, .decay = 0.99, .epsilon = 0.1, .gradient_scale = 0.25},
                           {.count = static_cast<std::size_t>(count),
                            .gradient = gradient.data_ptr<float>(),
                            .weights = weights.data_ptr<float>(),
                            .mean_square = squares.data_ptr<float>(),
                            .new_weights = new_weights.data_ptr<float>(),
                            .new_mean_square = new_squares.data_ptr<float>()}));
  EXPECT_TRUE(at::allclose(new_squares, expected.mean_square, 1e-6, 0));
  EXPECT_TRUE(at::allclose(new_weights, expected.weights, 1e-6, 1e-6));
}

}  // namespace
}  // namespace chrysalis
