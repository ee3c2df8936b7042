#include "chrysalis/cli/comparison.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

constexpr int kAreaStretches = 50;
constexpr int kResamples = 10'000;
constexpr double kHoursFrom = 2 * 3600;  // Seconds; shorter curves run over minutes.
constexpr std::uint64_t kBootstrapSeed = 95;

// Mean over the levels of the mean return of each; NaN unless every one of `levels` has an episode.
class LevelMeans {
 public:
  void add(const PlacedReturn& episode) {
    auto& [sum, count] = by_level_[episode.level];
    sum += episode.episode_return;
    ++count;
  }
  double mean(std::size_t levels) const {
    if (by_level_.empty() || by_level_.size() < levels) return NAN;
    double sum = 0;
    for (const auto& [level, mean] : by_level_) sum += mean.first / static_cast<double>(mean.second);
    return sum / static_cast<double>(by_level_.size());
  }
  std::size_t levels() const { return by_level_.size(); }

 private:
  std::map<std::string, std::pair<double, std::int64_t>> by_level_;
};

std::size_t levels_of(const ComparedRun& run) {
  LevelMeans all;
  for (const auto& member : run.members)
    for (const PlacedReturn& episode : member) all.add(episode);
  return all.levels();
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// NaN without any.
double mean_of_finite(std::span<const double> values) {
  std::vector<double> finite;
  std::ranges::copy_if(values, std::back_inserter(finite), [](double value) { return std::isfinite(value); });
  return finite.empty() ? NAN : mean_of(finite);
}

// As a person writes it: without TOML's quotes.
std::string plain(const std::string& value) {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

// What a table and a legend have room for; --label gives better names.
constexpr std::size_t kLabelMax = 60;

std::string label_of(const ComparedArm& arm, const ComparedRun& first) {
  std::vector<std::string> parts;
  for (const auto& [path, value] : arm.settings)
    parts.push_back(path == "level.name" ? plain(value) : fmt::format("{}={}", path, plain(value)));
  if (!parts.empty()) {
    const std::string label = fmt::format("{}", fmt::join(parts, ", "));
    return label.size() <= kLabelMax ? label : label.substr(0, kLabelMax - 3) + "...";
  }
  for (const auto& [path, value] : first.settings)
    if (path == "level.name") return plain(value);
  return first.path;
}

// Settings of `run` that some arm's first run has otherwise or not at all.
std::vector<std::pair<std::string, std::string>> differing(std::span<const ComparedRun> runs,
                                                           const std::vector<ComparedArm>& arms,
                                                           const ComparedRun& run) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& setting : run.settings)
    if (!std::ranges::all_of(arms, [&](const ComparedArm& arm) {
          const auto& other = runs[arm.runs.front()].settings;
          return std::ranges::find(other, setting) != other.end();
        }))
      settings.push_back(setting);
  return settings;
}

}  // namespace

Result<std::vector<ComparedArm>> arms_of(std::span<const ComparedRun> runs,
                                         const std::vector<std::string>& labels) {
  std::vector<ComparedArm> arms;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto arm = std::ranges::find_if(
        arms, [&](const ComparedArm& one) { return runs[one.runs.front()].settings == runs[i].settings; });
    if (arm == arms.end()) {
      arms.push_back({.label = "", .settings = {}, .runs = {i}});
      continue;
    }
    for (const std::size_t other : arm->runs)
      if (runs[other].seed == runs[i].seed)
        return invalid_input("{} and {} have the same settings and the same seed, {}: give one of them",
                             runs[other].path, runs[i].path, runs[i].seed);
    arm->runs.push_back(i);
  }
  for (ComparedArm& arm : arms) {
    arm.settings = differing(runs, arms, runs[arm.runs.front()]);
    arm.label = label_of(arm, runs[arm.runs.front()]);
  }
  if (labels.empty()) return arms;
  if (labels.size() != arms.size()) {
    std::vector<std::string> found;
    for (const ComparedArm& arm : arms) found.push_back(arm.label);
    return invalid_input("{} labels for {} arms: expected one for each of {}", labels.size(), arms.size(),
                         fmt::join(found, "; "));
  }
  for (std::size_t i = 0; i < arms.size(); ++i) arms[i].label = labels[i];
  return arms;
}

double curve_end(std::span<const ComparedRun> runs, CurveAxis axis) {
  double end = 1;
  for (const ComparedRun& run : runs) {
    if (axis == CurveAxis::kTime) end = std::max(end, run.seconds);
    if (axis == CurveAxis::kAgentSteps)
      for (const std::int64_t steps : run.member_agent_steps) end = std::max(end, static_cast<double>(steps));
  }
  return end;
}

std::vector<double> return_curve(const ComparedRun& run, CurveAxis axis, double end, int count) {
  std::vector<LevelMeans> stretches(static_cast<std::size_t>(count));
  for (const auto& member : run.members)
    for (const PlacedReturn& episode : member) {
      const double place =
          axis == CurveAxis::kTime ? episode.seconds : static_cast<double>(episode.agent_steps);
      if (place > end) continue;
      // A stretch holds its end, as an update holds its last step.
      const double at = std::ceil(place / end * count) - 1;
      stretches[static_cast<std::size_t>(std::clamp(at, 0.0, count - 1.0))].add(episode);
    }
  const std::size_t levels = levels_of(run);
  std::vector<double> curve;
  for (const LevelMeans& stretch : stretches) curve.push_back(stretch.mean(levels));
  return curve;
}

RunScores scores_of(const ComparedRun& run) {
  const auto& steps = run.member_agent_steps;
  const std::size_t levels = levels_of(run);
  RunScores scores{.agent_steps = std::accumulate(steps.begin(), steps.end(), std::int64_t{0}),
                   .final_return = NAN,
                   .best_member_final = NAN};
  // Where episodes are long, the last tenth may hold none.
  for (int tenths = 1; tenths <= 10 && std::isnan(scores.final_return); ++tenths) {
    LevelMeans all;
    for (std::size_t m = 0; m < run.members.size(); ++m) {
      LevelMeans own;
      for (const PlacedReturn& episode : run.members[m])
        if (static_cast<double>(10 * episode.agent_steps) >
            static_cast<double>(10 - tenths) * static_cast<double>(steps[m])) {
          own.add(episode);
          all.add(episode);
        }
      scores.best_member_final = std::fmax(scores.best_member_final, own.mean(levels));
    }
    scores.final_return = all.mean(levels);
  }
  scores.area_under_curve = mean_of_finite(return_curve(
      run, CurveAxis::kAgentSteps, curve_end({&run, 1}, CurveAxis::kAgentSteps), kAreaStretches));
  return scores;
}

std::optional<Interval> bootstrap95(std::span<const double> values) {
  if (values.size() < 2) return {};
  RandomStream random{RandomKey(kBootstrapSeed)};
  std::vector<double> means(kResamples);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
    mean = sum / static_cast<double>(values.size());
  }
  std::ranges::sort(means);
  return Interval{.low = means[kResamples / 40], .high = means[kResamples - 1 - kResamples / 40]};
}

Result<ReferenceReturn> reference_return(const std::string& text) {
  const std::size_t sign = text.rfind('=');
  if (sign != std::string::npos && sign > 0) {
    ReferenceReturn reference{.label = text.substr(0, sign)};
    const char* end = text.data() + text.size();
    const auto [at, failed] = std::from_chars(text.data() + sign + 1, end, reference.value);
    if (failed == std::errc{} && at == end && std::isfinite(reference.value)) return reference;
  }
  return invalid_input("--line {}: expected LABEL=RETURN, such as random=2.7", text);
}

LineChart comparison_chart(std::span<const ComparedRun> runs, std::span<const ComparedArm> arms,
                           CurveAxis axis, int count, std::span<const ReferenceReturn> references) {
  const double end = curve_end(runs, axis);
  const bool over_time = axis == CurveAxis::kTime, in_hours = end >= kHoursFrom;
  const double unit = !over_time ? 1 : in_hours ? 3600 : 60;
  LineChart chart{.title = "Return of training episodes",
                  .x_label = !over_time ? "agent steps of each member"
                             : in_hours ? "hours of training"
                                        : "minutes of training",
                  .y_label = "mean return",
                  .series = {}};
  for (const ComparedArm& arm : arms) {
    std::vector<std::vector<double>> curves;
    for (const std::size_t run : arm.runs) curves.push_back(return_curve(runs[run], axis, end, count));
    ChartSeries series{
        .name = fmt::format("{} ({} seed{})", arm.label, curves.size(), curves.size() == 1 ? "" : "s"),
        .marked = false};
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      std::vector<double> seeds;
      for (const auto& curve : curves)
        if (std::isfinite(curve[p])) seeds.push_back(curve[p]);
      series.x.push_back(stretch_middle(end, p, static_cast<std::size_t>(count)) / unit);
      // Only where all seeds say something: a mean over fewer would jump where one ends.
      const bool whole = seeds.size() == curves.size();
      series.y.push_back(whole ? mean_of(seeds) : NAN);
      if (curves.size() < 2) continue;
      std::optional<Interval> band;
      if (whole && curves.size() >= 3) band = bootstrap95(seeds);
      if (whole && curves.size() == 2) band = Interval{std::ranges::min(seeds), std::ranges::max(seeds)};
      series.low.push_back(band ? band->low : NAN);
      series.high.push_back(band ? band->high : NAN);
    }
    chart.series.push_back(std::move(series));
  }
  for (const ReferenceReturn& reference : references)
    chart.series.push_back({.name = reference.label,
                            .x = {0, end / unit},
                            .y = {reference.value, reference.value},
                            .marked = false,
                            .dashed = true});
  return chart;
}

}  // namespace chrysalis
