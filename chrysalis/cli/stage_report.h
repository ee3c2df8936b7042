// What the readings of a stage clock say: a row for each stage, and which one to mend first. Pure functions
// of the readings.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chrysalis/core/stage_clock.h"

namespace chrysalis {

struct StageRow {
  std::string stage;             // "draw", "act conv1", "backward conv1".
  std::vector<double> shares{};  // [workers], of each worker's time.
  double share = 0;              // Of all workers' time.
  double us_per_agent_step = 0;  // Of all workers together.
  double gflops = 0;             // While the stage runs, a core; 0: it has no arithmetic that is counted.
  double fraction_of_sgemm = 0;  // gflops of SGEMM's on one core.
};

struct StageReport {
  std::vector<StageRow> rows;  // Those that took any time, in the order of the data: act, then learn.
  StageRow all;
  std::string bottleneck;  // One line.
};

// Of the interval between two readings of a clock, in which the learner consumed `agent_steps`.
// sgemm_gflops: of one core.
StageReport stage_report(std::span<const StageTotals> before, std::span<const StageTotals> after,
                         double agent_steps, double sgemm_gflops);

// Seconds that all workers together were outside Stage::kWait.
double busy_seconds(std::span<const StageTotals> before, std::span<const StageTotals> after);

}  // namespace chrysalis
