// How training's speed changes with its size: one setting varied at a time, all others as the config has
// them.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <thread>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/bench.h"
#include "chrysalis/cli/bench_training.h"
#include "chrysalis/cli/tell.h"
#include "chrysalis/media/line_chart.h"
#include "chrysalis/rollout/weight_layout.h"
#include "chrysalis/store/durable_file.h"

namespace chrysalis {
namespace {

struct Axis {
  std::string name;
  std::string label;
  std::vector<std::int64_t> values;
  void (*set)(RunConfig&, std::int64_t);
};

std::vector<std::int64_t> core_counts() {
  const auto cores = static_cast<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::int64_t> counts;
  for (std::int64_t count = 1; count < cores; count *= 2) counts.push_back(count);
  counts.push_back(cores);
  return counts;
}

const std::vector<Axis>& axes() {
  static const std::vector<Axis> axes = {
      {"environments",
       "environments",
       {8, 16, 32, 64, 100, 200, 400},
       [](RunConfig& config, std::int64_t n) { config.train.environments = n; }},
      {"cores", "cores (workers)", core_counts(),
       [](RunConfig& config, std::int64_t n) { config.train.workers = n; }},
      {"unroll",
       "unroll (agent steps)",
       {20, 50, 100, 200},
       [](RunConfig& config, std::int64_t n) { config.learner.unroll = n; }},
      {"batch",
       "batch (unrolls)",
       {8, 16, 32, 64},
       [](RunConfig& config, std::int64_t n) {
         config.learner.batch_unrolls = n;
         config.learner.shards = std::min(config.learner.shards, n);
       }},
      {"members",
       "members of the population",
       {1, 2, 4, 10},
       [](RunConfig& config, std::int64_t n) { config.population.size = n; }},
  };
  return axes;
}

// A line for whoever waits at a terminal, replaced by the next.
void show_progress(const std::string& line) {
  if (::isatty(STDERR_FILENO) == 1) tell("\r\x1b[K{}", line);
}

Result<Json> measure_point(const BenchSettings& settings, const RunConfig& config, std::int64_t value) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto marks, measure_training(config, settings.seconds * 2));
  CHRYSALIS_ASSIGN_OR_RETURN(const StepMultiplyAdds work,
                             step_multiply_adds(config.agent, agent_spec(config)));
  const auto rates = window_rates(marks, kBenchRepeats);
  const double steps = median(rates);
  return Json{
      {"value", value},
      {"agent_steps_per_s", steps},
      {"least", std::ranges::min(rates)},
      {"most", std::ranges::max(rates)},
      {"fraction_of_sgemm", steps * 2 * work.trained() * 1e-9 / (settings.sgemm_gflops * busy_cores(config))},
      {"cpu_of_busy_time", cpu_of_busy_time(marks)}};
}

Result<Json> measure_axis(const BenchSettings& settings, const Axis& axis) {
  Json points = Json::array();
  for (const std::int64_t value : axis.values) {
    show_progress(fmt::format("{} {} ...", axis.name, value));
    RunConfig config = settings.config;
    axis.set(config, value);
    auto point = measure_point(settings, config, value);
    show_progress("");
    if (!point.ok()) return point.error();
    points.push_back(std::move(point).value());
  }
  return points;
}

LineChart chart_of(const Axis& axis, const Json& points, double sgemm_steps, const RunConfig& config) {
  ChartSeries measured{.name = "measured (least to most of five)"},
      limit{.name = "SGEMM's rate", .marked = false, .dashed = true};
  for (const Json& point : points) {
    const auto value = point["value"].get<std::int64_t>();
    measured.x.push_back(static_cast<double>(value));
    measured.y.push_back(point["agent_steps_per_s"]);
    measured.low.push_back(point["least"]);
    measured.high.push_back(point["most"]);
    RunConfig at = config;
    axis.set(at, value);
    limit.x.push_back(static_cast<double>(value));
    limit.y.push_back(sgemm_steps * busy_cores(at));
  }
  return {.title = fmt::format("Training against {}", axis.name),
          .x_label = axis.label,
          .y_label = "agent steps/s",
          .series = {std::move(measured), std::move(limit)},
          .logarithmic_x = true,
          .x_ticks_at_points = true};
}

}  // namespace

const std::vector<std::string>& scaling_axes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> names;
    for (const Axis& axis : axes()) names.push_back(axis.name);
    return names;
  }();
  return names;
}

Result<Json> bench_scaling(const BenchSettings& settings) {
  CHRYSALIS_ASSIGN_OR_RETURN(const StepMultiplyAdds work,
                             step_multiply_adds(settings.config.agent, agent_spec(settings.config)));
  // A core's agent steps a second if it did nothing but the network, at SGEMM's rate.
  const double sgemm_steps = settings.sgemm_gflops * 1e9 / (2 * work.trained());
  Json json = {{"level", settings.config.level.name}};
  std::vector<LineChart> charts;
  for (const Axis& axis : axes()) {
    if (std::ranges::find(settings.axes, axis.name) == settings.axes.end()) continue;
    CHRYSALIS_ASSIGN_OR_RETURN(Json points, measure_axis(settings, axis));
    charts.push_back(chart_of(axis, points, sgemm_steps, settings.config));
    json[axis.name] = std::move(points);
  }
  if (!settings.out.empty())
    CHRYSALIS_RETURN_IF_ERROR(replace_file(settings.out, line_charts_svg(charts, /*columns=*/2)));
  return json;
}

void print_scaling(const Json& json) {
  fmt::print("scaling {}\n", json["level"].get<std::string>());
  double least_cpu = 1;
  for (const std::string& axis : scaling_axes()) {
    if (!json.contains(axis)) continue;
    fmt::print("  {:>14} {:>14} {:>9} {:>9} {:>9}\n", axis, "agent steps/s", "least", "most", "of SGEMM");
    for (const Json& point : json[axis]) {
      least_cpu = std::min(least_cpu, point["cpu_of_busy_time"].get<double>());
      fmt::print("  {:>14} {:>14.0f} {:>9.0f} {:>9.0f} {:>7.1f} %\n", point["value"].get<std::int64_t>(),
                 point["agent_steps_per_s"].get<double>(), point["least"].get<double>(),
                 point["most"].get<double>(), 100 * point["fraction_of_sgemm"].get<double>());
    }
  }
  print_disturbance(least_cpu);
}

}  // namespace chrysalis
