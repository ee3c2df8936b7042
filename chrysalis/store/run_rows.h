// What the database of a run holds, row by row, as C++ sees it. docs/formats/run.md has the tables.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chrysalis/store/checkpoint.h"

namespace chrysalis {

// Times are seconds since 1970 (UTC).
struct MemberRow {
  std::int64_t member = 0;
  double created = 0;
  std::string config;  // Its resolved configuration, TOML.
  friend bool operator==(const MemberRow&, const MemberRow&) = default;
};

// One update of one member's weights. A number that is not finite reads back as itself.
struct UpdateRow {
  std::int64_t member = 0;
  std::int64_t update = 0;       // From 1; the version of the weights it made.
  std::int64_t agent_steps = 0;  // Trained on so far, this update included.
  double time = 0;
  double seconds = 0;  // Of training up to here, over all resumes.
  bool finite = true;
  double loss = 0;
  double policy_loss = 0;
  double baseline_loss = 0;
  double entropy = 0;        // Nats a step.
  double gradient_norm = 0;  // Before clipping.
  double explained_variance = 0;
  double mean_rho = 0;
  double saturated_units = 0;  // 0 to 1.
  double mean_lag = 0;         // Updates.
  std::int64_t max_lag = 0;    // Updates.
  // Hyperparameters that it was made with, and what a mixture adds. NaN where the run has none.
  double alpha = NAN;
  double learning_rate = NAN;
  double entropy_cost = NAN;
  double transfer_loss = NAN;     // Mean L_mm term a step, before lambda.
  double simple_entropy = NAN;    // Of pi_1, nats a step.
  double complex_entropy = NAN;   // Of pi_2, nats a step.
  double simple_mass = NAN;       // Of pi_2 on the actions of pi_1, 0 to 1.
  std::int64_t unrolls_lost = 0;  // With their environment's process, and collected anew for its batch.
};

// One finished episode. (member, environment, episode) is unique.
struct EpisodeRow {
  std::int64_t member = 0;
  std::int64_t environment = 0;
  std::int64_t episode = 0;  // From 0, counted in that environment.
  std::string level;
  double episode_return = 0;
  std::int64_t agent_steps = 0;  // Its length.
  std::int64_t frames = 0;
  std::int64_t ended_at_update = 0;
  double time = 0;
  friend bool operator==(const EpisodeRow&, const EpisodeRow&) = default;
};

enum class CheckpointState {
  kKept,       // Its directory should be there.
  kDeleted,    // Removed by retention.
  kAbandoned,  // Of a future that a resume from an earlier checkpoint gave up; moved aside, not removed.
};
struct CheckpointRow {
  std::string name;  // Its directory under checkpoints/, the start of its hash.
  std::string sha256;
  TrainingPosition position;
  double time = 0;
  CheckpointState state = CheckpointState::kKept;
  bool pinned = false;  // Retention does not touch it.
  friend bool operator==(const CheckpointRow&, const CheckpointRow&) = default;
};

// A hyperparameter that a decision changed, by copying or by exploring.
struct HyperparameterChange {
  std::string path;  // "learner.learning_rate"
  double before = 0;
  double after = 0;
  friend bool operator==(const HyperparameterChange&, const HyperparameterChange&) = default;
};

// One decision of the population about one member. (member, number) is unique.
struct DecisionRow {
  std::int64_t member = 0;
  std::int64_t number = 0;  // From 0, counted in that member.
  std::int64_t update = 0;  // Of the member, as are agent_steps and episodes: up to here.
  std::int64_t agent_steps = 0;
  std::int64_t episodes = 0;
  double time = 0;
  std::string outcome{};                         // "copied", "kept", "not_ready" or "replaced".
  std::string reason{};                          // One line for people.
  std::optional<std::int64_t> partner{};         // The member that it was compared with or copied from.
  std::optional<std::int64_t> partner_update{};  // Of what was compared or copied.
  std::string parent{};                          // Checkpoint copied from; empty where nothing was.
  std::vector<double> own_returns{};             // Both samples of the test.
  std::vector<double> partner_returns{};
  // Of the samples and of Welch's test; NaN where there was none.
  double own_mean = NAN;
  double partner_mean = NAN;
  double t = NAN;
  double degrees_of_freedom = NAN;
  double p = NAN;
  bool explored = false;
  std::vector<HyperparameterChange> values{};
  std::int64_t unrolls_dropped = 0;  // In flight under the old weights.
  std::string checkpoint{};          // The member's own, after the decision.
};

// One round of evaluation of one member. (member, update) is unique.
struct ScoreRow {
  std::int64_t member = 0;
  std::int64_t update = 0;
  std::int64_t agent_steps = 0;
  double score = 0;
  std::vector<double> returns{};  // Mean return, one for each task.
  double time = 0;
  friend bool operator==(const ScoreRow&, const ScoreRow&) = default;
};

struct EvaluationRow {
  std::string checkpoint;  // Name; empty where the policy has none (random).
  std::string level;
  std::string policy;
  double mean = 0;
  std::array<double, 2> ci95{};
  std::vector<double> returns;  // One for each episode.
  double time = 0;
  friend bool operator==(const EvaluationRow&, const EvaluationRow&) = default;
};

// One member at one moment.
struct MemberSummary {
  std::int64_t updates = 0;      // Rows.
  std::int64_t last_update = 0;  // 0: none yet.
  std::int64_t agent_steps = 0;  // At the last update.
  std::int64_t episodes = 0;
  std::int64_t frames = 0;   // Of finished episodes.
  double recent_return = 0;  // Mean of the 100 episodes that ended last; NaN without any.
};

}  // namespace chrysalis
