// The directory of one run, and who may write it. docs/formats/run.md describes it.
//
//   run.sqlite    the truth: see database.h
//   checkpoints/  see checkpoint.h
//   config.toml   the resolved configuration, a copy of what the database holds
//   log.txt       the log, written by whoever opened the run
//   lock          held (flock) by the process that writes the run; it goes with the process, however that
//   ends
//
// One thread at a time for each RunDirectory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/tensor.h"
#include "chrysalis/store/checkpoint.h"
#include "chrysalis/store/database.h"
#include "chrysalis/store/durable_file.h"
#include "chrysalis/store/store_config.h"

namespace chrysalis {

enum class OpenMode {
  kResumeOrCreate,
  kFresh,     // A run that is there is moved aside to <path>.old-1, -2, …; nothing is deleted.
  kReadOnly,  // No lock, also beside a writer. Calls that write are our bug (CHECK).
};

// In a checkpoint's metadata: the number of the decision that it is of.
inline constexpr std::string_view kDecisionKey = "decision";

// Seconds since 1970 (UTC), for the rows of the database.
double unix_seconds_now();

class RunDirectory {
 public:
  // Refuses: a run in use by a live process (writing modes), a directory that is not empty and no run, a
  // database or a disk that does not let it. Writing modes clear what killed writers left and bring directory
  // and database in line: a whole checkpoint whose row was not written yet gets it, unless it is of a
  // decision, which did not happen then: that one is removed.
  static Result<RunDirectory> open(const std::filesystem::path& path, OpenMode mode,
                                   const StoreConfig& config = {});

  // The tables of a run that is there, to write a row or a mark beside whoever trains it.
  static Result<Database> open_database(const std::filesystem::path& path);

  // True if a run was there already.
  bool resumed() const { return resumed_; }
  // Where kFresh moved the old run; empty if there was none.
  const std::filesystem::path& moved_aside() const { return moved_aside_; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path log_path() const { return path_ / "log.txt"; }
  std::filesystem::path config_path() const { return path_ / "config.toml"; }
  std::filesystem::path checkpoints_path() const { return path_ / "checkpoints"; }
  Database& database() { return database_; }

  // The resolved configuration, into the database and config.toml; none before the first write.
  Status write_config(std::string_view toml);
  Result<std::optional<std::string>> config();

  // Adds the member's row if it is not there, writes the checkpoint, then its row, then removes what
  // retention does not keep: per member the newest keep_checkpoints by update, every pinned one and what
  // keep_from_update() says. An error means that this checkpoint is not saved and all earlier ones are as
  // they were; an old one that cannot be removed is a warning. `metadata` must not have kDecisionKey (CHECK).
  Result<CheckpointRow> save_checkpoint(const TrainingPosition& position,
                                        std::span<const NamedTensor> tensors,
                                        const TensorMetadata& metadata = {});
  // The same for the checkpoint that a decision of the population leads to, whose metadata gets the
  // decision's number: row and decision are recorded in one transaction, so that after a kill either both are
  // there or neither. Fills decision.checkpoint in what it records; decision.member and position.member must
  // be the same (CHECK).
  Result<CheckpointRow> save_decision(const TrainingPosition& position, std::span<const NamedTensor> tensors,
                                      DecisionRow decision, const TensorMetadata& metadata = {});
  // From now on, retention removes no checkpoint of any member at this update or later. Without a call there
  // is no such bound.
  void keep_from_update(std::int64_t update) { keep_from_update_ = update; }
  // The member's newest checkpoint that verifies; none if it has none. One that does not verify is a warning,
  // and the one before it is taken; only where none of them verifies, that is an error.
  Result<std::optional<Checkpoint>> latest_checkpoint(std::int64_t member);
  // One checkpoint by name or by the start of its name.
  Result<Checkpoint> checkpoint(std::string_view name);

  // See Database::truncate_after(): call it before training on from a checkpoint, so that nothing comes
  // twice; without a checkpoint, from update 0. Directories of later checkpoints are renamed to
  // <name>.abandoned.
  Status truncate_after(const TrainingPosition& position, std::int64_t decisions);

  // What went wrong without stopping anything, one line each, since the last call.
  std::vector<std::string> take_warnings();

 private:
  RunDirectory(std::filesystem::path path, OpenMode mode, const StoreConfig& config, Database database)
      : path_(std::move(path)), mode_(mode), config_(config), database_(std::move(database)) {}
  Status reconcile();
  Status take_in_orphan(const std::filesystem::path& directory);
  // Writes the checkpoint, has its row recorded by `record(row)`, then removes what retention does not keep.
  template <typename Record>
  Result<CheckpointRow> save(const TrainingPosition& position, std::span<const NamedTensor> tensors,
                             const TensorMetadata& metadata, const Record& record);
  Status retain(const CheckpointRow& saved);
  Status set_aside_abandoned();

  // Constant after open().
  std::filesystem::path path_;
  OpenMode mode_;
  StoreConfig config_;
  bool resumed_ = false;
  std::filesystem::path moved_aside_;
  FileDescriptor lock_;

  std::int64_t keep_from_update_ = std::numeric_limits<std::int64_t>::max();
  Database database_;
  std::vector<std::string> warnings_;
};

// A key whose value differs between two resolved configurations, as to_toml() writes them.
struct ConfigChange {
  std::string path;    // "learner.learning_rate"
  std::string before;  // As TOML spells it; empty where the key is not there.
  std::string after;
  friend bool operator==(const ConfigChange&, const ConfigChange&) = default;
};
// In the order of `before`, then keys that are new. Comments and blank lines do not matter.
std::vector<ConfigChange> config_changes(std::string_view before, std::string_view after);

}  // namespace chrysalis
