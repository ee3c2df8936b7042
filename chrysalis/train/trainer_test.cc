#include "chrysalis/train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/thread_limit_test.h"
#include "chrysalis/env/fake_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/train/hash_learner_test.h"

namespace chrysalis {
namespace {

class MemorySink : public TrainingSink {
 public:
  Status update(int, const UpdateReport& report, std::span<const EpisodeRecord> ended, std::int64_t,
                double) override {
    versions.push_back(report.version);
    unrolls_lost += report.unrolls_lost;
    for (const EpisodeRecord& e : ended)
      if (!episodes.insert({e.environment, e.episode}).second) ++doubled_episodes;
    if (stop_at == report.version) stop = true;
    if (fail_at == report.version) return io_error("disk full");
    return {};
  }
  Result<std::string> checkpoint(const MemberMoment& moment, std::span<const NamedTensor> state) override {
    checkpoint_updates = moment.updates;
    last_state.assign(state.begin(), state.end());
    return std::string("state");
  }
  Status score(const MemberMoment&, std::span<const double>, double) override {
    return io_error("nobody is evaluated here");
  }
  Result<std::string> decision(const MemberMoment&, const Decision&, std::span<const NamedTensor>) override {
    return io_error("one member decides nothing");
  }
  Result<std::vector<NamedTensor>> load(const std::string& name) override {
    return io_error("nobody copies {}", name);
  }
  void keep_from(std::int64_t) override {}
  std::vector<std::int64_t> versions;
  std::set<std::pair<int, std::int64_t>> episodes;
  int doubled_episodes = 0;
  std::int64_t unrolls_lost = 0;
  std::int64_t checkpoint_updates = -1;
  std::vector<NamedTensor> last_state;
  std::int64_t stop_at = -1;
  std::int64_t fail_at = -1;
  std::atomic<bool> stop = false;
};

struct Setup {
  int workers = 1;
  bool deterministic = true;
  std::int64_t updates = 20;
  std::int64_t diverges_at = -1;
  StageClock* stage_clock = nullptr;
  FakeEnvironment::Config environment = {};
};

std::unique_ptr<Trainer> make_trainer(const Setup& setup, MemorySink& sink) {
  const TrainerConfig config{.seed = 4,
                             .schedule = uneven_schedule(setup.updates, setup.deterministic),
                             .unroll_steps = 5,
                             .actions = action_set("small").value(),
                             .workers = setup.workers,
                             .checkpoint_seconds = 1e9,
                             .stage_clock = setup.stage_clock};
  std::vector<MemberParts> members;
  members.push_back(hash_member(std::make_unique<HashLearner>(3, std::vector{setup.diverges_at})));
  members.back().make_environment = [environment = setup.environment](int) {
    return std::make_unique<FakeEnvironment>(environment);
  };
  return std::make_unique<Trainer>(config, std::move(members), sink);
}

std::vector<float> train(const Setup& setup) {
  MemorySink sink;
  const auto trainer = make_trainer(setup, sink);
  EXPECT_TRUE(trainer->run(sink.stop).ok());
  EXPECT_TRUE(trainer->finished());
  EXPECT_EQ(trainer->weights()->version, setup.updates);
  return trainer->weights()->values;
}

TEST(Trainer, GoesOnWhereEnvironmentsFallAndCountsTheUnrollsThatWereLost) {
  MemorySink sink;
  const auto trainer = make_trainer(
      {.workers = 2, .deterministic = false, .environment = {.foreign = true, .falls_in = {3, 4, 11}}}, sink);
  const Status status = trainer->run(sink.stop);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_TRUE(trainer->finished());
  EXPECT_EQ(sink.versions.size(), 20U);
  EXPECT_EQ(sink.doubled_episodes, 0);
  EXPECT_GT(sink.unrolls_lost, 0);
  EXPECT_EQ(trainer->progress().unrolls_lost, sink.unrolls_lost);
}

TEST(Trainer, StopsWithTheReasonWhereAnEnvironmentCannotGoOn) {
  MemorySink sink;
  const auto trainer =
      make_trainer({.workers = 2,
                    .deterministic = false,
                    .environment = {.foreign = true, .falls_in = {20, 21, 22}, .falls_at_most = 3}},
                   sink);
  const Status status = trainer->run(sink.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "the fake environment fell 3 times");
  EXPECT_FALSE(trainer->finished());
}

TEST(Trainer, StopsWhereTheSystemHasNoThreadForAWorker) {
  MemorySink sink;
  const auto trainer = make_trainer({.workers = 4, .updates = 10'000'000}, sink);
  const ThreadLimit limit(2);
  const Status status = trainer->run(sink.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_TRUE(status.error().message.starts_with("cannot start as many workers as train.workers says: "))
      << status.error().message;
}

// What such an environment was in the midst of is gone with the process; its episodes begin anew.
TEST(Trainer, ResumesWithEnvironmentsThatCannotBeSaved) {
  for (const std::int64_t stop_at : {3, 8, 13}) {
    MemorySink sink;
    sink.stop_at = stop_at;
    const struct Setup foreign = {.workers = 2, .deterministic = false, .environment = {.foreign = true}};
    {
      const auto first = make_trainer(foreign, sink);
      ASSERT_TRUE(first->run(sink.stop).ok());
    }
    sink.stop = false;
    sink.stop_at = -1;
    const auto second = make_trainer(foreign, sink);
    ASSERT_TRUE(second->restore(0, sink.last_state).ok());
    ASSERT_TRUE(second->run(sink.stop).ok());
    EXPECT_TRUE(second->finished());
    EXPECT_EQ(sink.doubled_episodes, 0) << stop_at;
    EXPECT_EQ(sink.versions.size(), 20U);
  }
}

TEST(Trainer, GivesTheSameWeightsForAnyNumberOfWorkers) {
  const std::vector<float> one = train({.workers = 1});
  for (const int workers : {2, 3, 8}) EXPECT_EQ(one, train({.workers = workers}));
}

// Time that passes by one whenever anybody looks.
std::int64_t ticking_now() {
  static std::atomic<std::int64_t> ticks = 0;
  return ++ticks;
}

TEST(Trainer, AClockSeesEveryStageAndChangesNothing) {
  StageClock clock(2, ticking_now);
  EXPECT_EQ(train({.workers = 2, .stage_clock = &clock}), train({.workers = 2}));
  StageTotals sums;
  for (const StageTotals& totals : clock.read())
    for (int pass = 0; pass < kPassCount; ++pass)
      for (int stage = 0; stage < kStageCount; ++stage)
        sums.cells[pass][stage].ns += totals.cells[pass][stage].ns;
  for (const Stage stage : {Stage::kSchedule, Stage::kSnapshot, Stage::kPack, Stage::kRollout, Stage::kWorld,
                            Stage::kReset, Stage::kDraw, Stage::kSample, Stage::kLearn, Stage::kStore})
    EXPECT_GT(sums.at(Pass::kNone, stage).ns, 0) << stage_name(stage);
  EXPECT_GT(sums.at(Pass::kAct, Stage::kNetwork).ns, 0);
}

TEST(Trainer, FinishesWithTheNewestWeightsToo) {
  for (const int workers : {1, 4}) train({.workers = workers, .deterministic = false});
}

TEST(Trainer, StoppedAndResumedAnywhereGivesTheUninterruptedWeightsAndEpisodes) {
  MemorySink whole_sink;
  const auto whole = make_trainer({.workers = 2}, whole_sink);
  ASSERT_TRUE(whole->run(whole_sink.stop).ok());
  for (const std::int64_t stop_at : {1, 2, 7, 13, 19}) {
    MemorySink sink;
    sink.stop_at = stop_at;
    {
      const auto first = make_trainer({.workers = 3}, sink);
      ASSERT_TRUE(first->run(sink.stop).ok());
    }
    EXPECT_GE(sink.checkpoint_updates, stop_at);
    sink.stop = false;
    sink.stop_at = -1;
    const auto second = make_trainer({.workers = 2}, sink);
    ASSERT_TRUE(second->restore(0, sink.last_state).ok());
    EXPECT_EQ(second->progress().updates, sink.checkpoint_updates);
    ASSERT_TRUE(second->run(sink.stop).ok());
    EXPECT_EQ(second->weights()->values, whole->weights()->values) << "stopped at " << stop_at;
    EXPECT_EQ(sink.episodes, whole_sink.episodes);
    EXPECT_EQ(sink.doubled_episodes, 0);
    EXPECT_EQ(sink.versions, whole_sink.versions);
  }
}

TEST(Trainer, StopsOnDivergedNumbersAndKeepsTheCheckpointBefore) {
  MemorySink sink;
  const auto trainer = make_trainer({.workers = 2, .diverges_at = 5}, sink);
  const Status status = trainer->run(sink.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kDiverged);
  EXPECT_NE(status.error().message.find("member 0 diverged at update 5 (150 agent steps)"), std::string::npos)
      << status.error().message;
  EXPECT_EQ(sink.checkpoint_updates, 0);
  EXPECT_EQ(sink.versions.back(), 4);
}

TEST(Trainer, StopsWithTheSinksError) {
  MemorySink sink;
  sink.fail_at = 3;
  const auto trainer = make_trainer({.workers = 2}, sink);
  const Status status = trainer->run(sink.stop);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "disk full");
}

TEST(Trainer, SaysWhatAnUnusableCheckpointLacks) {
  MemorySink sink;
  const auto trainer = make_trainer({}, sink);
  sink.stop_at = 4;
  ASSERT_TRUE(trainer->run(sink.stop).ok());
  for (const char* name :
       {"trainer.counters", "trainer.group.2", "trainer.returns", "trainer.scores", "trainer.values",
        "trainer.tried", "trainer.running_episodes", "trainer.behaviour_alphas", "weights"}) {
    std::vector<NamedTensor> state = sink.last_state;
    std::erase_if(state, [&](const NamedTensor& tensor) { return tensor.name == name; });
    MemorySink other;
    EXPECT_FALSE(make_trainer({}, other)->restore(0, state).ok()) << name;
  }
  MemorySink other;
  const Status shorter = make_trainer({.updates = 2}, other)->restore(0, sink.last_state);
  EXPECT_NE(shorter.error().message.find("beyond train.agent_steps"), std::string::npos);
}

TEST(Trainer, ReportsProgressWhileItRuns) {
  MemorySink sink;
  const auto trainer = make_trainer({.workers = 2, .updates = 50}, sink);
  std::atomic<bool> done = false;
  std::jthread watcher([&] {
    std::int64_t before = 0;
    while (!done) {
      const Progress progress = trainer->progress();
      EXPECT_GE(progress.agent_steps, before);
      before = progress.agent_steps;
    }
  });
  ASSERT_TRUE(trainer->run(sink.stop).ok());
  done = true;
  EXPECT_EQ(trainer->progress().agent_steps, 50 * 6 * 5);
  EXPECT_EQ(trainer->progress().agent_steps_target, 50 * 6 * 5);
  EXPECT_GT(trainer->progress().episodes, 0);
}

}  // namespace
}  // namespace chrysalis
