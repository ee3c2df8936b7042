// Runs beside each other, arm against arm, over seeds: pure, for `chrysalis compare`. Runs whose settings are
// the same but for the seed and what is neutral (experiment.h) are one arm.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/media/line_chart.h"

namespace chrysalis {

// One finished training episode.
struct PlacedReturn {
  std::int64_t agent_steps = 0;  // Of its member, at the update that it was recorded with.
  std::string level;
  double episode_return = 0;
  double seconds = 0;  // Of training up to that update, over all resumes.
};

// What a comparison needs of one run.
struct ComparedRun {
  std::string path;
  std::string seed;
  std::vector<std::pair<std::string, std::string>> settings;  // Path and value, all that make the experiment.
  std::vector<std::int64_t> member_agent_steps;               // Trained on, one for each member.
  std::vector<std::vector<PlacedReturn>> members;             // Each member's, by agent steps.
  double seconds = 0;                                         // Of training, over all resumes.
};

// What a curve runs over.
enum class CurveAxis {
  kAgentSteps,  // Of each member.
  kTime,        // Seconds of training, without the time between a stop and its resume.
};

struct ComparedArm {
  std::string label;
  std::vector<std::pair<std::string, std::string>> settings;  // Those in which the arms differ.
  std::vector<std::size_t> runs;                              // Indices, in the order given.
};

// In the order in which the arms first appear. `labels`: one for each arm in that order, or empty: then an
// arm is called by the settings in which the arms differ, and a single one by its level. Errors: two runs of
// one arm have one seed, which would count the same evidence twice; another number of labels than arms.
Result<std::vector<ComparedArm>> arms_of(std::span<const ComparedRun> runs,
                                         const std::vector<std::string>& labels);

// Where the axis of a comparison ends: with the longest member of all, or the longest run; at least 1.
double curve_end(std::span<const ComparedRun> runs, CurveAxis axis);

// The middle of stretch `i` of `count` equal ones of [0, end], where a curve has its point.
inline double stretch_middle(double end, std::size_t i, std::size_t count) {
  return end * (static_cast<double>(i) + 0.5) / static_cast<double>(count);
}

// Mean return over `count` equal stretches of [0, end] of the axis, all members together. Where a run has
// several levels, each counts the same. NaN for a stretch in which a level of the run has no episode.
std::vector<double> return_curve(const ComparedRun& run, CurveAxis axis, double end, int count);

struct RunScores {
  std::int64_t agent_steps = 0;  // Of all members.
  // Mean over the last tenth of each member's agent steps, all members; over as many tenths as it takes where
  // no episode ended in it.
  double final_return = 0;
  double best_member_final = 0;  // The greatest of the members' own.
  double area_under_curve = 0;   // Mean of return_curve() over the run's own agent steps, 50 stretches.
};
// A number is NaN where the run has no episode to say it by.
RunScores scores_of(const ComparedRun& run);

struct Interval {
  double low = 0;
  double high = 0;
};
// Bootstrap 95 % interval of the mean: percentiles 2.5 and 97.5 of the means of 10,000 resamples, always by
// the same key. None for fewer than two values.
std::optional<Interval> bootstrap95(std::span<const double> values);

// A return to see curves by: a random policy's, a person's.
struct ReferenceReturn {
  std::string label;
  double value = 0;
};
// LABEL=RETURN. Error: what was expected.
Result<ReferenceReturn> reference_return(const std::string& text);

// One line for each arm: mean over its seeds, with a band: bootstrap95() from three seeds on, least to most
// for two. All arms over the same `count` stretches, up to curve_end(). After them one for each reference.
LineChart comparison_chart(std::span<const ComparedRun> runs, std::span<const ComparedArm> arms,
                           CurveAxis axis, int count, std::span<const ReferenceReturn> references);

}  // namespace chrysalis
