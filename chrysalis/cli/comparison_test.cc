#include "chrysalis/cli/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

constexpr CurveAxis kSteps = CurveAxis::kAgentSteps;

using Settings = std::vector<std::pair<std::string, std::string>>;

ComparedRun run_of(std::string path, std::string seed, Settings settings) {
  return {.path = std::move(path),
          .seed = std::move(seed),
          .settings = std::move(settings),
          .member_agent_steps = {},
          .members = {}};
}

// One member with an episode at each of the agent steps.
ComparedRun run_with(std::vector<std::pair<std::int64_t, double>> episodes, std::int64_t steps) {
  ComparedRun run = run_of("run", "1", {{"level.name", "\"a\""}});
  run.member_agent_steps = {steps};
  run.members.resize(1);
  for (const auto& [at, value] : episodes) run.members[0].push_back({at, "a", value});
  return run;
}

TEST(Arms, AreRunsThatDifferInTheirSeedAlone) {
  const std::vector<ComparedRun> runs{
      run_of("r0", "1",
             {{"level.name", "\"seek\""}, {"curriculum.arm", "\"mix\""}, {"learner.unroll", "20"}}),
      run_of("r1", "1",
             {{"level.name", "\"seek\""}, {"curriculum.arm", "\"plain\""}, {"learner.unroll", "20"}}),
      run_of("r2", "2",
             {{"level.name", "\"seek\""}, {"curriculum.arm", "\"mix\""}, {"learner.unroll", "20"}})};
  const auto arms = arms_of(runs, {});
  ASSERT_TRUE(arms.ok()) << arms.error().message;
  ASSERT_EQ(arms->size(), 2u);
  EXPECT_EQ((*arms)[0].label, "curriculum.arm=mix");
  EXPECT_EQ((*arms)[0].runs, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ((*arms)[0].settings, (Settings{{"curriculum.arm", "\"mix\""}}));
  EXPECT_EQ((*arms)[1].label, "curriculum.arm=plain");
  const auto named = arms_of(runs, {"A", "B"});
  EXPECT_EQ((*named)[0].label, "A");
  EXPECT_EQ((*named)[1].label, "B");
}

TEST(Arms, ASingleOneIsCalledByItsLevelAsAreThoseThatDifferInIt) {
  const std::vector<ComparedRun> one{run_of("r0", "1", {{"level.name", "\"seek\""}, {"a.b", "1"}})};
  EXPECT_EQ(arms_of(one, {})->front().label, "seek");
  const std::vector<ComparedRun> two{one[0], run_of("r1", "1", {{"level.name", "\"nav\""}, {"a.b", "2"}})};
  EXPECT_EQ((*arms_of(two, {}))[1].label, "nav, a.b=2");
  // What differs in many settings is cut where a legend ends.
  const std::vector<ComparedRun> far{one[0], run_of("r1", "1", {{"long", std::string(100, 'x')}})};
  EXPECT_EQ((*arms_of(far, {}))[1].label, "long=" + std::string(52, 'x') + "...");
}

TEST(Arms, TheSameEvidenceTwiceAndLabelsThatDoNotFitAreRefused) {
  const std::vector<ComparedRun> runs{run_of("r0", "7", {{"a", "1"}}), run_of("r1", "7", {{"a", "1"}})};
  EXPECT_EQ(arms_of(runs, {}).error().message,
            "r0 and r1 have the same settings and the same seed, 7: give one of them");
  const std::vector<ComparedRun> two{run_of("r0", "7", {{"a", "1"}}), run_of("r1", "7", {{"a", "2"}})};
  EXPECT_EQ(arms_of(two, {"x"}).error().message, "1 labels for 2 arms: expected one for each of a=1; a=2");
}

TEST(ReturnCurve, IsTheMeanInEachStretchWhichHoldsItsEnd) {
  const ComparedRun run = run_with({{10, 1}, {25, 3}, {26, 5}, {60, 7}, {100, 9}}, 100);
  const auto curve = return_curve(run, kSteps, 100, 4);
  EXPECT_EQ(curve[0], 2);
  EXPECT_EQ(curve[1], 5);
  EXPECT_EQ(curve[2], 7);
  EXPECT_EQ(curve[3], 9);
  EXPECT_TRUE(std::isnan(return_curve(run, kSteps, 200, 4)[3]));
  EXPECT_EQ(return_curve(run, kSteps, 50, 2)[1], 5);  // What lies beyond the end is left out.
}

TEST(ReturnCurve, OverTimeGoesByTheSecondsOfTraining) {
  ComparedRun run = run_with({{10, 1}, {20, 3}, {30, 5}}, 30);
  run.seconds = 400;
  for (const auto& [episode, seconds] : {std::pair{0, 10.0}, {1, 390.0}, {2, 400.0}})
    run.members[0][static_cast<std::size_t>(episode)].seconds = seconds;
  EXPECT_EQ(curve_end({&run, 1}, CurveAxis::kTime), 400);
  EXPECT_EQ(curve_end({&run, 1}, kSteps), 30);
  EXPECT_EQ(return_curve(run, CurveAxis::kTime, 400, 2), (std::vector<double>{1, 4}));
}

TEST(ReturnCurve, MembersCountTogetherAndLevelsTheSame) {
  ComparedRun run = run_with({{1, 1}, {2, 2}, {3, 3}, {7, 5}}, 10);
  run.member_agent_steps.push_back(10);
  run.members.push_back({{4, "a", 6}});
  EXPECT_EQ(return_curve(run, kSteps, 10, 1)[0], 17.0 / 5);
  run.members[1] = {{4, "b", 6}};
  const auto curve = return_curve(run, kSteps, 10, 2);
  EXPECT_EQ(curve[0], (2.0 + 6) / 2);
  EXPECT_TRUE(std::isnan(curve[1])) << "no episode of level b there";
}

TEST(RunScores, FinalIsTheLastTenthOfEachMember) {
  ComparedRun run = run_with({{50, 100}, {90, 100}, {91, 1}, {100, 3}}, 100);
  run.member_agent_steps.push_back(1000);
  run.members.push_back({{100, "a", 50}, {901, "a", 8}});
  const RunScores scores = scores_of(run);
  EXPECT_EQ(scores.agent_steps, 1100);
  EXPECT_EQ(scores.final_return, 4);
  EXPECT_EQ(scores.best_member_final, 8);
}

TEST(RunScores, AreaIsTheMeanOverAgentStepsNotOverEpisodes) {
  // Return 0 in short episodes for the first half, 10 in long ones for the second.
  std::vector<std::pair<std::int64_t, double>> episodes;
  for (std::int64_t at = 1; at <= 500; ++at) episodes.emplace_back(at, 0);
  for (std::int64_t at = 510; at <= 1000; at += 10) episodes.emplace_back(at, 10);
  EXPECT_NEAR(scores_of(run_with(episodes, 1000)).area_under_curve, 5, 1e-9);
}

TEST(RunScores, FinalReachesBackToWhereEpisodesEnded) {
  ComparedRun run = run_with({{40, 100}, {70, 100}, {71, 1}, {80, 3}}, 100);
  EXPECT_EQ(scores_of(run).final_return, 2) << "the last three tenths";
  EXPECT_EQ(scores_of(run).best_member_final, 2);
  EXPECT_EQ(scores_of(run_with({{10, 1}}, 100)).final_return, 1);
  EXPECT_EQ(scores_of(run_with({{10, 1}}, 100)).area_under_curve, 1);
  // All members by as much.
  run.member_agent_steps.push_back(100);
  run.members.push_back({{75, "a", 50}, {95, "a", 8}});
  EXPECT_EQ(scores_of(run).final_return, 8);
}

TEST(RunScores, WithoutEpisodesThereIsNoNumber) {
  const RunScores scores = scores_of(run_with({}, 100));
  EXPECT_TRUE(std::isnan(scores.final_return));
  EXPECT_TRUE(std::isnan(scores.best_member_final));
  EXPECT_TRUE(std::isnan(scores.area_under_curve));
  EXPECT_TRUE(std::isnan(scores_of(run_of("r", "1", {})).area_under_curve));
}

TEST(Bootstrap, HasTheIntervalThatTheoryGives) {
  RandomStream random{RandomKey(3)};
  std::vector<double> values(200);
  for (double& value : values) value = random.normal();
  double mean = 0, square = 0;
  for (const double value : values) mean += value / 200;
  for (const double value : values) square += (value - mean) * (value - mean) / 200;
  const auto interval = bootstrap95(values);
  ASSERT_TRUE(interval);
  const double expected = 1.96 * std::sqrt(square / 200);
  EXPECT_NEAR(interval->low, mean - expected, 0.05 * expected * 2);
  EXPECT_NEAR(interval->high, mean + expected, 0.05 * expected * 2);
}

TEST(Bootstrap, IsTheSameEveryTimeAndNoneForOneValue) {
  const std::vector<double> values{1, 2, 4};
  const auto once = bootstrap95(values), again = bootstrap95(values);
  EXPECT_EQ(once->low, again->low);
  EXPECT_EQ(once->high, again->high);
  // All three alike happens with chance 1/27, more than 2.5 %.
  EXPECT_EQ(once->low, 1);
  EXPECT_EQ(once->high, 4);
  EXPECT_FALSE(bootstrap95(std::vector<double>{5}));
  EXPECT_FALSE(bootstrap95({}));
}

TEST(ReferenceReturn, IsALabelAndANumber) {
  EXPECT_EQ(reference_return("random=2.7")->label, "random");
  EXPECT_EQ(reference_return("random=2.7")->value, 2.7);
  EXPECT_EQ(reference_return("alpha=1, tuned=-3e1")->label, "alpha=1, tuned");
  EXPECT_EQ(reference_return("alpha=1, tuned=-3e1")->value, -30);
  for (const char* wrong :
       {"random", "=2", "random=", "random=two", "random=2x", "random=nan", "random=inf", ""})
    EXPECT_EQ(reference_return(wrong).error().message,
              fmt::format("--line {}: expected LABEL=RETURN, such as random=2.7", wrong));
}

TEST(ComparisonChart, RunsOverMinutesOrHoursWithReferencesAcross) {
  std::vector<ComparedRun> runs{run_with({{50, 1}, {100, 3}}, 100)};
  runs[0].members[0][0].seconds = 300;
  runs[0].members[0][1].seconds = runs[0].seconds = 600;
  const std::vector<ComparedArm> arms{{.label = "x", .settings = {}, .runs = {0}}};
  const std::vector<ReferenceReturn> references{{"random", 2}};
  const LineChart minutes = comparison_chart(runs, arms, CurveAxis::kTime, 2, references);
  EXPECT_EQ(minutes.x_label, "minutes of training");
  ASSERT_EQ(minutes.series.size(), 2u);
  EXPECT_EQ(minutes.series[0].x, (std::vector<double>{2.5, 7.5}));
  EXPECT_EQ(minutes.series[0].y, (std::vector<double>{1, 3}));
  EXPECT_EQ(minutes.series[1].name, "random");
  EXPECT_EQ(minutes.series[1].x, (std::vector<double>{0, 10}));
  EXPECT_EQ(minutes.series[1].y, (std::vector<double>{2, 2}));
  EXPECT_TRUE(minutes.series[1].dashed);
  runs[0].seconds = 7200;
  const LineChart hours = comparison_chart(runs, arms, CurveAxis::kTime, 2, {});
  EXPECT_EQ(hours.x_label, "hours of training");
  EXPECT_EQ(hours.series[0].x, (std::vector<double>{0.5, 1.5}));
  EXPECT_EQ(comparison_chart(runs, arms, kSteps, 2, references).series[1].x, (std::vector<double>{0, 100}));
}

TEST(ComparisonChart, HasALineForEachArmAndABandWhereThereAreSeeds) {
  std::vector<ComparedRun> runs;
  for (const double value : {1.0, 2.0, 6.0}) runs.push_back(run_with({{50, value}, {100, value}}, 100));
  runs.push_back(run_with({{50, 4}}, 50));
  const auto chart = [&](std::vector<std::size_t> members) {
    const std::vector<ComparedArm> arms{{.label = "x", .settings = {}, .runs = std::move(members)}};
    return comparison_chart(runs, arms, kSteps, 2, {}).series[0];
  };
  const ChartSeries three = chart({0, 1, 2});
  EXPECT_EQ(three.name, "x (3 seeds)");
  EXPECT_EQ(three.x, (std::vector<double>{25, 75}));
  EXPECT_EQ(three.y, (std::vector<double>{3, 3}));
  EXPECT_EQ(three.low[0], bootstrap95(std::vector<double>{1, 2, 6})->low);
  const ChartSeries two = chart({0, 2});
  EXPECT_EQ(two.low[1], 1);
  EXPECT_EQ(two.high[1], 6);
  const ChartSeries one = chart({0});
  EXPECT_EQ(one.name, "x (1 seed)");
  EXPECT_TRUE(one.low.empty());
  // Where one of the seeds has ended there is no mean any more.
  const ChartSeries ended = chart({0, 3});
  EXPECT_EQ(ended.y[0], 2.5);
  EXPECT_TRUE(std::isnan(ended.y[1]));
  EXPECT_TRUE(std::isnan(ended.low[1]));
}

}  // namespace
}  // namespace chrysalis
