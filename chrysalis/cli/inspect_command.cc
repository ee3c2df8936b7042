#include <algorithm>
#include <cmath>
#include <optional>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/command.h"
#include "chrysalis/cli/json.h"
#include "chrysalis/cli/lineage.h"
#include "chrysalis/cli/progress_line.h"
#include "chrysalis/cli/tell.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/store/sha256.h"

namespace chrysalis {
namespace {

struct InspectOptions {
  std::string run;
  int curve = 10;
  std::optional<std::int64_t> member;
  bool json = false;
  std::string pin;    // A checkpoint.
  std::string unpin;  // The same.
};

constexpr std::int64_t kRecentEpisodes = 30;  // What a population compares by.

// Updates and episodes gathered into `points` stretches of equal agent steps.
Json curve_of(const std::vector<UpdateRow>& updates, const std::vector<EpisodeRow>& episodes, int points) {
  Json curve = Json::array();
  if (updates.empty()) return curve;
  const auto count = std::min<std::size_t>(points, updates.size());
  std::size_t episode = 0;
  for (std::size_t p = 0; p < count; ++p) {
    const std::size_t begin = updates.size() * p / count;
    const std::size_t end = updates.size() * (p + 1) / count;
    double returns = 0;
    std::int64_t ended = 0;
    for (; episode < episodes.size() && episodes[episode].ended_at_update <= updates[end - 1].update;
         ++episode) {
      returns += episodes[episode].episode_return;
      ++ended;
    }
    UpdateRow mean;
    for (std::size_t u = begin; u < end; ++u) {
      const double share = 1.0 / static_cast<double>(end - begin);
      mean.entropy += updates[u].entropy * share;
      mean.explained_variance += updates[u].explained_variance * share;
      mean.gradient_norm += updates[u].gradient_norm * share;
      mean.mean_lag += updates[u].mean_lag * share;
      mean.saturated_units += updates[u].saturated_units * share;
    }
    curve.push_back({{"agent_steps", updates[end - 1].agent_steps},
                     {"seconds", updates[end - 1].seconds},
                     {"episodes", ended},
                     {"mean_return", ended > 0 ? Json(returns / static_cast<double>(ended)) : Json(nullptr)},
                     {"entropy", number_or_null(mean.entropy)},
                     {"explained_variance", number_or_null(mean.explained_variance)},
                     {"gradient_norm", number_or_null(mean.gradient_norm)},
                     {"saturated_units", number_or_null(mean.saturated_units)},
                     {"mean_lag", number_or_null(mean.mean_lag)}});
  }
  return curve;
}

double mean_of_recent(const std::vector<EpisodeRow>& episodes) {
  const auto count = std::min<std::size_t>(kRecentEpisodes, episodes.size());
  double sum = 0;
  for (std::size_t i = episodes.size() - count; i < episodes.size(); ++i) sum += episodes[i].episode_return;
  return count > 0 ? sum / static_cast<double>(count) : NAN;
}

// The newest update's hyperparameter, else what the config says.
Json newest(const std::vector<UpdateRow>& updates, double UpdateRow::*number, double otherwise) {
  const bool there = !updates.empty() && std::isfinite(updates.back().*number);
  return number_or_null(there ? updates.back().*number : otherwise);
}

void add_decisions(Json& json, const std::vector<DecisionRow>& decisions) {
  json["parent"] = nullptr;
  json["parent_checkpoint"] = nullptr;
  std::int64_t dropped = 0;
  for (const DecisionRow& decision : decisions) {
    dropped += decision.unrolls_dropped;
    if (decision.parent.empty() || !decision.partner) continue;
    json["parent"] = *decision.partner;
    json["parent_checkpoint"] = decision.parent;
  }
  json["decisions"] = decisions.size();
  json["unrolls_dropped"] = dropped;
}

Json decision_json(const DecisionRow& decision) {
  const auto integer_or_null = [](const std::optional<std::int64_t>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  const auto numbers = [](const std::vector<double>& values) {
    Json json = Json::array();
    for (const double value : values) json.push_back(number_or_null(value));
    return json;
  };
  Json values = Json::array();
  for (const HyperparameterChange& change : decision.values)
    values.push_back({{"path", change.path},
                      {"before", number_or_null(change.before)},
                      {"after", number_or_null(change.after)}});
  return {{"member", decision.member},
          {"number", decision.number},
          {"update", decision.update},
          {"agent_steps", decision.agent_steps},
          {"episodes", decision.episodes},
          {"time", decision.time},
          {"outcome", decision.outcome},
          {"reason", decision.reason},
          {"partner", integer_or_null(decision.partner)},
          {"partner_update", integer_or_null(decision.partner_update)},
          {"parent", decision.parent.empty() ? Json(nullptr) : Json(decision.parent)},
          {"own_returns", numbers(decision.own_returns)},
          {"partner_returns", numbers(decision.partner_returns)},
          {"own_mean", number_or_null(decision.own_mean)},
          {"partner_mean", number_or_null(decision.partner_mean)},
          {"t", number_or_null(decision.t)},
          {"degrees_of_freedom", number_or_null(decision.degrees_of_freedom)},
          {"p", number_or_null(decision.p)},
          {"explored", decision.explored},
          {"values", std::move(values)},
          {"unrolls_dropped", decision.unrolls_dropped},
          {"checkpoint", decision.checkpoint}};
}

Result<Json> member_json(RunDirectory& run, const RunConfig& config, std::int64_t member, int points) {
  CHRYSALIS_ASSIGN_OR_RETURN(const MemberSummary summary, run.database().summary(member));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto updates, run.database().updates(member));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto episodes, run.database().episodes(member));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto decisions, run.database().decisions(member));
  std::int64_t max_lag = 0;
  std::int64_t unrolls_lost = 0;
  for (const UpdateRow& update : updates) {
    max_lag = std::max(max_lag, update.max_lag);
    unrolls_lost += update.unrolls_lost;
  }
  Json json = {{"id", member},
               {"updates", summary.last_update},
               {"agent_steps", summary.agent_steps},
               {"episodes", summary.episodes},
               {"frames_of_episodes", summary.frames},
               {"alpha", newest(updates, &UpdateRow::alpha, NAN)},
               {"learning_rate", newest(updates, &UpdateRow::learning_rate, config.learner.learning_rate)},
               {"entropy_cost", newest(updates, &UpdateRow::entropy_cost, config.learner.entropy_cost)},
               {"mean_return_30", number_or_null(mean_of_recent(episodes))},
               {"max_lag", max_lag},
               {"unrolls_lost", unrolls_lost}};
  add_decisions(json, decisions);
  json["weights_sha256"] = nullptr;
  json["checkpoint"] = nullptr;
  const auto newest_checkpoint = run.latest_checkpoint(member);
  if (!newest_checkpoint.ok()) {  // What was recorded is worth seeing without it.
    tell("warning: {}\n", newest_checkpoint.error().message);
  } else if (const std::optional<Checkpoint>& checkpoint = *newest_checkpoint) {
    CHRYSALIS_ASSIGN_OR_RETURN(auto layout, weight_layout(config.agent, agent_spec(config)));
    CHRYSALIS_ASSIGN_OR_RETURN(
        const WeightsPtr weights,
        weights_from_tensors(checkpoint->tensors, std::move(layout), checkpoint->info.position.update));
    json["weights_sha256"] = weights_sha256(weights->values);
    json["checkpoint"] = checkpoint->info.name();
    json["checkpoint_agent_steps"] = checkpoint->info.position.agent_steps;
  }
  json["curve"] = curve_of(updates, episodes, points);
  return json;
}

std::string cell(const Json& value, int precision) {
  return value.is_null() ? "-" : fmt::format("{:.{}f}", value.get<double>(), precision);
}

void print_member(const Json& member) {
  fmt::print("member {}: {} agent steps, {} updates, {} episodes, mean return of the last 30: {}\n",
             member["id"].get<std::int64_t>(), grouped_digits(member["agent_steps"].get<std::int64_t>()),
             grouped_digits(member["updates"].get<std::int64_t>()),
             grouped_digits(member["episodes"].get<std::int64_t>()), cell(member["mean_return_30"], 2));
  if (!member["checkpoint"].is_null())
    fmt::print("  checkpoint {} at {} agent steps, weights {}\n", member["checkpoint"].get<std::string>(),
               grouped_digits(member["checkpoint_agent_steps"].get<std::int64_t>()),
               member["weights_sha256"].get<std::string>());
  if (const auto lost = member["unrolls_lost"].get<std::int64_t>(); lost > 0)
    fmt::print("  {} unrolls were lost with their environments' processes and collected anew\n",
               grouped_digits(lost));
  fmt::print("\n{:>14} {:>8} {:>9} {:>8} {:>8} {:>10} {:>9} {:>10} {:>5}\n", "agent steps", "time",
             "episodes", "return", "entropy", "expl. var.", "grad norm", "saturated", "lag");
  for (const Json& point : member["curve"])
    fmt::print("{:>14} {:>8} {:>9} {:>8} {:>8} {:>10} {:>9} {:>10} {:>5}\n",
               grouped_digits(point["agent_steps"].get<std::int64_t>()),
               duration_text(point["seconds"].get<double>()), point["episodes"].get<std::int64_t>(),
               cell(point["mean_return"], 2), cell(point["entropy"], 3), cell(point["explained_variance"], 2),
               cell(point["gradient_norm"], 1), cell(point["saturated_units"], 3),
               cell(point["mean_lag"], 1));
}

// One line for each member.
void print_members(const Json& members) {
  const auto number = [](const Json& value) {
    return value.is_null() ? std::string("-") : fmt::format("{:.3g}", value.get<double>());
  };
  fmt::print("{:>6} {:>14} {:>9} {:>11} {:>7} {:>14} {:>13} {:>12}  {}\n", "member", "agent steps",
             "episodes", "return (30)", "alpha", "learning rate", "entropy cost", "copied from",
             "checkpoint");
  for (const Json& member : members)
    fmt::print("{:>6} {:>14} {:>9} {:>11} {:>7} {:>14} {:>13} {:>12}  {}\n", member["id"].get<std::int64_t>(),
               grouped_digits(member["agent_steps"].get<std::int64_t>()),
               grouped_digits(member["episodes"].get<std::int64_t>()), cell(member["mean_return_30"], 2),
               cell(member["alpha"], 3), number(member["learning_rate"]), number(member["entropy_cost"]),
               member["parent"].is_null() ? "-" : fmt::format("{}", member["parent"].get<std::int64_t>()),
               member["checkpoint"].is_null() ? "-" : member["checkpoint"].get<std::string>());
}

Result<Json> run_json(RunDirectory& run, const RunConfig& config, const InspectOptions& options) {
  Json json = {
      {"run", options.run}, {"level", config.level.name}, {"seed", config.seed}, {"members", Json::array()}};
  CHRYSALIS_ASSIGN_OR_RETURN(const auto members, run.database().members());
  for (const MemberRow& member : members) {
    if (options.member && *options.member != member.member) continue;
    CHRYSALIS_ASSIGN_OR_RETURN(Json one, member_json(run, config, member.member, options.curve));
    json["members"].push_back(std::move(one));
  }
  if (options.member && json["members"].empty())
    return invalid_input("{} has no member {}: it has {}, from 0 on", options.run, *options.member,
                         members.size());
  json["decisions"] = Json::array();
  CHRYSALIS_ASSIGN_OR_RETURN(const auto decisions, run.database().decisions(options.member));
  for (const DecisionRow& decision : decisions) json["decisions"].push_back(decision_json(decision));
  json["evaluations"] = Json::array();
  CHRYSALIS_ASSIGN_OR_RETURN(const auto evaluations, run.database().evaluations());
  for (const EvaluationRow& evaluation : evaluations)
    json["evaluations"].push_back({{"checkpoint", evaluation.checkpoint},
                                   {"level", evaluation.level},
                                   {"policy", evaluation.policy},
                                   {"episodes", evaluation.returns.size()},
                                   {"mean_return", evaluation.mean},
                                   {"ci95", evaluation.ci95}});
  return json;
}

// Also beside a trainer, which looks before it removes a checkpoint.
Status pin(const std::string& directory, const std::string& name, bool pinned) {
  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run, RunDirectory::open(directory, OpenMode::kReadOnly));
  CHRYSALIS_ASSIGN_OR_RETURN(const Checkpoint checkpoint, run.checkpoint(name));
  CHRYSALIS_ASSIGN_OR_RETURN(Database database, RunDirectory::open_database(directory));
  CHRYSALIS_RETURN_IF_ERROR(database.set_checkpoint_pinned(checkpoint.info.name(), pinned));
  fmt::print("checkpoint {} of member {} at {} agent steps {}\n", checkpoint.info.name(),
             checkpoint.info.position.member, grouped_digits(checkpoint.info.position.agent_steps),
             pinned ? "stays" : "goes once it is none of the newest");
  return {};
}

Status run_inspect(const InspectOptions& options) {
  if (!options.pin.empty()) return pin(options.run, options.pin, true);
  if (!options.unpin.empty()) return pin(options.run, options.unpin, false);
  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run, RunDirectory::open(options.run, OpenMode::kReadOnly));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto text, run.config());
  if (!text) return invalid_input("{} has no config yet: train first", options.run);
  CHRYSALIS_ASSIGN_OR_RETURN(const RunConfig config, run_config_from_text(*text, options.run, {}));
  CHRYSALIS_ASSIGN_OR_RETURN(const Json json, run_json(run, config, options));
  for (const std::string& warning : run.take_warnings()) tell("warning: {}\n", warning);
  if (options.json) {
    fmt::print("{}\n", text_of(json));
    return {};
  }
  fmt::print("{}: level {}, seed {}\n", options.run, config.level.name, config.seed);
  if (json["members"].size() == 1)
    print_member(json["members"][0]);
  else
    print_members(json["members"]);
  CHRYSALIS_ASSIGN_OR_RETURN(const auto decisions, run.database().decisions(options.member));
  if (!decisions.empty()) fmt::print("{}\n", decisions_summary(json["members"].size(), decisions));
  for (const Json& evaluation : json["evaluations"])
    fmt::print("evaluated {} on {}: mean return {:.2f}, 95 % interval {:.2f} to {:.2f}, {} episodes\n",
               evaluation["policy"].get<std::string>(), evaluation["level"].get<std::string>(),
               evaluation["mean_return"].get<double>(), evaluation["ci95"][0].get<double>(),
               evaluation["ci95"][1].get<double>(), evaluation["episodes"].get<std::int64_t>());
  return {};
}

}  // namespace

Action add_inspect_command(CLI::App& app) {
  auto options = std::make_shared<InspectOptions>();
  app.add_option("run", options->run, "Directory of a run")->required();
  app.add_option("--curve", options->curve, "Points of the learning curve")->check(CLI::Range(1, 10'000));
  app.add_option("--member", options->member, "Only this member, with its learning curve");
  app.add_flag("--json", options->json, "Print JSON");
  auto* pin =
      app.add_option("--pin", options->pin, "Keep this checkpoint, whatever store.keep_checkpoints says");
  app.add_option("--unpin", options->unpin, "Give it back")->excludes(pin);
  return [options] { return run_inspect(*options); };
}

}  // namespace chrysalis
