#include <cmath>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/comparison.h"
#include "chrysalis/cli/experiment.h"
#include "chrysalis/cli/json.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/cli/progress_line.h"
#include "chrysalis/core/field.h"
#include "chrysalis/store/durable_file.h"

namespace chrysalis {
namespace {

struct CompareOptions {
  std::vector<std::string> runs;
  std::vector<std::string> labels;
  std::string out;
  std::string over = "agent_steps";
  std::vector<std::string> lines;
  int points = 50;
  bool json = false;
};

Result<CurveAxis> axis_of(const std::string& over) {
  if (over == "agent_steps") return CurveAxis::kAgentSteps;
  if (over == "time") return CurveAxis::kTime;
  return invalid_input("--over {}: expected agent_steps or time{}", over,
                       did_you_mean(over, {"agent_steps", "time"}));
}

Result<std::vector<PlacedReturn>> placed_returns(Database& database, std::int64_t member,
                                                 const std::vector<UpdateRow>& updates) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto episodes, database.episodes(member));
  std::vector<PlacedReturn> placed;
  auto update = updates.begin();
  for (const EpisodeRow& episode : episodes) {  // Both are in the order of updates.
    while (update != updates.end() && update->update < episode.ended_at_update) ++update;
    if (update == updates.end()) break;  // Recorded after the updates were read.
    placed.push_back({.agent_steps = update->agent_steps,
                      .level = episode.level,
                      .episode_return = episode.episode_return,
                      .seconds = update->seconds});
  }
  return placed;
}

Result<ComparedRun> read_run(const std::string& path) {
  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run, RunDirectory::open(path, OpenMode::kReadOnly));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto text, run.config());
  if (!text) return invalid_input("{} has no config yet: train first", path);
  CHRYSALIS_ASSIGN_OR_RETURN(RunConfig config, begun_with(*text, path));
  ComparedRun compared{.path = path,
                       .seed = fmt::format("{}", config.seed),
                       .settings = {},
                       .member_agent_steps = {},
                       .members = {}};
  for (const FieldText& field : describe_fields(fields_of(config)))
    if (field.path != "seed" && !is_run_neutral(field.path))
      compared.settings.emplace_back(field.path, field.value);
  CHRYSALIS_ASSIGN_OR_RETURN(const auto members, run.database().members());
  bool any = false;
  for (const MemberRow& member : members) {
    CHRYSALIS_ASSIGN_OR_RETURN(const auto updates, run.database().updates(member.member));
    CHRYSALIS_ASSIGN_OR_RETURN(auto placed, placed_returns(run.database(), member.member, updates));
    any = any || !placed.empty();
    if (!updates.empty()) compared.seconds = std::max(compared.seconds, updates.back().seconds);
    compared.member_agent_steps.push_back(updates.empty() ? 0 : updates.back().agent_steps);
    compared.members.push_back(std::move(placed));
  }
  if (!any) return invalid_input("{} has no finished episode yet: train on", path);
  return compared;
}

// Mean and interval over seeds.
Json over_seeds(std::span<const RunScores> scores, double RunScores::*number) {
  std::vector<double> values;
  for (const RunScores& score : scores) values.push_back(score.*number);
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  const auto interval = std::isfinite(mean) ? bootstrap95(values) : std::nullopt;
  return {{"mean", number_or_null(mean)},
          {"ci95", interval ? Json({interval->low, interval->high}) : Json(nullptr)}};
}

Json curve_json(const ChartSeries& series, CurveAxis axis, double end) {
  const char* place = axis == CurveAxis::kTime ? "seconds" : "agent_steps";
  Json curve = Json::array();
  for (std::size_t i = 0; i < series.x.size(); ++i)
    curve.push_back({{place, stretch_middle(end, i, series.x.size())},
                     {"mean_return", number_or_null(series.y[i])},
                     {"low", series.low.empty() ? Json(nullptr) : number_or_null(series.low[i])},
                     {"high", series.high.empty() ? Json(nullptr) : number_or_null(series.high[i])}});
  return curve;
}

Json arm_json(std::span<const ComparedRun> runs, const ComparedArm& arm, Json curve) {
  Json json = {{"label", arm.label},
               {"settings", Json::object()},
               {"seeds", arm.runs.size()},
               {"agent_steps", 0},
               {"runs", Json::array()}};
  for (const auto& [path, value] : arm.settings) json["settings"][path] = value;
  std::vector<RunScores> scores;
  std::int64_t agent_steps = 0;
  for (const std::size_t i : arm.runs) {
    scores.push_back(scores_of(runs[i]));
    agent_steps += scores.back().agent_steps;
    json["runs"].push_back({{"run", runs[i].path},
                            {"seed", runs[i].seed},
                            {"members", runs[i].members.size()},
                            {"agent_steps", scores.back().agent_steps},
                            {"final_return", number_or_null(scores.back().final_return)},
                            {"best_member_final", number_or_null(scores.back().best_member_final)},
                            {"area_under_curve", number_or_null(scores.back().area_under_curve)}});
  }
  json["agent_steps"] = agent_steps;
  json["final_return"] = over_seeds(scores, &RunScores::final_return);
  json["best_member_final"] = over_seeds(scores, &RunScores::best_member_final);
  json["area_under_curve"] = over_seeds(scores, &RunScores::area_under_curve);
  json["curve"] = std::move(curve);
  return json;
}

// "12.31 (11.20 to 13.40)", "-" where there is nothing.
std::string cell(const Json& score) {
  const Json& ci95 = score["ci95"];
  if (score["mean"].is_null()) return "-";
  return fmt::format("{:.2f} {}", score["mean"].get<double>(),
                     ci95.is_null()
                         ? std::string("(-)")
                         : fmt::format("({:.2f} to {:.2f})", ci95[0].get<double>(), ci95[1].get<double>()));
}

void print_arms(const Json& arms) {
  std::size_t width = 3;
  for (const Json& arm : arms) width = std::max(width, arm["label"].get<std::string>().size());
  fmt::print("{:<{}}  {:>5} {:>15}  {:<25} {:<25} {:<25}\n", "arm", width, "seeds", "agent steps",
             "final return", "final of best member", "area under curve");
  for (const Json& arm : arms)
    fmt::print("{:<{}}  {:>5} {:>15}  {:<25} {:<25} {:<25}\n", arm["label"].get<std::string>(), width,
               arm["seeds"].get<std::size_t>(), grouped_digits(arm["agent_steps"].get<std::int64_t>()),
               cell(arm["final_return"]), cell(arm["best_member_final"]), cell(arm["area_under_curve"]));
  fmt::print(
      "Mean over seeds of training returns (bootstrap 95 % interval over seeds). Final: the last tenth of "
      "agent steps, or as many tenths as it takes to hold an episode.\n");
}

Status run_compare(const CompareOptions& options) {
  if (!options.out.empty()) CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.out, {".svg"}));
  CHRYSALIS_ASSIGN_OR_RETURN(const CurveAxis axis, axis_of(options.over));
  std::vector<ReferenceReturn> references;
  for (const std::string& line : options.lines) {
    CHRYSALIS_ASSIGN_OR_RETURN(ReferenceReturn reference, reference_return(line));
    references.push_back(std::move(reference));
  }
  std::vector<ComparedRun> runs;
  for (const std::string& path : options.runs) {
    CHRYSALIS_ASSIGN_OR_RETURN(ComparedRun run, read_run(path));
    runs.push_back(std::move(run));
  }
  CHRYSALIS_ASSIGN_OR_RETURN(const auto arms, arms_of(runs, options.labels));
  const LineChart chart = comparison_chart(runs, arms, axis, options.points, references);
  if (!options.out.empty())
    CHRYSALIS_RETURN_IF_ERROR(
        replace_file(options.out, line_charts_svg({&chart, 1}, 1, {.width = 860, .height = 480})));
  Json json = {{"arms", Json::array()}};
  const double end = curve_end(runs, axis);
  for (std::size_t i = 0; i < arms.size(); ++i)
    json["arms"].push_back(arm_json(runs, arms[i], curve_json(chart.series[i], axis, end)));
  if (options.json) {
    fmt::print("{}\n", text_of(json));
    return {};
  }
  print_arms(json["arms"]);
  if (!options.out.empty()) fmt::print("{}\n", options.out);
  return {};
}

}  // namespace

Action add_compare_command(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  app.add_option("runs", options->runs,
                 "Directories of runs; those that differ only in seed and in how they are run are one arm")
      ->required();
  app.add_option("--label", options->labels, "What an arm is called; once for each, in order of appearance")
      ->allow_extra_args(false);
  app.add_option("--out", options->out, "Draw the curves too: a name that ends in .svg");
  app.add_option("--over", options->over,
                 "What curves run over: agent_steps, of each member, or time, of training");
  app.add_option("--line", options->lines, "LABEL=RETURN: a line to see curves by, such as random=2.7")
      ->allow_extra_args(false);
  app.add_option("--points", options->points, "Points of a curve")->check(CLI::Range(2, 10'000));
  app.add_flag("--json", options->json, "Print JSON, with the curves");
  return [options] { return run_compare(*options); };
}

}  // namespace chrysalis
