// The run's database, run.sqlite: the truth about a run. Reports, curves and pages are views of it.
// docs/formats/run.md has the tables field by field.
//
// SQLite in WAL mode: one writer, readers beside it, each of which sees whole transactions only. What a call
// recorded survives the death of the process at any moment; put_checkpoint() makes it survive a loss of power
// too. One thread at a time for each Database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/store/run_rows.h"
#include "chrysalis/store/sqlite.h"

namespace chrysalis {

// The version of the tables. A newer database is refused. An older one is brought up when it is opened for
// writing; a reader sees it with the newer tables empty and the newer columns NULL.
inline constexpr std::int64_t kSchemaVersion = 3;

class Database {
 public:
  // kReadWrite creates the file and the tables if they are not there.
  static Result<Database> open(const std::filesystem::path& file, Sqlite::Access access,
                               int busy_timeout_ms = 5000);

  // The run's own facts by key: "config", "program_version".
  Status set_meta(std::string_view key, std::string_view value);
  Result<std::optional<std::string>> meta(std::string_view key);

  // A member that is there keeps its row. Updates, episodes and checkpoints need their member's.
  Status add_member(const MemberRow& member);
  Result<std::vector<MemberRow>> members();

  // An update and the episodes that ended since the one before: all of it or nothing.
  Status record(const UpdateRow& update, std::span<const EpisodeRow> episodes);
  Status record_evaluation(const EvaluationRow& evaluation);
  Status record_score(const ScoreRow& score);

  // Inserts it or, for a name that is there, replaces all but `pinned`. On the disk when it returns, and with
  // it all that was recorded before: a checkpoint never outlives the rows that lead to it.
  Status put_checkpoint(const CheckpointRow& row);
  // A decision and the checkpoint that it led to, as above, in one transaction: neither is there without the
  // other. `decision.checkpoint` must be the row's name, `decision.member` its member (CHECK).
  Status put_decision(const CheckpointRow& row, const DecisionRow& decision);
  Status set_checkpoint_state(std::string_view name, CheckpointState state);
  // Keeps a checkpoint from retention, or gives it back. Error: there is none of that name.
  Status set_checkpoint_pinned(std::string_view name, bool pinned);

  // Forgets what lies after `position` of its member: updates, the episodes that ended in their unrolls,
  // scores, and the decisions but its first `decisions` (one may be of the position's own update and still
  // lie after it); later checkpoints become kAbandoned.
  Status truncate_after(const TrainingPosition& position, std::int64_t decisions);

  Result<MemberSummary> summary(std::int64_t member);
  // Oldest first.
  Result<std::vector<UpdateRow>> updates(std::int64_t member);
  // In the order in which they ended: by update, then environment and episode. `newest`: only that many, from
  // the end.
  Result<std::vector<EpisodeRow>> episodes(std::int64_t member, std::optional<std::int64_t> newest = {});
  // Newest first by update, and of one update that of a decision before others; all states. All members, or
  // one.
  Result<std::vector<CheckpointRow>> checkpoints(std::optional<std::int64_t> member = {});
  // By agent steps, then member and number. All members, or one.
  Result<std::vector<DecisionRow>> decisions(std::optional<std::int64_t> member = {});
  // Oldest first.
  Result<std::vector<ScoreRow>> scores(std::int64_t member);
  Result<std::vector<EvaluationRow>> evaluations();

 private:
  explicit Database(Sqlite sqlite) : sqlite_(std::move(sqlite)) {}
  Status insert_checkpoint(const CheckpointRow& row);
  Status insert_decision(const DecisionRow& decision);
  // One transaction that is on the disk when this returns, with all those before it.
  template <typename Body>
  Status durably(std::string_view trying, const Body& body);

  Sqlite sqlite_;
};

}  // namespace chrysalis
