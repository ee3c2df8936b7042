#include "chrysalis/kernels/entropy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/kernels/targets_test.h"

namespace chrysalis {
namespace {

std::vector<float> log_policy_of(std::size_t count) {
  RandomStream random{RandomKey(count)};
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.chance(0.1) ? -200 : random.uniform(-12, 0));
  return values;
}

TEST(Entropy, EqualsDoublesOnEveryTargetAtEveryLengthAndAlignment) {
  on_every_target([] {
    for (const std::size_t count : {0, 1, 2, 9, 15, 16, 17, 255, 256, 257, 756 * 3 + 1}) {
      for (const std::size_t shift : {0, 1, 5}) {
        std::vector<float> x = log_policy_of(count), gradient(count + shift + 1, 7.0f);
        x.insert(x.begin(), shift, 0.0f);
        const double sum = entropy(x.data() + shift, count, 0.25f, gradient.data() + shift);
        double expected = 0;
        for (std::size_t i = shift; i < count + shift; ++i) {
          const double p = std::exp(static_cast<double>(x[i]));
          expected -= p * x[i];
          ASSERT_NEAR(gradient[i], -0.25 * p * (x[i] + 1.0), 2e-6 * p * (1 + std::abs(x[i])) + 1e-40) << x[i];
        }
        EXPECT_NEAR(sum, expected, 1e-6 * expected) << count;
        EXPECT_EQ(gradient.back(), 7.0f) << "written past the end";
      }
    }
  });
}

TEST(Entropy, MayOverwriteThePolicy) {
  std::vector<float> x = log_policy_of(100), in_place = x, gradient(100);
  EXPECT_EQ(entropy(x.data(), 100, 1.0f, gradient.data()),
            entropy(in_place.data(), 100, 1.0f, in_place.data()));
  EXPECT_EQ(in_place, gradient);
}

TEST(Entropy, IsNoNumberWhereAnEntryIsNone) {
  on_every_target([] {
    for (std::size_t i = 0; i < 37; ++i) {
      std::vector<float> x(37, -1.0f), gradient(37);
      x[i] = NAN;
      EXPECT_TRUE(std::isnan(entropy(x.data(), 37, 1.0f, gradient.data()))) << i;
      EXPECT_TRUE(std::isnan(gradient[i])) << i;
    }
  });
}

}  // namespace
}  // namespace chrysalis
