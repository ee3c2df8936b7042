// Action sets, sampling, scripted policies and evaluation.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "chrysalis/env/fake_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/evaluation.h"
#include "chrysalis/rollout/sample.h"
#include "chrysalis/rollout/scripted_policy.h"

namespace chrysalis {
namespace {

TEST(ActionSet, HasNineAndSevenHundredAndFiftySixDistinctLegalActions) {
  for (const auto& [name, count] : {std::pair{"small", 9}, {"big", 756}}) {
    const auto& actions = *action_set(name).value();
    EXPECT_EQ(static_cast<int>(actions.size()), count);
    std::set<std::array<int, 7>> distinct;
    for (const RawAction& action : actions) {
      distinct.insert(action.parts());
      EXPECT_TRUE(make_raw_action(action.parts()).ok());
    }
    EXPECT_EQ(static_cast<int>(distinct.size()), count);
  }
}

TEST(ActionSet, EachSmallActionIsExactlyOneBigAction) {
  const auto& small = *action_set("small").value();
  const auto& big = *action_set("big").value();
  const std::vector<int> indices = action_indices(small, big);
  for (std::size_t i = 0; i < small.size(); ++i) EXPECT_EQ(small[i], big[indices[i]]);
  EXPECT_EQ(std::set<int>(indices.begin(), indices.end()).size(), small.size());
}

TEST(ActionSet, NamesTheNearestSetForAnUnknownOne) {
  EXPECT_EQ(action_set("smal").error().message,
            "unknown action set 'smal': expected one of small, big, did you mean 'small'?");
}

TEST(SampleAction, HasThePolicysFrequencies) {
  const std::vector<float> probabilities = {0.5f, 0.0f, 0.3f, 0.2f};
  std::vector<float> log_policy;
  for (const float p : probabilities) log_policy.push_back(std::log(p));
  RandomStream stream{RandomKey(11)};
  constexpr int kDraws = 100'000;
  std::vector<int> counts(4);
  for (int i = 0; i < kDraws; ++i) ++counts[sample_action(log_policy, stream)];
  EXPECT_EQ(counts[1], 0);
  double chi_square = 0;
  for (const int a : {0, 2, 3}) {
    const double expected = kDraws * static_cast<double>(probabilities[a]);
    chi_square += (counts[a] - expected) * (counts[a] - expected) / expected;
  }
  EXPECT_LT(chi_square, 13.8);  // 99.9 % of chi-square with 2 degrees of freedom.
}

TEST(SampleAction, NeverLeavesTheSetWhenRoundingLosesMass) {
  const std::vector<float> log_policy = {std::log(0.4f), -std::numeric_limits<float>::infinity()};
  RandomStream stream{RandomKey(1)};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(sample_action(log_policy, stream), 0);
}

TEST(SampleActionDeathTest, StopsOnAPolicyWithoutMass) {
  const std::vector<float> log_policy(3, std::numeric_limits<float>::quiet_NaN());
  RandomStream stream{RandomKey(1)};
  EXPECT_DEATH(sample_action(log_policy, stream), "no action has a positive probability");
}

std::vector<EpisodeRecord> play(int environments, std::int64_t first, std::int64_t episodes) {
  std::vector<std::unique_ptr<Environment>> group;
  for (int i = 0; i < environments; ++i)
    group.push_back(std::make_unique<FakeEnvironment>(FakeEnvironment::Config{}));
  const auto policy = make_random_policy(9);
  return evaluate(*policy, group,
                  {.seed = 8,
                   .first_episode = first,
                   .episodes = episodes,
                   .actions = action_set("small").value()})
      .value();
}

TEST(Evaluation, IsTheSameForAnyNumberOfEnvironments) {
  const auto one = play(1, 0, 10);
  const auto four = play(4, 0, 10);
  ASSERT_EQ(one.size(), 10U);
  ASSERT_EQ(four.size(), 10U);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].episode, static_cast<std::int64_t>(i));
    EXPECT_EQ(one[i].episode_return, four[i].episode_return);
  }
  EXPECT_EQ(play(3, 6, 4)[0].episode_return, one[6].episode_return);  // Split among threads.
}

TEST(Evaluation, EndsEarlyWhenTheWatcherHasSeenEnough) {
  std::vector<std::unique_ptr<Environment>> group;
  group.push_back(std::make_unique<FakeEnvironment>(FakeEnvironment::Config{}));
  const auto policy = make_random_policy(9);
  int seen = 0;
  const auto records = evaluate(*policy, group, {.episodes = 5, .actions = action_set("small").value()},
                                [&](const EvaluationView&) { return ++seen < 10; })
                           .value();
  EXPECT_EQ(seen, 10);
  EXPECT_EQ(records.size(), 1U);  // 7 agent steps an episode.
}

TEST(Evaluation, BeginsAnEpisodeAgainThatWasLostWithItsProcess) {
  std::vector<std::unique_ptr<Environment>> group;
  group.push_back(
      std::make_unique<FakeEnvironment>(FakeEnvironment::Config{.foreign = true, .falls_in = {3, 4, 20}}));
  const auto policy = make_random_policy(9);
  std::vector<std::int64_t> steps;
  const auto records =
      evaluate(*policy, group, {.seed = 8, .episodes = 10, .actions = action_set("small").value()},
               [&](const EvaluationView& view) {
                 steps.push_back(view.agent_step);
                 return true;
               });
  ASSERT_TRUE(records.ok()) << records.error().message;
  const auto undisturbed = play(1, 0, 10);
  ASSERT_EQ(records->size(), undisturbed.size());
  for (std::size_t i = 0; i < undisturbed.size(); ++i)
    EXPECT_EQ((*records)[i].episode_return, undisturbed[i].episode_return);
  EXPECT_EQ(std::vector(steps.begin(), steps.begin() + 7), (std::vector<std::int64_t>{0, 1, 2, 3, 0, 0, 1}));
}

TEST(Evaluation, SaysWhyAnEnvironmentCannotGoOn) {
  std::vector<std::unique_ptr<Environment>> group;
  for (int i = 0; i < 3; ++i)
    group.push_back(std::make_unique<FakeEnvironment>(
        FakeEnvironment::Config{.foreign = true, .falls_in = {2, 3}, .falls_at_most = i == 1 ? 2 : 5}));
  const auto policy = make_random_policy(9);
  const auto records = evaluate(*policy, group, {.episodes = 6, .actions = action_set("small").value()});
  ASSERT_FALSE(records.ok());
  EXPECT_EQ(records.error().message, "the fake environment fell 2 times");
}

TEST(MeanInterval, AgreesWithAHandComputedOne) {
  const MeanInterval interval = mean_interval(std::vector<double>{1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(interval.mean, 3.0);
  // Standard error sqrt(2.5 / 5) = 0.70711, t(4, 0.975) = 2.77645.
  EXPECT_NEAR(interval.high - interval.mean, 1.96324, 1e-4);
  EXPECT_NEAR(interval.mean - interval.low, 1.96324, 1e-4);
}

TEST(MeanInterval, OfOneSampleIsTheSample) {
  const MeanInterval interval = mean_interval(std::vector<double>{7});
  EXPECT_EQ(interval.low, 7);
  EXPECT_EQ(interval.high, 7);
  EXPECT_EQ(mean_interval({}).mean, 0);
}

}  // namespace
}  // namespace chrysalis
