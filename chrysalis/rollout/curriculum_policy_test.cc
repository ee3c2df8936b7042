// Acting by mixtures of two policies, for every curriculum.
#include <gtest/gtest.h>

#include "chrysalis/core/allocation_count_test.h"
#include "chrysalis/rollout/curriculum_cases_test.h"
#include "chrysalis/rollout/network_oracle_test.h"
#include "chrysalis/rollout/network_policy.h"

namespace chrysalis {
namespace {

class CurriculumPolicy : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(CurriculumPolicy);

WeightsPtr weights_of(const CurriculumCase& agent, std::uint64_t seed, double alpha) {
  auto weights = std::make_shared<Weights>(*drawn_weights(agent.config, agent.spec, seed));
  weights->alpha = alpha;
  return weights;
}

std::unique_ptr<Policy> policy_of(const CurriculumCase& agent, const WeightsPtr& weights,
                                  std::optional<double> alpha = {},
                                  Precision precision = Precision::kFloat32) {
  auto policy = make_network_policy(agent.config, agent.spec, precision, alpha).value();
  policy->load(weights);
  return policy;
}

Decision decision_of(const CurriculumCase& agent, const Policy& policy, std::uint64_t seed, int batch = 4) {
  RandomStream random{RandomKey(seed)};
  return {agent.spec, batch, policy.core_state_size(), random};
}

// To 1e-5 of the largest number, and impossible where the other is.
void expect_policy(const std::vector<float>& result, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(result.size(), expected.size());
  std::vector<float> possible;
  std::vector<double> wanted;
  for (std::size_t i = 0; i < result.size(); ++i) {
    ASSERT_EQ(std::isinf(result[i]), std::isinf(expected[i])) << i;
    if (std::isinf(result[i])) continue;
    possible.push_back(result[i]);
    wanted.push_back(expected[i]);
  }
  EXPECT_TRUE(close(possible, wanted, tolerance));
}

TEST_P(CurriculumPolicy, EqualsThePlainLoopsStepAfterStep) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    for (const double alpha : kMixtures) {
      for (const Precision precision : kPrecisions) {
        SCOPED_TRACE(fmt::format("{}, alpha {}, {}", agent.name, alpha, name_of(precision)));
        const WeightsPtr weights = weights_of(agent, 1, alpha);
        const auto policy = policy_of(agent, weights, {}, precision);
        const NetworkOracle oracle(agent.config, agent.spec, precision, weights);
        std::vector<float> carried;
        for (std::uint64_t t = 0; t < 3; ++t) {
          Decision d = decision_of(agent, *policy, t);
          if (t > 0) d.core_states = carried;
          std::vector<double> log_policy, values, core_states;
          for (int i = 0; i < d.batch; ++i) {
            const auto at = static_cast<std::size_t>(i);
            std::vector<double> state = d.state(i);
            const auto out = oracle.step(d.pictures[at].data(), d.last_actions[at], d.last_rewards[at],
                                         d.starts[at] != 0, state, alpha, d.tasks[at]);
            log_policy.insert(log_policy.end(), out.log_policy.begin(), out.log_policy.end());
            values.push_back(out.value);
            core_states.insert(core_states.end(), state.begin(), state.end());
          }
          step(*policy, d);
          carried = d.core_states;
          expect_policy(d.log_policy, log_policy, tolerance(precision));
          EXPECT_TRUE(close(d.values, values, tolerance(precision)));
          EXPECT_TRUE(close(d.core_states, core_states, tolerance(precision)));
        }
      }
    }
  }
}

TEST_P(CurriculumPolicy, MixesWhatItsTwoPoliciesSayAlone) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    SCOPED_TRACE(agent.name);
    const WeightsPtr weights = weights_of(agent, 2, 0.3);
    const auto act = [&](std::optional<double> alpha) {
      const auto policy = policy_of(agent, weights, alpha);
      Decision d = decision_of(agent, *policy, 3);
      step(*policy, d);
      return d;
    };
    const Decision mixture = act({}), same = act(0.3), simple = act(0), complex = act(1);
    EXPECT_EQ(mixture.log_policy, same.log_policy);
    EXPECT_EQ(mixture.core_states, simple.core_states);
    EXPECT_EQ(mixture.core_states, complex.core_states);
    if (!agent.spec.curriculum.has_two_policies()) {
      EXPECT_EQ(mixture.log_policy, complex.log_policy);
      EXPECT_EQ(mixture.log_policy, simple.log_policy);
      continue;
    }
    std::vector<double> expected, values;
    for (std::size_t i = 0; i < mixture.log_policy.size(); ++i)
      expected.push_back(std::log(0.7 * std::exp(static_cast<double>(simple.log_policy[i])) +
                                  0.3 * std::exp(static_cast<double>(complex.log_policy[i]))));
    expect_policy(mixture.log_policy, expected, 1e-6);
    for (std::size_t i = 0; i < mixture.values.size(); ++i)
      values.push_back(0.7 * simple.values[i] + 0.3 * complex.values[i]);
    EXPECT_TRUE(close(mixture.values, values, 1e-6));
  }
}

// The weights that the other policy has for itself may be anything, and cost nothing.
TEST_P(CurriculumPolicy, LooksAtNoHeadThatAlphaRulesOut) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    if (!agent.spec.curriculum.has_two_policies()) continue;
    for (const double alpha : {0.0, 1.0}) {
      SCOPED_TRACE(fmt::format("{}, alpha {}", agent.name, alpha));
      const WeightsPtr weights = weights_of(agent, 4, alpha);
      auto spoiled = std::make_shared<Weights>(*weights);
      for (const auto& part : weights->layout->parts) {
        const bool of_complex =
            part.name.starts_with("policy.") ||
            (agent.spec.curriculum.has_simple_core() && part.name.starts_with("baseline."));
        if (alpha == 0 ? of_complex : part.name.starts_with("simple_"))
          std::fill_n(spoiled->values.begin() + static_cast<std::ptrdiff_t>(part.offset), part.count, NAN);
      }
      const auto policy = policy_of(agent, weights), other = policy_of(agent, spoiled);
      Decision d = decision_of(agent, *policy, 5), e = d;
      step(*policy, d);
      step(*other, e);
      EXPECT_EQ(d.log_policy, e.log_policy);
      EXPECT_EQ(d.values, e.values);
      EXPECT_EQ(d.core_states, e.core_states);
    }
  }
}

TEST_P(CurriculumPolicy, LeavesAMemoryAloneThatNobodyWillMiss) {
  for (CurriculumCase agent : curriculum_cases()) {
    SCOPED_TRACE(agent.name);
    const WeightsPtr weights = weights_of(agent, 6, 0);
    const auto keeps = policy_of(agent, weights);
    agent.spec.keep_memory = false;
    const auto leaves = policy_of(agent, weights);
    const Decision before = decision_of(agent, *keeps, 7);
    Decision d = before, e = before;
    step(*keeps, d);
    step(*leaves, e);
    EXPECT_NE(d.core_states, before.core_states);
    EXPECT_EQ(e.log_policy, d.log_policy);
    EXPECT_EQ(e.values, d.values);
    // pi_1 itself needs a core that it shares.
    EXPECT_EQ(e.core_states, agent.spec.curriculum.has_simple_core() ? before.core_states : d.core_states);
  }
}

// pi_1 of an action space is an agent of that few actions: one with the same weights, whose last actions are
// among them.
TEST_P(CurriculumPolicy, OfAFewActionsAtAlphaZeroIsThePlainAgentOfTheseActions) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    const CurriculumShape& curriculum = agent.spec.curriculum;
    if (curriculum.curriculum != Curriculum::kActionSpace) continue;
    SCOPED_TRACE(agent.name);
    const auto few = curriculum.simple_actions.size();
    CurriculumCase plain = agent;
    plain.spec.curriculum = {};
    plain.spec.factors = {};
    plain.spec.action_count = static_cast<int>(few);
    const WeightsPtr weights = weights_of(agent, 8, 0);
    auto of_plain = std::make_shared<Weights>();
    of_plain->layout = weight_layout(plain.config, plain.spec).value();
    for (const auto& part : of_plain->layout->parts) {
      const std::string name = part.name.starts_with("policy.") ? "simple_" + part.name : part.name;
      const auto from = std::ranges::find(weights->layout->parts, name, &WeightLayout::Part::name);
      const auto* values = weights->values.data() + from->offset;
      if (name != "core.action_weight") {
        of_plain->values.insert(of_plain->values.end(), values, values + part.count);
        continue;
      }
      const auto width = static_cast<std::size_t>(part.shape[1]);
      for (const int action : curriculum.simple_actions)
        of_plain->values.insert(of_plain->values.end(), values + static_cast<std::size_t>(action) * width,
                                values + static_cast<std::size_t>(action + 1) * width);
    }
    const auto policy = policy_of(agent, weights), plain_policy = policy_of(plain, of_plain);
    Decision d = decision_of(plain, *plain_policy, 9);
    Decision joint = d;
    joint.actions = agent.spec.action_count;
    joint.log_policy.resize(static_cast<std::size_t>(d.batch * joint.actions));
    for (std::int32_t& action : joint.last_actions)
      if (action >= 0) action = curriculum.simple_actions[static_cast<std::size_t>(action)];
    step(*plain_policy, d);
    step(*policy, joint);
    EXPECT_EQ(joint.core_states, d.core_states);
    EXPECT_EQ(joint.values, d.values);
    std::vector<float> expected(joint.log_policy.size(), -std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < d.log_policy.size(); ++i)
      expected[i / few * static_cast<std::size_t>(joint.actions) +
               static_cast<std::size_t>(curriculum.simple_actions[i % few])] = d.log_policy[i];
    EXPECT_EQ(joint.log_policy, expected);
  }
}

TEST_P(CurriculumPolicy, GivesAnEnvironmentTheSameBitsAloneAndInAnyBatch) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    SCOPED_TRACE(agent.name);
    const auto policy = policy_of(agent, weights_of(agent, 10, 0.3));
    const Decision before = decision_of(agent, *policy, 11, 7);
    Decision all = before;
    step(*policy, all);
    for (int i = 0; i < 7; ++i) {
      Decision one(before, i, 1);
      step(*policy, one);
      const auto first = all.log_policy.begin() + static_cast<std::ptrdiff_t>(i) * all.actions;
      EXPECT_EQ(one.log_policy, std::vector<float>(first, first + all.actions));
      EXPECT_EQ(one.values[0], all.values[static_cast<std::size_t>(i)]);
      EXPECT_EQ(one.state(0), all.state(i));
    }
  }
}

TEST_P(CurriculumPolicy, IsNoPolicyWhereAWeightIsNone) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    auto weights = std::make_shared<Weights>(*drawn_weights(agent.config, agent.spec, 12));
    const auto& part = weights->layout->parts[0];
    std::fill_n(weights->values.begin() + static_cast<std::ptrdiff_t>(part.offset), part.count, NAN);
    for (const double alpha : kMixtures) {
      const auto policy = policy_of(agent, weights, alpha);
      Decision d = decision_of(agent, *policy, 13);
      step(*policy, d);
      for (const float each : d.log_policy) EXPECT_TRUE(std::isnan(each)) << agent.name << " " << alpha;
    }
  }
}

TEST_P(CurriculumPolicy, AllocatesNothingOnceItHasSeenItsLargestBatch) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    const auto policy = policy_of(agent, weights_of(agent, 14, 0.3));
    Decision d = decision_of(agent, *policy, 15);
    std::vector<const std::uint8_t*> observations;
    for (const auto& picture : d.pictures) observations.push_back(picture.data());
    const auto act = [&] {
      policy->step({d.batch, observations, d.last_actions, d.last_rewards, d.starts, d.tasks},
                   {d.core_states, d.log_policy, d.values});
    };
    act();
    const std::int64_t warm = allocation_count;
    act();
    EXPECT_EQ(allocation_count, warm) << agent.name;
  }
}

TEST_P(CurriculumPolicy, ActsTheSameFromWeightsThatWereStored) {
  for (const CurriculumCase& agent : curriculum_cases()) {
    const WeightsPtr weights = weights_of(agent, 16, 0.3);
    const auto tensors = tensors_from_weights(*weights);
    const WeightsPtr loaded = weights_from_tensors(tensors, weights->layout, 5).value();
    const auto policy = policy_of(agent, weights), other = policy_of(agent, loaded);
    Decision d = decision_of(agent, *policy, 17), e = d;
    step(*policy, d);
    step(*other, e);
    EXPECT_EQ(d.log_policy, e.log_policy) << agent.name;
    EXPECT_EQ(d.values, e.values) << agent.name;
  }
}

TEST(CurriculumPolicyDeathTest, StopsOnWhatCannotBe) {
  const CurriculumCase agent = curriculum_cases()[6];
  ASSERT_EQ(agent.spec.curriculum.curriculum, Curriculum::kMultitask);
  EXPECT_DEATH((void)make_network_policy(agent.config, agent.spec, Precision::kFloat32, 1.5), "alpha");
  EXPECT_DEATH((void)make_network_policy(agent.config, agent.spec, Precision::kFloat32, -0.1), "alpha");
  const auto policy = policy_of(agent, weights_of(agent, 18, 0.5));
  Decision d = decision_of(agent, *policy, 19);
  d.tasks[2] = 3;
  EXPECT_DEATH(step(*policy, d), "task 3");
  d.tasks.resize(2);
  EXPECT_DEATH(step(*policy, d), "tasks");
}

}  // namespace
}  // namespace chrysalis
