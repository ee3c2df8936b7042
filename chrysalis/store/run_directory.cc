#include "chrysalis/store/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace chrysalis {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kDatabaseFile = "run.sqlite";
constexpr std::string_view kLockFile = "lock";
constexpr std::string_view kCheckpoints = "checkpoints";
constexpr std::string_view kAbandoned = ".abandoned";
constexpr std::size_t kNameDigits = 16;

enum class Found { kNothing, kRun };

// What lies at the path now. Anything that is neither nothing nor a run is an error.
Result<Found> look_at(const fs::path& path) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (status.type() == fs::file_type::not_found) return Found::kNothing;
  if (status.type() == fs::file_type::none) return file_error(path, "open the run", code.value());
  if (status.type() != fs::file_type::directory)
    return invalid_input("{}: expected the directory of a run, found a file", path.string());
  if (fs::exists(path / kDatabaseFile, code)) return Found::kRun;
  // A writer killed right at the start leaves a lock and nothing else: as good as empty.
  for (fs::directory_iterator entry(path, code), end; !code && entry != end; entry.increment(code))
    if (entry->path().filename() != kLockFile)
      return invalid_input("{}: the directory is not empty and no run (no {} in it): choose another",
                           path.string(), kDatabaseFile);
  if (code) return file_error(path, "list the directory", code.value());
  return Found::kNothing;
}

// The pid in the lock file, for the message; "?" while its owner has not written it yet.
std::string owner_of(int fd) {
  std::string pid(32, '\0');
  const ssize_t got = ::pread(fd, pid.data(), pid.size(), 0);
  pid.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  pid.resize(std::min(pid.size(), pid.find_first_not_of("0123456789")));
  return pid.empty() ? "?" : pid;
}

Result<FileDescriptor> take_lock(const fs::path& path) {
  const fs::path file = path / kLockFile;
  FileDescriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock.valid()) return file_error(file, "open the lock", errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error(file, "lock the run", errno);
    return io_error("{}: the run is in use by process {}: stop it first, or choose another directory",
                    path.string(), owner_of(lock.get()));
  }
  // Between open and flock, its owner may have moved the run aside: then this is the lock of the old one.
  struct stat held {};
  struct stat there {};
  if (::fstat(lock.get(), &held) != 0 || ::stat(file.c_str(), &there) != 0 || held.st_ino != there.st_ino ||
      held.st_dev != there.st_dev)
    return io_error("{}: the run was moved by another process just now: try again", path.string());
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock.get(), 0) != 0 ||
      ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return file_error(file, "write the lock", errno);
  return lock;
}

Status create_directories_above(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) return file_error(path, "create the directory", code.value());
  return {};
}

// The first free of <path>.old-1, <path>.old-2, ….
Result<fs::path> move_aside(const fs::path& path) {
  for (int i = 1;; ++i) {
    fs::path aside = path;
    aside += fmt::format(".old-{}", i);
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(aside, ignored))) continue;
    CHRYSALIS_RETURN_IF_ERROR(rename_path(path, aside));
    return aside;
  }
}

// "runs/a/" and "runs/a" are the same run, and ".old-1" is appended to a name.
fs::path plain_path(const fs::path& path) {
  std::error_code ignored;
  fs::path plain = fs::absolute(path, ignored).lexically_normal();
  return plain.has_filename() ? plain : plain.parent_path();
}

std::int64_t last_update_kept(const std::vector<CheckpointRow>& rows, std::int64_t member) {
  for (const CheckpointRow& row : rows)
    if (row.position.member == member && row.state == CheckpointState::kKept) return row.position.update;
  return -1;
}

CheckpointRow row_of(const CheckpointInfo& info) {
  return {.name = info.name(),
          .sha256 = info.state_sha256,
          .position = info.position,
          .time = unix_seconds_now(),
          .state = CheckpointState::kKept,
          .pinned = false};
}

}  // namespace

double unix_seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Result<RunDirectory> RunDirectory::open(const fs::path& path, OpenMode mode, const StoreConfig& config) {
  if (path.empty()) return invalid_input("the path of the run's directory is empty");
  const fs::path plain = plain_path(path);
  CHRYSALIS_ASSIGN_OR_RETURN(Found found, look_at(plain));
  if (mode == OpenMode::kReadOnly) {
    if (found != Found::kRun) return invalid_input("{}: no run there (no {})", plain.string(), kDatabaseFile);
    CHRYSALIS_ASSIGN_OR_RETURN(auto database,
                               Database::open(plain / kDatabaseFile, Sqlite::Access::kReadOnly));
    RunDirectory run(plain, mode, config, std::move(database));
    run.resumed_ = true;
    return run;
  }

  CHRYSALIS_RETURN_IF_ERROR(create_directories_above(plain));
  CHRYSALIS_ASSIGN_OR_RETURN(FileDescriptor lock, take_lock(plain));
  // Now that nobody else writes: what is there really?
  CHRYSALIS_ASSIGN_OR_RETURN(found, look_at(plain));
  fs::path moved;
  if (mode == OpenMode::kFresh && found == Found::kRun) {
    CHRYSALIS_ASSIGN_OR_RETURN(moved, move_aside(plain));
    CHRYSALIS_RETURN_IF_ERROR(create_directories_above(plain));
    CHRYSALIS_ASSIGN_OR_RETURN(lock, take_lock(plain));
    found = Found::kNothing;
  }
  CHRYSALIS_ASSIGN_OR_RETURN(auto database,
                             Database::open(plain / kDatabaseFile, Sqlite::Access::kReadWrite));
  RunDirectory run(plain, mode, config, std::move(database));
  run.resumed_ = found == Found::kRun;
  run.moved_aside_ = std::move(moved);
  run.lock_ = std::move(lock);
  CHRYSALIS_RETURN_IF_ERROR(create_directories_above(run.checkpoints_path()));
  CHRYSALIS_RETURN_IF_ERROR(sync_directory(plain));
  CHRYSALIS_RETURN_IF_ERROR(sync_directory(plain.parent_path()));
  CHRYSALIS_RETURN_IF_ERROR(run.reconcile());
  return run;
}

Result<Database> RunDirectory::open_database(const fs::path& path) {
  return Database::open(path / kDatabaseFile, Sqlite::Access::kReadWrite);
}

// A kill may fall between a directory and its row. Each step of the writer has one order, so what is found
// says how far it came.
Status RunDirectory::reconcile() {
  CHRYSALIS_RETURN_IF_ERROR(remove_temporaries(checkpoints_path()));
  CHRYSALIS_RETURN_IF_ERROR(set_aside_abandoned());
  CHRYSALIS_ASSIGN_OR_RETURN(const auto rows, database_.checkpoints());
  std::error_code code;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(checkpoints_path(), code), end; !code && entry != end;
       entry.increment(code))
    if (entry->path().filename().string().size() == kNameDigits) found.push_back(entry->path());
  if (code) return file_error(checkpoints_path(), "list the directory", code.value());
  // A kill leaves one without its row.
  if (rows.empty() && found.size() > 1)
    warnings_.push_back(fmt::format("{} knows none of the {} checkpoints beside it: what it recorded is lost",
                                    (path_ / kDatabaseFile).string(), found.size()));
  for (const fs::path& directory : found) {
    const auto row = std::ranges::find(rows, directory.filename().string(), &CheckpointRow::name);
    if (row == rows.end()) {
      CHRYSALIS_RETURN_IF_ERROR(take_in_orphan(directory));
    } else if (row->state == CheckpointState::kDeleted) {
      if (const Status removed = remove_checkpoint(directory); !removed.ok())
        warnings_.push_back(removed.error().message);
    }
  }
  return {};
}

// A directory without a row: written whole, and its writer killed before the row. A checkpoint gets its row.
// A decision's is removed: the decision was not recorded, so it will be taken anew.
Status RunDirectory::take_in_orphan(const fs::path& directory) {
  const auto orphan = read_checkpoint(directory);
  if (!orphan.ok() || orphan->info.name() != directory.filename()) {
    warnings_.push_back(orphan.ok()
                            ? fmt::format("{}: not a checkpoint of that name; left alone", directory.string())
                            : orphan.error().message);
    return {};
  }
  if (orphan->metadata.contains(kDecisionKey)) return remove_checkpoint(directory);
  CHRYSALIS_RETURN_IF_ERROR(database_.add_member(
      {.member = orphan->info.position.member, .created = unix_seconds_now(), .config = {}}));
  return database_.put_checkpoint(row_of(orphan->info));
}

Status RunDirectory::write_config(std::string_view toml) {
  CHRYSALIS_CHECK(mode_ != OpenMode::kReadOnly);
  CHRYSALIS_RETURN_IF_ERROR(database_.set_meta("config", toml));
  return replace_file(config_path(), toml);
}

Result<std::optional<std::string>> RunDirectory::config() {
  return database_.meta("config");
}

template <typename Record>
Result<CheckpointRow> RunDirectory::save(const TrainingPosition& position,
                                         std::span<const NamedTensor> tensors, const TensorMetadata& metadata,
                                         const Record& record) {
  CHRYSALIS_CHECK(mode_ != OpenMode::kReadOnly);
  CHRYSALIS_ASSIGN_OR_RETURN(const CheckpointInfo info,
                             write_checkpoint(checkpoints_path(), position, tensors, metadata));
  CHRYSALIS_RETURN_IF_ERROR(
      database_.add_member({.member = position.member, .created = unix_seconds_now(), .config = {}}));
  const CheckpointRow row = row_of(info);
  CHRYSALIS_RETURN_IF_ERROR(record(row));
  if (const Status retained = retain(row); !retained.ok()) warnings_.push_back(retained.error().message);
  return row;
}

Result<CheckpointRow> RunDirectory::save_checkpoint(const TrainingPosition& position,
                                                    std::span<const NamedTensor> tensors,
                                                    const TensorMetadata& metadata) {
  CHRYSALIS_CHECK(!metadata.contains(kDecisionKey));
  return save(position, tensors, metadata,
              [this](const CheckpointRow& row) { return database_.put_checkpoint(row); });
}

Result<CheckpointRow> RunDirectory::save_decision(const TrainingPosition& position,
                                                  std::span<const NamedTensor> tensors, DecisionRow decision,
                                                  const TensorMetadata& metadata) {
  CHRYSALIS_CHECK_EQ(decision.member, position.member);
  TensorMetadata marked = metadata;
  marked[std::string(kDecisionKey)] = fmt::format("{}", decision.number);
  return save(position, tensors, marked, [&](const CheckpointRow& row) {
    decision.checkpoint = row.name;
    return database_.put_decision(row, decision);
  });
}

// The row first: a kill in between leaves a directory that reconcile() removes, never a row without its
// directory.
Status RunDirectory::retain(const CheckpointRow& saved) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto rows, database_.checkpoints());
  std::int64_t kept = 1;  // The one just saved stays, even beside later ones that cannot be read.
  for (const CheckpointRow& row : rows) {
    if (row.position.member != saved.position.member || row.state != CheckpointState::kKept) continue;
    if (row.pinned || row.name == saved.name) continue;
    if (++kept <= config_.keep_checkpoints || row.position.update >= keep_from_update_) continue;
    CHRYSALIS_RETURN_IF_ERROR(database_.set_checkpoint_state(row.name, CheckpointState::kDeleted));
    std::error_code ignored;
    if (!fs::exists(checkpoints_path() / row.name, ignored)) continue;
    CHRYSALIS_RETURN_IF_ERROR(remove_checkpoint(checkpoints_path() / row.name));
  }
  return {};
}

Result<std::optional<Checkpoint>> RunDirectory::latest_checkpoint(std::int64_t member) {
  while (true) {
    CHRYSALIS_ASSIGN_OR_RETURN(const auto rows, database_.checkpoints());
    std::vector<std::string> faults;
    for (const CheckpointRow& row : rows) {
      if (row.position.member != member || row.state != CheckpointState::kKept) continue;
      auto checkpoint = read_checkpoint(checkpoints_path() / row.name);
      if (checkpoint.ok() && checkpoint->info.state_sha256 == row.sha256) {
        warnings_.insert(warnings_.end(), faults.begin(), faults.end());
        return std::optional(std::move(checkpoint).value());
      }
      faults.push_back(checkpoint.ok() ? fmt::format("{}: not the checkpoint of that name",
                                                     (checkpoints_path() / row.name).string())
                                       : checkpoint.error().message);
    }
    if (faults.empty()) return std::optional<Checkpoint>();
    // Beside a writer, the ones that were newest may have been retired while this read them: look again.
    CHRYSALIS_ASSIGN_OR_RETURN(const auto now, database_.checkpoints());
    if (last_update_kept(now, member) == last_update_kept(rows, member))
      return invalid_input("no checkpoint of member {} can be read: {}", member, fmt::join(faults, "; "));
  }
}

Result<Checkpoint> RunDirectory::checkpoint(std::string_view name) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto rows, database_.checkpoints());
  std::vector<const CheckpointRow*> matches;
  std::vector<std::string> names;
  for (const CheckpointRow& row : rows) {
    names.push_back(row.name);
    if (!name.empty() && row.name.starts_with(name)) matches.push_back(&row);
  }
  if (matches.size() > 1)
    return invalid_input("checkpoint '{}' is the start of {} names: write more of it", name, matches.size());
  if (matches.empty())
    return invalid_input("{}: no checkpoint '{}'{}", path_.string(), name, did_you_mean(name, names));
  if (matches[0]->state == CheckpointState::kDeleted)
    return invalid_input("{}: checkpoint {} was removed, as store.keep_checkpoints of the run says",
                         path_.string(), matches[0]->name);
  fs::path directory = checkpoints_path() / matches[0]->name;
  if (matches[0]->state == CheckpointState::kAbandoned) directory += kAbandoned;
  return read_checkpoint(directory);
}

Status RunDirectory::truncate_after(const TrainingPosition& position, std::int64_t decisions) {
  CHRYSALIS_CHECK(mode_ != OpenMode::kReadOnly);
  CHRYSALIS_RETURN_IF_ERROR(database_.truncate_after(position, decisions));
  return set_aside_abandoned();
}

Status RunDirectory::set_aside_abandoned() {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto rows, database_.checkpoints());
  for (const CheckpointRow& row : rows) {
    if (row.state != CheckpointState::kAbandoned) continue;
    const fs::path directory = checkpoints_path() / row.name;
    fs::path aside = directory;
    aside += kAbandoned;
    std::error_code ignored;
    if (!fs::exists(directory, ignored)) continue;
    // The same checkpoint was abandoned before: the name says that they hold the same.
    if (fs::exists(aside, ignored)) CHRYSALIS_RETURN_IF_ERROR(remove_checkpoint(aside));
    CHRYSALIS_RETURN_IF_ERROR(rename_path(directory, aside));
  }
  return {};
}

std::vector<std::string> RunDirectory::take_warnings() {
  return std::exchange(warnings_, {});
}

namespace {

// Key and value of each line of a resolved configuration, in order.
std::vector<std::pair<std::string, std::string>> keys_of(std::string_view toml) {
  std::vector<std::pair<std::string, std::string>> keys;
  std::string table;
  while (!toml.empty()) {
    const std::size_t end = std::min(toml.find('\n'), toml.size());
    const std::string_view line = toml.substr(0, end);
    toml.remove_prefix(std::min(end + 1, toml.size()));
    if (line.starts_with('[') && line.ends_with(']')) {
      table = std::string(line.substr(1, line.size() - 2)) + ".";
    } else if (const std::size_t equals = line.find(" = ");
               !line.starts_with('#') && equals != std::string_view::npos) {
      keys.emplace_back(table + std::string(line.substr(0, equals)), line.substr(equals + 3));
    }
  }
  return keys;
}

}  // namespace

std::vector<ConfigChange> config_changes(std::string_view before, std::string_view after) {
  const auto old_keys = keys_of(before);
  const auto new_keys = keys_of(after);
  const auto value_in = [](const auto& keys, const std::string& path) {
    const auto found = std::ranges::find(keys, path, [](const auto& key) { return key.first; });
    return found == keys.end() ? std::string() : found->second;
  };
  std::vector<ConfigChange> changes;
  for (const auto& [path, value] : old_keys)
    if (const std::string now = value_in(new_keys, path); now != value) changes.push_back({path, value, now});
  for (const auto& [path, value] : new_keys)
    if (value_in(old_keys, path).empty()) changes.push_back({path, "", value});
  return changes;
}

}  // namespace chrysalis
