#include "chrysalis/mixmatch/mixture.h"

#include <algorithm>
#include <numeric>

#include "chrysalis/mixmatch/policies_test.h"

namespace chrysalis {
namespace {

// Weights on the simplex, none of them 0.
std::vector<double> random_weights(RandomStream& random, std::size_t count) {
  std::vector<double> weights(count);
  for (double& weight : weights) weight = random.uniform(0.05, 1);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

TEST(Actions, ExpandAndSelectAreEachOthersInverse) {
  RandomStream random(RandomKey(1));
  const at::Tensor small = random_policy(random, {2, 3, 4}).requires_grad_();
  const std::vector<int> indices = {5, 0, 6, 2};
  const at::Tensor joint = expand_actions(small, indices, 8);
  ASSERT_EQ(joint.sizes(), at::IntArrayRef({2, 3, 8}));
  for (int action = 0; action < 8; ++action) {
    const auto found = std::find(indices.begin(), indices.end(), action);
    const at::Tensor column = joint.select(-1, action);
    if (found == indices.end())
      EXPECT_TRUE(column.isneginf().all().item().toBool()) << action;
    else
      expect_same_bits(column, small.select(-1, found - indices.begin()));
  }
  expect_same_bits(select_actions(joint, indices), small);

  const at::Tensor weights = random_normal(random, {2, 3, 8});
  joint.backward(weights);
  expect_same_bits(small.grad(), select_actions(weights, indices));
}

TEST(ActionsDeathTest, IndicesMustFit) {
  const at::Tensor small = at::zeros({2, 2});
  EXPECT_DEATH(expand_actions(small, std::vector<int>{0, 3}, 3), "action 3 of 3");
  EXPECT_DEATH(expand_actions(small, std::vector<int>{-1, 0}, 3), "action -1 of 3");
  EXPECT_DEATH(expand_actions(small, std::vector<int>{1, 1}, 3), "action 1 is mapped to twice");
  EXPECT_DEATH(expand_actions(small, std::vector<int>{0}, 3), "2 against 1");
  EXPECT_DEATH(select_actions(small, std::vector<int>{2}), "action 2 of 2");
}

TEST(Mix, EqualsPlainLoopsForAnyNumberOfPolicies) {
  RandomStream random(RandomKey(2));
  for (const std::size_t count : {2, 3, 5}) {
    const std::vector<double> alphas = random_weights(random, count);
    std::vector<at::Tensor> policies;
    for (std::size_t i = 0; i < count; ++i) policies.push_back(random_policy(random, {4, 3, 7}));
    policies[0] = expand_actions(random_policy(random, {4, 3, 2}), std::vector<int>{6, 1}, 7);
    const std::vector<double> mixture = numbers(mix(policies, alphas));
    for (std::size_t j = 0; j < mixture.size(); ++j) {
      double probability = 0;
      for (std::size_t i = 0; i < count; ++i) probability += alphas[i] * std::exp(numbers(policies[i])[j]);
      EXPECT_NEAR(mixture[j], std::log(probability), 1e-13) << count << " " << j;
    }
    expect_near(mix(policies, alphas).exp().sum(-1), at::ones({4, 3}, at::kDouble), 1e-14);
  }
}

TEST(Mix, OfTwoWeighsTheSecondByAlpha) {
  const at::Tensor log_1 = at::tensor({0.2, 0.8}, at::kDouble).log();
  const at::Tensor log_2 = at::tensor({0.6, 0.4}, at::kDouble).log();
  expect_near(mix(log_1, log_2, 0.25), at::tensor({0.3, 0.7}, at::kDouble).log(), 1e-15);
}

TEST(Mix, StaysInLogSpaceWhereProbabilitiesUnderflow) {
  const at::Tensor log_1 = at::full({1}, -300.0, at::kFloat), log_2 = at::full({1}, -302.0, at::kFloat);
  EXPECT_FLOAT_EQ(mix(log_1, log_2, 0.5).item().toFloat(),
                  static_cast<float>(-300 + std::log(0.5 + 0.5 * std::exp(-2.0))));
}

// The policies without a weight are not even defined.
TEST(Mix, IsTheOnlyPolicyWithAWeightBitForBit) {
  RandomStream random(RandomKey(3));
  for (const std::size_t count : {2, 3}) {
    for (std::size_t live = 0; live < count; ++live) {
      const at::Tensor logits = random_normal(random, {5, 2, 9}).to(at::kFloat),
                       weights = random_normal(random, {5, 2, 9}).to(at::kFloat);
      const at::Tensor direct = logits.clone().requires_grad_(), mixed = logits.clone().requires_grad_();
      std::vector<at::Tensor> policies(count);
      std::vector<double> alphas(count);
      alphas[live] = 1;
      policies[live] = mixed.log_softmax(-1);
      const at::Tensor mixture = mix(policies, alphas), policy = direct.log_softmax(-1);
      EXPECT_TRUE(mixture.is_same(policies[live]));
      expect_same_bits(mixture, policy);
      mixture.backward(weights);
      policy.backward(weights);
      expect_same_bits(mixed.grad(), direct.grad());
    }
  }
  const at::Tensor policy = random_policy(random, {3});
  EXPECT_TRUE(mix(policy, at::Tensor(), 0).is_same(policy));
  EXPECT_TRUE(mix(at::Tensor(), policy, 1).is_same(policy));
}

TEST(Mix, GradientEqualsFiniteDifferences) {
  RandomStream random(RandomKey(4));
  const std::vector<double> alphas = random_weights(random, 3);
  std::vector<at::Tensor> logits;
  for (int i = 0; i < 3; ++i) logits.push_back(random_normal(random, {2, 4}).requires_grad_());
  const at::Tensor weights = random_normal(random, {2, 6});
  expect_gradient_of(
      [&] {
        const at::Tensor policies[] = {
            expand_actions(logits[0].log_softmax(-1), std::vector<int>{0, 1, 2, 3}, 6),
            expand_actions(logits[1].log_softmax(-1), std::vector<int>{5, 3, 1, 0}, 6),
            expand_actions(logits[2].log_softmax(-1), std::vector<int>{2, 3, 4, 5}, 6)};
        return (mix(policies, alphas) * weights).sum();
      },
      logits);
}

// Actions 0 to 4: known to none, to the first alone, to the second alone, to both, and to none again. The
// gradients are looked at where the -inf are: further down, a NaN might be dropped.
TEST(Mix, HasNoNanWhereAPolicyOrAllOfThemGiveNoProbability) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    const at::Tensor log_1 = at::tensor({0.0, 0.25, 0.0, 0.75, 0.0}).log().to(dtype).requires_grad_(),
                     log_2 = at::tensor({0.0, 0.0, 0.5, 0.5, 0.0}).log().to(dtype).requires_grad_();
    const at::Tensor mixture = mix(log_1, log_2, 0.25);
    expect_near(mixture.exp(), at::tensor({0.0, 0.1875, 0.125, 0.6875, 0.0}).to(dtype), 1e-6);
    EXPECT_TRUE(mixture[0].isneginf().item().toBool());
    mixture.backward(at::ones({5}, dtype), /*retain_graph=*/true);
    // d ln pi_mm / d ln pi_i = alpha_i pi_i / pi_mm, and 0 where that is 0 / 0.
    expect_near(log_1.grad(), at::tensor({0.0, 1.0, 0.0, 0.5625 / 0.6875, 0.0}).to(dtype), 1e-6);
    expect_near(log_2.grad(), at::tensor({0.0, 0.0, 1.0, 0.125 / 0.6875, 0.0}).to(dtype), 1e-6);
    entropy(mixture).backward();
    EXPECT_TRUE(is_finite(log_1.grad()));
    EXPECT_TRUE(is_finite(log_2.grad()));
  }
}

TEST(Mix, OfASubsetEqualsTheMixtureOfTheExpandedPolicy) {
  RandomStream random(RandomKey(5));
  const std::vector<int> indices = {7, 0, 4};
  const at::Tensor logits_1 = random_normal(random, {2, 3, 3}).requires_grad_(),
                   logits_2 = random_normal(random, {2, 3, 9}).requires_grad_();
  const at::Tensor weights = random_normal(random, {2, 3, 9});
  for (const double alpha : {1e-3, 0.4, 0.95}) {
    std::vector<at::Tensor> values, gradients_1, gradients_2;
    for (const bool whole : {false, true}) {
      const at::Tensor log_1 = logits_1.log_softmax(-1), log_2 = logits_2.log_softmax(-1);
      const at::Tensor mixture = whole ? mix(expand_actions(log_1, indices, 9), log_2, alpha)
                                       : mix_subset(log_1, indices, log_2, 9, alpha);
      logits_1.mutable_grad() = at::Tensor(), logits_2.mutable_grad() = at::Tensor();
      mixture.backward(weights);
      values.push_back(mixture);
      gradients_1.push_back(logits_1.grad()), gradients_2.push_back(logits_2.grad());
    }
    expect_near(values[0], values[1], 1e-14);
    expect_near(gradients_1[0], gradients_1[1], 1e-13);
    expect_near(gradients_2[0], gradients_2[1], 1e-13);
  }
}

TEST(Mix, OfASubsetIsExactAtItsEnds) {
  RandomStream random(RandomKey(6));
  const std::vector<int> indices = {3, 1};
  const at::Tensor log_1 = random_policy(random, {4, 2}).to(at::kFloat),
                   log_2 = random_policy(random, {4, 5}).to(at::kFloat);
  expect_same_bits(mix_subset(log_1, indices, at::Tensor(), 5, 0), expand_actions(log_1, indices, 5));
  EXPECT_TRUE(mix_subset(at::Tensor(), indices, log_2, 5, 1).is_same(log_2));
}

TEST(Mix, KeepsTheTypeOfItsPolicies) {
  RandomStream random(RandomKey(7));
  const at::Tensor log_1 = random_policy(random, {3, 4}), log_2 = random_policy(random, {3, 4});
  for (const auto dtype : {at::kFloat, at::kDouble, at::kBFloat16}) {
    const at::Tensor first = log_1.to(dtype), second = log_2.to(dtype);
    EXPECT_EQ(mix(first, second, 0.5).scalar_type(), dtype);
    EXPECT_EQ(mix_subset(first.narrow(-1, 0, 2), std::vector<int>{0, 1}, second, 4, 0.5).scalar_type(),
              dtype);
    EXPECT_EQ(kl(first, second).scalar_type(), dtype);
    EXPECT_NEAR(number(entropy(mix(first, second, 0.5)).sum()), number(entropy(mix(log_1, log_2, 0.5)).sum()),
                dtype == at::kBFloat16 ? 0.1 : 1e-5);
  }
}

TEST(MixDeathTest, WeightsAndShapesMustFit) {
  const at::Tensor policy = at::zeros({2}), longer = at::zeros({3});
  const std::vector<at::Tensor> two = {policy, policy}, one = {policy};
  EXPECT_DEATH(mix(two, std::vector<double>{0.5, 0.4}), "weights that sum to 0.9");
  EXPECT_DEATH(mix(two, std::vector<double>{1.5, -0.5}), "a weight of 1.5");
  EXPECT_DEATH(mix(two, std::vector<double>{-0.5, 1.5}), "a weight of -0.5");
  EXPECT_DEATH(mix(two, std::vector<double>{NAN, 1}), "a weight of nan");
  EXPECT_DEATH(mix(two, std::vector<double>{0.5, 0.25, 0.25}), "2 against 3");
  EXPECT_DEATH(mix(one, std::vector<double>{1}), "a mixture of 1");
  EXPECT_DEATH(mix(policy, longer, 0.5), "different shapes: 2 and 3 numbers");
  EXPECT_DEATH(mix_subset(policy, std::vector<int>{0, 1}, longer, 4, 0.5), "3 against 4");
  EXPECT_DEATH(kl(policy, longer), "different shapes");
  EXPECT_DEATH(cross_entropy(policy, longer), "different shapes");
}

// Pearson's statistic of `counts` against probabilities p.
double chi_square(const std::vector<int>& counts, const std::vector<double>& p, int draws) {
  double statistic = 0;
  for (std::size_t a = 0; a < p.size(); ++a) {
    const double expected = p[a] * draws;
    statistic += (counts[a] - expected) * (counts[a] - expected) / expected;
  }
  return statistic;
}

TEST(Mix, HasTheFrequenciesOfDrawingAPolicyAndThenItsAction) {
  constexpr int kDraws = 200000;
  constexpr double kCritical = 27.88;  // Chi-square of 9 degrees of freedom at 0.001.
  RandomStream random(RandomKey(8));
  for (const std::size_t count : {2, 3}) {
    const std::vector<double> alphas = random_weights(random, count);
    std::vector<at::Tensor> policies;
    std::vector<std::vector<double>> probabilities;
    for (std::size_t i = 0; i < count; ++i) {
      policies.push_back(i == 0 ? expand_actions(random_policy(random, {3}), std::vector<int>{2, 7, 9}, 10)
                                : random_policy(random, {10}));
      probabilities.push_back(numbers(policies[i].exp()));
    }
    std::vector<int> counts(10);
    for (int i = 0; i < kDraws; ++i) ++counts[draw(random, probabilities[draw(random, alphas)])];
    EXPECT_LT(chi_square(counts, numbers(mix(policies, alphas).exp()), kDraws), kCritical) << count;
    EXPECT_GT(chi_square(counts, probabilities[1], kDraws), 10 * kCritical) << "a test without power";
  }
}

TEST(Divergences, EqualPlainLoops) {
  RandomStream random(RandomKey(9));
  const at::Tensor log_p = random_policy(random, {6, 5}), log_q = random_policy(random, {6, 5});
  for (int row = 0; row < 6; ++row) {
    double own = 0, cross = 0;
    for (int a = 0; a < 5; ++a) {
      const double p = number(log_p[row][a].exp());
      own -= p * number(log_p[row][a]);
      cross -= p * number(log_q[row][a]);
    }
    EXPECT_NEAR(number(entropy(log_p)[row]), own, 1e-14);
    EXPECT_NEAR(number(cross_entropy(log_p, log_q)[row]), cross, 1e-14);
    EXPECT_NEAR(number(kl(log_p, log_q)[row]), cross - own, 1e-14);
    EXPECT_GT(cross - own, 0);
  }
  expect_near(entropy(at::full({2, 4}, -std::log(4.0), at::kDouble)),
              at::full({2}, std::log(4.0), at::kDouble), 1e-15);
  expect_near(kl(log_p, log_p), at::zeros({6}, at::kDouble), 0);
}

TEST(Divergences, GradientsEqualFiniteDifferences) {
  RandomStream random(RandomKey(10));
  const at::Tensor logits_p = random_normal(random, {2, 3}).requires_grad_(),
                   logits_q = random_normal(random, {2, 5}).requires_grad_();
  const auto log_p = [&] { return expand_actions(logits_p.log_softmax(-1), std::vector<int>{4, 0, 1}, 5); };
  const auto log_q = [&] { return logits_q.log_softmax(-1); };
  expect_gradient_of([&] { return entropy(log_p()).sum(); }, {logits_p});
  expect_gradient_of([&] { return kl(log_p(), log_q()).sum(); }, {logits_p, logits_q});
  expect_gradient_of([&] { return cross_entropy(log_p(), log_q()).sum(); }, {logits_p, logits_q});
}

// By -inf, and by an underflow that no -inf tells of.
TEST(Divergences, CountNoActionWithoutProbability) {
  for (const double nothing : {kMinusInfinity, -1e5}) {
    for (const double other : {kMinusInfinity, -2.0}) {
      const at::Tensor log_p = at::tensor({std::log(0.5), std::log(0.5), nothing}, at::kDouble),
                       log_q = at::tensor({std::log(0.25), std::log(0.75), other}, at::kDouble);
      log_p.requires_grad_(), log_q.requires_grad_();
      EXPECT_NEAR(number(entropy(log_p)), std::log(2), 1e-15);
      EXPECT_NEAR(number(kl(log_p, log_q)), 0.5 * std::log(2) + 0.5 * std::log(2.0 / 3), 1e-15);
      EXPECT_NEAR(number(cross_entropy(log_p, log_q)), -0.5 * std::log(0.25) - 0.5 * std::log(0.75), 1e-15);
      (entropy(log_p) + kl(log_p, log_q) + cross_entropy(log_p, log_q)).backward();
      EXPECT_TRUE(is_finite(log_p.grad()));
      EXPECT_TRUE(is_finite(log_q.grad()));
      EXPECT_EQ(number(log_p.grad()[2]), 0);
      EXPECT_EQ(number(log_q.grad()[2]), 0);
    }
  }
}

TEST(Divergences, AreInfiniteWhereOnlyTheSecondPolicyIsZero) {
  const at::Tensor log_p = at::tensor({0.5, 0.5}, at::kDouble).log(),
                   log_q = at::tensor({1.0, 0.0}, at::kDouble).log();
  EXPECT_EQ(number(kl(log_p, log_q)), -kMinusInfinity);
  EXPECT_EQ(number(cross_entropy(log_p, log_q)), -kMinusInfinity);
  EXPECT_NEAR(number(kl(log_q, log_p)), std::log(2), 1e-15);
}

TEST(JointOfFactors, IsTheProductWithTheFirstFactorOutermost) {
  RandomStream random(RandomKey(11));
  const at::Tensor factors[] = {random_policy(random, {2, 3}), random_policy(random, {2, 4}),
                                random_policy(random, {2, 2})};
  const at::Tensor joint = joint_of_factors(factors);
  ASSERT_EQ(joint.sizes(), at::IntArrayRef({2, 24}));
  for (int row = 0; row < 2; ++row) {
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 4; ++j)
        for (int k = 0; k < 2; ++k)
          EXPECT_NEAR(number(joint[row][(i * 4 + j) * 2 + k].exp()),
                      number(factors[0][row][i].exp()) * number(factors[1][row][j].exp()) *
                          number(factors[2][row][k].exp()),
                      1e-15);
  }
  expect_near(entropy(joint), entropy(factors[0]) + entropy(factors[1]) + entropy(factors[2]), 1e-14);
  EXPECT_TRUE(joint_of_factors(std::span(factors).first(1)).is_same(factors[0]));
}

TEST(JointOfFactors, GradientEqualsFiniteDifferences) {
  RandomStream random(RandomKey(12));
  std::vector<at::Tensor> logits;
  for (const std::int64_t size : {3, 2, 2})
    logits.push_back(random_normal(random, {2, size}).requires_grad_());
  const at::Tensor weights = random_normal(random, {2, 12});
  expect_gradient_of(
      [&] {
        std::vector<at::Tensor> factors;
        for (const at::Tensor& leaf : logits) factors.push_back(leaf.log_softmax(-1));
        return (joint_of_factors(factors).exp() * weights).sum();
      },
      logits);
}

TEST(JointOfFactorsDeathTest, NeedsAFactor) {
  EXPECT_DEATH(joint_of_factors({}), "no factors");
}

}  // namespace
}  // namespace chrysalis
