#include "chrysalis/kernels/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/kernels/targets_test.h"

namespace chrysalis {
namespace {

constexpr std::size_t kCounts[] = {0, 1, 3, 15, 16, 17, 63, 64, 65, 127, 1000, 4099};

std::vector<float> noise(std::size_t count, std::uint64_t seed, double low = -3, double high = 3) {
  RandomStream random{RandomKey(seed)};
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(low, high));
  return values;
}

struct Sum {
  std::vector<float> values;
  double square;
  bool operator==(const Sum&) const = default;
};
// `shift` floats from where memory was allocated.
Sum sum_of(int shards, std::size_t count, std::size_t shift = 0) {
  std::vector<std::vector<float>> gradients;
  std::vector<const float*> pointers;
  for (int s = 0; s < shards; ++s) {
    gradients.push_back(noise(count, s));
    gradients.back().insert(gradients.back().begin(), shift, 0.0f);
    pointers.push_back(gradients.back().data() + shift);
  }
  std::vector<float> sum(count + shift);
  const double square = add_gradients(pointers, count, sum.data() + shift);
  return {{sum.begin() + static_cast<std::ptrdiff_t>(shift), sum.end()}, square};
}

TEST(AddGradients, EqualsPlainLoopsAtEveryLengthAndAlignment) {
  for (const std::size_t count : kCounts) {
    for (const int shards : {1, 2, 5}) {
      const Sum sum = sum_of(shards, count);
      std::vector<float> expected(count);
      for (int s = 0; s < shards; ++s) {
        const std::vector<float> gradient = noise(count, s);
        for (std::size_t i = 0; i < count; ++i) expected[i] += gradient[i];
      }
      double square = 0;
      for (const float value : expected) square += static_cast<double>(value) * value;
      EXPECT_EQ(sum.values, expected) << count << " " << shards;
      EXPECT_NEAR(sum.square, square, 1e-12 * square);
      for (const std::size_t shift : {1, 3, 7}) EXPECT_EQ(sum_of(shards, count, shift), sum);
    }
  }
}

TEST(AddGradients, GivesTheSameBitsOnEveryTarget) {
  const Sum expected = sum_of(4, 4099);
  on_every_target([&] { EXPECT_EQ(sum_of(4, 4099), expected); });
}

TEST(AddGradients, MayWriteOverTheFirstShard) {
  std::vector<float> first = noise(100, 0), second = noise(100, 1);
  const float* shards[] = {first.data(), second.data()};
  EXPECT_EQ(add_gradients(shards, 100, first.data()), sum_of(2, 100).square);
  EXPECT_EQ(first, sum_of(2, 100).values);
}

TEST(AddGradients, ShowsEveryElementThatIsNotFinite) {
  for (const float bad : {INFINITY, -INFINITY, NAN}) {
    for (std::size_t i = 0; i < 131; ++i) {
      std::vector<float> gradient(131, 1e-3f);
      gradient[i] = bad;
      const float* shards[] = {gradient.data()};
      EXPECT_FALSE(std::isfinite(add_gradients(shards, 131, gradient.data()))) << i;
    }
  }
  std::vector<float> large(131, 3e38f);  // Its squares are beyond floats.
  const float* shards[] = {large.data()};
  EXPECT_TRUE(std::isfinite(add_gradients(shards, 131, large.data())));
}

struct Updated {
  std::vector<float> weights, mean_square;
  bool finite;
  bool operator==(const Updated&) const = default;
};
constexpr RmsPropRates kRates = {.learning_rate = 0.7, .decay = 0.99, .epsilon = 0.1, .gradient_scale = 0.3};

Updated step_of(std::size_t count, std::size_t shift = 0, const RmsPropRates& rates = kRates) {
  const auto shifted = [&](std::vector<float> values) {
    values.insert(values.begin(), shift, 0.0f);
    return values;
  };
  const auto gradient = shifted(noise(count, 1)), weights = shifted(noise(count, 2)),
             mean_square = shifted(noise(count, 3, 0, 2));
  std::vector<float> new_weights(count + shift + 1, 5.0f), new_mean_square(count + shift + 1, 5.0f);
  const bool finite = rmsprop_step(rates, {.count = count,
                                           .gradient = gradient.data() + shift,
                                           .weights = weights.data() + shift,
                                           .mean_square = mean_square.data() + shift,
                                           .new_weights = new_weights.data() + shift,
                                           .new_mean_square = new_mean_square.data() + shift});
  EXPECT_EQ(new_weights.back(), 5.0f) << "written past the end";
  EXPECT_EQ(new_mean_square.back(), 5.0f) << "written past the end";
  const auto begin = static_cast<std::ptrdiff_t>(shift);
  return {{new_weights.begin() + begin, new_weights.end() - 1},
          {new_mean_square.begin() + begin, new_mean_square.end() - 1},
          finite};
}

TEST(RmsPropStep, EqualsDoublesToOneMillionthAtEveryLengthAndAlignment) {
  for (const std::size_t count : kCounts) {
    const auto gradient = noise(count, 1), weights = noise(count, 2), mean_square = noise(count, 3, 0, 2);
    const Updated step = step_of(count);
    EXPECT_TRUE(step.finite);
    for (std::size_t i = 0; i < count; ++i) {
      const double g = kRates.gradient_scale * gradient[i];
      const double m = kRates.decay * mean_square[i] + (1 - kRates.decay) * g * g;
      const double w = weights[i] - kRates.learning_rate * g / std::sqrt(m + kRates.epsilon);
      ASSERT_NEAR(step.mean_square[i], m, 1e-6 * m) << count << " " << i;
      ASSERT_NEAR(step.weights[i], w, 1e-6 * std::abs(weights[i]) + 1e-6 * std::abs(w - weights[i]));
    }
    for (const std::size_t shift : {1, 3, 7}) EXPECT_EQ(step_of(count, shift), step);
  }
}

TEST(RmsPropStep, GivesTheSameBitsOnEveryTarget) {
  const Updated expected = step_of(4099);
  on_every_target([&] { EXPECT_EQ(step_of(4099), expected); });
}

TEST(RmsPropStep, SaysWhereAnythingIsNotFinite) {
  const std::size_t count = 67;
  const auto finite_with = [&](auto change) {
    std::vector<float> gradient(count, 0.5f), weights(count, 1.0f), mean_square(count, 1.0f);
    std::vector<float> new_weights(count), new_mean_square(count);
    change(gradient, weights, mean_square);
    return rmsprop_step(kRates, {count, gradient.data(), weights.data(), mean_square.data(),
                                 new_weights.data(), new_mean_square.data()});
  };
  EXPECT_TRUE(finite_with([](auto&, auto&, auto&) {}));
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_FALSE(finite_with([i](auto& g, auto&, auto&) { g[i] = NAN; })) << i;
    EXPECT_FALSE(finite_with([i](auto&, auto& w, auto&) { w[i] = INFINITY; })) << i;
    EXPECT_FALSE(finite_with([i](auto&, auto&, auto& m) { m[i] = -INFINITY; })) << i;
    EXPECT_FALSE(finite_with([i](auto&, auto&, auto& m) { m[i] = -1.0f; })) << i << ": a root of it";
    EXPECT_FALSE(finite_with([i](auto& g, auto&, auto&) { g[i] = 1e30f; })) << i << ": its square";
  }
}

}  // namespace
}  // namespace chrysalis
