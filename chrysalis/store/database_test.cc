#include "chrysalis/store/database.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chrysalis/store/database_rows_test.h"
#include "chrysalis/store/scratch_directory_test.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

TEST(DatabaseRows, AnUpdateReadsBackAsItWasRecorded) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.record(update_row(1), {}).ok());
  const auto updates = database.updates(0);
  ASSERT_TRUE(updates.ok());
  ASSERT_EQ(updates->size(), 1U);
  const UpdateRow& row = updates->front();
  EXPECT_EQ(row.member, 0);
  EXPECT_EQ(row.update, 1);
  EXPECT_EQ(row.agent_steps, 3200);
  EXPECT_EQ(row.time, 1000.5);
  EXPECT_TRUE(row.finite);
  EXPECT_EQ((std::vector{row.loss, row.policy_loss, row.baseline_loss, row.entropy, row.gradient_norm,
                         row.explained_variance, row.mean_rho, row.saturated_units, row.mean_lag}),
            (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(row.max_lag, 10);
  EXPECT_EQ(row.unrolls_lost, 11);
}

TEST(DatabaseRows, NumbersThatAreNotFiniteSurvive) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  UpdateRow row = update_row(1);
  row.finite = false;
  row.loss = std::numeric_limits<double>::quiet_NaN();
  row.gradient_norm = -std::numeric_limits<double>::infinity();
  ASSERT_TRUE(database.record(row, {}).ok());
  const auto updates = database.updates(0);
  ASSERT_TRUE(updates.ok());
  EXPECT_FALSE(updates->front().finite);
  EXPECT_TRUE(std::isnan(updates->front().loss));
  EXPECT_EQ(updates->front().gradient_norm, -std::numeric_limits<double>::infinity());
}

TEST(DatabaseRows, EpisodesComeInTheOrderInWhichTheyEnded) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  const std::vector<EpisodeRow> first{episode_row(1, 0, 1), episode_row(0, 0, 1)};
  const std::vector<EpisodeRow> second{episode_row(0, 1, 2)};
  ASSERT_TRUE(database.record(update_row(1), first).ok());
  ASSERT_TRUE(database.record(update_row(2), second).ok());
  const auto all = database.episodes(0);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(*all, (std::vector{episode_row(0, 0, 1), episode_row(1, 0, 1), episode_row(0, 1, 2)}));
  const auto newest = database.episodes(0, 2);
  ASSERT_TRUE(newest.ok());
  EXPECT_EQ(*newest, (std::vector{episode_row(1, 0, 1), episode_row(0, 1, 2)}));
}

TEST(DatabaseRows, ASummaryCountsWhatIsThere) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  const auto empty = database.summary(0);
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->updates, 0);
  EXPECT_EQ(empty->last_update, 0);
  EXPECT_TRUE(std::isnan(empty->recent_return));
  // 150 episodes: the last 100 return 50.5 to 149.5.
  for (std::int64_t i = 0; i < 150; ++i)
    ASSERT_TRUE(database.record(update_row(i + 1), std::vector{episode_row(0, i, i + 1)}).ok());
  const auto summary = database.summary(0);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->updates, 150);
  EXPECT_EQ(summary->last_update, 150);
  EXPECT_EQ(summary->agent_steps, 150 * 3200);
  EXPECT_EQ(summary->episodes, 150);
  EXPECT_EQ(summary->frames, 150 * 1800);
  EXPECT_DOUBLE_EQ(summary->recent_return, 100.0);
}

TEST(DatabaseRows, MetaMembersAndEvaluationsReadBack) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.set_meta("config", "a = 1").ok());
  ASSERT_TRUE(database.set_meta("config", "a = 2").ok());
  EXPECT_EQ(database.meta("config").value(), "a = 2");
  EXPECT_EQ(database.meta("nothing").value(), std::nullopt);
  // A member that is there keeps its row.
  ASSERT_TRUE(database.add_member({.member = 0, .created = 9, .config = "other"}).ok());
  EXPECT_EQ(database.members().value(), (std::vector{MemberRow{.member = 0, .created = 1, .config = "c"}}));

  const std::vector<EvaluationRow> rows{{.checkpoint = "",
                                         .level = "l",
                                         .policy = "random",
                                         .mean = 1,
                                         .ci95 = {0.5, 1.5},
                                         .returns = {0.1, 2},
                                         .time = 3},
                                        {.checkpoint = "abc",
                                         .level = "l",
                                         .policy = "run",
                                         .mean = 2,
                                         .ci95 = {1, 3},
                                         .returns = {},
                                         .time = 4}};
  for (const EvaluationRow& row : rows) ASSERT_TRUE(database.record_evaluation(row).ok());
  EXPECT_EQ(database.evaluations().value(), rows);
}

TEST(DatabaseRows, AnUpdateAndItsEpisodesAreAllOrNothing) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.record(update_row(1), std::vector{episode_row(0, 0, 1)}).ok());
  // The second episode is there already.
  const Status twice =
      database.record(update_row(2), std::vector{episode_row(0, 1, 2), episode_row(0, 0, 2)});
  ASSERT_FALSE(twice.ok());
  EXPECT_NE(twice.error().message.find("run.sqlite: cannot record an episode: UNIQUE"), std::string::npos)
      << twice.error().message;
  EXPECT_EQ(database.summary(0)->updates, 1);
  EXPECT_EQ(database.summary(0)->episodes, 1);
  // The connection is as good as before.
  ASSERT_TRUE(database.record(update_row(2), std::vector{episode_row(0, 1, 2)}).ok());
  const Status same = database.record(update_row(2), {});
  ASSERT_FALSE(same.ok());
  EXPECT_NE(same.error().message.find("cannot record an update: UNIQUE"), std::string::npos);
}

TEST(DatabaseRows, AnUpdateNeedsItsMember) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  UpdateRow row = update_row(1);
  row.member = 5;
  const Status status = database.record(row, {});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("FOREIGN KEY"), std::string::npos) << status.error().message;
}

void expect_same(const DecisionRow& a, const DecisionRow& b) {
  EXPECT_EQ(a.member, b.member);
  EXPECT_EQ(a.number, b.number);
  EXPECT_EQ(a.update, b.update);
  EXPECT_EQ(a.agent_steps, b.agent_steps);
  EXPECT_EQ(a.episodes, b.episodes);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.partner, b.partner);
  EXPECT_EQ(a.partner_update, b.partner_update);
  EXPECT_EQ(a.parent, b.parent);
  EXPECT_EQ(a.own_returns, b.own_returns);
  EXPECT_EQ(a.partner_returns, b.partner_returns);
  for (const auto number : {&DecisionRow::own_mean, &DecisionRow::partner_mean, &DecisionRow::t,
                            &DecisionRow::degrees_of_freedom, &DecisionRow::p})
    EXPECT_TRUE(a.*number == b.*number || (std::isnan(a.*number) && std::isnan(b.*number)));
  EXPECT_EQ(a.explored, b.explored);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.unrolls_dropped, b.unrolls_dropped);
  EXPECT_EQ(a.checkpoint, b.checkpoint);
}

TEST(DatabaseRows, WhatAMixtureAddsToAnUpdateIsNanUntilItIsSaid) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  constexpr std::array kMore = {&UpdateRow::alpha,          &UpdateRow::learning_rate,
                                &UpdateRow::entropy_cost,   &UpdateRow::transfer_loss,
                                &UpdateRow::simple_entropy, &UpdateRow::complex_entropy,
                                &UpdateRow::simple_mass};
  UpdateRow row = update_row(2);
  double value = 0.5;
  for (const auto field : kMore) row.*field = value++;
  ASSERT_TRUE(database.record(update_row(1), {}).ok());
  ASSERT_TRUE(database.record(row, {}).ok());
  const auto updates = database.updates(0).value();
  value = 0.5;
  for (const auto field : kMore) {
    EXPECT_TRUE(std::isnan(updates[0].*field));
    EXPECT_EQ(updates[1].*field, value++);
  }
}

TEST(DatabaseRows, DecisionsAndScoresReadBackAsTheyWereRecorded) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.add_member({.member = 1, .created = 1, .config = ""}).ok());
  const DecisionRow copied = decision_row(0, 2);
  DecisionRow bare{.member = 1,
                   .number = 0,
                   .update = 1,
                   .agent_steps = 3200,
                   .outcome = "not_ready",
                   .reason = "12 returns of 30",
                   .checkpoint = "b"};
  CheckpointRow of_bare = checkpoint_row("b", 1);
  of_bare.position.member = 1;
  ASSERT_TRUE(database.put_decision(checkpoint_row("c0", 2), copied).ok());
  ASSERT_TRUE(database.put_decision(of_bare, bare).ok());
  const auto all = database.decisions();
  ASSERT_TRUE(all.ok()) << all.error().message;
  ASSERT_EQ(all->size(), 2U);
  expect_same((*all)[0], bare);  // By agent steps.
  expect_same((*all)[1], copied);
  ASSERT_EQ(database.decisions(0)->size(), 1U);
  expect_same(database.decisions(0)->front(), copied);
  EXPECT_EQ(database.checkpoints(1).value(), std::vector{of_bare});
  EXPECT_EQ(database.checkpoints()->size(), 2U);

  const std::vector<ScoreRow> scores{
      {.member = 0, .update = 3, .agent_steps = 9, .score = 0.5, .returns = {1, 2}, .time = 3},
      {.member = 0, .update = 8, .agent_steps = 24, .score = -1, .returns = {}, .time = 4}};
  ASSERT_TRUE(database.record_score(scores[1]).ok());
  ASSERT_TRUE(database.record_score(scores[0]).ok());
  EXPECT_EQ(database.scores(0).value(), scores);
  EXPECT_TRUE(database.scores(1)->empty());
}

TEST(DatabaseRows, ADecisionAndItsCheckpointAreAllOrNothing) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.put_decision(checkpoint_row("c0", 2), decision_row(0, 2)).ok());
  const auto fault_of_put = [&](const std::string& name, DecisionRow decision) {
    decision.checkpoint = name;
    const Status status = database.put_decision(checkpoint_row(name, 5), decision);
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_NE(fault_of_put("x", decision_row(0, 5)).find("cannot record a decision: UNIQUE"),
            std::string::npos);
  DecisionRow odd = decision_row(1, 5);
  odd.outcome = "copied?";
  EXPECT_NE(fault_of_put("x", odd).find("cannot record a decision: CHECK"), std::string::npos);
  EXPECT_EQ(database.checkpoints()->size(), 1U);
  EXPECT_EQ(database.decisions()->size(), 1U);
  EXPECT_EQ(fault_of_put("x", decision_row(1, 5)), "");
  const ScoreRow score{.member = 0, .update = 1};
  ASSERT_TRUE(database.record_score(score).ok());
  EXPECT_NE(database.record_score(score).error().message.find("cannot record a score: UNIQUE"),
            std::string::npos);
}

// At one update a member may have a checkpoint and, later, that of a decision: whatever the clock said.
TEST(DatabaseRows, ADecisionsCheckpointIsNewerThanAnotherOfItsUpdate) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.put_checkpoint(checkpoint_row("a", 2, 200)).ok());
  ASSERT_TRUE(database.put_decision(checkpoint_row("c0", 2, 100), decision_row(0, 2)).ok());
  ASSERT_TRUE(database.put_checkpoint(checkpoint_row("b", 2, 300)).ok());
  ASSERT_TRUE(database.put_checkpoint(checkpoint_row("old", 1, 400)).ok());
  std::vector<std::string> names;
  const auto rows = database.checkpoints(0);
  for (const CheckpointRow& row : *rows) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"c0", "b", "a", "old"}));
}

TEST(DatabaseRows, ListsThatAreDamagedAreToldByTheirColumn) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.put_decision(checkpoint_row("c0", 2), decision_row(0, 2)).ok());
  ASSERT_TRUE(database.record_score({.member = 0, .update = 1}).ok());
  auto sqlite = Sqlite::open(scratch / "run.sqlite", Sqlite::Access::kReadWrite, 50);
  ASSERT_TRUE(sqlite.ok());
  const auto fault_with = [&](const std::string& assignment) {
    CHRYSALIS_CHECK(sqlite->execute("UPDATE decisions SET " + assignment, "test").ok());
    const auto decisions = database.decisions();
    return decisions.ok() ? "" : decisions.error().message;
  };
  EXPECT_EQ(fault_with("own_returns = '{}'"), "decisions: own_returns are not a list of numbers");
  EXPECT_EQ(fault_with("own_returns = '[]', partner_returns = '[\"a\"]'"),
            "decisions: partner_returns are not a list of numbers");
  for (const char* changes :
       {"", "{}", "[1]", R"([{"path": 1, "before": 1, "after": 1}])", R"([{"path": "a", "before": 1}])",
        R"([{"path": "a", "before": "1", "after": 2}])"})
    EXPECT_EQ(fault_with(fmt::format("partner_returns = '[]', changes = '{}'", changes)),
              "decisions: changes are not a list of path, before and after");
  EXPECT_EQ(fault_with("changes = '[]'"), "");
  ASSERT_TRUE(sqlite->execute("UPDATE scores SET returns = '1'", "test").ok());
  EXPECT_EQ(database.scores(0).error().message, "scores: returns are not a list of numbers");
}

TEST(DatabaseRows, TruncatingForgetsWhatLiesAfter) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.add_member({.member = 1, .created = 1, .config = ""}).ok());
  for (std::int64_t i = 0; i < 6; ++i) {
    ASSERT_TRUE(database
                    .record(update_row(i + 1), std::vector{episode_row(0, i, i + 1), episode_row(1, i, i + 1),
                                                           episode_row(2, i, i + 1)})
                    .ok());
    UpdateRow other = update_row(i + 1);
    other.member = 1;
    EpisodeRow episode = episode_row(0, i, i + 1);
    episode.member = 1;
    ASSERT_TRUE(database.record(other, std::vector{episode}).ok());
  }
  for (const std::int64_t update : {2, 3, 5})
    ASSERT_TRUE(
        database
            .put_checkpoint({.name = fmt::format("c{}", update), .sha256 = "s", .position = {0, update, 1}})
            .ok());
  for (const std::int64_t number : {0, 1}) {
    const DecisionRow decision = decision_row(number, 3 + number);
    ASSERT_TRUE(database.put_decision(checkpoint_row(decision.checkpoint, decision.update), decision).ok());
    ASSERT_TRUE(database.record_score({.member = 0, .update = 3 + number}).ok());
    ASSERT_TRUE(database.record_score({.member = 1, .update = 3 + number}).ok());
  }
  const TrainingPosition position{.member = 0, .update = 3, .agent_steps = 1};
  ASSERT_TRUE(database.truncate_after(position, 1).ok());
  ASSERT_EQ(database.decisions()->size(), 1U);
  EXPECT_EQ(database.decisions()->front().number, 0);
  ASSERT_EQ(database.scores(0)->size(), 1U);
  EXPECT_EQ(database.scores(0)->front().update, 3);
  EXPECT_EQ(database.scores(1)->size(), 2U);
  EXPECT_EQ(database.updates(0)->size(), 3U);
  EXPECT_EQ(database.updates(0)->back().update, 3);
  std::vector<std::pair<std::int64_t, std::int64_t>> left;
  const auto episodes = database.episodes(0);
  for (const EpisodeRow& row : *episodes) left.emplace_back(row.environment, row.episode);
  std::ranges::sort(left);
  // Episode i of each environment ended at update i + 1.
  EXPECT_EQ(left, (std::vector<std::pair<std::int64_t, std::int64_t>>{
                      {0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {2, 0}, {2, 1}, {2, 2}}));
  EXPECT_EQ(database.summary(1)->updates, 6);
  // The state of update 3 before its decision.
  ASSERT_TRUE(database.truncate_after(position, 0).ok());
  EXPECT_EQ(database.decisions()->size(), 0U);
  EXPECT_EQ(database.updates(0)->size(), 3U);
  EXPECT_EQ(database.summary(1)->episodes, 6);
  std::vector<std::pair<std::string, CheckpointState>> states;
  const auto checkpoints = database.checkpoints();
  for (const CheckpointRow& row : *checkpoints) states.emplace_back(row.name, row.state);
  EXPECT_EQ(states, (std::vector<std::pair<std::string, CheckpointState>>{{"c5", CheckpointState::kAbandoned},
                                                                          {"c1", CheckpointState::kAbandoned},
                                                                          {"c0", CheckpointState::kKept},
                                                                          {"c3", CheckpointState::kKept},
                                                                          {"c2", CheckpointState::kKept}}));
}

}  // namespace
}  // namespace chrysalis
