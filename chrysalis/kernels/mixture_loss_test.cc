#include "chrysalis/kernels/mixture_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/kernels/targets_test.h"

namespace chrysalis {
namespace {

constexpr double kLossAlphas[] = {0, 1e-300, 0.005, 0.3, 0.9999, 1};

struct Shape {
  std::size_t rows, joint;
  std::vector<int> indices;  // Empty: both policies are joint.
  std::size_t simple() const { return indices.empty() ? joint : indices.size(); }
};

std::vector<int> every(int step, int count) {
  std::vector<int> indices;
  for (int i = count - 1; i >= 0; --i) indices.push_back(i * step + step / 2);  // In no rising order.
  return indices;
}

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> shapes = {{3, 9, {}},
                                            {1, 1, {}},
                                            {70, 9, {}},
                                            {1, 300, {}},
                                            {2, 31, {}},
                                            {2, 9, {4}},
                                            {3, 17, {16, 0}},
                                            {2, 756, every(84, 9)},
                                            {5, 40, every(2, 17)},
                                            {1, 700, every(2, 300)}};
  return shapes;
}

// Logarithms of probabilities, some of which underflow.
std::vector<float> log_policies(std::size_t rows, std::size_t count, std::uint64_t seed) {
  RandomStream random{RandomKey(seed)};
  std::vector<float> values(rows * count);
  for (std::size_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (std::size_t i = row * count; i < (row + 1) * count; ++i) {
      values[i] = static_cast<float>(random.chance(0.1) ? -300 : 3 * random.normal());
      sum += std::exp(values[i]);
    }
    if (sum == 0) sum = 1;
    for (std::size_t i = row * count; i < (row + 1) * count; ++i)
      values[i] -= static_cast<float>(std::log(sum));
  }
  return values;
}

struct Answer {
  MixtureSums sums;
  std::vector<double> simple_gradient, complex_gradient, simple_size, complex_size;  // Sizes: of the terms.
};

// Every term as the header has it, in doubles, one joint action after the other.
Answer plain_loops(const Shape& shape, const std::vector<float>& simple, const std::vector<float>& complex,
                   double alpha, double entropy_scale, double kl_scale) {
  Answer answer;
  answer.simple_gradient.resize(simple.size());
  answer.simple_size.resize(simple.size());
  for (std::size_t row = 0; row < shape.rows; ++row) {
    for (std::size_t a = 0; a < shape.joint; ++a) {
      std::size_t known = shape.indices.empty() ? a : shape.simple();
      for (std::size_t k = 0; k < shape.indices.size(); ++k)
        if (shape.indices[k] == static_cast<int>(a)) known = k;
      const bool both = known < shape.simple();
      const double log_p = both ? simple[row * shape.simple() + known] : 0;
      const double log_q = complex[row * shape.joint + a];
      const double p = both ? std::exp(log_p) : 0, q = std::exp(log_q);
      const double m = (1 - alpha) * p + alpha * q, log_m = m > 0 ? std::log(m) : 0;
      answer.sums.entropy -= m * log_m;
      answer.sums.complex_entropy -= q * log_q;
      const double dm = -entropy_scale * (log_m + 1);
      answer.complex_gradient.push_back(alpha * q * dm - kl_scale * p);
      answer.complex_size.push_back(std::abs(alpha * q * dm) + kl_scale * p + alpha * q);
      if (!both) continue;
      answer.sums.simple_entropy -= p * log_p;
      answer.sums.kl += p * (log_p - log_q);
      answer.sums.simple_mass += q;
      const std::size_t at = row * shape.simple() + known;
      answer.simple_gradient[at] = (1 - alpha) * p * dm + kl_scale * p * (log_p - log_q + 1);
      answer.simple_size[at] = p * (std::abs(dm) + kl_scale * (std::abs(log_p - log_q) + 1) + 1);
    }
  }
  return answer;
}

void expect_sums(const MixtureSums& sums, const MixtureSums& expected, double tolerance) {
  EXPECT_NEAR(sums.entropy, expected.entropy, tolerance);
  EXPECT_NEAR(sums.simple_entropy, expected.simple_entropy, tolerance);
  EXPECT_NEAR(sums.complex_entropy, expected.complex_entropy, tolerance);
  EXPECT_NEAR(sums.kl, expected.kl, tolerance * (1 + std::abs(expected.kl)));
  EXPECT_NEAR(sums.simple_mass, expected.simple_mass, tolerance);
}

TEST(MixtureLoss, EqualsDoublesOnEveryTargetShapeAndAlpha) {
  on_every_target([] {
    for (const Shape& shape : shapes()) {
      const std::vector<float> simple = log_policies(shape.rows, shape.simple(), 1),
                               complex = log_policies(shape.rows, shape.joint, 2);
      for (const double alpha : kLossAlphas) {
        for (const double kl_scale : {0.0, 0.7}) {
          std::vector<float> dx(simple.size() + 1, 7.0f), dy(complex.size() + 1, 7.0f);
          const MixtureSums sums = mixture_loss({.simple = simple.data(),
                                                 .complex = complex.data(),
                                                 .indices = shape.indices,
                                                 .rows = shape.rows,
                                                 .simple_count = shape.simple(),
                                                 .joint_count = shape.joint,
                                                 .alpha = alpha},
                                                -0.3, kl_scale, dx.data(), dy.data());
          const Answer expected = plain_loops(shape, simple, complex, alpha, -0.3, kl_scale);
          SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.simple() << " in " << shape.joint
                                          << ", alpha " << alpha);
          expect_sums(sums, expected.sums, 2e-6 * static_cast<double>(shape.rows));
          for (std::size_t i = 0; i < simple.size(); ++i)
            ASSERT_NEAR(dx[i], expected.simple_gradient[i], 2e-6 * expected.simple_size[i] + 1e-36) << i;
          for (std::size_t i = 0; i < complex.size(); ++i)
            ASSERT_NEAR(dy[i], expected.complex_gradient[i], 2e-6 * expected.complex_size[i] + 1e-36) << i;
          EXPECT_EQ(dx.back(), 7.0f) << "written past the end";
          EXPECT_EQ(dy.back(), 7.0f) << "written past the end";
        }
      }
    }
  });
}

// A policy that rules out by hundreds of nats what the other does, either way.
TEST(MixtureLoss, IsFiniteWhereEitherPolicyUnderflows) {
  on_every_target([] {
    for (const double alpha : kLossAlphas) {
      const std::vector<float> simple = {0, -800, -1e30f}, complex = {-900, 0, -1e30f};
      for (const std::vector<int>& indices : {std::vector<int>(), std::vector<int>{0, 1, 2}}) {
        std::vector<float> dx(3), dy(3);
        const MixtureSums sums = mixture_loss({.simple = simple.data(),
                                               .complex = complex.data(),
                                               .indices = indices,
                                               .rows = 1,
                                               .simple_count = 3,
                                               .joint_count = 3,
                                               .alpha = alpha},
                                              -1, 1, dx.data(), dy.data());
        const double other = 1 - alpha;
        const double expected =
            alpha <= 1e-300 || other <= 0 ? 0 : -alpha * std::log(alpha) - other * std::log(other);
        EXPECT_NEAR(sums.entropy, expected, 1e-6);
        EXPECT_EQ(sums.kl, 900);
        for (int i = 0; i < 3; ++i) {
          EXPECT_TRUE(std::isfinite(dx[i])) << i;
          EXPECT_TRUE(std::isfinite(dy[i])) << i;
        }
      }
    }
  });
}

TEST(MixtureLoss, IsNoNumberWhereAnEntryOfEitherPolicyIsNone) {
  on_every_target([] {
    for (const Shape& shape : {Shape{2, 20, {}}, Shape{2, 20, {3, 11}}}) {
      for (int of = 0; of < 2; ++of) {
        const std::size_t size = shape.rows * (of == 0 ? shape.simple() : shape.joint);
        for (std::size_t i = 0; i < size; ++i) {
          std::vector<float> simple(shape.rows * shape.simple(), -2), complex(shape.rows * shape.joint, -3);
          (of == 0 ? simple : complex)[i] = NAN;
          std::vector<float> dx(simple.size()), dy(complex.size());
          const MixtureSums sums = mixture_loss({.simple = simple.data(),
                                                 .complex = complex.data(),
                                                 .indices = shape.indices,
                                                 .rows = shape.rows,
                                                 .simple_count = shape.simple(),
                                                 .joint_count = shape.joint,
                                                 .alpha = 0.5},
                                                -1, 0, dx.data(), dy.data());
          EXPECT_TRUE(std::isnan(sums.entropy)) << of << " " << i;
          EXPECT_TRUE(std::isnan((of == 0 ? dx : dy)[i])) << of << " " << i;
        }
      }
    }
  });
}

}  // namespace
}  // namespace chrysalis
