#include "chrysalis/population/decision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

constexpr std::uint64_t kSeed = 7;

std::vector<Tuned> tuned() {
  const auto entry = [](std::string path, Tuned::Operator explore, double high) {
    return Tuned{.path = std::move(path),
                 .explore = explore,
                 .factors = {1.2, 0.8},
                 .step = 0.05,
                 .low = 0,
                 .high = high};
  };
  return {entry("learner.learning_rate", Tuned::Operator::kMultiply, 1),
          entry("learner.entropy_cost", Tuned::Operator::kMultiply, 10),
          entry("curriculum.alpha", Tuned::Operator::kAdd, 1)};
}

// Returns about a mean, `count` of them.
std::vector<double> returns_about(double mean, int count) {
  std::vector<double> returns(count);
  for (int i = 0; i < count; ++i) returns[i] = mean + i % 5 - 2;
  return returns;
}

// A population of `size` in which every other member has published `count` returns about `mean`.
struct Scene {
  explicit Scene(std::int64_t size, double mean = 10, int count = 30)
      : member(size > 1 ? 1 : 0), config{.size = size, .explore_probability = 0} {
    for (std::int64_t m = 0; m < size; ++m) {
      if (m == member) continue;
      const double x = 0.01 * static_cast<double>(m + 1);
      published.push_back({.member = m,
                           .update = 100 + m,
                           .checkpoint = fmt::format("of_{}", m),
                           .returns = returns_about(mean, count),
                           .values = {x, 2 * x, 3 * x}});
    }
  }
  Decision decision(std::int64_t number = 0, std::uint64_t seed = kSeed) const {
    return decide(
        {.member = member, .number = number, .returns = returns, .values = values, .published = published},
        tuned(), config, seed);
  }
  Result<Decision> replaced(const std::vector<std::int64_t>& tried, std::int64_t number = 0) const {
    return replacement(
        {.member = member, .number = number, .returns = returns, .values = values, .published = published},
        tried, "loss nan, gradient norm inf", kSeed);
  }
  Published& of(std::int64_t other) { return *std::ranges::find(published, other, &Published::member); }

  std::int64_t member;
  PopulationConfig config;
  std::vector<double> returns = returns_about(10, 30);
  std::vector<double> values = {1e-4, 1e-3, 0.5};
  std::vector<Published> published;
};

TEST(readiness, comes_at_each_so_many_episodes) {
  PopulationConfig config{.size = 10};
  EXPECT_FALSE(is_ready(0, config));
  EXPECT_FALSE(is_ready(299, config));
  EXPECT_TRUE(is_ready(300, config));
  EXPECT_TRUE(is_ready(301, config));
  config.ready_episodes = 5;
  EXPECT_TRUE(is_ready(5, config));
}

TEST(readiness, never_comes_to_a_member_alone) {
  EXPECT_FALSE(is_ready(1000000, PopulationConfig{.size = 1}));
  EXPECT_DEATH(partner_of(kSeed, 0, 0, 1), "member 0 of 1");
  Scene alone(1);
  EXPECT_DEATH(alone.decision(), "member 0 of 1");
}

TEST(partner, is_any_other_with_equal_chance) {
  for (const std::int64_t size : {2, 3, 10}) {
    constexpr int kDraws = 9000;
    for (const std::int64_t member : {std::int64_t{0}, size / 2, size - 1}) {
      std::map<std::int64_t, int> counts;
      for (int number = 0; number < kDraws; ++number) ++counts[partner_of(kSeed, member, number, size)];
      EXPECT_FALSE(counts.contains(member));
      ASSERT_EQ(counts.size(), static_cast<std::size_t>(size - 1));
      const double share = 1 / static_cast<double>(size - 1);
      for (const auto& [partner, count] : counts) {
        EXPECT_TRUE(partner >= 0 && partner < size);
        EXPECT_NEAR(count, kDraws * share, 4 * std::sqrt(kDraws * share * (1 - share)));
      }
    }
  }
}

TEST(partner, is_that_of_the_decision) {
  const Scene scene(10);
  for (int number = 0; number < 50; ++number)
    EXPECT_EQ(scene.decision(number).partner, partner_of(kSeed, scene.member, number, 10));
}

TEST(partner, is_another_for_another_seed_member_or_number) {
  std::set<std::vector<std::int64_t>> ways;
  const auto way = [](std::uint64_t seed, std::int64_t member) {
    std::vector<std::int64_t> partners;
    for (int number = 0; number < 30; ++number) partners.push_back(partner_of(seed, member, number, 10));
    return partners;
  };
  ways.insert(way(1, 4));
  ways.insert(way(2, 4));
  ways.insert(way(1, 5));
  EXPECT_EQ(ways.size(), 3u);
  EXPECT_DEATH(partner_of(1, 10, 0, 10), "member 10 of 10");
  EXPECT_DEATH(partner_of(1, -1, 0, 10), "member -1 of 10");
}

TEST(decision, copies_a_partner_that_is_better) {
  const Scene scene(4, 12);
  const Decision decision = scene.decision(3);
  ASSERT_EQ(decision.outcome, Outcome::kCopied);
  EXPECT_EQ(decision.member, 1);
  EXPECT_EQ(decision.number, 3);
  const double x = 0.01 * static_cast<double>(decision.partner + 1);
  EXPECT_EQ(decision.before, scene.values);
  EXPECT_EQ(decision.after, (std::vector<double>{x, 2 * x, 3 * x}));
  EXPECT_EQ(decision.partner_update, 100 + decision.partner);
  EXPECT_EQ(decision.partner_checkpoint, fmt::format("of_{}", decision.partner));
  EXPECT_EQ(decision.own_returns, scene.returns);
  EXPECT_EQ(decision.partner_returns, returns_about(12, 30));
  const WelchTest test = welch_test(scene.returns, returns_about(12, 30));
  ASSERT_TRUE(decision.test);
  EXPECT_EQ(decision.test->p, test.p);
  EXPECT_EQ(decision.test->t, test.t);
  EXPECT_LT(decision.test->p, 0.05);
  EXPECT_FALSE(decision.explored);
  EXPECT_EQ(decision.reason, fmt::format("member {}'s mean 12 is greater than this one's 10: p {:.3g} < 0.05",
                                         decision.partner, test.p));
}

TEST(decision, keeps_what_it_has_where_the_partner_is_not_better) {
  for (const double mean : {2.0, 10.0, 10.3}) {
    const Scene scene(4, mean);
    const Decision decision = scene.decision();
    EXPECT_EQ(decision.outcome, Outcome::kKept) << mean;
    EXPECT_EQ(decision.after, scene.values);
    EXPECT_EQ(decision.partner_update, 100 + decision.partner);
    EXPECT_EQ(decision.partner_checkpoint, "");
    ASSERT_TRUE(decision.test);
    EXPECT_GE(decision.test->p, 0.05);
    EXPECT_EQ(decision.reason,
              fmt::format(
                  "member {}'s mean {:.6g} is not significantly greater than this one's 10: p {:.3g} >= 0.05",
                  decision.partner, mean, decision.test->p));
  }
}

TEST(decision, copies_by_the_configs_significance) {
  Scene scene(2, 10.5);
  const double p = scene.decision().test->p;
  ASSERT_TRUE(p > 0.05 && p < 0.2) << p;
  scene.config.significance = p;
  EXPECT_EQ(scene.decision().outcome, Outcome::kKept);  // Under it, not at it.
  scene.config.significance = 0.2;
  EXPECT_EQ(scene.decision().outcome, Outcome::kCopied);
  Scene certain(2, 100);
  certain.config.significance = 0;
  EXPECT_EQ(certain.decision().outcome, Outcome::kKept);
}

TEST(decision, of_constant_returns_goes_by_their_means) {
  Scene scene(2);
  scene.returns.assign(30, 1.0);
  scene.of(0).returns.assign(30, 1.0);
  EXPECT_EQ(scene.decision().outcome, Outcome::kKept);
  scene.of(0).returns.assign(30, 1.1);
  EXPECT_EQ(scene.decision().outcome, Outcome::kCopied);
  scene.of(0).returns.assign(30, 0.9);
  EXPECT_EQ(scene.decision().outcome, Outcome::kKept);
}

TEST(decision, compares_the_newest_returns_alone) {
  Scene scene(2, 12);
  // Older ones would turn the test round.
  scene.returns.insert(scene.returns.begin(), 200, 1000.0);
  scene.of(0).returns.insert(scene.of(0).returns.begin(), 100, -1000.0);
  const Decision decision = scene.decision();
  EXPECT_EQ(decision.outcome, Outcome::kCopied);
  EXPECT_EQ(decision.own_returns, returns_about(10, 30));
  EXPECT_EQ(decision.partner_returns, returns_about(12, 30));
  scene.config.compare_episodes = 130;
  EXPECT_EQ(scene.decision().outcome, Outcome::kKept);
  EXPECT_EQ(scene.decision().own_returns.size(), 130u);
}

TEST(decision, is_not_ready_with_too_few_returns_on_either_side) {
  Scene scene(2, 100);
  scene.returns = returns_about(10, 29);
  Decision decision = scene.decision();
  EXPECT_EQ(decision.outcome, Outcome::kNotReady);
  EXPECT_EQ(decision.reason, "member 1 has 29 of the 30 returns since its last copy to compare");
  EXPECT_FALSE(decision.test);
  EXPECT_EQ(decision.after, scene.values);
  EXPECT_EQ(decision.own_returns.size(), 29u);
  EXPECT_EQ(decision.partner_checkpoint, "");

  scene.returns = returns_about(10, 30);
  scene.of(0).returns.resize(12);
  decision = scene.decision();
  EXPECT_EQ(decision.outcome, Outcome::kNotReady);
  EXPECT_EQ(decision.reason, "member 0 has 12 of the 30 returns since its last copy to compare");

  scene.returns.clear();
  EXPECT_EQ(scene.decision().reason,
            "member 1 has 0 and member 0 has 12 of the 30 returns since its last copy to compare");

  scene.published.clear();
  decision = scene.decision();
  EXPECT_EQ(decision.outcome, Outcome::kNotReady);
  EXPECT_EQ(decision.reason, "member 0 has published nothing yet");
  EXPECT_FALSE(decision.partner_update);
  EXPECT_TRUE(decision.partner_returns.empty());
}

TEST(decision, explores_a_quarter_of_the_time_whatever_the_outcome) {
  Scene better(2, 100), worse(2, 0), few(2, 100, 5);
  constexpr int kDecisions = 4000;
  int explored = 0;
  for (Scene* scene : {&better, &worse, &few}) scene->config.explore_probability = 0.25;
  for (int number = 0; number < kDecisions; ++number) {
    const Decision copied = better.decision(number);
    const Decision kept = worse.decision(number);
    const Decision not_ready = few.decision(number);
    ASSERT_EQ(copied.outcome, Outcome::kCopied);
    ASSERT_EQ(kept.outcome, Outcome::kKept);
    ASSERT_EQ(not_ready.outcome, Outcome::kNotReady);
    // One draw for all three: no result has a say in it.
    ASSERT_EQ(copied.explored, kept.explored);
    ASSERT_EQ(copied.explored, not_ready.explored);
    ASSERT_EQ(kept.after, not_ready.after);
    ASSERT_EQ(kept.explored, kept.after != kept.before);
    explored += copied.explored;
  }
  EXPECT_NEAR(explored, kDecisions / 4, 4 * std::sqrt(kDecisions * 0.1875));
}

TEST(decision, explores_from_the_values_after_the_copy) {
  Scene scene(2, 100);
  scene.config.explore_probability = 1;
  std::set<double> rates, costs, alphas;
  for (int number = 0; number < 64; ++number) {
    const Decision decision = scene.decision(number);
    ASSERT_TRUE(decision.explored);
    rates.insert(decision.after[0]);
    costs.insert(decision.after[1]);
    alphas.insert(decision.after[2]);
    EXPECT_EQ(decision.before, scene.values);
  }
  EXPECT_EQ(rates, (std::set<double>{0.01 * 0.8, 0.01 * 1.2}));
  EXPECT_EQ(costs, (std::set<double>{0.02 * 0.8, 0.02 * 1.2}));
  EXPECT_EQ(alphas, (std::set<double>{0, 0.03 + 0.05}));  // Truncated below.
}

TEST(decision, explores_never_or_always_at_the_ends) {
  Scene scene(2);
  for (int number = 0; number < 200; ++number) {
    scene.config.explore_probability = 0;
    EXPECT_FALSE(scene.decision(number).explored);
    scene.config.explore_probability = 1;
    EXPECT_TRUE(scene.decision(number).explored);
  }
}

TEST(decision, draws_what_its_key_says_and_nothing_else) {
  Scene scene(10, 12);
  scene.config.explore_probability = 0.5;
  bool seed_matters = false;
  for (int number = 0; number < 40; ++number) {
    const Decision once = scene.decision(number);
    // Again, with the others in another order, with other results.
    std::ranges::reverse(scene.published);
    const Decision again = scene.decision(number);
    EXPECT_EQ(once.reason, again.reason);
    EXPECT_EQ(once.after, again.after);
    EXPECT_EQ(once.partner_checkpoint, again.partner_checkpoint);
    Scene other(10, -50);
    other.config.explore_probability = 0.5;
    EXPECT_EQ(other.decision(number).partner, once.partner);
    EXPECT_EQ(other.decision(number).explored, once.explored);
    seed_matters |= scene.decision(number, kSeed + 1).explored != once.explored;
  }
  EXPECT_TRUE(seed_matters);
}

TEST(decision, draws_partner_and_exploration_independently) {
  Scene scene(3);
  scene.config.explore_probability = 0.25;
  constexpr int kDecisions = 8000;
  int with_first = 0, explored_with_first = 0, explored = 0;
  for (int number = 0; number < kDecisions; ++number) {
    const Decision decision = scene.decision(number);
    with_first += decision.partner == 0;
    explored += decision.explored;
    explored_with_first += decision.partner == 0 && decision.explored;
  }
  const double expected = static_cast<double>(with_first) * explored / kDecisions;
  EXPECT_NEAR(explored_with_first, expected, 4 * std::sqrt(kDecisions * 0.125 * 0.875));
}

TEST(decision, refuses_inputs_that_cannot_be) {
  Scene twice(3);
  twice.published.push_back(twice.published[0]);
  EXPECT_DEATH(twice.decision(), "stands twice");
  Scene itself(3);
  itself.published[0].member = itself.member;
  EXPECT_DEATH(itself.decision(), "stands twice");
  Scene other_set(3);
  other_set.published[0].values.pop_back();
  EXPECT_DEATH(other_set.decision(), "2 against 3");
  Scene negative(3);
  EXPECT_DEATH(negative.decision(-1), "inputs.number >= 0");
}

TEST(replacement, copies_a_healthy_member_and_says_why) {
  const Scene scene(4);
  const Decision decision = scene.replaced({}).value();
  EXPECT_EQ(decision.outcome, Outcome::kReplaced);
  EXPECT_EQ(decision.reason, "member 1 diverged: loss nan, gradient norm inf");
  EXPECT_NE(decision.partner, 1);
  EXPECT_EQ(decision.partner_checkpoint, fmt::format("of_{}", decision.partner));
  EXPECT_EQ(decision.partner_update, 100 + decision.partner);
  EXPECT_EQ(decision.before, scene.values);
  EXPECT_EQ(decision.after, scene.published[decision.partner == 0 ? 0 : decision.partner - 1].values);
  EXPECT_FALSE(decision.test);
  EXPECT_FALSE(decision.explored);
}

TEST(replacement, needs_no_returns) {
  const Scene fresh(3, 0, 0);
  EXPECT_TRUE(fresh.replaced({}).ok());
}

TEST(replacement, is_any_that_has_not_been_tried_with_equal_chance) {
  Scene scene(5);
  constexpr int kDraws = 4000;
  std::map<std::int64_t, int> counts;
  for (int number = 0; number < kDraws; ++number) {
    const std::int64_t chosen = scene.replaced({3}, number)->partner;
    std::ranges::reverse(scene.published);
    EXPECT_EQ(scene.replaced({3}, number)->partner, chosen);
    ++counts[chosen];
  }
  ASSERT_EQ(counts.size(), 3u);
  EXPECT_FALSE(counts.contains(1) || counts.contains(3));
  for (const auto& [partner, count] : counts)
    EXPECT_NEAR(count, kDraws / 3.0, 4 * std::sqrt(kDraws * 2 / 9.0)) << partner;
}

TEST(replacement, tries_each_once_and_then_stops_the_run) {
  const Scene scene(4);
  std::vector<std::int64_t> tried;
  for (int number = 0; number < 3; ++number) tried.push_back(scene.replaced(tried, number).value().partner);
  EXPECT_EQ((std::set<std::int64_t>(tried.begin(), tried.end())), (std::set<std::int64_t>{0, 2, 3}));
  const auto last = scene.replaced({0, 2, 3});
  ASSERT_FALSE(last.ok());
  EXPECT_EQ(last.error().code, ErrorCode::kDiverged);
  EXPECT_EQ(last.error().message,
            "member 1 diverged (loss nan, gradient norm inf) and no healthy member is left to replace it; "
            "copies of members 0, 2, 3 diverged too");
}

TEST(replacement, is_impossible_for_the_last_healthy_member) {
  const Scene alone(1);
  const auto none = alone.replaced({});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kDiverged);
  EXPECT_EQ(none.error().message,
            "member 0 diverged (loss nan, gradient norm inf) and no healthy member is left to replace it");
}

TEST(outcomes, have_names) {
  EXPECT_EQ(outcome_name(Outcome::kCopied), "copied");
  EXPECT_EQ(outcome_name(Outcome::kKept), "kept");
  EXPECT_EQ(outcome_name(Outcome::kNotReady), "not_ready");
  EXPECT_EQ(outcome_name(Outcome::kReplaced), "replaced");
  EXPECT_DEATH(outcome_name(static_cast<Outcome>(9)), "outcome 9");
}

}  // namespace
}  // namespace chrysalis
