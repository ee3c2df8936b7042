#include "chrysalis/impala/vtrace.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

at::Tensor tensor(std::vector<double> values, std::int64_t steps, std::int64_t batch) {
  return at::from_blob(values.data(), {steps, batch}, at::kDouble).clone();
}

TEST(VTrace, EqualsNumbersComputedByHand) {
  // rho = 2 clipped to 1, then rho = 0.5; discount 0.9.
  //   delta_1 = 0.5 (2 + 0.9 * 4 - 3) = 1.3            v_1 = 3 + 1.3 = 4.3
  //   delta_0 = 1 (1 + 0.9 * 3 - 2) = 1.7              v_0 = 2 + 1.7 + 0.9 * 1 * 1.3 = 4.87
  //   advantage_1 = 0.5 (2 + 0.9 * 4 - 3) = 1.3        advantage_0 = 1 + 0.9 * 4.3 - 2 = 2.87
  const VTraceReturns returns = vtrace({.log_rhos = tensor({std::log(2.0), std::log(0.5)}, 2, 1),
                                        .discounts = tensor({0.9, 0.9}, 2, 1),
                                        .rewards = tensor({1, 2}, 2, 1),
                                        .values = tensor({2, 3}, 2, 1),
                                        .bootstrap_value = tensor({4}, 1, 1)[0]},
                                       1, 1);
  EXPECT_NEAR(returns.targets[0][0].item().toDouble(), 4.87, 1e-12);
  EXPECT_NEAR(returns.targets[1][0].item().toDouble(), 4.3, 1e-12);
  EXPECT_NEAR(returns.advantages[0][0].item().toDouble(), 2.87, 1e-12);
  EXPECT_NEAR(returns.advantages[1][0].item().toDouble(), 1.3, 1e-12);
}

// The definition as a sum of products (Espeholt et al. 2018, eq. 1), not the recursion that the room uses:
//   v_s = V(x_s) + sum_{t >= s} (prod_{i < t} discount_i) (prod_{i < t} c_i) delta_t.
TEST(VTrace, EqualsTheSumOfTheDefinition) {
  RandomStream random(RandomKey(3));
  const std::vector<std::pair<double, double>> clips = {{1, 1}, {2, 1}, {1, 0.5}, {100, 100}};
  for (int trial = 0; trial < 40; ++trial) {
    const int steps = random.between(1, 12), batch = random.between(1, 4);
    const auto [rho_clip, c_clip] = clips[trial % clips.size()];
    std::vector<double> log_rhos, discounts, rewards, values, bootstrap;
    for (int i = 0; i < steps * batch; ++i) {
      log_rhos.push_back(random.uniform(-2, 2));
      discounts.push_back(random.chance(0.2) ? 0 : 0.97);
      rewards.push_back(random.uniform(-1, 1));
      values.push_back(random.uniform(-3, 3));
    }
    for (int b = 0; b < batch; ++b) bootstrap.push_back(random.uniform(-3, 3));
    const VTraceInputs inputs = {.log_rhos = tensor(log_rhos, steps, batch),
                                 .discounts = tensor(discounts, steps, batch),
                                 .rewards = tensor(rewards, steps, batch),
                                 .values = tensor(values, steps, batch),
                                 .bootstrap_value = tensor(bootstrap, 1, batch)[0]};
    const VTraceReturns returns = vtrace(inputs, rho_clip, c_clip);
    const VTraceReturns same = vtrace_by_operators(inputs, rho_clip, c_clip);
    EXPECT_TRUE(at::allclose(returns.targets, same.targets, 1e-12, 1e-12));
    EXPECT_TRUE(at::allclose(returns.advantages, same.advantages, 1e-12, 1e-12));
    for (int b = 0; b < batch; ++b) {
      const auto rho = [&](int t) { return std::exp(log_rhos[t * batch + b]); };
      const auto value = [&](int t) { return t < steps ? values[t * batch + b] : bootstrap[b]; };
      const auto target = [&](int s) {
        if (s == steps) return bootstrap[b];
        double sum = value(s), factor = 1;
        for (int t = s; t < steps; ++t) {
          const int at = t * batch + b;
          const double delta =
              std::min(rho_clip, rho(t)) * (rewards[at] + discounts[at] * value(t + 1) - value(t));
          sum += factor * delta;
          factor *= discounts[at] * std::min(c_clip, rho(t));
        }
        return sum;
      };
      for (int s = 0; s < steps; ++s) {
        const int at = s * batch + b;
        const double advantage =
            std::min(rho_clip, rho(s)) * (rewards[at] + discounts[at] * target(s + 1) - value(s));
        EXPECT_NEAR(returns.targets[s][b].item().toDouble(), target(s), 1e-10);
        EXPECT_NEAR(returns.advantages[s][b].item().toDouble(), advantage, 1e-10);
      }
    }
  }
}

TEST(VTrace, IsNoNumberWhereARatioIsNone) {
  const at::Tensor ones = at::ones({2, 2}), ratios = ones.clone();
  ratios[1][1] = NAN;
  const VTraceReturns returns = vtrace({ratios, ones, ones, ones, at::ones({2})}, 1, 1);
  EXPECT_TRUE(at::equal(returns.targets.isnan(), at::tensor({0, 1, 0, 1}).view({2, 2}).to(at::kBool)));
}

TEST(VTrace, IsTheNStepReturnOnPolicy) {
  const at::Tensor zeros = at::zeros({3, 1}, at::kDouble), ones = at::ones({3, 1}, at::kDouble);
  const VTraceReturns returns = vtrace({.log_rhos = zeros,
                                        .discounts = ones * 0.5,
                                        .rewards = ones,
                                        .values = ones * 7,
                                        .bootstrap_value = at::full({1}, 8.0, at::kDouble)},
                                       1, 1);
  EXPECT_DOUBLE_EQ(returns.targets[0][0].item().toDouble(), 1 + 0.5 + 0.25 + 0.125 * 8);
}

TEST(VTraceDeathTest, ChecksShapes) {
  const at::Tensor two = at::zeros({2, 1}), three = at::zeros({3, 1});
  EXPECT_DEATH(vtrace({two, two, three, two, at::zeros({1})}, 1, 1), "sizes");
  EXPECT_DEATH(vtrace({two, two, two, two, at::zeros({2})}, 1, 1), "bootstrap_value");
}

}  // namespace
}  // namespace chrysalis
