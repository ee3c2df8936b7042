#include "chrysalis/impala/mix_and_match.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "chrysalis/impala/loss.h"
#include "chrysalis/impala/synthetic_unroll_test.h"
#include "chrysalis/mixmatch/policies_test.h"
#include "chrysalis/rollout/curriculum_cases_test.h"

namespace chrysalis {
namespace {

constexpr int kSteps = 5, kUnrolls = 4, kActions = 12;
const LearnerConfig kMixLearner = {.entropy_cost = 0.2,
                                   .baseline_cost = 0.7,
                                   .discount = 0.875,
                                   .bootstrap_on_time_limit = true,
                                   .unroll = kSteps,
                                   .batch_unrolls = kUnrolls};
const AgentConfig kMixAgent = {
    .conv1_filters = 2, .conv2_filters = 3, .hidden = 5, .core_width = 4, .head_init_scale = 2};

// An agent of a curriculum in float64, and unrolls that something else acted in.
struct MixCase {
  MixCase(Curriculum curriculum, const CurriculumConfig& config, double alpha)
      : mix(mix_and_match(config, small_shape(curriculum), kMixLearner, alpha).value()) {
    spec.curriculum = small_shape(curriculum);
    mix.key = RandomKey(3);
    for (std::uint64_t i = 0; i < kUnrolls; ++i)
      unrolls.push_back(synthetic_unroll(kMixAgent, spec, kSteps, i));
    weights = initial_weights(kMixAgent, spec, RandomKey(1)).value();
    flat = at::from_blob(const_cast<float*>(weights->values.data()),
                         {static_cast<std::int64_t>(weights->values.size())})
               .to(at::kDouble);
    network = std::make_unique<Network>(kMixAgent, spec, *weights->layout, flat);
    batch = batch_of(0, kUnrolls);
  }
  Batch batch_of(std::size_t begin, std::size_t end) const {
    std::vector<const Unroll*> pointers;
    for (std::size_t i = begin; i < end; ++i) pointers.push_back(unrolls[i].get());
    Batch some = make_batch(pointers, kMixLearner, spec, at::kDouble);
    some.input.alpha = mix.alpha;
    some.input.alive = alive_learning(spec.curriculum, mix.alpha, mix.transfer_weight);
    some.input.twice_differentiable = mix.transfers() && mix.loss->uses_features;
    return some;
  }
  NetworkOutput forward() const { return network->forward(batch.input); }

  AgentSpec spec = {.height = 20, .width = 24, .action_count = kActions};
  MixAndMatch mix;
  std::vector<std::unique_ptr<Unroll>> unrolls;
  WeightsPtr weights;
  at::Tensor flat;
  std::unique_ptr<Network> network;
  Batch batch;
};

struct Entry {
  const char* name;
  Curriculum curriculum;
};
constexpr Entry kEntries[] = {{"action_space", Curriculum::kActionSpace},
                              {"agent_core", Curriculum::kAgentCore},
                              {"multitask", Curriculum::kMultitask}};

CurriculumConfig config_of(const Entry& entry, const std::string& loss = "kl") {
  return {.name = entry.name, .transfer_weight = 0.6, .loss = loss};
}

// What two policies say of one step, in probabilities over the joint actions.
struct Step {
  double p[kActions] = {}, q[kActions] = {}, m[kActions] = {};
};
Step step_of(const MixCase& test, const NetworkOutput& out, int t, int b) {
  Step step;
  const std::vector<int>& known = test.mix.simple_actions;
  for (int a = 0; a < kActions; ++a)
    step.q[a] = out.log_policy.defined() ? std::exp(number(out.log_policy[t][b][a])) : 0;
  if (out.log_simple.defined())
    for (int i = 0; i < out.log_simple.size(2); ++i)
      step.p[known.empty() ? i : known[i]] = std::exp(number(out.log_simple[t][b][i]));
  for (int a = 0; a < kActions; ++a)
    step.m[a] = (1 - test.mix.alpha) * step.p[a] + test.mix.alpha * step.q[a];
  return step;
}

double x_log_y(double x, double y) {
  return x > 0 ? x * std::log(y) : 0;
}

// The whole method as the paper has it: V-trace's ratio of the mixture to what acted, IMPALA's three terms
// summed, eq. 1 summed over time and taken in the mean over unrolls.
double plain_loops(const MixCase& test, const NetworkOutput& out) {
  double policy = 0, baseline = 0, entropy = 0, matching = 0;
  for (int b = 0; b < kUnrolls; ++b) {
    const Unroll& unroll = *test.unrolls[b];
    const auto value = [&](int t) { return number(out.values[t][b]); };
    double next_target = value(kSteps);
    for (int t = kSteps - 1; t >= 0; --t) {
      const Step step = step_of(test, out, t, b);
      const double taken = step.m[unroll.actions[t]];
      const double rho = std::min(1.0, taken / std::exp(static_cast<double>(unroll.log_mu[t])));
      const double discount = unroll.ended[t] ? 0 : 0.875;
      // As a batch holds it.
      const float reward = std::clamp(unroll.rewards[t], -1.0f, 1.0f) + 0.875f * unroll.truncation_values[t];
      const double advantage = rho * (reward + discount * next_target - value(t));
      const double target = value(t) + rho * (reward + discount * value(t + 1) - value(t)) +
                            discount * rho * (next_target - value(t + 1));
      if (taken > 0) policy -= advantage * std::log(taken);
      baseline += 0.5 * (target - value(t)) * (target - value(t));
      for (int a = 0; a < kActions; ++a) {
        entropy -= x_log_y(step.m[a], step.m[a]);
        if (test.mix.transfers())
          matching += (1 - test.mix.alpha) * (x_log_y(step.p[a], step.p[a]) - x_log_y(step.p[a], step.q[a]));
      }
      next_target = target;
    }
  }
  return policy + 0.7 * baseline - 0.2 * entropy + test.mix.transfer_weight * matching / kUnrolls;
}

TEST(MixAndMatch, IsTheLossOfThePaperInPlainLoops) {
  for (const Entry& entry : kEntries) {
    for (const char* arm : {"mix_and_match", "no_transfer"}) {
      for (const double alpha : {0.0, 0.005, 0.3, 1.0}) {
        CurriculumConfig config = config_of(entry);
        config.arm = arm;
        const MixCase test(entry.curriculum, config, alpha);
        at::NoGradGuard no_grad;
        const NetworkOutput out = test.forward();
        const VTraceReturns returns = impala_returns(out, test.batch, kMixLearner, test.mix);
        const double expected = plain_loops(test, out);
        EXPECT_NEAR(number(impala_loss(out, test.batch, returns, kMixLearner, test.mix).total), expected,
                    1e-10 * (1 + std::abs(expected)))
            << entry.name << " " << arm << " " << alpha;
      }
    }
  }
}

// Of every kind of loss, with V-trace's targets and advantages held: they are constants.
TEST(MixAndMatch, GradientEqualsFiniteDifferences) {
  for (const Entry& entry : kEntries) {
    for (const TransferLossEntry& loss : transfer_losses()) {
      if (loss.uses_cores && entry.curriculum != Curriculum::kAgentCore) continue;
      if (loss.name == "cross_entropy") continue;  // Holds pi_1 constant, which differences do not.
      const MixCase test(entry.curriculum, config_of(entry, std::string(loss.name)), 0.3);
      const NetworkOutput out = test.forward();
      const VTraceReturns returns = impala_returns(out, test.batch, kMixLearner, test.mix);
      impala_loss(out, test.batch, returns, kMixLearner, test.mix).total.backward();
      const auto loss_at = [&] {
        return number(impala_loss(test.forward(), test.batch, returns, kMixLearner, test.mix).total);
      };
      constexpr double kStep = 1e-5;
      for (const auto& part : test.weights->layout->parts) {
        for (std::size_t i = part.count / 5; i < part.count; i += 1 + part.count / 2) {
          const auto at = static_cast<std::int64_t>(part.offset + i);
          double& weight = test.flat.data_ptr<double>()[at];
          const double before = weight;
          weight = before + kStep;
          const double above = loss_at();
          weight = before - kStep;
          const double below = loss_at();
          weight = before;
          const double gradient = number(test.network->flat_gradient()[at]);
          EXPECT_NEAR(gradient, (above - below) / (2 * kStep), 1e-5 * (1 + std::abs(gradient)))
              << entry.name << " " << loss.name << " " << part.name << " " << i;
        }
      }
    }
  }
}

TEST(MixAndMatch, GradientsOfShardsSumToThatOfTheBatch) {
  for (const Entry& entry : kEntries) {
    for (const char* reduction : {"mean_over_unrolls", "sum"}) {
      CurriculumConfig config = config_of(entry);
      config.reduction = reduction;
      const auto gradient_of = [&](const std::vector<std::size_t>& ends) {
        const MixCase test(entry.curriculum, config, 0.3);
        std::size_t begin = 0;
        for (const std::size_t end : ends) {
          const Batch batch = test.batch_of(begin, end);
          const NetworkOutput out = test.network->forward(batch.input);
          const VTraceReturns returns = impala_returns(out, batch, kMixLearner, test.mix);
          impala_loss(out, batch, returns, kMixLearner, test.mix).total.backward();
          begin = end;
        }
        return test.network->flat_gradient();
      };
      const at::Tensor whole = gradient_of({4}), shards = gradient_of({1, 4});
      EXPECT_TRUE(at::allclose(shards, whole, 1e-9, 1e-9)) << entry.name << " " << reduction;
      EXPECT_GT(number(whole.norm()), 1);
    }
  }
}

TEST(MixAndMatch, KnowsTheMixtureOfTheActionsThatWereTaken) {
  for (const Entry& entry : kEntries) {
    for (const double alpha : {0.0, 0.3, 1.0}) {
      const MixCase test(entry.curriculum, config_of(entry), alpha);
      at::NoGradGuard no_grad;
      const NetworkOutput out = test.forward();
      const at::Tensor actual = action_log_policy(out, test.batch, test.mix);
      int impossible = 0;
      for (int t = 0; t < kSteps; ++t) {
        for (int b = 0; b < kUnrolls; ++b) {
          const double taken = step_of(test, out, t, b).m[test.unrolls[b]->actions[t]];
          if (taken == 0) {
            EXPECT_EQ(number(actual[t][b]), kMinusInfinity);
            ++impossible;
          } else {
            EXPECT_NEAR(number(actual[t][b]), std::log(taken), 1e-9);
          }
        }
      }
      EXPECT_EQ(impossible > 0, entry.curriculum == Curriculum::kActionSpace && alpha == 0);
    }
  }
}

TEST(MixAndMatch, IsMadeOfTheConfigAndItsArm) {
  CurriculumConfig config{.name = "action_space",
                          .transfer_weight = 8,
                          .loss = "sobolev",
                          .activation_weight = 2,
                          .sobolev_weight = 3,
                          .sobolev_projections = 4};
  const CurriculumShape shape = small_shape(Curriculum::kActionSpace);
  MixAndMatch mix = mix_and_match(config, shape, kMixLearner, 0.25).value();
  EXPECT_EQ(mix.alpha, 0.25);
  EXPECT_EQ(mix.simple_actions, shape.simple_actions);
  EXPECT_EQ(mix.loss->name, "sobolev");
  EXPECT_EQ(mix.step_weight(), 2);
  EXPECT_EQ(mix.activation_weight, 2);
  EXPECT_EQ(mix.sobolev_weight, 3);
  EXPECT_EQ(mix.projections, 4);
  config.reduction = "sum";
  mix = mix_and_match(config, shape, kMixLearner, 0.25).value();
  EXPECT_EQ(mix.step_weight(), 8);
  EXPECT_EQ(mix_and_match(config, shape, kMixLearner, 1).value().step_weight(), 0);
  config.arm = "no_transfer";
  mix = mix_and_match(config, shape, kMixLearner, 0.25).value();
  EXPECT_EQ(mix.step_weight(), 0);
  EXPECT_EQ(mix.loss->name, "kl");
  EXPECT_TRUE(mix.mixes());
  EXPECT_FALSE(mix_and_match(config, shape, kMixLearner, 0).value().needs_complex());
  // One policy is pi_2, whatever alpha is said to be.
  EXPECT_EQ(mix_and_match({}, {}, kMixLearner, 0.25).value().alpha, 1);
}

TEST(MixAndMatch, RefusesWhatItDoesNotKnow) {
  const auto message = [](const CurriculumConfig& config, Curriculum curriculum) {
    return mix_and_match(config, small_shape(curriculum), kMixLearner, 0.5).error().message;
  };
  EXPECT_NE(message({.name = "action_space", .loss = "kl_mixtur"}, Curriculum::kActionSpace)
                .find("did you mean 'kl_mixture'?"),
            std::string::npos);
  EXPECT_EQ(message({.name = "action_space", .reduction = "summ"}, Curriculum::kActionSpace),
            "curriculum.reduction is 'summ'; expected mean_over_unrolls or sum, did you mean 'sum'?");
  EXPECT_EQ(message({.name = "multitask", .loss = "activations"}, Curriculum::kMultitask),
            "curriculum.loss is activations and curriculum.name multitask: expected agent_core, whose "
            "policies have a core each");
}

TEST(MixAndMatch, LetsTheEntropyCostFallWithAlpha) {
  CurriculumConfig config;
  EXPECT_EQ(effective_entropy_cost(kMixLearner, config, 0.4), 0.2);
  config.entropy_ratio = 0.25;
  EXPECT_EQ(effective_entropy_cost(kMixLearner, config, 0), 0.2);
  EXPECT_NEAR(effective_entropy_cost(kMixLearner, config, 0.5), 0.1, 1e-15);
  EXPECT_NEAR(effective_entropy_cost(kMixLearner, config, 1), 0.05, 1e-15);
}

TEST(BatchOfACurriculum, HasEveryActionAsPiOnesAndEveryTask) {
  const MixCase test(Curriculum::kActionSpace, config_of(kEntries[0]), 0.3);
  int none = 0;
  for (int t = 0; t < kSteps; ++t) {
    for (int b = 0; b < kUnrolls; ++b) {
      const auto simple = static_cast<std::int64_t>(number(test.batch.simple_actions[t][b]));
      const std::vector<int>& known = test.mix.simple_actions;
      const auto place = std::ranges::find(known, test.unrolls[b]->actions[t]);
      EXPECT_EQ(simple, place == known.end() ? -1 : place - known.begin());
      none += simple == -1;
    }
  }
  EXPECT_GT(none, 0);
  EXPECT_LT(none, kSteps * kUnrolls);
  const MixCase tasks(Curriculum::kMultitask, config_of(kEntries[2]), 0.3);
  EXPECT_TRUE(at::equal(tasks.batch.simple_actions, tasks.batch.actions));
  for (int b = 0; b < kUnrolls; ++b) EXPECT_EQ(number(tasks.batch.input.tasks[b]), b % 3);
}

TEST(BatchOfACurriculumDeathTest, ChecksThatTasksFit) {
  const MixCase test(Curriculum::kMultitask, config_of(kEntries[2]), 0.3);
  for (const int task : {-1, 3}) {
    test.unrolls[1]->task = task;
    EXPECT_DEATH(test.batch_of(0, 2), "task -?[0-9] of 3");
  }
}

TEST(MixAndMatchConfig, OffersTheLossesOfTheCatalog) {
  CurriculumConfig config;
  std::string offered;
  for (const FieldText& field : describe_fields(fields_of(config)))
    if (field.path == "curriculum.loss") offered = field.range;
  std::string names;
  for (const TransferLossEntry& entry : transfer_losses())
    names += (names.empty() ? "one of " : ", ") + std::string(entry.name);
  EXPECT_EQ(offered, names);
}

}  // namespace
}  // namespace chrysalis
