#include "chrysalis/impala/fused_loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "chrysalis/impala/synthetic_unroll_test.h"

namespace chrysalis {
namespace {

// What a network might say of 3 unrolls of 7 agent steps.
struct Case {
  explicit Case(int action_count) {
    const AgentConfig agent = {.conv1_filters = 2, .conv2_filters = 2, .hidden = 4, .core_width = 4};
    const AgentSpec spec = {.height = 20, .width = 24, .action_count = action_count};
    std::vector<const Unroll*> pointers;
    for (std::uint64_t i = 0; i < 3; ++i) {
      unrolls.push_back(synthetic_unroll(agent, spec, static_cast<int>(config.unroll), i));
      pointers.push_back(unrolls.back().get());
    }
    batch = make_batch(pointers, config, spec, at::kFloat);
    at::manual_seed(action_count);
    out.log_policy = at::randn({config.unroll + 1, 3, action_count}).log_softmax(2).set_requires_grad(true);
    out.values = at::randn({config.unroll + 1, 3}).set_requires_grad(true);
    returns = impala_returns(out, batch, config);
  }
  LearnerConfig config = {.entropy_cost = 0.3, .baseline_cost = 0.7, .unroll = 7};
  std::vector<std::unique_ptr<Unroll>> unrolls;
  Batch batch;
  NetworkOutput out;
  VTraceReturns returns;
};

void expect_near(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_TRUE(at::allclose(a, b, 1e-5, 1e-6)) << a << "\nagainst\n" << b;
}

class FusedLoss : public testing::TestWithParam<int> {};

TEST_P(FusedLoss, IsTheComposedOneInValueAndGradient) {
  for (const double upstream : {1.0, -2.5}) {
    Case test(GetParam());
    const std::vector<at::Tensor> inputs = {test.out.log_policy, test.out.values};
    const auto gradients_of = [&](const Loss& loss) {
      for (const at::Tensor& input : inputs) input.mutable_grad() = at::Tensor();
      (loss.total * upstream).backward();
      return std::pair{inputs[0].grad(), inputs[1].grad()};
    };
    const Loss composed = impala_loss(test.out, test.batch, test.returns, test.config);
    const Loss fused = fused_impala_loss(test.out, test.batch, test.returns, test.config);
    expect_near(fused.total, composed.total);
    expect_near(fused.policy, composed.policy);
    expect_near(fused.baseline, composed.baseline);
    expect_near(fused.entropy, composed.entropy);
    const auto expected = gradients_of(composed), gradients = gradients_of(fused);
    expect_near(gradients.first, expected.first);
    expect_near(gradients.second, expected.second);
  }
}
INSTANTIATE_TEST_SUITE_P(Actions, FusedLoss, testing::Values(1, 9, 17, 756),
                         [](const auto& info) { return std::to_string(info.param); });

TEST(FusedLossOf, PartsCarriesNoGradient) {
  Case test(9);
  const Loss loss = fused_impala_loss(test.out, test.batch, test.returns, test.config);
  EXPECT_TRUE(loss.total.requires_grad());
  for (const at::Tensor& part : {loss.policy, loss.baseline, loss.entropy})
    EXPECT_FALSE(part.requires_grad());
}

TEST(FusedLossOf, WhatIsNoNumberIsNone) {
  Case test(9);
  at::NoGradGuard no_grad;
  test.out.log_policy[2][1][3] = NAN;
  EXPECT_TRUE(
      std::isnan(fused_impala_loss(test.out, test.batch, test.returns, test.config).total.item().toDouble()));
}

TEST(FusedLossOf, SuitsFloatsOnTheCpuOnly) {
  EXPECT_TRUE(fused_loss_suits(Case(9).out));
  NetworkOutput doubles;
  doubles.log_policy = at::zeros({2, 1, 9}, at::kDouble);
  EXPECT_FALSE(fused_loss_suits(doubles));
}

}  // namespace
}  // namespace chrysalis
