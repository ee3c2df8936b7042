#include "chrysalis/kernels/mixture.h"

#include <gtest/gtest.h>

#include <numeric>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Mixture : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Mixture);

constexpr double kNever = -std::numeric_limits<double>::infinity();
const double kAlphas[] = {1e-9, 0.005, 0.3, 0.5, 1 - 1e-9};

// Log-probabilities of `count` actions, some impossible and some nearly so.
std::vector<float> policy(int count, RandomStream& random) {
  std::vector<double> p;
  for (int i = 0; i < count; ++i) p.push_back(random.chance(0.2) ? 0 : std::exp(random.uniform(-80, 3)));
  p[0] += 1e-3;
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  std::vector<float> logs;
  for (const double each : p) logs.push_back(static_cast<float>(std::log(each / sum)));
  return logs;
}

double mixed(double alpha, double log_first, double log_second) {
  return std::log((1 - alpha) * std::exp(log_first) + alpha * std::exp(log_second));
}

// Relative to the number of nats, as a float is.
void expect_near(float result, double expected) {
  if (expected == kNever) {
    EXPECT_EQ(result, static_cast<float>(kNever));
  } else {
    EXPECT_NEAR(result, expected, 3e-7 * (1 + std::abs(expected)));
  }
}

TEST_P(Mixture, OfTwoPoliciesEqualsPlainLoops) {
  RandomStream random{RandomKey(1)};
  for (const int actions : {1, 2, 9, 16, 17, 63, 756}) {
    for (const double alpha : kAlphas) {
      std::vector<float> first, second;
      for (int row = 0; row < 3; ++row) {
        for (auto* to : {&first, &second}) {
          const auto each = policy(actions, random);
          to->insert(to->end(), each.begin(), each.end());
        }
      }
      std::vector<float> result = second;
      mix_policies(alpha, first.data(), {}, 3, actions, result.data());
      for (std::size_t i = 0; i < result.size(); ++i)
        expect_near(result[i], mixed(alpha, first[i], second[i]));
    }
  }
}

TEST_P(Mixture, OfFewActionsInManyEqualsPlainLoops) {
  RandomStream random{RandomKey(2)};
  std::vector<int> many(100);
  for (int i = 0; i < 100; ++i) many[static_cast<std::size_t>(i)] = 200 - 2 * i;
  for (const std::vector<int>& places : {std::vector<int>{7}, {300, 0, 10, 11, 5}, many}) {
    const int actions = 301;
    const auto simple_count = static_cast<int>(places.size());
    for (const double alpha : kAlphas) {
      std::vector<float> first, second;
      for (int row = 0; row < 2; ++row) {
        const auto simple = policy(simple_count, random), joint = policy(actions, random);
        first.insert(first.end(), simple.begin(), simple.end());
        second.insert(second.end(), joint.begin(), joint.end());
      }
      std::vector<double> in_joint(second.size(), kNever);
      for (std::size_t i = 0; i < first.size(); ++i)
        in_joint[i / places.size() * 301 + static_cast<std::size_t>(places[i % places.size()])] = first[i];
      std::vector<float> result = second;
      mix_policies(alpha, first.data(), places, 2, actions, result.data());
      for (std::size_t i = 0; i < result.size(); ++i)
        expect_near(result[i], mixed(alpha, in_joint[i], second[i]));
    }
  }
}

TEST_P(Mixture, IsOneOfThePoliciesToTheLastBitAtTheEnds) {
  RandomStream random{RandomKey(3)};
  const std::vector<float> few = policy(3, random), first = policy(20, random), second = policy(20, random);
  const std::vector<int> places = {4, 0, 19};
  std::vector<float> result(20, std::numeric_limits<float>::quiet_NaN());  // Not read.
  mix_policies(0, few.data(), places, 1, 20, result.data());
  for (int action = 0; action < 20; ++action) {
    const auto place = std::find(places.begin(), places.end(), action);
    EXPECT_EQ(result[static_cast<std::size_t>(action)],
              place == places.end() ? static_cast<float>(kNever)
                                    : few[static_cast<std::size_t>(place - places.begin())]);
  }
  result.assign(20, std::numeric_limits<float>::quiet_NaN());
  mix_policies(0, first.data(), {}, 1, 20, result.data());
  EXPECT_EQ(result, first);
  result = second;
  mix_policies(1, nullptr, places, 1, 20, result.data());
  EXPECT_EQ(result, second);
}

TEST_P(Mixture, IsNoPolicyWhereOneOfTheTwoIsNone) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  for (const double alpha : {0.0, 0.5}) {
    for (const bool simple_is_none : {false, true}) {
      // The second row is sound.
      const std::vector<float> first = {simple_is_none ? none : 0.0f, 0.0f};
      std::vector<float> result(40, -3.0f);
      if (!simple_is_none) std::fill_n(result.begin(), 20, none);
      const std::vector<int> places = {13};
      mix_policies(alpha, first.data(), places, 2, 20, result.data());
      const bool expected = simple_is_none || alpha > 0;
      for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(std::isnan(result[i]), expected) << alpha << " " << i;
      for (std::size_t i = 20; i < 40; ++i) EXPECT_FALSE(std::isnan(result[i])) << alpha << " " << i;
    }
  }
}

TEST(MixtureDeathTest, WantsAnAlphaOfAMixture) {
  float p = 0;
  EXPECT_DEATH(mix_policies(1.5, &p, {}, 1, 1, &p), "alpha");
  EXPECT_DEATH(mix_policies(-0.1, &p, {}, 1, 1, &p), "alpha");
}

const std::vector<std::vector<int>> kFactors = {{5},    {2, 3},      {1, 4, 1},
                                                {3, 1}, {40, 2, 17}, {7, 3, 3, 3, 2, 2}};

TEST_P(Mixture, OfFactorsIsTheSumForEachCombination) {
  RandomStream random{RandomKey(4)};
  for (const auto& factors : kFactors) {
    const int width = std::accumulate(factors.begin(), factors.end(), 0),
              actions = std::accumulate(factors.begin(), factors.end(), 1, std::multiplies<>());
    const int rows = 3;
    Floats logs(rows, width, width, random), joint(rows, actions, actions), sums(rows, width, width);
    expand_factors(logs.data(), factors, rows, joint.data());
    // The factors' values of a combination, the last one changing first.
    const auto place = [&](int action, std::size_t factor) {
      for (std::size_t k = factors.size() - 1; k > factor; --k) action /= factors[k];
      return std::accumulate(factors.begin(), factors.begin() + static_cast<std::ptrdiff_t>(factor), 0) +
             action % factors[factor];
    };
    EXPECT_TRUE(close(joint, [&](int row, int action) {
      double sum = 0;
      for (std::size_t k = 0; k < factors.size(); ++k) sum += logs.at(row, place(action, k));
      return sum;
    }));
    std::vector<float> scratch(static_cast<std::size_t>(actions / factors[0]));
    fold_factors(joint.data(), factors, rows, scratch.data(), sums.data());
    EXPECT_TRUE(close(sums, [&](int row, int n) {
      double sum = 0;
      for (int action = 0; action < actions; ++action)
        for (std::size_t k = 0; k < factors.size(); ++k)
          if (place(action, k) == n) sum += joint.at(row, action);
      return sum;
    }));
  }
}

TEST(Factors, HaveTheSameBitsOnEveryTarget) {
  RandomStream random{RandomKey(5)};
  const std::vector<int>& factors = kFactors.back();
  Floats logs(1, 20, 20, random);
  std::vector<float> first;
  for (const std::string& name : runnable_simd_names()) {
    ASSERT_TRUE(use_simd(name).ok());
    std::vector<float> joint(756);
    expand_factors(logs.data(), factors, 1, joint.data());
    if (first.empty()) first = joint;
    EXPECT_EQ(joint, first) << name;
  }
  ASSERT_TRUE(use_simd("").ok());
}

}  // namespace
}  // namespace chrysalis
