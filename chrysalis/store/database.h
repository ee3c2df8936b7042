// The run's database, run.sqlite: the truth about a run. Reports, curves and pages are views of it.
// docs/formats/run.md has the tables field by field.
//
// SQLite in WAL mode: one writer, readers beside it, each of which sees whole transactions only. What a call
// recorded survives the death of the process at any moment; put_checkpoint() makes it survive a loss of power
// too. One thread at a time for each Database.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/store/checkpoint.h"
#include "chrysalis/store/sqlite.h"

namespace chrysalis {

// The version of the tables. A newer database is refused, an older one is brought up when opened for writing.
inline constexpr std::int64_t kSchemaVersion = 1;

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

class Database {
 public:
  // kReadWrite creates the file and the tables if they are not there.
  static Result<Database> open(const std::filesystem::path& file, Sqlite::Access access,
                               int busy_timeout_ms = 5000);

  // The run's own facts by key: "config", "program_version", "created", ….
  Status set_meta(std::string_view key, std::string_view value);
  Result<std::optional<std::string>> meta(std::string_view key);

  // A member that is there keeps its row. Updates, episodes and checkpoints need their member's.
  Status add_member(const MemberRow& member);
  Result<std::vector<MemberRow>> members();

  // An update and the episodes that ended since the one before: all of it or nothing.
  Status record(const UpdateRow& update, std::span<const EpisodeRow> episodes);
  Status record_evaluation(const EvaluationRow& evaluation);

  // Inserts it or, for a name that is there, replaces all but `pinned`. On the disk when it returns, and with
  // it all that was recorded before: a checkpoint never outlives the rows that lead to it.
  Status put_checkpoint(const CheckpointRow& row);
  Status set_checkpoint_state(std::string_view name, CheckpointState state);
  Status set_checkpoint_pinned(std::string_view name, bool pinned);

  // Forgets what lies after `position` of its member: updates, and the episodes that ended in their unrolls;
  // later checkpoints become kAbandoned.
  Status truncate_after(const TrainingPosition& position);

  Result<MemberSummary> summary(std::int64_t member);
  // Oldest first.
  Result<std::vector<UpdateRow>> updates(std::int64_t member);
  // In the order in which they ended: by update, then environment and episode. `newest`: only that many, from
  // the end.
  Result<std::vector<EpisodeRow>> episodes(std::int64_t member, std::optional<std::int64_t> newest = {});
  // Newest first by update; all members, all states.
  Result<std::vector<CheckpointRow>> checkpoints();
  Result<std::vector<EvaluationRow>> evaluations();

 private:
  Database(Sqlite sqlite, SqliteStatement insert_update, SqliteStatement insert_episode)
      : sqlite_(std::move(sqlite)),
        insert_update_(std::move(insert_update)),
        insert_episode_(std::move(insert_episode)) {}

  Sqlite sqlite_;  // Before the statements, which go first.
  SqliteStatement insert_update_;
  SqliteStatement insert_episode_;
};

}  // namespace chrysalis
