#include "chrysalis/cli/stage_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

struct StageKey {
  Pass pass;
  Stage stage;
};

// What comes before acting, the passes, and what comes after: the order of Stage with the passes unfolded
// where the network stands.
std::vector<StageKey> keys_in_order() {
  std::vector<StageKey> keys;
  const auto add = [&keys](Pass pass, int begin, int end) {
    for (int stage = begin; stage < end; ++stage) keys.push_back({pass, static_cast<Stage>(stage)});
  };
  const int network = static_cast<int>(Stage::kNetwork);
  add(Pass::kNone, 0, network);
  for (const Pass pass : {Pass::kAct, Pass::kForward, Pass::kBackward}) add(pass, 0, kStageCount);
  add(Pass::kNone, network, kStageCount);
  return keys;
}

std::string name_of(const StageKey& key) {
  return key.pass == Pass::kNone ? stage_name(key.stage)
                                 : fmt::format("{} {}", pass_name(key.pass), stage_name(key.stage));
}

// Seconds of each worker in the stage, and the arithmetic of all.
struct Sums {
  std::vector<double> seconds;
  double multiply_adds = 0;

  double all_seconds() const {
    double sum = 0;
    for (const double s : seconds) sum += s;
    return sum;
  }
  void add(const Sums& other) {
    for (std::size_t i = 0; i < seconds.size(); ++i) seconds[i] += other.seconds[i];
    multiply_adds += other.multiply_adds;
  }
};

Sums sums_of(std::span<const StageTotals> before, std::span<const StageTotals> after, const StageKey& key) {
  Sums sums;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const StageTotal &from = before[i].at(key.pass, key.stage), &to = after[i].at(key.pass, key.stage);
    sums.seconds.push_back(static_cast<double>(to.ns - from.ns) * 1e-9);
    sums.multiply_adds += to.multiply_adds - from.multiply_adds;
  }
  return sums;
}

StageRow row_of(std::string name, const Sums& sums, const Sums& all, double agent_steps,
                double sgemm_gflops) {
  StageRow row{.stage = std::move(name)};
  for (std::size_t i = 0; i < sums.seconds.size(); ++i)
    row.shares.push_back(all.seconds[i] > 0 ? sums.seconds[i] / all.seconds[i] : 0.0);
  row.share = sums.all_seconds() / all.all_seconds();
  row.us_per_agent_step = sums.all_seconds() * 1e6 / agent_steps;
  row.gflops = 2 * sums.multiply_adds * 1e-9 / sums.all_seconds();
  row.fraction_of_sgemm = row.gflops / sgemm_gflops;
  return row;
}

// The stage that loses most against SGEMM: of each stage's time, that part which its arithmetic would not
// need at SGEMM's rate. Where there is no arithmetic, all of it.
std::string bottleneck_of(const std::vector<StageRow>& rows) {
  const auto lost = [](const StageRow& row) { return row.share * (1 - row.fraction_of_sgemm); };
  const auto worst = std::ranges::max_element(rows, {}, lost);
  const double speedup = 1 / (1 - std::min(lost(*worst), 0.999));
  if (lost(*worst) <= 0) return "none: every stage runs at SGEMM's rate";
  const std::string cost = fmt::format("{:.1f} % of the cores' time", 100 * worst->share);
  if (worst->stage == stage_name(Stage::kWait))
    return fmt::format(
        "wait: cores are idle {:.1f} % of the time; without that, training would be up to {:.2f} times "
        "as fast",
        100 * worst->share, speedup);
  if (worst->gflops == 0)
    return fmt::format("{}: {}; without it, training would be up to {:.2f} times as fast", worst->stage, cost,
                       speedup);
  return fmt::format(
      "{}: {} at {:.0f} % of SGEMM; at SGEMM's rate, training would be up to {:.2f} times as fast",
      worst->stage, cost, 100 * worst->fraction_of_sgemm, speedup);
}

}  // namespace

double busy_seconds(std::span<const StageTotals> before, std::span<const StageTotals> after) {
  double seconds = 0;
  for (const StageKey& key : keys_in_order())
    if (key.stage != Stage::kWait) seconds += sums_of(before, after, key).all_seconds();
  return seconds;
}

StageReport stage_report(std::span<const StageTotals> before, std::span<const StageTotals> after,
                         double agent_steps, double sgemm_gflops) {
  CHRYSALIS_CHECK(!after.empty() && before.size() == after.size());
  CHRYSALIS_CHECK(agent_steps > 0 && sgemm_gflops > 0);
  Sums all{.seconds = std::vector<double>(after.size())};
  for (const StageKey& key : keys_in_order()) all.add(sums_of(before, after, key));
  CHRYSALIS_CHECK(all.all_seconds() > 0, "no worker was attached between the readings");
  StageReport report;
  for (const StageKey& key : keys_in_order()) {
    const Sums sums = sums_of(before, after, key);
    if (sums.all_seconds() > 0)
      report.rows.push_back(row_of(name_of(key), sums, all, agent_steps, sgemm_gflops));
  }
  report.all = row_of("all", all, all, agent_steps, sgemm_gflops);
  report.bottleneck = bottleneck_of(report.rows);
  return report;
}

}  // namespace chrysalis
