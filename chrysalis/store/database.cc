#include "chrysalis/store/database.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chrysalis/store/schema.h"

namespace chrysalis {
namespace {

constexpr std::array<std::string_view, 3> kStateNames{"kept", "deleted", "abandoned"};

std::string_view state_name(CheckpointState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

// The table's own CHECK holds it to these names.
CheckpointState state_of(std::string_view name) {
  return static_cast<CheckpointState>(std::ranges::find(kStateNames, name) - kStateNames.begin());
}

// JSON has no NaN and no infinity: null, read back as NaN.
std::string returns_text(const std::vector<double>& returns) {
  return nlohmann::json(returns).dump();
}

Result<std::vector<double>> returns_of(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto good = [](const auto& value) { return value.is_number() || value.is_null(); };
  if (!json.is_array() || !std::ranges::all_of(json, good))
    return invalid_input("evaluations: returns are not a list of numbers");
  std::vector<double> returns;
  for (const auto& value : json)
    returns.push_back(value.is_number() ? value.template get<double>()
                                        : std::numeric_limits<double>::quiet_NaN());
  return returns;
}

// All rows of a bound statement, each read by `read`.
template <typename Row, typename Read>
Result<std::vector<Row>> rows_of(SqliteStatement& statement, const Read& read) {
  std::vector<Row> rows;
  while (true) {
    CHRYSALIS_ASSIGN_OR_RETURN(const bool more, statement.step());
    if (!more) return rows;
    rows.push_back(read(statement));
  }
}

UpdateRow read_update(const SqliteStatement& row) {
  return {.member = row.integer(0),
          .update = row.integer(1),
          .agent_steps = row.integer(2),
          .time = row.real(3),
          .seconds = row.real(4),
          .finite = row.integer(5) != 0,
          .loss = row.real(6),
          .policy_loss = row.real(7),
          .baseline_loss = row.real(8),
          .entropy = row.real(9),
          .gradient_norm = row.real(10),
          .explained_variance = row.real(11),
          .mean_rho = row.real(12),
          .saturated_units = row.real(13),
          .mean_lag = row.real(14),
          .max_lag = row.integer(15)};
}

EpisodeRow read_episode(const SqliteStatement& row) {
  return {.member = row.integer(0),
          .environment = row.integer(1),
          .episode = row.integer(2),
          .level = row.text(3),
          .episode_return = row.real(4),
          .agent_steps = row.integer(5),
          .frames = row.integer(6),
          .ended_at_update = row.integer(7),
          .time = row.real(8)};
}

CheckpointRow read_checkpoint_row(const SqliteStatement& row) {
  return {.name = row.text(0),
          .sha256 = row.text(1),
          .position = {row.integer(2), row.integer(3), row.integer(4)},
          .time = row.real(5),
          .state = state_of(row.text(6)),
          .pinned = row.integer(7) != 0};
}

}  // namespace

Result<Database> Database::open(const std::filesystem::path& file, Sqlite::Access access,
                                int busy_timeout_ms) {
  CHRYSALIS_ASSIGN_OR_RETURN(Sqlite sqlite, Sqlite::open(file, access, busy_timeout_ms));
  CHRYSALIS_RETURN_IF_ERROR(prepare_schema(sqlite, access, file.string()));
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto insert_update,
      sqlite.prepare(
          "INSERT INTO updates (member, update_number, agent_steps, time, seconds, finite, loss, policy_loss,"
          " baseline_loss, entropy, gradient_norm, explained_variance, mean_rho, saturated_units, mean_lag,"
          " max_lag) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
          "record an update"));
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto insert_episode,
      sqlite.prepare(
          "INSERT INTO episodes (member, environment, episode, level, episode_return, agent_steps, frames,"
          " ended_at_update, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
          "record an episode"));
  return Database(std::move(sqlite), std::move(insert_update), std::move(insert_episode));
}

Status Database::set_meta(std::string_view key, std::string_view value) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto put,
                             sqlite_.prepare("INSERT INTO run (key, value) VALUES (?1, ?2)"
                                             " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                             fmt::format("record the run's {}", key)));
  return put.bind(key, value).run();
}

Result<std::optional<std::string>> Database::meta(std::string_view key) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto get, sqlite_.prepare("SELECT value FROM run WHERE key = ?1",
                                                       fmt::format("read the run's {}", key)));
  CHRYSALIS_ASSIGN_OR_RETURN(const bool found, get.bind(key).step());
  return found ? std::optional(get.text(0)) : std::nullopt;
}

Status Database::add_member(const MemberRow& member) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto put, sqlite_.prepare("INSERT INTO members (member, created, config)"
                                                       " VALUES (?1, ?2, ?3) ON CONFLICT (member) DO NOTHING",
                                                       "record a member"));
  return put.bind(member.member, member.created, member.config).run();
}

Result<std::vector<MemberRow>> Database::members() {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get,
      sqlite_.prepare("SELECT member, created, config FROM members ORDER BY member", "read the members"));
  return rows_of<MemberRow>(get, [](const SqliteStatement& row) {
    return MemberRow{.member = row.integer(0), .created = row.real(1), .config = row.text(2)};
  });
}

Status Database::record(const UpdateRow& update, std::span<const EpisodeRow> episodes) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(sqlite_, "record an update"));
  const UpdateRow& u = update;
  CHRYSALIS_RETURN_IF_ERROR(insert_update_
                                .bind(u.member, u.update, u.agent_steps, u.time, u.seconds, u.finite, u.loss,
                                      u.policy_loss, u.baseline_loss, u.entropy, u.gradient_norm,
                                      u.explained_variance, u.mean_rho, u.saturated_units, u.mean_lag,
                                      u.max_lag)
                                .run());
  for (const EpisodeRow& e : episodes)
    CHRYSALIS_RETURN_IF_ERROR(insert_episode_
                                  .bind(e.member, e.environment, e.episode, e.level, e.episode_return,
                                        e.agent_steps, e.frames, e.ended_at_update, e.time)
                                  .run());
  return transaction.commit();
}

Status Database::record_evaluation(const EvaluationRow& evaluation) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto put, sqlite_.prepare(
                    "INSERT INTO evaluations (checkpoint, level, policy, episodes, mean, ci95_low, ci95_high,"
                    " returns, time) VALUES (nullif(?1, ''), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    "record an evaluation"));
  const EvaluationRow& e = evaluation;
  return put
      .bind(e.checkpoint, e.level, e.policy, static_cast<std::int64_t>(e.returns.size()), e.mean, e.ci95[0],
            e.ci95[1], returns_text(e.returns), e.time)
      .run();
}

Status Database::put_checkpoint(const CheckpointRow& row) {
  constexpr std::string_view kTrying = "record a checkpoint";
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto put,
      sqlite_.prepare(
          "INSERT INTO checkpoints (name, sha256, member, update_number, agent_steps, time, path, state,"
          " pinned) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'checkpoints/' || ?1, ?7, ?8)"
          " ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, member = excluded.member,"
          " update_number = excluded.update_number, agent_steps = excluded.agent_steps,"
          " time = excluded.time, path = excluded.path, state = excluded.state",
          kTrying));
  // FULL syncs the whole log on commit, the transactions before this one included.
  CHRYSALIS_RETURN_IF_ERROR(sqlite_.execute("PRAGMA synchronous = FULL", kTrying));
  const Status status = put.bind(row.name, row.sha256, row.position.member, row.position.update,
                                 row.position.agent_steps, row.time, state_name(row.state), row.pinned)
                            .run();
  CHRYSALIS_RETURN_IF_ERROR(sqlite_.execute("PRAGMA synchronous = NORMAL", kTrying));
  return status;
}

Status Database::set_checkpoint_state(std::string_view name, CheckpointState state) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto set, sqlite_.prepare("UPDATE checkpoints SET state = ?2 WHERE name = ?1",
                                                       "record a checkpoint's state"));
  return set.bind(name, state_name(state)).run();
}

Status Database::set_checkpoint_pinned(std::string_view name, bool pinned) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto set, sqlite_.prepare("UPDATE checkpoints SET pinned = ?2 WHERE name = ?1 RETURNING name",
                                "pin a checkpoint"));
  CHRYSALIS_ASSIGN_OR_RETURN(
      const auto found,
      rows_of<std::string>(set.bind(name, pinned), [](const auto& row) { return row.text(0); }));
  if (found.empty()) return invalid_input("no checkpoint '{}' in this run", name);
  return {};
}

Status Database::truncate_after(const TrainingPosition& position) {
  constexpr std::string_view kTrying = "forget what lies after the checkpoint";
  CHRYSALIS_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(sqlite_, kTrying));
  for (const char* statement : {"DELETE FROM updates WHERE member = ?1 AND update_number > ?2",
                                "DELETE FROM episodes WHERE member = ?1 AND ended_at_update > ?2",
                                "UPDATE checkpoints SET state = 'abandoned' WHERE member = ?1"
                                " AND update_number > ?2 AND state = 'kept'"}) {
    CHRYSALIS_ASSIGN_OR_RETURN(auto forget, sqlite_.prepare(statement, kTrying));
    CHRYSALIS_RETURN_IF_ERROR(forget.bind(position.member, position.update).run());
  }
  return transaction.commit();
}

Result<MemberSummary> Database::summary(std::int64_t member) {
  // One statement, so that all numbers are of the same moment beside a writer.
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get,
      sqlite_.prepare(
          "SELECT (SELECT count(*) FROM updates WHERE member = ?1),"
          " (SELECT max(update_number) FROM updates WHERE member = ?1),"
          " (SELECT agent_steps FROM updates WHERE member = ?1 ORDER BY update_number DESC LIMIT 1),"
          " (SELECT count(*) FROM episodes WHERE member = ?1),"
          " (SELECT sum(frames) FROM episodes WHERE member = ?1),"
          " (SELECT avg(episode_return) FROM (SELECT episode_return FROM episodes WHERE member = ?1"
          "   ORDER BY ended_at_update DESC, environment DESC, episode DESC LIMIT 100))",
          "sum up a member"));
  CHRYSALIS_ASSIGN_OR_RETURN(const bool row, get.bind(member).step());
  CHRYSALIS_CHECK(row);
  return MemberSummary{.updates = get.integer(0),
                       .last_update = get.integer(1),
                       .agent_steps = get.integer(2),
                       .episodes = get.integer(3),
                       .frames = get.integer(4),
                       .recent_return = get.real(5)};
}

Result<std::vector<UpdateRow>> Database::updates(std::int64_t member) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get,
      sqlite_.prepare(
          "SELECT member, update_number, agent_steps, time, seconds, finite, loss, policy_loss, "
          "baseline_loss,"
          " entropy, gradient_norm, explained_variance, mean_rho, saturated_units, mean_lag, max_lag"
          " FROM updates WHERE member = ?1 ORDER BY update_number",
          "read the updates"));
  return rows_of<UpdateRow>(get.bind(member), read_update);
}

Result<std::vector<EpisodeRow>> Database::episodes(std::int64_t member, std::optional<std::int64_t> newest) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get,
      sqlite_.prepare("SELECT member, environment, episode, level, episode_return, agent_steps, frames,"
                      " ended_at_update, time FROM episodes WHERE member = ?1"
                      " ORDER BY ended_at_update DESC, environment DESC, episode DESC LIMIT ?2",
                      "read the episodes"));
  // A negative LIMIT is none.
  CHRYSALIS_ASSIGN_OR_RETURN(auto rows,
                             rows_of<EpisodeRow>(get.bind(member, newest.value_or(-1)), read_episode));
  std::ranges::reverse(rows);
  return rows;
}

Result<std::vector<CheckpointRow>> Database::checkpoints() {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get, sqlite_.prepare("SELECT name, sha256, member, update_number, agent_steps, time, state, pinned"
                                " FROM checkpoints ORDER BY update_number DESC, time DESC, name",
                                "read the checkpoints"));
  return rows_of<CheckpointRow>(get, read_checkpoint_row);
}

Result<std::vector<EvaluationRow>> Database::evaluations() {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get, sqlite_.prepare(
                    "SELECT coalesce(checkpoint, ''), level, policy, mean, ci95_low, ci95_high, returns, time"
                    " FROM evaluations ORDER BY id",
                    "read the evaluations"));
  std::vector<EvaluationRow> rows;
  while (true) {
    CHRYSALIS_ASSIGN_OR_RETURN(const bool more, get.step());
    if (!more) return rows;
    CHRYSALIS_ASSIGN_OR_RETURN(auto returns, returns_of(get.text(6)));
    rows.push_back({.checkpoint = get.text(0),
                    .level = get.text(1),
                    .policy = get.text(2),
                    .mean = get.real(3),
                    .ci95 = {get.real(4), get.real(5)},
                    .returns = std::move(returns),
                    .time = get.real(7)});
  }
}

}  // namespace chrysalis
