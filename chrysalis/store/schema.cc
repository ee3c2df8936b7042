#include "chrysalis/store/schema.h"

#include "chrysalis/store/database.h"

namespace chrysalis {
namespace {

// "CHRY": tells a run's database from any other SQLite file.
constexpr std::int64_t kApplicationId = 0x43485259;

// To change a table: append a migration from the version before to the next one, and raise kSchemaVersion.
// What is here stays as it is, so that an old run is brought up by the same steps as it grew.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE run (
  key   TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE members (
  member  INTEGER PRIMARY KEY,
  created REAL NOT NULL,
  config  TEXT NOT NULL
);

CREATE TABLE updates (
  member             INTEGER NOT NULL REFERENCES members (member),
  update_number      INTEGER NOT NULL,
  agent_steps        INTEGER NOT NULL,
  time               REAL NOT NULL,
  seconds            REAL NOT NULL,
  finite             INTEGER NOT NULL,
  loss               REAL,
  policy_loss        REAL,
  baseline_loss      REAL,
  entropy            REAL,
  gradient_norm      REAL,
  explained_variance REAL,
  mean_rho           REAL,
  saturated_units    REAL,
  mean_lag           REAL,
  max_lag            INTEGER NOT NULL,
  PRIMARY KEY (member, update_number)
) WITHOUT ROWID;

CREATE TABLE episodes (
  member          INTEGER NOT NULL REFERENCES members (member),
  environment     INTEGER NOT NULL,
  episode         INTEGER NOT NULL,
  level           TEXT NOT NULL,
  episode_return  REAL NOT NULL,
  agent_steps     INTEGER NOT NULL,
  frames          INTEGER NOT NULL,
  ended_at_update INTEGER NOT NULL,
  time            REAL NOT NULL,
  PRIMARY KEY (member, environment, episode)
) WITHOUT ROWID;
CREATE INDEX episodes_by_end ON episodes (member, ended_at_update, environment, episode);

CREATE TABLE checkpoints (
  name          TEXT PRIMARY KEY NOT NULL,
  sha256        TEXT NOT NULL,
  member        INTEGER NOT NULL REFERENCES members (member),
  update_number INTEGER NOT NULL,
  agent_steps   INTEGER NOT NULL,
  time          REAL NOT NULL,
  path          TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('kept', 'deleted', 'abandoned')),
  pinned        INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE evaluations (
  id         INTEGER PRIMARY KEY,
  checkpoint TEXT,
  level      TEXT NOT NULL,
  policy     TEXT NOT NULL,
  episodes   INTEGER NOT NULL,
  mean       REAL,
  ci95_low   REAL,
  ci95_high  REAL,
  returns    TEXT NOT NULL,
  time       REAL NOT NULL
);
)sql";

Status create_tables(Sqlite& sqlite) {
  constexpr std::string_view kTrying = "create the tables";
  CHRYSALIS_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(sqlite, kTrying));
  // Another process may have made them while this one waited for the lock.
  CHRYSALIS_ASSIGN_OR_RETURN(const std::int64_t version, sqlite.integer("PRAGMA user_version", kTrying));
  if (version == 0)
    CHRYSALIS_RETURN_IF_ERROR(
        sqlite.execute(fmt::format("{}PRAGMA application_id = {}; PRAGMA user_version = {};", kVersion1,
                                   kApplicationId, kSchemaVersion),
                       kTrying));
  return transaction.commit();
}

}  // namespace

Status prepare_schema(Sqlite& sqlite, Sqlite::Access access, std::string_view file) {
  constexpr std::string_view kTrying = "read the version of the tables";
  if (access == Sqlite::Access::kReadWrite) {
    CHRYSALIS_RETURN_IF_ERROR(sqlite.execute("PRAGMA foreign_keys = ON", kTrying));
    CHRYSALIS_ASSIGN_OR_RETURN(const std::int64_t tables,
                               sqlite.integer("SELECT count(*) FROM sqlite_schema", kTrying));
    if (tables == 0) {
      // NORMAL loses nothing when the process dies; what a loss of power may take is the last transactions,
      // never the file. Waiting for the disk at every update would cost more than the update.
      CHRYSALIS_RETURN_IF_ERROR(sqlite.execute("PRAGMA journal_mode = WAL", "switch to write-ahead logging"));
      CHRYSALIS_RETURN_IF_ERROR(create_tables(sqlite));
    }
  }
  CHRYSALIS_ASSIGN_OR_RETURN(const std::int64_t application,
                             sqlite.integer("PRAGMA application_id", kTrying));
  CHRYSALIS_ASSIGN_OR_RETURN(const std::int64_t version, sqlite.integer("PRAGMA user_version", kTrying));
  if (application != kApplicationId) return invalid_input("{}: not the database of a run", file);
  if (version > kSchemaVersion)
    return invalid_input(
        "{}: written by a newer program: its tables have version {}, this program knows up to {}", file,
        version, kSchemaVersion);
  if (access == Sqlite::Access::kReadWrite) {
    CHRYSALIS_RETURN_IF_ERROR(sqlite.execute("PRAGMA journal_mode = WAL", "switch to write-ahead logging"));
    CHRYSALIS_RETURN_IF_ERROR(sqlite.execute("PRAGMA synchronous = NORMAL", kTrying));
  }
  return {};
}

}  // namespace chrysalis
