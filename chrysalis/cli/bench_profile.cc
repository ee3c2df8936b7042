// Where a training second goes, by stage and core.
#include <algorithm>

#include "chrysalis/cli/bench.h"
#include "chrysalis/cli/bench_training.h"
#include "chrysalis/cli/stage_report.h"

namespace chrysalis {
namespace {

// Cores that have a column each; where there are more, mean, least and most stand for them.
constexpr std::size_t kColumns = 8;

Json json_of(const StageRow& row) {
  Json json = {{"stage", row.stage},
               {"share", row.share},
               {"share_of_each_core", row.shares},
               {"us_per_agent_step", row.us_per_agent_step}};
  json["gflops"] = row.gflops > 0 ? Json(row.gflops) : Json();
  json["fraction_of_sgemm"] = row.gflops > 0 ? Json(row.fraction_of_sgemm) : Json();
  return json;
}

std::vector<std::string> headings(std::size_t cores) {
  if (cores > kColumns) return {"mean", "least", "most"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < cores; ++i) names.push_back(fmt::format("core {}", i));
  return names;
}

std::vector<double> columns(const Json& row) {
  const auto shares = row["share_of_each_core"].get<std::vector<double>>();
  if (shares.size() <= kColumns) return shares;
  const auto [least, most] = std::ranges::minmax(shares);
  return {row["share"].get<double>(), least, most};
}

void print_row(const Json& row) {
  fmt::print("  {:20}", row["stage"].get<std::string>());
  for (const double share : columns(row)) fmt::print(" {:7.2f} %", 100 * share);
  fmt::print(" {:12.2f}", row["us_per_agent_step"].get<double>());
  if (row["gflops"].is_null())
    fmt::print(" {:>9} {:>9}\n", "-", "-");
  else
    fmt::print(" {:9.1f} {:7.1f} %\n", row["gflops"].get<double>(),
               100 * row["fraction_of_sgemm"].get<double>());
}

}  // namespace

Result<Json> bench_profile(const BenchSettings& settings) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto marks, measure_training(settings.config, settings.seconds * 4));
  const TrainingMark &first = marks.front(), &last = marks.back();
  const StageReport report =
      stage_report(first.stages, last.stages, static_cast<double>(last.agent_steps - first.agent_steps),
                   settings.sgemm_gflops);
  Json stages = Json::array();
  for (const StageRow& row : report.rows) stages.push_back(json_of(row));
  return Json{{"level", settings.config.level.name},
              {"seconds", last.seconds - first.seconds},
              {"agent_steps_per_s", median(window_rates(marks, kBenchRepeats))},
              {"cpu_of_busy_time", cpu_of_busy_time(marks)},
              {"stages", std::move(stages)},
              {"all", json_of(report.all)},
              {"bottleneck", report.bottleneck}};
}

void print_profile(const Json& json) {
  fmt::print("profile {:32} {:>9.0f} agent steps/s\n", json["level"].get<std::string>(),
             json["agent_steps_per_s"].get<double>());
  fmt::print("  {:20}", "stage");
  for (const std::string& name : headings(json["all"]["share_of_each_core"].size()))
    fmt::print(" {:>9}", name);
  fmt::print(" {:>12} {:>9} {:>9}\n", "us/step", "GFLOP/s", "of SGEMM");
  for (const Json& row : json["stages"]) print_row(row);
  print_row(json["all"]);
  print_disturbance(json["cpu_of_busy_time"]);
  fmt::print("Bottleneck: {}\n", json["bottleneck"].get<std::string>());
}

}  // namespace chrysalis
