#include "chrysalis/store/schema.h"

#include <array>

#include "chrysalis/store/database.h"

namespace chrysalis {
namespace {

// "CHRY": tells a run's database from any other SQLite file.
constexpr std::int64_t kApplicationId = 0x43485259;

// To change a table: append a migration from the version before to the next one, raise kSchemaVersion, and
// say in kForReaders what a reader of older files sees. What is here stays as it is, so that an old
// run is brought up by the same steps as it grew.
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

constexpr const char* kVersion2 = R"sql(
ALTER TABLE updates ADD COLUMN alpha REAL;
ALTER TABLE updates ADD COLUMN learning_rate REAL;
ALTER TABLE updates ADD COLUMN entropy_cost REAL;
ALTER TABLE updates ADD COLUMN transfer_loss REAL;
ALTER TABLE updates ADD COLUMN simple_entropy REAL;
ALTER TABLE updates ADD COLUMN complex_entropy REAL;
ALTER TABLE updates ADD COLUMN simple_mass REAL;

CREATE TABLE decisions (
  member             INTEGER NOT NULL REFERENCES members (member),
  decision_number    INTEGER NOT NULL,
  update_number      INTEGER NOT NULL,
  agent_steps        INTEGER NOT NULL,
  episodes           INTEGER NOT NULL,
  time               REAL NOT NULL,
  outcome            TEXT NOT NULL CHECK (outcome IN ('copied', 'kept', 'not_ready', 'replaced')),
  reason             TEXT NOT NULL,
  partner            INTEGER,
  partner_update     INTEGER,
  parent             TEXT,
  own_returns        TEXT NOT NULL,
  partner_returns    TEXT NOT NULL,
  own_mean           REAL,
  partner_mean       REAL,
  t                  REAL,
  degrees_of_freedom REAL,
  p                  REAL,
  explored           INTEGER NOT NULL,
  changes            TEXT NOT NULL,
  unrolls_dropped    INTEGER NOT NULL,
  checkpoint         TEXT NOT NULL REFERENCES checkpoints (name),
  PRIMARY KEY (member, decision_number)
) WITHOUT ROWID;
CREATE INDEX decisions_by_checkpoint ON decisions (checkpoint);

CREATE TABLE scores (
  member        INTEGER NOT NULL REFERENCES members (member),
  update_number INTEGER NOT NULL,
  agent_steps   INTEGER NOT NULL,
  score         REAL,
  returns       TEXT NOT NULL,
  time          REAL NOT NULL,
  PRIMARY KEY (member, update_number)
) WITHOUT ROWID;
)sql";

constexpr const char* kVersion3 = R"sql(
ALTER TABLE updates ADD COLUMN unrolls_lost INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::array kMigrations = {kVersion1, kVersion2, kVersion3};
static_assert(kMigrations.size() == kSchemaVersion);

// A reader cannot bring a file up. In its own temporary schema, whose names come before the file's, it makes
// what a file of an older version lacks: these are for versions 1, 2, ….
constexpr std::array kForReaders = {
    R"sql(
PRAGMA temp_store = MEMORY;
CREATE TEMP VIEW updates AS SELECT member, update_number, agent_steps, time, seconds, finite, loss,
  policy_loss, baseline_loss, entropy, gradient_norm, explained_variance, mean_rho, saturated_units,
  mean_lag, max_lag, NULL AS alpha, NULL AS learning_rate, NULL AS entropy_cost, NULL AS transfer_loss,
  NULL AS simple_entropy, NULL AS complex_entropy, NULL AS simple_mass, 0 AS unrolls_lost
  FROM main.updates;
CREATE TEMP TABLE decisions (member, decision_number, update_number, agent_steps, episodes, time, outcome,
  reason, partner, partner_update, parent, own_returns, partner_returns, own_mean, partner_mean, t,
  degrees_of_freedom, p, explored, changes, unrolls_dropped, checkpoint);
CREATE TEMP TABLE scores (member, update_number, agent_steps, score, returns, time);
)sql",
    R"sql(
PRAGMA temp_store = MEMORY;
CREATE TEMP VIEW updates AS SELECT *, 0 AS unrolls_lost FROM main.updates;
)sql"};
static_assert(kForReaders.size() == kSchemaVersion - 1);

// From whatever version the tables have, none being 0, to this program's. One transaction.
Status bring_up(Sqlite& sqlite) {
  constexpr std::string_view kTrying = "bring the tables up to date";
  CHRYSALIS_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(sqlite, kTrying));
  // Another process may have done it while this one waited for the lock.
  CHRYSALIS_ASSIGN_OR_RETURN(const std::int64_t version, sqlite.integer("PRAGMA user_version", kTrying));
  for (std::int64_t from = version; from < kSchemaVersion; ++from)
    CHRYSALIS_RETURN_IF_ERROR(sqlite.execute(kMigrations[static_cast<std::size_t>(from)], kTrying));
  CHRYSALIS_RETURN_IF_ERROR(sqlite.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplicationId, kSchemaVersion),
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
      CHRYSALIS_RETURN_IF_ERROR(bring_up(sqlite));
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
    return version < kSchemaVersion ? bring_up(sqlite) : Status();
  }
  if (version >= kSchemaVersion || version < 1) return {};
  return sqlite.execute(kForReaders[static_cast<std::size_t>(version - 1)], "read the older tables");
}

}  // namespace chrysalis
