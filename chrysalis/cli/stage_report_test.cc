#include "chrysalis/cli/stage_report.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

constexpr double kSgemm = 100;  // GFLOP/s.

StageTotal& cell(StageTotals& totals, Pass pass, Stage stage) {
  return totals.cells[static_cast<std::size_t>(pass)][static_cast<std::size_t>(stage)];
}

// A second of one worker: 10 % drawing, 50 % convolution backwards at half of SGEMM's rate, 40 % convolution
// forwards at all of it.
StageTotals a_second() {
  StageTotals totals;
  cell(totals, Pass::kNone, Stage::kDraw) = {.ns = 100'000'000};
  cell(totals, Pass::kBackward, Stage::kConv1) = {.ns = 500'000'000, .multiply_adds = 0.5 * 25e9};
  cell(totals, Pass::kForward, Stage::kConv1) = {.ns = 400'000'000, .multiply_adds = 0.4 * 50e9};
  return totals;
}

StageReport report_of(const std::vector<StageTotals>& after, double agent_steps = 1000) {
  return stage_report(std::vector<StageTotals>(after.size()), after, agent_steps, kSgemm);
}

TEST(stage_report, rows_follow_the_data_and_leave_out_what_took_no_time) {
  const StageReport report = report_of({a_second()});
  ASSERT_EQ(report.rows.size(), 3u);
  EXPECT_EQ(report.rows[0].stage, "draw");
  EXPECT_EQ(report.rows[1].stage, "forward conv1");
  EXPECT_EQ(report.rows[2].stage, "backward conv1");
}

TEST(stage_report, gives_shares_times_and_rates) {
  const StageReport report = report_of({a_second()});
  const StageRow& backward = report.rows[2];
  EXPECT_NEAR(backward.share, 0.5, 1e-9);
  EXPECT_NEAR(backward.us_per_agent_step, 500, 1e-6);
  EXPECT_NEAR(backward.gflops, 50, 1e-9);
  EXPECT_NEAR(backward.fraction_of_sgemm, 0.5, 1e-9);
  EXPECT_EQ(report.rows[0].gflops, 0);
  EXPECT_NEAR(report.all.share, 1, 1e-9);
  EXPECT_NEAR(report.all.us_per_agent_step, 1000, 1e-6);
  EXPECT_NEAR(report.all.fraction_of_sgemm, 0.65, 1e-9);
}

TEST(stage_report, each_workers_shares_are_of_its_own_time) {
  StageTotals idle;
  cell(idle, Pass::kNone, Stage::kWait) = {.ns = 250'000'000};
  cell(idle, Pass::kNone, Stage::kDraw) = {.ns = 750'000'000};
  const StageReport report = report_of({a_second(), idle});
  ASSERT_EQ(report.rows[1].stage, "draw");
  EXPECT_NEAR(report.rows[1].shares[0], 0.1, 1e-9);
  EXPECT_NEAR(report.rows[1].shares[1], 0.75, 1e-9);
  EXPECT_NEAR(report.rows[1].share, 0.425, 1e-9);
  const std::vector<StageTotals> before(2), after = {a_second(), idle};
  EXPECT_NEAR(busy_seconds(before, after), 1.75, 1e-9);
}

TEST(stage_report, only_the_interval_counts) {
  StageTotals after = a_second();
  cell(after, Pass::kNone, Stage::kDraw).ns += 900'000'000;
  const std::vector<StageTotals> before = {a_second()}, later = {after};
  const StageReport report = stage_report(before, later, 1000, kSgemm);
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_NEAR(report.rows[0].us_per_agent_step, 900, 1e-6);
}

TEST(stage_report, the_bottleneck_is_what_loses_most_against_sgemm) {
  // The convolution loses half of its 50 %, more than drawing in all.
  EXPECT_EQ(
      report_of({a_second()}).bottleneck,
      "backward conv1: 50.0 % of the cores' time at 50 % of SGEMM; at SGEMM's rate, training would be up to "
      "1.33 times as fast");
  StageTotals drawing = a_second();
  cell(drawing, Pass::kNone, Stage::kDraw).ns = 1'100'000'000;
  EXPECT_EQ(report_of({drawing}).bottleneck,
            "draw: 55.0 % of the cores' time; without it, training would be up to 2.22 times as fast");
  StageTotals waiting = a_second();
  cell(waiting, Pass::kNone, Stage::kWait).ns = 1'000'000'000;
  EXPECT_EQ(report_of({waiting}).bottleneck,
            "wait: cores are idle 50.0 % of the time; without that, training would be up to 2.00 times as "
            "fast");
  StageTotals perfect;
  cell(perfect, Pass::kAct, Stage::kConv1) = {.ns = 1'000'000'000, .multiply_adds = 51e9};
  EXPECT_EQ(report_of({perfect}).bottleneck, "none: every stage runs at SGEMM's rate");
}

}  // namespace
}  // namespace chrysalis
