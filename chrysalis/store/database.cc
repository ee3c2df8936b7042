#include "chrysalis/store/database.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

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

using Json = nlohmann::ordered_json;

// JSON has no NaN and no infinity: null, read back as NaN.
std::string numbers_text(const std::vector<double>& numbers) {
  return Json(numbers).dump();
}

bool is_number_or_null(const Json& value) {
  return value.is_number() || value.is_null();
}
double number_of(const Json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

Result<std::vector<double>> numbers_of(const std::string& text, std::string_view column) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array() || !std::ranges::all_of(json, is_number_or_null))
    return invalid_input("{} are not a list of numbers", column);
  std::vector<double> numbers;
  for (const Json& value : json) numbers.push_back(number_of(value));
  return numbers;
}

std::string changes_text(const std::vector<HyperparameterChange>& changes) {
  Json json = Json::array();
  for (const HyperparameterChange& change : changes)
    json.push_back({{"path", change.path}, {"before", change.before}, {"after", change.after}});
  return json.dump();
}

Result<std::vector<HyperparameterChange>> changes_of(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  const auto good = [](const Json& change) {
    return change.is_object() && change.contains("path") && change["path"].is_string() &&
           change.contains("before") && is_number_or_null(change["before"]) && change.contains("after") &&
           is_number_or_null(change["after"]);
  };
  if (!json.is_array() || !std::ranges::all_of(json, good))
    return invalid_input("decisions: changes are not a list of path, before and after");
  std::vector<HyperparameterChange> changes;
  for (const Json& change : json)
    changes.push_back({change["path"], number_of(change["before"]), number_of(change["after"])});
  return changes;
}

// All rows of a bound statement, each read by `read`.
template <typename Row, typename Read>
Result<std::vector<Row>> rows_of(SqliteStatement& statement, const Read& read) {
  std::vector<Row> rows;
  while (true) {
    CHRYSALIS_ASSIGN_OR_RETURN(const bool more, statement.step());
    if (!more) return rows;
    if constexpr (std::is_same_v<decltype(read(statement)), Result<Row>>) {
      CHRYSALIS_ASSIGN_OR_RETURN(Row row, read(statement));
      rows.push_back(std::move(row));
    } else {
      rows.push_back(read(statement));
    }
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
          .max_lag = row.integer(15),
          .alpha = row.real(16),
          .learning_rate = row.real(17),
          .entropy_cost = row.real(18),
          .transfer_loss = row.real(19),
          .simple_entropy = row.real(20),
          .complex_entropy = row.real(21),
          .simple_mass = row.real(22),
          .unrolls_lost = row.integer(23)};
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

// NULL members are read as -1 by the statement.
std::optional<std::int64_t> integer_unless_null(const SqliteStatement& row, int column) {
  return row.integer(column) >= 0 ? std::optional(row.integer(column)) : std::nullopt;
}

Result<DecisionRow> read_decision(const SqliteStatement& row) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto own, numbers_of(row.text(11), "decisions: own_returns"));
  CHRYSALIS_ASSIGN_OR_RETURN(auto partner, numbers_of(row.text(12), "decisions: partner_returns"));
  CHRYSALIS_ASSIGN_OR_RETURN(auto values, changes_of(row.text(19)));
  return DecisionRow{.member = row.integer(0),
                     .number = row.integer(1),
                     .update = row.integer(2),
                     .agent_steps = row.integer(3),
                     .episodes = row.integer(4),
                     .time = row.real(5),
                     .outcome = row.text(6),
                     .reason = row.text(7),
                     .partner = integer_unless_null(row, 8),
                     .partner_update = integer_unless_null(row, 9),
                     .parent = row.text(10),
                     .own_returns = std::move(own),
                     .partner_returns = std::move(partner),
                     .own_mean = row.real(13),
                     .partner_mean = row.real(14),
                     .t = row.real(15),
                     .degrees_of_freedom = row.real(16),
                     .p = row.real(17),
                     .explored = row.integer(18) != 0,
                     .values = std::move(values),
                     .unrolls_dropped = row.integer(20),
                     .checkpoint = row.text(21)};
}

Result<ScoreRow> read_score(const SqliteStatement& row) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto returns, numbers_of(row.text(4), "scores: returns"));
  return ScoreRow{.member = row.integer(0),
                  .update = row.integer(1),
                  .agent_steps = row.integer(2),
                  .score = row.real(3),
                  .returns = std::move(returns),
                  .time = row.real(5)};
}

Result<EvaluationRow> read_evaluation(const SqliteStatement& row) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto returns, numbers_of(row.text(6), "evaluations: returns"));
  return EvaluationRow{.checkpoint = row.text(0),
                       .level = row.text(1),
                       .policy = row.text(2),
                       .mean = row.real(3),
                       .ci95 = {row.real(4), row.real(5)},
                       .returns = std::move(returns),
                       .time = row.real(7)};
}

}  // namespace

Result<Database> Database::open(const std::filesystem::path& file, Sqlite::Access access,
                                int busy_timeout_ms) {
  CHRYSALIS_ASSIGN_OR_RETURN(Sqlite sqlite, Sqlite::open(file, access, busy_timeout_ms));
  CHRYSALIS_RETURN_IF_ERROR(prepare_schema(sqlite, access, file.string()));
  return Database(std::move(sqlite));
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
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto put_update,
      sqlite_.prepare(
          "INSERT INTO updates (member, update_number, agent_steps, time, seconds, finite, loss, policy_loss,"
          " baseline_loss, entropy, gradient_norm, explained_variance, mean_rho, saturated_units, mean_lag,"
          " max_lag, alpha, learning_rate, entropy_cost, transfer_loss, simple_entropy, complex_entropy,"
          " simple_mass, unrolls_lost) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
          "?15, ?16, ?17,"
          " ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
          "record an update"));
  const UpdateRow& u = update;
  CHRYSALIS_RETURN_IF_ERROR(put_update
                                .bind(u.member, u.update, u.agent_steps, u.time, u.seconds, u.finite, u.loss,
                                      u.policy_loss, u.baseline_loss, u.entropy, u.gradient_norm,
                                      u.explained_variance, u.mean_rho, u.saturated_units, u.mean_lag,
                                      u.max_lag, u.alpha, u.learning_rate, u.entropy_cost, u.transfer_loss,
                                      u.simple_entropy, u.complex_entropy, u.simple_mass, u.unrolls_lost)
                                .run());
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto put_episode,
      sqlite_.prepare(
          "INSERT INTO episodes (member, environment, episode, level, episode_return, agent_steps, frames,"
          " ended_at_update, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
          "record an episode"));
  for (const EpisodeRow& e : episodes)
    CHRYSALIS_RETURN_IF_ERROR(put_episode
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
            e.ci95[1], numbers_text(e.returns), e.time)
      .run();
}

Status Database::record_score(const ScoreRow& score) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto put,
      sqlite_.prepare("INSERT INTO scores (member, update_number, agent_steps, score, returns, time)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                      "record a score"));
  return put
      .bind(score.member, score.update, score.agent_steps, score.score, numbers_text(score.returns),
            score.time)
      .run();
}

template <typename Body>
Status Database::durably(std::string_view trying, const Body& body) {
  // FULL syncs the whole log on commit, the transactions before this one included. It cannot be set within a
  // transaction.
  CHRYSALIS_RETURN_IF_ERROR(sqlite_.execute("PRAGMA synchronous = FULL", trying));
  const Status status = [&]() -> Status {
    CHRYSALIS_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(sqlite_, trying));
    CHRYSALIS_RETURN_IF_ERROR(body());
    return transaction.commit();
  }();
  CHRYSALIS_RETURN_IF_ERROR(sqlite_.execute("PRAGMA synchronous = NORMAL", trying));
  return status;
}

Status Database::put_checkpoint(const CheckpointRow& row) {
  return durably("record a checkpoint", [&] { return insert_checkpoint(row); });
}

Status Database::put_decision(const CheckpointRow& row, const DecisionRow& decision) {
  CHRYSALIS_CHECK_EQ(decision.checkpoint, row.name);
  CHRYSALIS_CHECK_EQ(decision.member, row.position.member);
  return durably("record a decision", [&]() -> Status {
    CHRYSALIS_RETURN_IF_ERROR(insert_checkpoint(row));
    return insert_decision(decision);
  });
}

Status Database::insert_checkpoint(const CheckpointRow& row) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto put,
      sqlite_.prepare(
          "INSERT INTO checkpoints (name, sha256, member, update_number, agent_steps, time, path, state,"
          " pinned) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'checkpoints/' || ?1, ?7, ?8)"
          " ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, member = excluded.member,"
          " update_number = excluded.update_number, agent_steps = excluded.agent_steps,"
          " time = excluded.time, path = excluded.path, state = excluded.state",
          "record a checkpoint"));
  return put
      .bind(row.name, row.sha256, row.position.member, row.position.update, row.position.agent_steps,
            row.time, state_name(row.state), row.pinned)
      .run();
}

Status Database::insert_decision(const DecisionRow& decision) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto put,
      sqlite_.prepare(
          "INSERT INTO decisions (member, decision_number, update_number, agent_steps, episodes, time,"
          " outcome, reason, partner, partner_update, parent, own_returns, partner_returns, own_mean,"
          " partner_mean, t, degrees_of_freedom, p, explored, changes, unrolls_dropped, checkpoint)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, nullif(?9, -1), nullif(?10, -1), nullif(?11, ''), ?12,"
          " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
          "record a decision"));
  const DecisionRow& d = decision;
  return put
      .bind(d.member, d.number, d.update, d.agent_steps, d.episodes, d.time, d.outcome, d.reason,
            d.partner.value_or(-1), d.partner_update.value_or(-1), d.parent, numbers_text(d.own_returns),
            numbers_text(d.partner_returns), d.own_mean, d.partner_mean, d.t, d.degrees_of_freedom, d.p,
            d.explored, changes_text(d.values), d.unrolls_dropped, d.checkpoint)
      .run();
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

Status Database::truncate_after(const TrainingPosition& position, std::int64_t decisions) {
  constexpr std::string_view kTrying = "forget what lies after the checkpoint";
  CHRYSALIS_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(sqlite_, kTrying));
  for (const char* statement : {"DELETE FROM updates WHERE member = ?1 AND update_number > ?2",
                                "DELETE FROM episodes WHERE member = ?1 AND ended_at_update > ?2",
                                "DELETE FROM scores WHERE member = ?1 AND update_number > ?2",
                                "UPDATE checkpoints SET state = 'abandoned' WHERE member = ?1"
                                " AND update_number > ?2 AND state = 'kept'"}) {
    CHRYSALIS_ASSIGN_OR_RETURN(auto forget, sqlite_.prepare(statement, kTrying));
    CHRYSALIS_RETURN_IF_ERROR(forget.bind(position.member, position.update).run());
  }
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto forget,
      sqlite_.prepare("DELETE FROM decisions WHERE member = ?1 AND decision_number >= ?2", kTrying));
  CHRYSALIS_RETURN_IF_ERROR(forget.bind(position.member, decisions).run());
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
          "SELECT member, update_number, agent_steps, time, seconds, finite, loss, policy_loss,"
          " baseline_loss, entropy, gradient_norm, explained_variance, mean_rho, saturated_units, mean_lag,"
          " max_lag, alpha, learning_rate, entropy_cost, transfer_loss, simple_entropy, complex_entropy,"
          " simple_mass, unrolls_lost"
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

Result<std::vector<CheckpointRow>> Database::checkpoints(std::optional<std::int64_t> member) {
  // A member's decision leaves its own checkpoint at an update that may have one already, which it follows.
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get, sqlite_.prepare("SELECT name, sha256, member, update_number, agent_steps, time, state, pinned"
                                " FROM checkpoints WHERE ?1 < 0 OR member = ?1 ORDER BY update_number DESC,"
                                " (SELECT max(decision_number) FROM decisions WHERE checkpoint = name) DESC,"
                                " time DESC, name",
                                "read the checkpoints"));
  return rows_of<CheckpointRow>(get.bind(member.value_or(-1)), read_checkpoint_row);
}

Result<std::vector<DecisionRow>> Database::decisions(std::optional<std::int64_t> member) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get,
      sqlite_.prepare(
          "SELECT member, decision_number, update_number, agent_steps, episodes, time, outcome, reason,"
          " coalesce(partner, -1), coalesce(partner_update, -1), parent, own_returns, partner_returns,"
          " own_mean, partner_mean, t, degrees_of_freedom, p, explored, changes, unrolls_dropped, checkpoint"
          " FROM decisions WHERE ?1 < 0 OR member = ?1 ORDER BY agent_steps, member, decision_number",
          "read the decisions"));
  return rows_of<DecisionRow>(get.bind(member.value_or(-1)), read_decision);
}

Result<std::vector<ScoreRow>> Database::scores(std::int64_t member) {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get, sqlite_.prepare("SELECT member, update_number, agent_steps, score, returns, time FROM scores"
                                " WHERE member = ?1 ORDER BY update_number",
                                "read the scores"));
  return rows_of<ScoreRow>(get.bind(member), read_score);
}

Result<std::vector<EvaluationRow>> Database::evaluations() {
  CHRYSALIS_ASSIGN_OR_RETURN(
      auto get, sqlite_.prepare(
                    "SELECT coalesce(checkpoint, ''), level, policy, mean, ci95_low, ci95_high, returns, time"
                    " FROM evaluations ORDER BY id",
                    "read the evaluations"));
  return rows_of<EvaluationRow>(get, read_evaluation);
}

}  // namespace chrysalis
