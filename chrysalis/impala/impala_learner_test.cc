#include "chrysalis/impala/impala_learner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "chrysalis/agent/torch_policy.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/impala/synthetic_unroll_test.h"

namespace chrysalis {
namespace {

const AgentConfig kAgent = {.conv1_filters = 4, .conv2_filters = 4, .hidden = 16, .core_width = 8};
const AgentSpec kSpec = {.height = 20, .width = 24, .action_count = 3};

LearnerConfig small_learner(std::int64_t shards = 2) {
  return {.learning_rate = 1e-2, .unroll = 6, .batch_unrolls = 4, .shards = shards, .chunk_frames = 8};
}

WeightsPtr first_weights(const AgentConfig& agent = kAgent) {
  return initial_weights(agent, kSpec, RandomKey(1, Purpose::kInitialWeights, {0})).value();
}

std::unique_ptr<Learner> learner_of(const LearnerConfig& config, const AgentConfig& agent = kAgent) {
  return std::move(make_impala_learner(agent, kSpec, config, first_weights(agent)).value());
}

using Unrolls = std::vector<std::unique_ptr<Unroll>>;

Unrolls batch_of(std::uint64_t seed, const LearnerConfig& config = small_learner(),
                 const AgentConfig& agent = kAgent) {
  Unrolls unrolls;
  for (std::int64_t i = 0; i < config.batch_unrolls; ++i) {
    unrolls.push_back(synthetic_unroll(agent, kSpec, static_cast<int>(config.unroll), seed * 100 + i));
  }
  return unrolls;
}

enum class Threads { kOne, kEach };

UpdateReport update(Learner& learner, const Unrolls& unrolls, Threads threads = Threads::kOne) {
  std::vector<const Unroll*> pointers;
  for (const auto& unroll : unrolls) pointers.push_back(unroll.get());
  const std::size_t shards = learner.shard_count(), count = pointers.size();
  const auto learn = [&](std::size_t shard) {
    const std::size_t begin = count * shard / shards, end = count * (shard + 1) / shards;
    learner.gradient(static_cast<int>(shard), std::span(pointers).subspan(begin, end - begin));
  };
  if (threads == Threads::kEach) {
    std::vector<std::jthread> workers;
    for (std::size_t shard = 0; shard < shards; ++shard) workers.emplace_back(learn, shard);
  } else {
    for (std::size_t shard = shards; shard-- > 0;) learn(shard);  // The order must not matter.
  }
  return learner.apply();
}

double largest_difference(const WeightsPtr& a, const WeightsPtr& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a->values.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a->values[i]) - b->values[i]));
  }
  return largest;
}

TEST(ImpalaLearner, PublishesANewVersionForEachUpdate) {
  const auto learner = learner_of(small_learner());
  EXPECT_EQ(learner->shard_count(), 2);
  const WeightsPtr before = learner->weights();
  EXPECT_EQ(before->version, 0);
  EXPECT_EQ(before->values, first_weights()->values);
  const UpdateReport report = update(*learner, batch_of(1));
  EXPECT_TRUE(report.finite);
  EXPECT_EQ(report.version, 1);
  EXPECT_EQ(learner->weights()->version, 1);
  EXPECT_NE(learner->weights()->values, before->values);
  EXPECT_EQ(before->values, first_weights()->values);  // What was published stays as it was.
}

TEST(ImpalaLearner, GivesTheSameBitsAgainAndOnOtherThreads) {
  const auto first = learner_of(small_learner()), second = learner_of(small_learner());
  for (std::uint64_t i = 0; i < 5; ++i) {
    const Unrolls unrolls = batch_of(i);
    update(*first, unrolls);
    update(*second, unrolls, Threads::kEach);
    EXPECT_EQ(first->weights()->values, second->weights()->values);
  }
}

TEST(ImpalaLearner, GivesTheSameBitsOnThreadsAtTheDefaultSizes) {
  LearnerConfig config = small_learner();
  config.unroll = 20;
  AgentConfig agent;
  const auto first = learner_of(config, agent), second = learner_of(config, agent);
  const Unrolls unrolls = batch_of(3, config, agent);
  for (int i = 0; i < 3; ++i) {
    update(*first, unrolls);
    update(*second, unrolls, Threads::kEach);
    EXPECT_EQ(first->weights()->values, second->weights()->values);
  }
}

// What a profile sets against SGEMM, by layer and pass.
TEST(ImpalaLearner, CountsTheMultiplyAddsThatTheNetworkHas) {
  LearnerConfig config = small_learner(/*shards=*/1);
  const auto learner = learner_of(config);
  StageClock clock(1);
  const StageClock::Attachment attachment(&clock, 0);
  update(*learner, batch_of(1));
  const StageTotals totals = clock.read()[0];
  const AgentShape shape = agent_shape(kAgent, kSpec).value();
  const auto frames = static_cast<double>((config.unroll + 1) * config.batch_unrolls);
  const double conv1 = frames * shape.conv1_height * shape.conv1_width * 4 * 8 * 8 * 3;
  const double conv2 = frames * shape.conv2_height * shape.conv2_width * 4 * 4 * 4 * 4;
  const double linear = frames * shape.torso_features * 16, input = frames * 4 * 8 * 16,
               lstm = frames * 4 * 8 * 8, heads = frames * 8 * (3 + 1);
  const auto counted = [&](Pass pass, Stage stage) { return totals.at(pass, stage).multiply_adds; };
  EXPECT_EQ(counted(Pass::kForward, Stage::kConv1), conv1);
  EXPECT_EQ(counted(Pass::kForward, Stage::kConv2), conv2);
  EXPECT_EQ(counted(Pass::kForward, Stage::kLinear), linear);
  EXPECT_EQ(counted(Pass::kForward, Stage::kCoreInput), input);
  EXPECT_EQ(counted(Pass::kForward, Stage::kLstm), lstm);
  EXPECT_EQ(counted(Pass::kForward, Stage::kHeads), heads);
  // The pixels need no gradient.
  EXPECT_EQ(counted(Pass::kBackward, Stage::kConv1), conv1);
  EXPECT_EQ(counted(Pass::kBackward, Stage::kConv2), 2 * conv2);
  EXPECT_EQ(counted(Pass::kBackward, Stage::kLinear), 2 * linear);
  EXPECT_EQ(counted(Pass::kBackward, Stage::kCoreInput), 2 * input);
  EXPECT_EQ(counted(Pass::kBackward, Stage::kLstm), 2 * lstm);
}

TEST(ImpalaLearner, ShardsAndChunksChangeOnlyRounding) {
  const Unrolls unrolls = batch_of(1);
  const auto whole = learner_of(small_learner(1));
  const UpdateReport expected = update(*whole, unrolls);
  for (const std::int64_t shards : {2, 3, 4}) {
    LearnerConfig config = small_learner(shards);
    config.chunk_frames = 2 + shards;
    const auto learner = learner_of(config);
    const UpdateReport report = update(*learner, unrolls);
    EXPECT_LT(largest_difference(whole->weights(), learner->weights()), 1e-6) << shards;
    EXPECT_NEAR(report.loss, expected.loss, 1e-4 * std::abs(expected.loss));
    EXPECT_NEAR(report.gradient_norm, expected.gradient_norm, 1e-4 * expected.gradient_norm);
    EXPECT_NEAR(report.explained_variance, expected.explained_variance, 1e-4);
  }
}

TEST(ImpalaLearner, ClipsTheGradientByItsNorm) {
  LearnerConfig config = small_learner();
  const Unrolls unrolls = batch_of(1);
  config.rmsprop_decay =
      1;  // The mean square stays 1, so the step is learning_rate / sqrt(1.1) times the gradient.
  config.gradient_clip = 1e-2;
  const auto learner = learner_of(config);
  const WeightsPtr before = learner->weights();
  const UpdateReport report = update(*learner, unrolls);
  EXPECT_GT(report.gradient_norm, 1);
  double square = 0;
  for (std::size_t i = 0; i < before->values.size(); ++i) {
    square += std::pow(static_cast<double>(learner->weights()->values[i]) - before->values[i], 2);
  }
  EXPECT_NEAR(std::sqrt(square), 1e-2 * 1e-2 / std::sqrt(1.1), 2e-6);
}

TEST(ImpalaLearner, AnnealsTheLearningRateToZero) {
  LearnerConfig config = small_learner();
  config.anneal_updates = 2;
  const auto learner = learner_of(config);
  const Unrolls unrolls = batch_of(1);
  const auto step = [&] {
    const WeightsPtr before = learner->weights();
    update(*learner, unrolls);
    return largest_difference(before, learner->weights());
  };
  const double first = step(), second = step();
  EXPECT_GT(first, second);
  EXPECT_GT(second, 0);
  EXPECT_EQ(step(), 0);
}

TEST(ImpalaLearner, ContinuesToTheBitAfterSaveAndRestore) {
  const auto learner = learner_of(small_learner());
  update(*learner, batch_of(1));
  update(*learner, batch_of(2));
  const auto saved = learner->save();
  const auto other = learner_of(small_learner());
  ASSERT_TRUE(other->restore(saved).ok());
  EXPECT_EQ(other->save(), saved);
  EXPECT_EQ(other->weights()->version, 2);
  for (std::uint64_t i = 3; i < 6; ++i) {
    update(*learner, batch_of(i));
    update(*other, batch_of(i));
  }
  EXPECT_EQ(learner->weights()->values, other->weights()->values);
  EXPECT_EQ(other->weights()->version, 5);
}

TEST(ImpalaLearner, RefusesToRestoreWhatDoesNotFit) {
  const auto learner = learner_of(small_learner());
  update(*learner, batch_of(1));
  const auto before = learner->save();
  const auto error_of = [&](auto change) {
    auto tensors = before;
    change(tensors);
    const Status status = learner->restore(tensors);
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(learner->save(), before);
    return status.ok() ? std::string() : status.error().message;
  };
  EXPECT_EQ(error_of([](auto& t) { t[0].name = "torso.conv1.weights"; }),
            "the weights do not fit the agent: tensor torso.conv1.weight is missing; is a setting of [agent] "
            "or [environment] not the run's?");
  EXPECT_NE(error_of([](auto& t) {
              std::erase_if(t, [](auto& x) { return x.name == "rmsprop.mean_square"; });
            }).find("rmsprop.mean_square is missing"),
            std::string::npos);
  EXPECT_NE(error_of([](auto& t) { t.back().dtype = DType::kF32; }).find("learner.version"),
            std::string::npos);
}

TEST(ImpalaLearner, LeavesEverythingAsItWasWhereNumbersAreNotFinite) {
  const auto learner = learner_of(small_learner());
  update(*learner, batch_of(1));
  const auto before = learner->save();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& spoil : std::vector<std::function<void(Unroll&)>>{
           [&](Unroll& unroll) { unroll.log_mu[3] = nan; }, [&](Unroll& unroll) { unroll.rewards[2] = nan; },
           [&](Unroll& unroll) { unroll.core_state[1] = nan; }}) {
    Unrolls unrolls = batch_of(2);
    spoil(*unrolls[1]);
    const UpdateReport report = update(*learner, unrolls);
    EXPECT_FALSE(report.finite);
    EXPECT_EQ(report.version, 1);
    EXPECT_TRUE(learner->save() == before);
  }
  EXPECT_TRUE(update(*learner, batch_of(3)).finite);
}

// The behaviour policy is the learner's own: V-trace's ratio is 1 at every step.
TEST(ImpalaLearner, SeesARatioOfOneWhereTheBehaviourIsItsOwnPolicy) {
  AgentConfig agent = kAgent;
  agent.head_init_scale = 2;
  const LearnerConfig config = small_learner();
  const auto learner = learner_of(config, agent);
  Unrolls unrolls = batch_of(1, config, agent);
  auto policy = std::move(make_torch_policy(agent, kSpec).value());
  policy->load(learner->weights());
  for (auto& unroll : unrolls) {
    std::vector<float> state = unroll->core_state, log_policy(3), value(1);
    unroll->weights_version = -2;
    for (int t = 0; t < config.unroll; ++t) {
      const std::uint8_t* pixels[] = {unroll->observation(t)};
      policy->step({.batch = 1,
                    .observations = pixels,
                    .last_actions = {&unroll->last_actions[t], 1},
                    .last_rewards = {&unroll->last_rewards[t], 1},
                    .episode_starts = {&unroll->episode_starts[t], 1}},
                   {.core_states = state, .log_policy = log_policy, .values = value});
      unroll->log_mu[t] = log_policy[unroll->actions[t]];
    }
  }
  unrolls[0]->weights_version = -4;
  const UpdateReport report = update(*learner, unrolls);
  EXPECT_NEAR(report.mean_rho, 1, 1e-5);
  EXPECT_EQ(report.max_lag, 4);
  EXPECT_DOUBLE_EQ(report.mean_lag, 2.5);
  EXPECT_GT(report.entropy, 0);
  EXPECT_LE(report.entropy, std::log(3.0));
}

// One decision an episode; action 2 pays where the picture is bright, action 0 where it is dark. The policy
// must reach a mean reward of 0.9 (uniform: 1/3), so the pictures must be seen.
TEST(ImpalaLearner, LearnsABanditThatItMustSee) {
  constexpr int kSteps = 8, kUnrolls = 4, kDecisions = kSteps * kUnrolls;
  for (const char* core : {"lstm", "feed_forward"}) {
    AgentConfig agent = kAgent;
    agent.core = core;
    LearnerConfig config = {.learning_rate = 5e-3, .entropy_cost = 1e-3};
    config.unroll = kSteps;
    config.batch_unrolls = kUnrolls;
    config.shards = 2;
    const auto learner = learner_of(config, agent);
    auto policy = std::move(make_torch_policy(agent, kSpec).value());
    RandomStream random(RandomKey(4));
    Unrolls unrolls = batch_of(0, config, agent);
    const std::vector<std::int32_t> no_action(kDecisions, -1);
    const std::vector<float> no_reward(kDecisions, 0.0f);
    const std::vector<std::uint8_t> start(kDecisions, 1);
    std::vector<float> states(kDecisions * policy->core_state_size()), log_policy(kDecisions * 3),
        values(kDecisions);
    double recent = 0;
    for (int i = 0; i < 400; ++i) {
      std::vector<const std::uint8_t*> pictures;
      std::vector<int> wanted;
      for (auto& unroll : unrolls) {
        for (int t = 0; t < kSteps; ++t) {
          const bool bright = random.chance(0.5);
          std::fill_n(unroll->observation(t), unroll->shape.observation_bytes, bright ? 220 : 30);
          pictures.push_back(unroll->observation(t));
          wanted.push_back(bright ? 2 : 0);
        }
      }
      policy->load(learner->weights());
      policy->step({kDecisions, pictures, no_action, no_reward, start}, {states, log_policy, values});
      double paid = 0;
      for (int at = 0; at < kDecisions; ++at) {
        Unroll& unroll = *unrolls[at / kSteps];
        const int t = at % kSteps;
        double left = random.uniform();
        int action = 0;
        while (action < 2 && (left -= std::exp(log_policy[at * 3 + action])) > 0) ++action;
        unroll.last_actions[t] = -1;
        unroll.last_rewards[t] = 0;
        unroll.episode_starts[t] = 1;
        unroll.actions[t] = action;
        unroll.log_mu[t] = log_policy[at * 3 + action];
        unroll.rewards[t] = action == wanted[at] ? 1.0f : 0.0f;
        unroll.ended[t] = 1;
        paid += unroll.rewards[t];
      }
      update(*learner, unrolls);
      recent += (paid / kDecisions - recent) * 0.1;
    }
    EXPECT_GT(recent, 0.9) << core;
  }
}

TEST(ImpalaLearner, RefusesConfigsThatCannotBe) {
  const auto message = [](const LearnerConfig& config, const AgentSpec& spec = kSpec) {
    return make_impala_learner(kAgent, spec, config, first_weights()).error().message;
  };
  LearnerConfig config = small_learner(5);
  EXPECT_EQ(message(config), "learner.shards is 5; expected 1 to learner.batch_unrolls, which is 4");
  config = small_learner();
  config.device = "cude";
  EXPECT_EQ(message(config), "learner.device is 'cude'; expected cpu or cuda, did you mean 'cuda'?");
  EXPECT_NE(message(small_learner(), {.height = 18}).find("multiples of 4"), std::string::npos);
}

TEST(ImpalaLearner, WorksOnCudaOrSaysThatThereIsNone) {
  LearnerConfig config = small_learner();
  config.device = "cuda";
  auto result = make_impala_learner(kAgent, kSpec, config, first_weights());
  if (!result.ok()) {
    EXPECT_NE(result.error().message.find("learner.device is cuda"), std::string::npos);
    return;
  }
  const auto on_cpu = learner_of(small_learner());
  update(*on_cpu, batch_of(1));
  update(**result, batch_of(1));
  EXPECT_LT(largest_difference(on_cpu->weights(), (*result)->weights()), 1e-4);
}

// Learns 50 updates from the same unrolls; returns the weights.
WeightsPtr learn_fifty(std::shared_ptr<PackedNetworks> packed) {
  const LearnerConfig config = small_learner();
  const auto learner =
      std::move(make_impala_learner(kAgent, kSpec, config, first_weights(), std::move(packed))).value();
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_TRUE(update(*learner, batch_of(i)).finite);
  return learner->weights();
}

// The bounds: what 50 updates make of one rounding apart, and of bf16's.
TEST(ImpalaLearner, OnNativeKernelsStaysBesideLibTorchOverFiftyUpdates) {
  const auto packed = [](Precision precision) {
    return std::make_shared<PackedNetworks>(kAgent, kSpec, precision);
  };
  const WeightsPtr torch = learn_fifty(nullptr), native = learn_fifty(packed(Precision::kFloat32)),
                   bf16 = learn_fifty(packed(Precision::kBf16));
  const double moved = relative_distance(*torch, *first_weights());
  EXPECT_GT(moved, 0.02) << "it hardly learned";
  EXPECT_LT(relative_distance(*native, *torch), 1e-4 * moved);
  EXPECT_LT(relative_distance(*bf16, *torch), 0.05 * moved);
  EXPECT_GT(relative_distance(*bf16, *torch), 1e-4 * moved) << "that was not bf16";
  RecordProperty("moved", std::to_string(moved));
  RecordProperty("native", std::to_string(relative_distance(*native, *torch)));
  RecordProperty("bf16", std::to_string(relative_distance(*bf16, *torch)));
}

}  // namespace
}  // namespace chrysalis
