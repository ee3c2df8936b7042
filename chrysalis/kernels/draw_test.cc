#include "chrysalis/kernels/draw.h"

#include <gtest/gtest.h>

#include <numeric>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Draw : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Draw);

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

// ln of probabilities that sum to one; `possible`: the share of actions that have one.
std::vector<float> drawn_policy(int count, double possible, double spread, RandomStream& random) {
  std::vector<double> p;
  for (int i = 0; i < count; ++i)
    p.push_back(random.chance(possible) ? std::exp(random.uniform(-spread, 0)) : 0.0);
  p[static_cast<std::size_t>(random.between(0, count - 1))] = 1;
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  std::vector<float> logs;
  for (const double each : p) logs.push_back(static_cast<float>(std::log(each / sum)));
  return logs;
}

TEST_P(Draw, InvertsTheDistributionOfPlainLoops) {
  RandomStream random{RandomKey(1)};
  for (const int count : {1, 2, 9, 15, 16, 17, 33, 756}) {
    for (const double possible : {0.1, 1.0}) {
      for (const double spread : {0.1, 5.0, 60.0}) {
        const std::vector<float> logs = drawn_policy(count, possible, spread, random);
        // Ends of each action's interval, by the exact exponential.
        std::vector<double> ends;
        double sum = 0;
        for (const float x : logs) ends.push_back(sum += std::exp(static_cast<double>(x)));
        for (int i = 0; i < 200; ++i) {
          const double target = random.uniform();
          const int action = draw(logs.data(), count, target);
          ASSERT_GE(action, 0);
          const auto at = static_cast<std::size_t>(action);
          EXPECT_GT(logs[at], kImpossible);
          EXPECT_LT(target, ends[at] + 5e-7);
          EXPECT_GE(target, (action > 0 ? ends[at - 1] : 0) - 5e-7);
        }
      }
    }
  }
}

TEST_P(Draw, TakesTheFirstPossibleAtZeroAndTheLastWhereRoundingLosesMass) {
  for (const int count : {5, 16, 40, 756}) {
    std::vector<float> logs(static_cast<std::size_t>(count), kImpossible);
    logs[2] = std::log(0.25f);
    logs[static_cast<std::size_t>(count) - 2] = std::log(0.5f);
    EXPECT_EQ(draw(logs.data(), count, 0), 2);
    EXPECT_EQ(draw(logs.data(), count, 0.5), count - 2);
    EXPECT_EQ(draw(logs.data(), count, 0.9), count - 2);  // Past the sum, 0.75.
  }
}

TEST_P(Draw, NeverTakesWhatIsImpossible) {
  for (const float impossible : {kImpossible, -88.0f, -1e30f, std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> logs(50, impossible);
    EXPECT_EQ(draw(logs.data(), 50, 0.5), -1);
    logs[20] = 0;
    for (const double target : {0.0, 0.5, 1 - 1e-16}) EXPECT_EQ(draw(logs.data(), 50, target), 20);
  }
}

TEST(DrawOnEveryTarget, IsTheSameDraw) {
  // At targets that are a policy's own sums, where the last bit decides.
  RandomStream random{RandomKey(2)};
  std::vector<std::vector<float>> policies;
  for (int i = 0; i < 20; ++i) policies.push_back(drawn_policy(756, 0.9, 20, random));
  std::vector<int> first;
  for (const std::string& name : runnable_simd_names()) {
    ASSERT_TRUE(use_simd(name).ok());
    std::vector<int> drawn;
    for (const auto& logs : policies) {
      double sum = 0;
      for (const float x : logs) {
        sum += std::exp(static_cast<double>(x));
        drawn.push_back(draw(logs.data(), 756, sum));
      }
    }
    if (first.empty()) first = drawn;
    EXPECT_EQ(drawn, first) << name;
  }
  ASSERT_TRUE(use_simd("").ok());
}

}  // namespace
}  // namespace chrysalis
