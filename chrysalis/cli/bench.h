// The subjects of `chrysalis bench`: each measures something into JSON and prints that as lines.
// bench_command.cc has the table of them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "chrysalis/cli/json.h"
#include "chrysalis/core/result.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {

// Every figure is the median of this many or more.
inline constexpr int kBenchRepeats = 5;

struct BenchSettings {
  RunConfig config;
  double seconds = 5.0;           // For each figure; whole training takes four times as long.
  double sgemm_gflops = 0.0;      // Of one core, of this run.
  int environments = 1;           // env: side by side on the core.
  std::string out;                // scaling: where the picture goes; empty: nowhere.
  std::vector<std::string> axes;  // scaling: what to vary.
};

// The middle sample, the upper one of two; at least one.
double median(std::vector<double> samples);
// Median over kBenchRepeats of the rate of `work`, which does `items` items a call and is called for
// `seconds` in all.
double median_rate(double seconds, double items, const std::function<void()>& work);

// On every level of the catalog; environments, where the config's level is DM Lab's, on that one alone.
Result<Json> bench_render(const BenchSettings& settings);
void print_render(const Json& json);
Result<Json> bench_env(const BenchSettings& settings);
void print_env(const Json& json);
// The network on one core, without environments.
Result<Json> bench_act(const BenchSettings& settings);
void print_act(const Json& json);
Result<Json> bench_learn(const BenchSettings& settings);
void print_learn(const Json& json);
// Training as it is.
Result<Json> bench_train(const BenchSettings& settings);
void print_train(const Json& json);
Result<Json> bench_profile(const BenchSettings& settings);
void print_profile(const Json& json);
Result<Json> bench_scaling(const BenchSettings& settings);
void print_scaling(const Json& json);
// What bench_scaling() can vary: "environments", "cores", "unroll", "batch", "members".
const std::vector<std::string>& scaling_axes();

}  // namespace chrysalis
