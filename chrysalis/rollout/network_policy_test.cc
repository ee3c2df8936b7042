#include "chrysalis/rollout/network_policy.h"

#include <gtest/gtest.h>

#include "chrysalis/core/allocation_count_test.h"
#include "chrysalis/rollout/network_oracle_test.h"

namespace chrysalis {
namespace {

class NetworkPolicy : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(NetworkPolicy);

struct Agent {
  const char* name;
  AgentConfig config;
  AgentSpec spec;
};
std::vector<Agent> agents() {
  return {
      {"one of everything",
       {.conv1_filters = 1, .conv2_filters = 1, .hidden = 1, .core_width = 1},
       {.height = 20, .width = 20, .action_count = 1}},
      {"odd",
       {.conv1_filters = 5, .conv2_filters = 3, .hidden = 13, .core_width = 7},
       {.height = 28, .width = 44, .action_count = 9, .reward_clip = 0.5f}},
      {"wide",
       {.conv1_filters = 33, .conv2_filters = 24, .hidden = 40, .core_width = 33},
       {.height = 24, .width = 36, .action_count = 9}},
      {"many actions",
       {.conv1_filters = 16, .conv2_filters = 5, .hidden = 24, .core_width = 20},
       {.height = 20, .width = 32, .action_count = 756, .reward_clip = 10}},
      {"feed-forward",
       {.conv1_filters = 16, .conv2_filters = 8, .hidden = 31, .core = "feed_forward", .core_width = 19},
       {.height = 32, .width = 24, .action_count = 9}},
  };
}

std::unique_ptr<Policy> policy_of(const Agent& agent, Precision precision, const WeightsPtr& weights) {
  auto policy = make_network_policy(agent.config, agent.spec, precision).value();
  policy->load(weights);
  return policy;
}

void expect_oracle(const Agent& agent, Precision precision, int batch, int steps) {
  SCOPED_TRACE(fmt::format("{}, {}, batch {}", agent.name, name_of(precision), batch));
  const WeightsPtr weights = drawn_weights(agent.config, agent.spec, 1);
  const auto policy = policy_of(agent, precision, weights);
  EXPECT_EQ(policy->action_count(), agent.spec.action_count);
  const int state_size = agent_shape(agent.config, agent.spec).value().core_state_size;
  EXPECT_EQ(policy->core_state_size(), state_size);
  const NetworkOracle oracle(agent.config, agent.spec, precision, weights);
  RandomStream random{RandomKey(2)};
  std::vector<float> carried;
  std::vector<std::vector<double>> states;
  for (int t = 0; t < steps; ++t) {
    Decision d(agent.spec, batch, state_size, random);
    if (t > 0) d.core_states = carried;
    std::vector<double> log_policy, values, core_states;
    for (int i = 0; i < batch; ++i) {
      const auto index = static_cast<std::size_t>(i);
      if (t == 0) states.push_back(d.state(i));
      const auto out = oracle.step(d.pictures[index].data(), d.last_actions[index], d.last_rewards[index],
                                   d.starts[index] != 0, states[index]);
      log_policy.insert(log_policy.end(), out.log_policy.begin(), out.log_policy.end());
      values.push_back(out.value);
      core_states.insert(core_states.end(), states[index].begin(), states[index].end());
    }
    step(*policy, d);
    carried = d.core_states;
    EXPECT_TRUE(close(d.log_policy, log_policy, tolerance(precision)));
    EXPECT_TRUE(close(d.values, values, tolerance(precision)));
    EXPECT_TRUE(close(d.core_states, core_states, tolerance(precision)));
  }
}

TEST_P(NetworkPolicy, EqualsThePlainLoopsStepAfterStep) {
  for (const Agent& agent : agents())
    for (const Precision precision : kPrecisions) expect_oracle(agent, precision, 3, 3);
}

TEST_P(NetworkPolicy, OfTheDefaultNetworkEqualsThePlainLoops) {
  for (const Precision precision : kPrecisions) expect_oracle({"default", {}, {}}, precision, 2, 1);
}

TEST_P(NetworkPolicy, GivesAnEnvironmentTheSameBitsAloneAndInAnyBatch) {
  constexpr int kBatch = 29;
  for (const Agent& agent : agents()) {
    for (const Precision precision : kPrecisions) {
      const auto policy = policy_of(agent, precision, drawn_weights(agent.config, agent.spec, 3));
      RandomStream random{RandomKey(4)};
      const Decision before(agent.spec, kBatch, policy->core_state_size(), random);
      Decision all = before;
      step(*policy, all);
      for (const int count : {1, 2, 13, 28}) {
        for (int first = 0; first + count <= kBatch; first += count) {
          SCOPED_TRACE(
              fmt::format("{}, {}: {} of {} from {}", agent.name, name_of(precision), count, kBatch, first));
          Decision some(before, first, count);
          step(*policy, some);
          const auto same = [&](const std::vector<float>& part, const std::vector<float>& whole, int each) {
            return std::memcmp(part.data(), whole.data() + static_cast<std::ptrdiff_t>(first) * each,
                               part.size() * sizeof(float)) == 0;
          };
          ASSERT_TRUE(same(some.log_policy, all.log_policy, some.actions));
          ASSERT_TRUE(same(some.values, all.values, 1));
          ASSERT_TRUE(some.state_size == 0 || same(some.core_states, all.core_states, some.state_size));
        }
      }
    }
  }
}

TEST_P(NetworkPolicy, ForgetsAtAnEpisodesStartAndOnlyThen) {
  const Agent agent = agents()[1];
  for (const Precision precision : kPrecisions) {
    const auto policy = policy_of(agent, precision, drawn_weights(agent.config, agent.spec, 5));
    RandomStream random{RandomKey(6)};
    Decision first(agent.spec, 2, policy->core_state_size(), random);
    first.starts = {1, 0};
    Decision zeros = first, other = first;
    std::fill(zeros.core_states.begin(), zeros.core_states.end(), 0.0f);
    for (float& value : other.core_states) value = -value;
    for (Decision* d : {&first, &zeros, &other}) step(*policy, *d);
    for (int action = 0; action < first.actions; ++action) {
      const auto started = static_cast<std::size_t>(action);
      EXPECT_EQ(first.log_policy[started], zeros.log_policy[started]);
      EXPECT_EQ(first.log_policy[started], other.log_policy[started]);
    }
    EXPECT_EQ(first.values[0], zeros.values[0]);
    EXPECT_NE(first.values[1], zeros.values[1]);
    EXPECT_NE(first.values[1], other.values[1]);
    EXPECT_EQ(first.state(0), other.state(0));
    EXPECT_NE(first.state(1), other.state(1));
  }
}

TEST_P(NetworkPolicy, GivesProbabilitiesThatSumToOne) {
  for (const Agent& agent : agents()) {
    const auto policy = policy_of(agent, Precision::kBf16, drawn_weights(agent.config, agent.spec, 7));
    RandomStream random{RandomKey(8)};
    Decision d(agent.spec, 4, policy->core_state_size(), random);
    step(*policy, d);
    for (int i = 0; i < d.batch; ++i) {
      double sum = 0;
      for (int action = 0; action < d.actions; ++action)
        sum += std::exp(static_cast<double>(d.log_policy[static_cast<std::size_t>(i * d.actions + action)]));
      EXPECT_NEAR(sum, 1, 1e-5) << agent.name;
    }
  }
}

TEST_P(NetworkPolicy, ActsOnTheWeightsItWasGivenLast) {
  const Agent agent = agents()[2];
  const WeightsPtr first = drawn_weights(agent.config, agent.spec, 9),
                   second = drawn_weights(agent.config, agent.spec, 10);
  auto packed = std::make_shared<PackedNetworks>(agent.config, agent.spec, Precision::kFloat32);
  const auto one = make_network_policy(packed);
  const auto two = make_network_policy(packed);
  RandomStream random{RandomKey(11)};
  const Decision before(agent.spec, 3, one->core_state_size(), random);
  const auto values = [&](Policy& policy, const WeightsPtr& weights) {
    Decision d = before;
    policy.load(weights);
    step(policy, d);
    return d.values;
  };
  const auto of_first = values(*one, first);
  const auto of_second = values(*two, second);
  EXPECT_NE(of_first, of_second);
  EXPECT_EQ(values(*one, second), of_second);
  EXPECT_EQ(values(*one, first), of_first);
}

TEST_P(NetworkPolicy, AllocatesNothingOnceItHasSeenItsLargestBatch) {
  for (const Agent& agent : agents()) {
    for (const Precision precision : kPrecisions) {
      const auto policy = policy_of(agent, precision, drawn_weights(agent.config, agent.spec, 12));
      RandomStream random{RandomKey(13)};
      Decision large(agent.spec, 9, policy->core_state_size(), random);
      Decision small(agent.spec, 4, policy->core_state_size(), random);
      std::vector<const std::uint8_t*> observations;
      for (const auto& picture : large.pictures) observations.push_back(picture.data());
      const auto act = [&](Decision& d) {
        policy->step({.batch = d.batch,
                      .observations = observations,
                      .last_actions = d.last_actions,
                      .last_rewards = d.last_rewards,
                      .episode_starts = d.starts},
                     {.core_states = d.core_states, .log_policy = d.log_policy, .values = d.values});
      };
      const std::int64_t cold = allocation_count;
      act(large);
      const std::int64_t warm = allocation_count;
      EXPECT_GT(warm, cold);  // That these are counted at all.
      act(large);
      act(small);
      act(large);
      EXPECT_EQ(allocation_count, warm) << agent.name << ", " << name_of(precision);
    }
  }
}

TEST(MakeNetworkPolicy, RefusesWhatAgentShapeRefuses) {
  EXPECT_EQ(make_network_policy({.core = "lstn"}, {}, Precision::kFloat32).error().message,
            agent_shape({.core = "lstn"}, {}).error().message);
  EXPECT_FALSE(make_network_policy({}, {.height = 18}, Precision::kBf16).ok());
}

TEST(NetworkPolicyDeathTest, StopsOnWhatCannotBe) {
  const Agent agent = agents()[0];
  RandomStream random{RandomKey(14)};
  Decision d(agent.spec, 2, 2, random);
  const auto policy = make_network_policy(agent.config, agent.spec, Precision::kFloat32).value();
  EXPECT_DEATH(step(*policy, d), "before its weights are loaded");
  EXPECT_DEATH(policy->load(nullptr), "weights");
  EXPECT_DEATH(policy->load(drawn_weights(agent.config, {.height = 20, .width = 20, .action_count = 4}, 1)),
               "weights whose core.action_weight");
  policy->load(drawn_weights(agent.config, agent.spec, 1));
  Decision none = d;
  none.batch = 0;
  EXPECT_DEATH(step(*policy, none), "batch");
  Decision too_short = d;
  too_short.log_policy.pop_back();
  EXPECT_DEATH(step(*policy, too_short), "log_policy");
  Decision unknown = d;
  unknown.last_actions[1] = agent.spec.action_count;
  EXPECT_DEATH(step(*policy, unknown), "last_action");
}

}  // namespace
}  // namespace chrysalis
