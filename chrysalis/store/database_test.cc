#include "chrysalis/store/database.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <limits>
#include <thread>

#include "chrysalis/core/random.h"
#include "chrysalis/store/scratch_directory_test.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;
using Access = Sqlite::Access;

Database open_new(const fs::path& file) {
  auto database = Database::open(file, Access::kReadWrite, 50);
  CHRYSALIS_CHECK(database.ok(), "{}", database.error().message);
  CHRYSALIS_CHECK(database->add_member({.member = 0, .created = 1, .config = "c"}).ok());
  return std::move(database).value();
}

UpdateRow update_of(std::int64_t number) {
  return {.member = 0,
          .update = number,
          .agent_steps = number * 3200,
          .time = 1000.5,
          .finite = true,
          .loss = 1,
          .policy_loss = 2,
          .baseline_loss = 3,
          .entropy = 4,
          .gradient_norm = 5,
          .explained_variance = 6,
          .mean_rho = 7,
          .saturated_units = 8,
          .mean_lag = 9,
          .max_lag = 10,
          .unrolls_lost = 11};
}

EpisodeRow episode_of(std::int64_t environment, std::int64_t episode, std::int64_t update) {
  return {.member = 0,
          .environment = environment,
          .episode = episode,
          .level = "seek_apples",
          .episode_return = static_cast<double>(episode) + 0.5,
          .agent_steps = 450,
          .frames = 1800,
          .ended_at_update = update,
          .time = 1001.5};
}

TEST(DatabaseRows, AnUpdateReadsBackAsItWasRecorded) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.record(update_of(1), {}).ok());
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
  UpdateRow row = update_of(1);
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
  const std::vector<EpisodeRow> first{episode_of(1, 0, 1), episode_of(0, 0, 1)};
  const std::vector<EpisodeRow> second{episode_of(0, 1, 2)};
  ASSERT_TRUE(database.record(update_of(1), first).ok());
  ASSERT_TRUE(database.record(update_of(2), second).ok());
  const auto all = database.episodes(0);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(*all, (std::vector{episode_of(0, 0, 1), episode_of(1, 0, 1), episode_of(0, 1, 2)}));
  const auto newest = database.episodes(0, 2);
  ASSERT_TRUE(newest.ok());
  EXPECT_EQ(*newest, (std::vector{episode_of(1, 0, 1), episode_of(0, 1, 2)}));
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
    ASSERT_TRUE(database.record(update_of(i + 1), std::vector{episode_of(0, i, i + 1)}).ok());
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
  ASSERT_TRUE(database.record(update_of(1), std::vector{episode_of(0, 0, 1)}).ok());
  // The second episode is there already.
  const Status twice = database.record(update_of(2), std::vector{episode_of(0, 1, 2), episode_of(0, 0, 2)});
  ASSERT_FALSE(twice.ok());
  EXPECT_NE(twice.error().message.find("run.sqlite: cannot record an episode: UNIQUE"), std::string::npos)
      << twice.error().message;
  EXPECT_EQ(database.summary(0)->updates, 1);
  EXPECT_EQ(database.summary(0)->episodes, 1);
  // The connection is as good as before.
  ASSERT_TRUE(database.record(update_of(2), std::vector{episode_of(0, 1, 2)}).ok());
  const Status same = database.record(update_of(2), {});
  ASSERT_FALSE(same.ok());
  EXPECT_NE(same.error().message.find("cannot record an update: UNIQUE"), std::string::npos);
}

TEST(DatabaseRows, AnUpdateNeedsItsMember) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  UpdateRow row = update_of(1);
  row.member = 5;
  const Status status = database.record(row, {});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("FOREIGN KEY"), std::string::npos) << status.error().message;
}

// As a decision that copied fills it; checkpoint c<number>.
DecisionRow decision_of(std::int64_t number, std::int64_t update) {
  return {.member = 0,
          .number = number,
          .update = update,
          .agent_steps = update * 3200,
          .episodes = 300 * (number + 1),
          .time = 5.5,
          .outcome = "copied",
          .reason = "member 1 is better",
          .partner = 1,
          .partner_update = update + 3,
          .parent = "0123456789abcdef",
          .own_returns = {1, 2.5},
          .partner_returns = {3, 4},
          .own_mean = 1.75,
          .partner_mean = 3.5,
          .t = 2.5,
          .degrees_of_freedom = 1.5,
          .p = 0.01,
          .explored = true,
          .values = {{"curriculum.alpha", 0.1, 0.15}, {"learner.learning_rate", 1e-3, 2e-3}},
          .unrolls_dropped = 7,
          .checkpoint = fmt::format("c{}", number)};
}

CheckpointRow checkpoint_of(std::string name, std::int64_t update, double time = 0) {
  return {.name = std::move(name),
          .sha256 = "s",
          .position = {.member = 0, .update = update, .agent_steps = update * 3200},
          .time = time};
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
  UpdateRow row = update_of(2);
  double value = 0.5;
  for (const auto field : kMore) row.*field = value++;
  ASSERT_TRUE(database.record(update_of(1), {}).ok());
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
  const DecisionRow copied = decision_of(0, 2);
  DecisionRow bare{.member = 1,
                   .number = 0,
                   .update = 1,
                   .agent_steps = 3200,
                   .outcome = "not_ready",
                   .reason = "12 returns of 30",
                   .checkpoint = "b"};
  CheckpointRow of_bare = checkpoint_of("b", 1);
  of_bare.position.member = 1;
  ASSERT_TRUE(database.put_decision(checkpoint_of("c0", 2), copied).ok());
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
  ASSERT_TRUE(database.put_decision(checkpoint_of("c0", 2), decision_of(0, 2)).ok());
  const auto fault_of_put = [&](const std::string& name, DecisionRow decision) {
    decision.checkpoint = name;
    const Status status = database.put_decision(checkpoint_of(name, 5), decision);
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_NE(fault_of_put("x", decision_of(0, 5)).find("cannot record a decision: UNIQUE"), std::string::npos);
  DecisionRow odd = decision_of(1, 5);
  odd.outcome = "copied?";
  EXPECT_NE(fault_of_put("x", odd).find("cannot record a decision: CHECK"), std::string::npos);
  EXPECT_EQ(database.checkpoints()->size(), 1U);
  EXPECT_EQ(database.decisions()->size(), 1U);
  EXPECT_EQ(fault_of_put("x", decision_of(1, 5)), "");
  const ScoreRow score{.member = 0, .update = 1};
  ASSERT_TRUE(database.record_score(score).ok());
  EXPECT_NE(database.record_score(score).error().message.find("cannot record a score: UNIQUE"),
            std::string::npos);
}

// At one update a member may have a checkpoint and, later, that of a decision: whatever the clock said.
TEST(DatabaseRows, ADecisionsCheckpointIsNewerThanAnotherOfItsUpdate) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.put_checkpoint(checkpoint_of("a", 2, 200)).ok());
  ASSERT_TRUE(database.put_decision(checkpoint_of("c0", 2, 100), decision_of(0, 2)).ok());
  ASSERT_TRUE(database.put_checkpoint(checkpoint_of("b", 2, 300)).ok());
  ASSERT_TRUE(database.put_checkpoint(checkpoint_of("old", 1, 400)).ok());
  std::vector<std::string> names;
  const auto rows = database.checkpoints(0);
  for (const CheckpointRow& row : *rows) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"c0", "b", "a", "old"}));
}

TEST(DatabaseRows, ListsThatAreDamagedAreToldByTheirColumn) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  ASSERT_TRUE(database.put_decision(checkpoint_of("c0", 2), decision_of(0, 2)).ok());
  ASSERT_TRUE(database.record_score({.member = 0, .update = 1}).ok());
  auto sqlite = Sqlite::open(scratch / "run.sqlite", Access::kReadWrite, 50);
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
                    .record(update_of(i + 1), std::vector{episode_of(0, i, i + 1), episode_of(1, i, i + 1),
                                                          episode_of(2, i, i + 1)})
                    .ok());
    UpdateRow other = update_of(i + 1);
    other.member = 1;
    EpisodeRow episode = episode_of(0, i, i + 1);
    episode.member = 1;
    ASSERT_TRUE(database.record(other, std::vector{episode}).ok());
  }
  for (const std::int64_t update : {2, 3, 5})
    ASSERT_TRUE(
        database
            .put_checkpoint({.name = fmt::format("c{}", update), .sha256 = "s", .position = {0, update, 1}})
            .ok());
  for (const std::int64_t number : {0, 1}) {
    const DecisionRow decision = decision_of(number, 3 + number);
    ASSERT_TRUE(database.put_decision(checkpoint_of(decision.checkpoint, decision.update), decision).ok());
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

TEST(DatabaseFile, KeepsItsRowsWhenOpenedAgain) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_of(1), {}).ok());
  }
  for (const Access access : {Access::kReadWrite, Access::kReadOnly}) {
    auto database = Database::open(scratch / "run.sqlite", access);
    ASSERT_TRUE(database.ok()) << database.error().message;
    EXPECT_EQ(database->summary(0)->updates, 1);
  }
}

// What opening says; "" where it succeeds.
std::string fault_of(const fs::path& file, Access access) {
  const auto database = Database::open(file, access, 50);
  return database.ok() ? "" : database.error().message;
}

// Takes back what version 3 brought, so that the file is one of version 2.
void make_version_2(const fs::path& file) {
  auto sqlite = Sqlite::open(file, Access::kReadWrite, 50);
  CHRYSALIS_CHECK(sqlite.ok());
  const Status status =
      sqlite->execute("ALTER TABLE updates DROP COLUMN unrolls_lost; PRAGMA user_version = 2;", "test");
  CHRYSALIS_CHECK(status.ok(), "{}", status.error().message);
}

// And what version 2 brought.
void make_version_1(const fs::path& file) {
  make_version_2(file);
  auto sqlite = Sqlite::open(file, Access::kReadWrite, 50);
  CHRYSALIS_CHECK(sqlite.ok());
  std::string back = "DROP TABLE decisions; DROP TABLE scores; PRAGMA user_version = 1;";
  for (const char* column : {"alpha", "learning_rate", "entropy_cost", "transfer_loss", "simple_entropy",
                             "complex_entropy", "simple_mass"})
    back += fmt::format("ALTER TABLE updates DROP COLUMN {};", column);
  const Status status = sqlite->execute(back, "test");
  CHRYSALIS_CHECK(status.ok(), "{}", status.error().message);
}

// Tables, columns and indices, as SQLite knows them.
std::vector<std::string> schema_of(const fs::path& file) {
  auto sqlite = Sqlite::open(file, Access::kReadOnly, 50);
  CHRYSALIS_CHECK(sqlite.ok());
  auto get = sqlite->prepare(
      "SELECT m.type || ' ' || m.name || '.' || c.name || ' ' || c.type || ' '"
      " || c.\"notnull\" || ' ' || c.pk FROM sqlite_schema m, pragma_table_info(m.name) c"
      " UNION ALL SELECT 'version ' || user_version FROM pragma_user_version ORDER BY 1",
      "test");
  CHRYSALIS_CHECK(get.ok(), "{}", get.error().message);
  std::vector<std::string> lines;
  while (get->step().value()) lines.push_back(get->text(0));
  return lines;
}

TEST(DatabaseFile, AnOldOneIsBroughtUpByAWriterAndKeepsItsRows) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_of(1), std::vector{episode_of(0, 0, 1)}).ok());
  }
  const auto newest = schema_of(scratch / "run.sqlite");
  make_version_1(scratch / "run.sqlite");
  ASSERT_NE(schema_of(scratch / "run.sqlite"), newest);
  auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_EQ(schema_of(scratch / "run.sqlite"), newest);
  ASSERT_EQ(database->updates(0)->size(), 1U);
  EXPECT_EQ(database->updates(0)->front().loss, 1);
  EXPECT_TRUE(std::isnan(database->updates(0)->front().alpha));
  EXPECT_EQ(database->episodes(0)->size(), 1U);
  EXPECT_TRUE(database->record(update_of(2), {}).ok());
  EXPECT_TRUE(database->put_decision(checkpoint_of("c0", 2), decision_of(0, 2)).ok());
}

TEST(DatabaseFile, AnOldOneIsReadWithoutChangingIt) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_of(1), std::vector{episode_of(0, 0, 1)}).ok());
    ASSERT_TRUE(database.put_checkpoint(checkpoint_of("a", 1)).ok());
  }
  make_version_1(scratch / "run.sqlite");
  const auto before = bytes_of_file(scratch / "run.sqlite");
  auto database = Database::open(scratch / "run.sqlite", Access::kReadOnly, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  ASSERT_EQ(database->updates(0)->size(), 1U);
  EXPECT_EQ(database->updates(0)->front().max_lag, 10);
  EXPECT_TRUE(std::isnan(database->updates(0)->front().simple_mass));
  EXPECT_EQ(database->summary(0)->updates, 1);
  EXPECT_EQ(database->checkpoints()->size(), 1U);
  EXPECT_TRUE(database->decisions()->empty());
  EXPECT_TRUE(database->scores(0)->empty());
  EXPECT_FALSE(database->record(update_of(2), {}).ok());
  EXPECT_EQ(bytes_of_file(scratch / "run.sqlite"), before);
}

TEST(DatabaseFile, OneOfVersion2IsReadAsIfNothingWasLostAndBroughtUp) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_of(1), std::vector{episode_of(0, 0, 1)}).ok());
    ASSERT_TRUE(database.put_decision(checkpoint_of("c0", 1), decision_of(0, 1)).ok());
  }
  const auto newest = schema_of(scratch / "run.sqlite");
  make_version_2(scratch / "run.sqlite");
  {
    auto database = Database::open(scratch / "run.sqlite", Access::kReadOnly, 50);
    ASSERT_TRUE(database.ok()) << database.error().message;
    ASSERT_EQ(database->updates(0)->size(), 1U);
    EXPECT_EQ(database->updates(0)->front().max_lag, 10);
    EXPECT_EQ(database->updates(0)->front().unrolls_lost, 0);
    EXPECT_EQ(database->decisions()->size(), 1U);
  }
  auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_EQ(schema_of(scratch / "run.sqlite"), newest);
  EXPECT_EQ(database->updates(0)->front().unrolls_lost, 0);
}

TEST(DatabaseFile, ABringingUpThatFailsLeavesTheOldOne) {
  const ScratchDirectory scratch;
  { open_new(scratch / "run.sqlite"); }
  make_version_1(scratch / "run.sqlite");
  {
    // In the way of the last step.
    auto sqlite = Sqlite::open(scratch / "run.sqlite", Access::kReadWrite, 50);
    ASSERT_TRUE(sqlite.ok() && sqlite->execute("CREATE TABLE scores (x)", "test").ok());
  }
  const auto before = schema_of(scratch / "run.sqlite");
  EXPECT_NE(fault_of(scratch / "run.sqlite", Access::kReadWrite)
                .find("run.sqlite: cannot bring the tables up to date: table scores already exists"),
            std::string::npos);
  EXPECT_EQ(schema_of(scratch / "run.sqlite"), before);
}

TEST(DatabaseFile, ANewerOneIsRefusedByItsVersion) {
  const ScratchDirectory scratch;
  { open_new(scratch / "run.sqlite"); }
  {
    auto sqlite = Sqlite::open(scratch / "run.sqlite", Access::kReadWrite, 50);
    ASSERT_TRUE(sqlite.ok() && sqlite->execute("PRAGMA user_version = 7", "test").ok());
  }
  for (const Access access : {Access::kReadWrite, Access::kReadOnly})
    EXPECT_NE(fault_of(scratch / "run.sqlite", access)
                  .find("run.sqlite: written by a newer program: its tables have version 7, this program "
                        "knows up to 3"),
              std::string::npos);
}

TEST(DatabaseFile, AnotherProgramsDatabaseIsRefusedAndNotTouched) {
  const ScratchDirectory scratch;
  {
    auto sqlite = Sqlite::open(scratch / "other.sqlite", Access::kReadWrite, 50);
    ASSERT_TRUE(sqlite.ok() && sqlite->execute("CREATE TABLE t (x)", "test").ok());
  }
  const auto before = bytes_of_file(scratch / "other.sqlite");
  for (const Access access : {Access::kReadWrite, Access::kReadOnly})
    EXPECT_NE(fault_of(scratch / "other.sqlite", access).find("not the database of a run"),
              std::string::npos);
  EXPECT_EQ(bytes_of_file(scratch / "other.sqlite"), before);
}

TEST(DatabaseFile, AnEmptyOneIsFilledByAWriterAndNoRunForAReader) {
  const ScratchDirectory scratch;
  put_text(scratch / "run.sqlite", "");
  EXPECT_NE(fault_of(scratch / "run.sqlite", Access::kReadOnly).find("not the database of a run"),
            std::string::npos);
  EXPECT_EQ(fault_of(scratch / "run.sqlite", Access::kReadWrite), "");
  EXPECT_EQ(fault_of(scratch / "run.sqlite", Access::kReadOnly), "");
}

TEST(DatabaseFile, WhatIsNoDatabaseIsToldByName) {
  const ScratchDirectory scratch;
  put_text(scratch / "run.sqlite", std::string(4096, 'x'));
  for (const Access access : {Access::kReadWrite, Access::kReadOnly})
    EXPECT_NE(fault_of(scratch / "run.sqlite", access)
                  .find("run.sqlite: cannot open the database: the file is damaged or no database"),
              std::string::npos)
        << fault_of(scratch / "run.sqlite", access);
  EXPECT_NE(fault_of(scratch / "no.sqlite", Access::kReadOnly).find("no.sqlite: cannot open the database"),
            std::string::npos);
  EXPECT_NE(fault_of(scratch.path(), Access::kReadWrite).find("cannot open the database"), std::string::npos);
  EXPECT_NE(
      fault_of("/proc/run.sqlite", Access::kReadWrite).find("/proc/run.sqlite: cannot open the database"),
      std::string::npos);
}

// A page of the tables is overwritten: what was read is an error that names the file, never a crash.
TEST(DatabaseFile, ADamagedPageIsAnErrorThatNamesTheFile) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    for (std::int64_t i = 0; i < 300; ++i)
      ASSERT_TRUE(database.record(update_of(i + 1), std::vector{episode_of(0, i, i + 1)}).ok());
  }
  const auto good = bytes_of_file(scratch / "run.sqlite");
  RandomStream random{RandomKey(11)};
  int refused = 0;
  for (int trial = 0; trial < 40; ++trial) {
    auto bytes = good;
    const std::size_t page = random.below(bytes.size() / 4096) * 4096;
    for (std::size_t i = 0; i < 64; ++i) bytes[page + i] = static_cast<std::uint8_t>(random.next());
    put_file(scratch / "run.sqlite", bytes);
    auto database = Database::open(scratch / "run.sqlite", Access::kReadOnly, 50);
    const auto updates =
        database.ok() ? database->updates(0) : Result<std::vector<UpdateRow>>(database.error());
    const auto episodes =
        database.ok() ? database->episodes(0) : Result<std::vector<EpisodeRow>>(database.error());
    if (updates.ok() && episodes.ok()) continue;
    const Error& error = updates.ok() ? episodes.error() : updates.error();
    EXPECT_NE(error.message.find("run.sqlite: "), std::string::npos) << error.message;
    ++refused;
  }
  EXPECT_GT(refused, 20);
}

TEST(DatabaseFile, AnotherWriterIsWaitedForAndThenTold) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  auto other = Sqlite::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(other.ok());
  {
    auto transaction = SqliteTransaction::begin(*other, "test");
    ASSERT_TRUE(transaction.ok());
    const Status locked = database.record(update_of(1), {});
    ASSERT_FALSE(locked.ok());
    EXPECT_EQ(locked.error().code, ErrorCode::kIo);
    EXPECT_NE(locked.error().message.find("run.sqlite: cannot record an update: locked by another"),
              std::string::npos);
  }
  EXPECT_TRUE(database.record(update_of(1), {}).ok());
}

TEST(DatabaseFile, AReaderCannotWrite) {
  const ScratchDirectory scratch;
  Database writer = open_new(scratch / "run.sqlite");
  auto reader = Database::open(scratch / "run.sqlite", Access::kReadOnly);
  ASSERT_TRUE(reader.ok());
  const Status status = reader->set_meta("a", "b");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("cannot record the run's a: the file or its directory is read-only"),
            std::string::npos)
      << status.error().message;
}

// Runs `body` in a child process and gives its exit status: 0 if it returned true.
template <typename Body>
int in_child(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(DatabaseFile, AFullDiskIsOneClearLineAndLosesNothing) {
  const ScratchDirectory scratch;
  { open_new(scratch / "run.sqlite"); }
  const int status = in_child([&] {
    auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
    if (!database.ok()) return false;
    // As a disk that is full at 256 KiB in every file.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{256 * 1024, 256 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (std::int64_t i = 0; i < 10000; ++i) {
      const Status recorded = database->record(update_of(i + 1), std::vector{episode_of(0, i, i + 1)});
      if (recorded.ok()) continue;
      return recorded.error().code == ErrorCode::kIo &&
             recorded.error().message.find("run.sqlite: cannot record an update: ") != std::string::npos;
    }
    return false;
  });
  EXPECT_EQ(status, 0);
  auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  const auto summary = database->summary(0);
  EXPECT_GT(summary->updates, 10);
  EXPECT_EQ(summary->updates, summary->last_update);
  EXPECT_EQ(summary->updates, summary->episodes);
  EXPECT_TRUE(database->record(update_of(summary->last_update + 1), {}).ok());
}

TEST(DatabaseFile, SqlitesOwnFullIsADiskThatIsFull) {
  const ScratchDirectory scratch;
  auto sqlite = Sqlite::open(scratch / "a.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(sqlite.ok());
  ASSERT_TRUE(sqlite->execute("CREATE TABLE t (x); PRAGMA max_page_count = 3", "test").ok());
  const Status status = sqlite->execute("INSERT INTO t VALUES (zeroblob(100000))", "write much");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("a.sqlite: cannot write much: the disk is full"), std::string::npos);
}

TEST(DatabaseFile, AReadOnlyDirectoryCanBeReadAndNotWritten) {
  const ScratchDirectory scratch;
  const fs::path file = scratch / "run.sqlite";
  {
    Database database = open_new(file);
    ASSERT_TRUE(database.record(update_of(1), {}).ok());
  }
  fs::permissions(file, static_cast<fs::perms>(0444));
  fs::permissions(scratch.path(), static_cast<fs::perms>(0555));
  const int status = in_child([&] {
    // Permissions do not bind root; anybody else may read it here.
    if (::geteuid() == 0 && ::setuid(65534) != 0) return false;
    auto reader = Database::open(file, Access::kReadOnly, 50);
    const auto summary = reader.ok() ? reader->summary(0) : Result<MemberSummary>(reader.error());
    if (!summary.ok() || summary->updates != 1) return false;
    auto writer = Database::open(file, Access::kReadWrite, 50);
    const Status status = writer.ok() ? writer->set_meta("a", "b") : Status(writer.error());
    return !status.ok() && status.error().code == ErrorCode::kIo &&
           status.error().message.find("run.sqlite: cannot ") != std::string::npos;
  });
  fs::permissions(scratch.path(), fs::perms::owner_all);
  EXPECT_EQ(status, 0);
}

TEST(DatabaseFile, AReaderBesideTheWriterSeesWholeTransactions) {
  const ScratchDirectory scratch;
  Database writer = open_new(scratch / "run.sqlite");
  constexpr std::int64_t kUpdates = 400;
  std::jthread writing([&] {
    for (std::int64_t i = 0; i < kUpdates; ++i) {
      const std::vector episodes{episode_of(0, i, i + 1), episode_of(1, i, i + 1), episode_of(2, i, i + 1)};
      CHRYSALIS_CHECK(writer.record(update_of(i + 1), episodes).ok());
    }
  });
  auto reader = Database::open(scratch / "run.sqlite", Access::kReadOnly);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  std::int64_t seen = 0;
  while (seen < kUpdates) {
    const auto summary = reader->summary(0);
    ASSERT_TRUE(summary.ok()) << summary.error().message;
    ASSERT_EQ(summary->episodes, 3 * summary->updates);
    ASSERT_EQ(summary->last_update, summary->updates);
    ASSERT_GE(summary->updates, seen);
    seen = summary->updates;
  }
}

}  // namespace
}  // namespace chrysalis
