// Training as it is, timed: world, pixels, acting, learning and the store, on as many workers as the config
// asks for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {

// Where training stood right after an update.
struct TrainingMark {
  double seconds = 0;                 // Since an arbitrary moment.
  double cpu_seconds = 0;             // That this process has had, of all cores.
  std::int64_t agent_steps = 0;       // Consumed by the learner.
  std::vector<StageTotals> stages{};  // [workers]
};

// Trains with `config`, whose train.agent_steps does not count, for `seconds` and at least kBenchRepeats
// updates of each member. The first mark is where warming up ended. The run's directory is in the system's
// temporary directory and is removed afterwards. Errors: what training refuses, a disk that cannot be
// written, Ctrl-C.
Result<std::vector<TrainingMark>> measure_training(RunConfig config, double seconds);

// Agent steps a second in each of `windows` stretches of as nearly as can be the same number of updates;
// there must be more marks than windows.
std::vector<double> window_rates(std::span<const TrainingMark> marks, int windows);

// How much of the time in which workers had something to do they also had a processor for: the rest went to
// other programs, or to waiting for the disk.
double cpu_of_busy_time(std::span<const TrainingMark> marks);
// A line for people, where that is so little that the figures are not of this program alone.
void print_disturbance(double cpu_of_busy_time);

// Cores that the workers of `config` can keep busy.
int busy_cores(const RunConfig& config);

}  // namespace chrysalis
