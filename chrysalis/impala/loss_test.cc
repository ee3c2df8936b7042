#include "chrysalis/impala/loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "chrysalis/impala/synthetic_unroll_test.h"
#include "chrysalis/mixmatch/policies_test.h"

namespace chrysalis {
namespace {

const AgentConfig kTinyAgent = {
    .conv1_filters = 2, .conv2_filters = 3, .hidden = 5, .core_width = 4, .head_init_scale = 1};
const AgentSpec kTinySpec = {.height = 20, .width = 24, .action_count = 3};

struct LossCase {
  explicit LossCase(const LearnerConfig& config, const AgentConfig& agent = kTinyAgent) {
    for (std::uint64_t i = 0; i < 3; ++i) {
      unrolls.push_back(synthetic_unroll(agent, kTinySpec, static_cast<int>(config.unroll), i));
      pointers.push_back(unrolls.back().get());
    }
    const WeightsPtr initial = initial_weights(agent, kTinySpec, RandomKey(1)).value();
    layout = initial->layout;
    flat =
        at::from_blob(const_cast<float*>(initial->values.data()), {static_cast<std::int64_t>(layout->count)})
            .to(at::kDouble);
    batch = make_batch(pointers, config, kTinySpec, at::kDouble);
  }
  std::vector<std::unique_ptr<Unroll>> unrolls;
  std::vector<const Unroll*> pointers;
  std::shared_ptr<const WeightLayout> layout;
  at::Tensor flat;
  Batch batch;
};

// Of the whole loss, with V-trace's targets and advantages held: they are constants of the loss.
TEST(Loss, GradientEqualsFiniteDifferences) {
  const LearnerConfig config = {.entropy_cost = 0.1, .bootstrap_on_time_limit = true, .unroll = 6};
  for (const char* core : {"lstm", "feed_forward"}) {
    AgentConfig agent = kTinyAgent;
    agent.core = core;
    const LossCase test(config, agent);
    const Network network(agent, kTinySpec, *test.layout, test.flat);
    const NetworkOutput out = network.forward(test.batch.input);
    const VTraceReturns returns = impala_returns(out, test.batch, config);
    impala_loss(out, test.batch, returns, config).total.backward();
    at::NoGradGuard no_grad;
    const auto loss_at = [&] {
      return number(impala_loss(network.forward(test.batch.input), test.batch, returns, config).total);
    };
    constexpr double kStep = 1e-6;
    for (const auto& part : test.layout->parts) {
      for (std::size_t i = 0; i < part.count; i += 1 + part.count / 12) {
        at::Tensor weight = test.flat[static_cast<std::int64_t>(part.offset + i)];
        const double before = number(weight);
        weight.fill_(before + kStep);
        const double above = loss_at();
        weight.fill_(before - kStep);
        const double below = loss_at();
        weight.fill_(before);
        const double gradient = number(network.flat_gradient()[static_cast<std::int64_t>(part.offset + i)]);
        EXPECT_NEAR(gradient, (above - below) / (2 * kStep), 1e-6 * (1 + std::abs(gradient)))
            << part.name << " " << i;
      }
    }
  }
}

TEST(Loss, IsTheSumOfItsPartsOverTimeAndBatch) {
  const LearnerConfig config = {.entropy_cost = 0.25, .baseline_cost = 2, .unroll = 4};
  const LossCase test(config);
  at::NoGradGuard no_grad;
  const NetworkOutput out = Network(kTinyAgent, kTinySpec, *test.layout, test.flat).forward(test.batch.input);
  const VTraceReturns returns = impala_returns(out, test.batch, config);
  const Loss loss = impala_loss(out, test.batch, returns, config);
  double policy = 0, baseline = 0, entropy = 0;
  for (int t = 0; t < 4; ++t) {
    for (int b = 0; b < 3; ++b) {
      const int action = test.unrolls[b]->actions[t];
      policy -= number(returns.advantages[t][b]) * number(out.log_policy[t][b][action]);
      const double error = number(returns.targets[t][b]) - number(out.values[t][b]);
      baseline += error * error / 2;
      for (int a = 0; a < 3; ++a) {
        const double log_pi = number(out.log_policy[t][b][a]);
        entropy -= std::exp(log_pi) * log_pi;
      }
    }
  }
  EXPECT_NEAR(number(loss.policy), policy, 1e-10);
  EXPECT_NEAR(number(loss.baseline), baseline, 1e-10);
  EXPECT_NEAR(number(loss.entropy), entropy, 1e-10);
  EXPECT_NEAR(number(loss.total), policy + 2 * baseline - 0.25 * entropy, 1e-10);
}

TEST(Batch, ClipsRewardsAndEndsEpisodes) {
  LearnerConfig config = {.discount = 0.9, .unroll = 5};
  const LossCase plain(config);
  config.bootstrap_on_time_limit = true;
  const LossCase bootstrapped(config);
  int bootstraps = 0;
  for (int t = 0; t < 5; ++t) {
    for (int b = 0; b < 3; ++b) {
      const Unroll& unroll = *plain.unrolls[b];
      const double reward = std::clamp(unroll.rewards[t], -1.0f, 1.0f);
      EXPECT_NEAR(number(plain.batch.rewards[t][b]), reward, 1e-6);
      EXPECT_NEAR(number(bootstrapped.batch.rewards[t][b]), reward + 0.9 * unroll.truncation_values[t], 1e-6);
      EXPECT_NEAR(number(plain.batch.discounts[t][b]), unroll.ended[t] ? 0 : 0.9, 1e-6);
      bootstraps += unroll.truncation_values[t] != 0;
    }
  }
  EXPECT_GT(bootstraps, 0);
}

TEST(BatchDeathTest, ChecksThatUnrollsFit) {
  const LearnerConfig config = {.unroll = 5};
  const auto make = [&](const Unroll& unroll) {
    const Unroll* const pointers[] = {&unroll};
    make_batch(pointers, config, kTinySpec, at::kFloat);
  };
  EXPECT_DEATH(make(*synthetic_unroll(kTinyAgent, kTinySpec, 4, 0)), "4 against 5");
  EXPECT_DEATH(make(*synthetic_unroll(kTinyAgent, {.height = 24, .width = 24, .action_count = 3}, 5, 0)),
               "observation");
  const auto unroll = synthetic_unroll(kTinyAgent, kTinySpec, 5, 0);
  unroll->actions[2] = 3;
  EXPECT_DEATH(make(*unroll), "actions");
}

}  // namespace
}  // namespace chrysalis
