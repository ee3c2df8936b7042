#include "chrysalis/impala/fused_loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "chrysalis/impala/synthetic_unroll_test.h"

namespace chrysalis {
namespace {

// What a network might say of 3 unrolls of 7 agent steps.
struct PlainCase {
  explicit PlainCase(int action_count) {
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
    PlainCase test(GetParam());
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
  PlainCase test(9);
  const Loss loss = fused_impala_loss(test.out, test.batch, test.returns, test.config);
  EXPECT_TRUE(loss.total.requires_grad());
  for (const at::Tensor& part : {loss.policy, loss.baseline, loss.entropy})
    EXPECT_FALSE(part.requires_grad());
}

TEST(FusedLossOf, WhatIsNoNumberIsNone) {
  PlainCase test(9);
  at::NoGradGuard no_grad;
  test.out.log_policy[2][1][3] = NAN;
  EXPECT_TRUE(
      std::isnan(fused_impala_loss(test.out, test.batch, test.returns, test.config).total.item().toDouble()));
}

TEST(FusedLossOf, SuitsFloatsOnTheCpuOnly) {
  EXPECT_TRUE(fused_loss_suits(PlainCase(9).out));
  NetworkOutput doubles;
  doubles.values = at::zeros({2, 1}, at::kDouble);
  EXPECT_FALSE(fused_loss_suits(doubles));
}

// What a network might say of two policies, about 3 unrolls of 7 agent steps.
struct MixtureCase {
  MixtureCase(int joint_count, const std::vector<int>& simple_actions) : plain(joint_count) {
    mix.simple_actions = simple_actions;
    mix.loss = find_transfer_loss("kl").value();
    mix.batch_unrolls = 5;
    const std::int64_t count = simple_actions.empty() ? joint_count : std::ssize(simple_actions);
    NetworkOutput& out = plain.out;
    at::manual_seed(7);
    out.log_simple =
        (3 * at::randn({plain.config.unroll + 1, 3, count})).log_softmax(2).set_requires_grad(true);
    const AgentSpec spec = {
        .height = 20,
        .width = 24,
        .action_count = joint_count,
        .curriculum = {.curriculum = Curriculum::kActionSpace, .simple_actions = simple_actions}};
    std::vector<const Unroll*> pointers;
    for (const auto& unroll : plain.unrolls) {
      // Half of what was done, pi_1 can do.
      for (std::size_t t = 0; t < unroll->actions.size() && !simple_actions.empty(); t += 2)
        unroll->actions[t] = simple_actions[t % simple_actions.size()];
      pointers.push_back(unroll.get());
    }
    plain.batch = make_batch(pointers, plain.config, spec, at::kFloat);
  }
  void set(double alpha, double transfer_weight) {
    mix.alpha = alpha;
    mix.transfer_weight = transfer_weight;
    plain.returns = impala_returns(plain.out, plain.batch, plain.config, mix);
  }
  Loss composed() const { return impala_loss(plain.out, plain.batch, plain.returns, plain.config, mix); }
  Loss fused() const { return fused_impala_loss(plain.out, plain.batch, plain.returns, plain.config, mix); }
  // Of log_simple, log_policy, values; undefined where one was not read.
  std::vector<at::Tensor> gradients(const Loss& loss, double upstream = 1) const {
    const std::vector<at::Tensor> inputs = {plain.out.log_simple, plain.out.log_policy, plain.out.values};
    for (const at::Tensor& input : inputs) input.mutable_grad() = at::Tensor();
    (loss.total * upstream).backward();
    return {inputs[0].grad(), inputs[1].grad(), inputs[2].grad()};
  }
  PlainCase plain;
  MixAndMatch mix;
};

// Where one is defined, so must be the other, or 0.
void expect_near_or_none(const at::Tensor& a, const at::Tensor& b) {
  if (a.defined() && b.defined()) return expect_near(a, b);
  for (const at::Tensor& tensor : {a, b})
    if (tensor.defined()) {
      EXPECT_EQ(tensor.abs().max().item().toDouble(), 0);
    }
}

void expect_same_bits(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_TRUE(at::equal(a, b));
}

struct Space {
  std::string name;
  int joint_count;
  std::vector<int> simple_actions;
};
class FusedLossOfTwo : public testing::TestWithParam<Space> {};

TEST_P(FusedLossOfTwo, IsTheComposedOneInValueAndEveryGradient) {
  for (const double alpha : {0.0, 0.005, 0.3, 0.9999, 1.0}) {
    for (const double transfer_weight : {0.0, 0.8}) {
      for (const TransferReduction reduction :
           {TransferReduction::kMeanOverUnrolls, TransferReduction::kSum}) {
        for (const double upstream : {1.0, -2.5}) {
          MixtureCase test(GetParam().joint_count, GetParam().simple_actions);
          test.mix.reduction = reduction;
          test.set(alpha, transfer_weight);
          SCOPED_TRACE(testing::Message() << "alpha " << alpha << ", lambda " << transfer_weight);
          const Loss composed = test.composed(), fused = test.fused();
          expect_near(fused.total, composed.total);
          expect_near(fused.policy, composed.policy);
          expect_near(fused.baseline, composed.baseline);
          expect_near(fused.entropy, composed.entropy);
          EXPECT_EQ(fused.transfer.defined(), test.mix.mixes());
          for (const auto part :
               {&Loss::transfer, &Loss::simple_entropy, &Loss::complex_entropy, &Loss::simple_mass}) {
            ASSERT_EQ((fused.*part).defined(), (composed.*part).defined());
            if ((fused.*part).defined()) expect_near(fused.*part, composed.*part);
          }
          const auto expected = test.gradients(composed, upstream), actual = test.gradients(fused, upstream);
          for (std::size_t i = 0; i < expected.size(); ++i) expect_near_or_none(actual[i], expected[i]);
        }
      }
    }
  }
}

TEST_P(FusedLossOfTwo, WithoutTransferIsAtAlphaZeroThatOfTheSimplePolicyBitForBit) {
  MixtureCase test(GetParam().joint_count, GetParam().simple_actions);
  test.plain.batch.actions = test.plain.batch.actions.clone();
  // Only what pi_1 can do: it acted.
  const std::vector<int>& known = GetParam().simple_actions;
  const std::int64_t count = test.plain.out.log_simple.size(2);
  for (std::int64_t t = 0; t < test.plain.config.unroll; ++t) {
    for (std::int64_t b = 0; b < 3; ++b) {
      const std::int64_t action = (5 * t + b) % count;
      test.plain.batch.simple_actions[t][b] = action;
      test.plain.batch.actions[t][b] = known.empty() ? action : std::int64_t{known[action]};
    }
  }
  test.set(0, 0);
  MixtureCase alone(GetParam().joint_count, GetParam().simple_actions);  // The same numbers.
  alone.plain.out.log_policy = alone.plain.out.log_simple;
  alone.plain.batch = test.plain.batch;
  alone.plain.batch.actions = test.plain.batch.simple_actions;
  alone.mix = {};
  alone.set(1, 0);
  test.plain.out.log_policy = at::Tensor();  // Nobody needs it.
  for (const auto loss : {&MixtureCase::fused, &MixtureCase::composed}) {
    const Loss mixed = (test.*loss)(), plain = (alone.*loss)();
    expect_same_bits(mixed.total, plain.total);
    expect_same_bits(mixed.policy, plain.policy);
    expect_same_bits(mixed.entropy, plain.entropy);
    for (const at::Tensor& input : {test.plain.out.log_simple, test.plain.out.values})
      input.mutable_grad() = at::Tensor();
    mixed.total.backward();
    const auto expected = alone.gradients(plain);
    expect_same_bits(test.plain.out.log_simple.grad(), expected[1]);
    expect_same_bits(test.plain.out.values.grad(), expected[2]);
  }
}

TEST_P(FusedLossOfTwo, IsAtAlphaOneThatOfTheComplexPolicyBitForBitWhateverLambdaIs) {
  MixtureCase test(GetParam().joint_count, GetParam().simple_actions);
  test.set(1, 100);
  test.plain.out.log_simple = at::Tensor();                              // Nobody needs it.
  MixtureCase alone(GetParam().joint_count, GetParam().simple_actions);  // The same numbers.
  alone.mix = {};
  alone.set(1, 0);
  for (const auto loss : {&MixtureCase::fused, &MixtureCase::composed}) {
    const Loss mixed = (test.*loss)(), plain = (alone.*loss)();
    expect_same_bits(mixed.total, plain.total);
    for (const PlainCase* of : {&test.plain, &alone.plain}) {
      of->out.log_policy.mutable_grad() = at::Tensor();
      of->out.values.mutable_grad() = at::Tensor();
    }
    mixed.total.backward();
    plain.total.backward();
    expect_same_bits(test.plain.out.log_policy.grad(), alone.plain.out.log_policy.grad());
    expect_same_bits(test.plain.out.values.grad(), alone.plain.out.values.grad());
  }
}

// Either policy may rule an action out by more than floats can tell from 0, taken or not.
TEST_P(FusedLossOfTwo, IsFiniteWhereAPolicyUnderflows) {
  for (const bool simple : {false, true}) {
    for (const double alpha : {0.0, 0.005, 0.3, 1.0}) {
      MixtureCase test(GetParam().joint_count, GetParam().simple_actions);
      {
        at::NoGradGuard no_grad;
        (simple ? test.plain.out.log_simple : test.plain.out.log_policy).narrow(2, 0, 1).fill_(-500);
      }
      test.set(alpha, 0.8);
      const Loss loss = test.fused();
      EXPECT_TRUE(std::isfinite(loss.total.item().toDouble()));
      for (const at::Tensor& gradient : test.gradients(loss))
        if (gradient.defined()) {
          EXPECT_TRUE(gradient.isfinite().all().item().toBool());
        }
    }
  }
}

TEST_P(FusedLossOfTwo, WhatIsNoNumberInEitherPolicyIsNone) {
  for (const bool simple : {false, true}) {
    MixtureCase test(GetParam().joint_count, GetParam().simple_actions);
    test.set(0.3, 0);
    {
      at::NoGradGuard no_grad;
      (simple ? test.plain.out.log_simple : test.plain.out.log_policy)[2][1][0] = NAN;
    }
    EXPECT_TRUE(std::isnan(test.fused().total.item().toDouble()));
    EXPECT_TRUE(std::isnan(test.composed().total.item().toDouble()));
  }
}

TEST_P(FusedLossOfTwo, SuitsKlOrNoTransfer) {
  MixtureCase test(GetParam().joint_count, GetParam().simple_actions);
  test.mix.loss = find_transfer_loss("cross_entropy").value();
  test.set(0.3, 1);
  EXPECT_FALSE(fused_loss_suits(test.plain.out, test.mix));
  test.set(0.3, 0);
  EXPECT_TRUE(fused_loss_suits(test.plain.out, test.mix));
  test.set(1, 1);
  EXPECT_TRUE(fused_loss_suits(test.plain.out, test.mix));
}

INSTANTIATE_TEST_SUITE_P(Spaces, FusedLossOfTwo,
                         testing::Values(Space{"NineTwice", 9, {}}, Space{"ThreeInFive", 5, {4, 0, 3}},
                                         Space{"NineIn756", 756, {9, 700, 84, 755, 0, 3, 377, 378, 21}}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace chrysalis
