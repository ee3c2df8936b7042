#include "chrysalis/core/stage_clock.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace chrysalis {
namespace {

// Time that only the tests move.
thread_local std::int64_t fake_ns = 0;
std::int64_t fake_now() {
  return fake_ns;
}
void pass_time(std::int64_t ns) {
  fake_ns += ns;
}

std::int64_t ns_of(const StageTotals& totals, Pass pass, Stage stage) {
  return totals.at(pass, stage).ns;
}

std::int64_t sum_ns(const StageTotals& totals) {
  std::int64_t sum = 0;
  for (const auto& row : totals.cells)
    for (const StageTotal& cell : row) sum += cell.ns;
  return sum;
}

TEST(stage_clock, every_stage_and_pass_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (int stage = 0; stage < kStageCount; ++stage) names.insert(stage_name(static_cast<Stage>(stage)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kStageCount));
  EXPECT_STREQ(stage_name(Stage::kOther), "other");
  EXPECT_STREQ(stage_name(Stage::kConv1), "conv1");
  EXPECT_STREQ(stage_name(Stage::kOptimizer), "optimizer");
  EXPECT_STREQ(stage_name(Stage::kCheckpoint), "checkpoint");
  EXPECT_STREQ(pass_name(Pass::kNone), "");
  EXPECT_STREQ(pass_name(Pass::kBackward), "backward");
}

TEST(stage_clock, nested_scopes_count_their_own_time_and_sum_to_all_of_it) {
  StageClock clock(1, fake_now);
  {
    const StageClock::Attachment attached(&clock, 0);
    pass_time(1);
    {
      const StageScope rollout(Stage::kRollout);
      pass_time(10);
      {
        const StageScope world(Stage::kWorld);
        pass_time(100);
      }
      {
        const StageScope draw(Stage::kDraw);
        pass_time(1000);
        const StageScope again(Stage::kDraw);
        pass_time(2000);
      }
      pass_time(20);
    }
    pass_time(2);
  }
  pass_time(1'000'000);  // Detached: nobody's time.
  const StageTotals totals = clock.read()[0];
  EXPECT_EQ(ns_of(totals, Pass::kNone, Stage::kOther), 3);
  EXPECT_EQ(ns_of(totals, Pass::kNone, Stage::kRollout), 30);
  EXPECT_EQ(ns_of(totals, Pass::kNone, Stage::kWorld), 100);
  EXPECT_EQ(ns_of(totals, Pass::kNone, Stage::kDraw), 3000);
  EXPECT_EQ(sum_ns(totals), 3133);
}

TEST(stage_clock, a_layer_counts_in_the_pass_that_it_is_called_from) {
  StageClock clock(1, fake_now);
  const StageClock::Attachment attached(&clock, 0);
  const auto layer = [] {
    const StageScope scope(Stage::kConv1, 500);
    pass_time(7);
  };
  {
    const StageScope act(Pass::kAct, Stage::kNetwork);
    layer();
    {
      const StageScope learn(Pass::kBackward, Stage::kNetwork);
      layer();
      layer();
    }
    layer();
    layer();
  }
  layer();
  const StageTotals totals = clock.read()[0];
  EXPECT_EQ(ns_of(totals, Pass::kAct, Stage::kConv1), 21);
  EXPECT_EQ(ns_of(totals, Pass::kBackward, Stage::kConv1), 14);
  EXPECT_EQ(ns_of(totals, Pass::kForward, Stage::kConv1), 0);
  EXPECT_EQ(ns_of(totals, Pass::kNone, Stage::kConv1), 7);
  EXPECT_EQ(totals.at(Pass::kAct, Stage::kConv1).multiply_adds, 1500);
  EXPECT_EQ(totals.at(Pass::kBackward, Stage::kConv1).multiply_adds, 1000);
}

TEST(stage_clock, a_reading_in_the_middle_holds_the_running_scope) {
  StageClock clock(1, fake_now);
  const StageClock::Attachment attached(&clock, 0);
  const StageScope wait(Stage::kWait);
  pass_time(40);
  EXPECT_EQ(ns_of(clock.read()[0], Pass::kNone, Stage::kWait), 40);
  pass_time(2);
  EXPECT_EQ(ns_of(clock.read()[0], Pass::kNone, Stage::kWait), 42);
}

TEST(stage_clock, a_worker_may_end_and_begin_again) {
  StageClock clock(1, fake_now);
  for (int run = 0; run < 2; ++run) {
    const StageClock::Attachment attached(&clock, 0);
    const StageScope scope(Stage::kStore);
    pass_time(5);
  }
  EXPECT_EQ(ns_of(clock.read()[0], Pass::kNone, Stage::kStore), 10);
}

TEST(stage_clock, a_thread_without_a_clock_counts_nowhere) {
  StageClock clock(1, fake_now);
  const StageClock::Attachment none(nullptr, 5);
  const StageScope scope(Stage::kConv1, 9);
  pass_time(9);
  EXPECT_EQ(sum_ns(clock.read()[0]), 0);
}

TEST(stage_clock, an_exception_closes_its_scopes) {
  StageClock clock(1, fake_now);
  const StageClock::Attachment attached(&clock, 0);
  try {
    const StageScope act(Pass::kAct, Stage::kNetwork);
    const StageScope layer(Stage::kConv2);
    throw 1;
  } catch (int) {
  }
  pass_time(3);
  EXPECT_EQ(ns_of(clock.read()[0], Pass::kNone, Stage::kOther), 3);
}

// Time that passes by one whenever anybody looks.
std::atomic<std::int64_t> ticks = 0;
std::int64_t ticking_now() {
  return ticks.fetch_add(1);
}

// Whatever moment a reading beside a running worker catches, its stages sum to that moment.
TEST(stage_clock, readings_beside_a_running_worker_are_whole) {
  constexpr int kReadings = 2000;
  StageClock clock(1, ticking_now);
  std::atomic<bool> attached = false, stop = false;
  std::jthread worker([&] {
    const StageClock::Attachment attachment(&clock, 0);  // At 0.
    attached = true;
    while (!stop)
      for (const Stage stage : {Stage::kWorld, Stage::kDraw, Stage::kSample}) const StageScope scope(stage);
  });
  while (!attached) std::this_thread::yield();
  for (int i = 0; i < kReadings; ++i) {
    const std::int64_t before = ticks;
    const std::int64_t sum = sum_ns(clock.read()[0]);
    EXPECT_GE(sum, before);
    EXPECT_LE(sum, ticks);
  }
  stop = true;
}

TEST(StageClockDeathTest, wrong_attachments_are_our_bugs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  StageClock clock(1, fake_now);
  EXPECT_DEATH(StageClock::Attachment(&clock, 1), "worker 1 of 1");
  const StageClock::Attachment attached(&clock, 0);
  EXPECT_DEATH(StageClock::Attachment(&clock, 0), "attached to a clock already");
  EXPECT_DEATH(std::jthread([&clock] { StageClock::Attachment(&clock, 0); }).join(), "as one worker");
}

}  // namespace
}  // namespace chrysalis
