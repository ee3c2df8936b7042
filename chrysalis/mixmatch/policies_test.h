// What the room's tests share: random policies by key, and derivatives by finite differences.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "chrysalis/core/random.h"

namespace chrysalis {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

inline double number(const at::Tensor& tensor) {
  return tensor.item().toDouble();
}

// An index, by these probabilities.
inline std::size_t draw(RandomStream& random, std::span<const double> probabilities) {
  double left = random.uniform();
  for (std::size_t i = 0; i + 1 < probabilities.size(); ++i) {
    left -= probabilities[i];
    if (left < 0) return i;
  }
  return probabilities.size() - 1;
}

// N(0, scale^2), float64.
inline at::Tensor random_normal(RandomStream& random, at::IntArrayRef sizes, double scale = 1) {
  const at::Tensor tensor = at::empty(sizes, at::kDouble);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<double>()[i] = scale * random.normal();
  return tensor;
}

inline at::Tensor random_policy(RandomStream& random, at::IntArrayRef sizes, double scale = 1.5) {
  return random_normal(random, sizes, scale).log_softmax(-1);
}

// The tensor's numbers as float64, row-major.
inline std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

inline void expect_near(const at::Tensor& actual, const at::Tensor& expected, double tolerance) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  const std::vector<double> a = numbers(actual), e = numbers(expected);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isinf(e[i]))
      EXPECT_EQ(a[i], e[i]) << i;
    else
      EXPECT_NEAR(a[i], e[i], tolerance * (1 + std::abs(e[i]))) << i;
  }
}

inline void expect_same_bits(const at::Tensor& actual, const at::Tensor& expected) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  ASSERT_EQ(actual.scalar_type(), expected.scalar_type());
  const at::Tensor a = actual.detach().contiguous(), e = expected.detach().contiguous();
  EXPECT_EQ(std::memcmp(a.data_ptr(), e.data_ptr(), a.nbytes()), 0);
}

inline bool is_finite(const at::Tensor& tensor) {
  return tensor.detach().isfinite().all().item().toBool();
}

// Holds autograd's derivative of the scalar loss() by each element of each leaf (float64, requiring grad) to
// central differences.
inline void expect_gradient_of(const std::function<at::Tensor()>& loss, std::vector<at::Tensor> leaves) {
  for (at::Tensor& leaf : leaves) leaf.mutable_grad() = at::Tensor();
  loss().backward();
  constexpr double kStep = 1e-5;
  double largest = 0;
  for (std::size_t l = 0; l < leaves.size(); ++l) {
    ASSERT_TRUE(leaves[l].grad().defined()) << "leaf " << l;
    const std::vector<double> gradient = numbers(leaves[l].grad());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      double& element = leaves[l].data_ptr<double>()[i];
      const double before = element;
      element = before + kStep;
      const double above = number(loss());
      element = before - kStep;
      const double below = number(loss());
      element = before;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-7 * (1 + std::abs(gradient[i])))
          << "leaf " << l << " element " << i;
      largest = std::max(largest, std::abs(gradient[i]));
    }
  }
  EXPECT_GT(largest, 1e-3) << "a loss that hardly depends on its leaves is no check";
}

}  // namespace chrysalis
