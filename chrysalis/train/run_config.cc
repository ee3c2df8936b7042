#include "chrysalis/train/run_config.h"

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/curriculum.h"

namespace chrysalis {
namespace {

std::set<std::string> tables_of(RunConfig& config) {
  std::set<std::string> tables;
  for (const FieldText& field : describe_fields(fields_of(config)))
    if (const std::size_t dot = field.path.find('.'); dot != std::string::npos)
      tables.insert(field.path.substr(0, dot));
  return tables;
}

// An unknown table is told as such, also where it is empty.
Status check_table(const std::string& path, RunConfig& config) {
  for (const FieldText& field : describe_fields(fields_of(config)))
    if (field.path == path) return invalid_input("{} is a table: expected one value, {}", path, field.type);
  const std::set<std::string> tables = tables_of(config);
  if (tables.contains(path)) return {};
  return invalid_input("unknown table [{}]{}", path, did_you_mean(path, {tables.begin(), tables.end()}));
}

Status set_from_toml(const toml::table& table, const std::string& prefix, const std::string& source,
                     RunConfig& config) {
  for (const auto& [key, value_node] : table) {
    const toml::node& node = value_node;  // Which a lambda may hold: older compilers let it hold no binding.
    const std::string path = prefix + std::string(key.str());
    const auto is_wrong = [&](const Status& status) {
      return invalid_input("{}:{}: {}", source, node.source().begin.line, status.error().message);
    };
    if (const auto* inner = node.as_table()) {
      if (const Status status = check_table(path, config); !status.ok()) return is_wrong(status);
      CHRYSALIS_RETURN_IF_ERROR(set_from_toml(*inner, path + ".", source, config));
      continue;
    }
    if (tables_of(config).contains(path))
      return is_wrong(invalid_input("{0} is a table: expected [{0}] and its keys below", path));
    FieldValue value;
    if (const auto* whole = node.as_integer()) {
      value = whole->get();
    } else if (const auto* number = node.as_floating_point()) {
      value = number->get();
    } else if (const auto* flag = node.as_boolean()) {
      value = flag->get();
    } else if (const auto* text = node.as_string()) {
      value = text->get();
    } else {
      return invalid_input("{}:{}: {} is a list or a date: expected a number, true or false, or text", source,
                           node.source().begin.line, path);
    }
    if (const Status status = set_field(fields_of(config), path, value); !status.ok())
      return is_wrong(status);
  }
  return {};
}

Status assign(const std::vector<std::string>& assignments, RunConfig& config) {
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      return invalid_input("--set {}: expected KEY=VALUE, for example learner.learning_rate=3e-4",
                           assignment);
    // Its error names the key, whether that was written behind --set or stands for an option like --device.
    CHRYSALIS_RETURN_IF_ERROR(
        set_field_text(fields_of(config), assignment.substr(0, equals), assignment.substr(equals + 1)));
  }
  return {};
}

// What no field can check alone.
Status check_together(const RunConfig& config) {
  for (const auto& [name, pixels] :
       {std::pair{"width", config.environment.width}, {"height", config.environment.height}})
    if (pixels % 4 != 0) return invalid_input("environment.{} is {}: expected a multiple of 4", name, pixels);
  if (config.learner.shards > config.learner.batch_unrolls)
    return invalid_input("learner.shards is {}: expected at most learner.batch_unrolls, {}",
                         config.learner.shards, config.learner.batch_unrolls);
  CHRYSALIS_RETURN_IF_ERROR(tuned_of(config));
  if (config.agent.head == "factored") CHRYSALIS_RETURN_IF_ERROR(action_factors(config.agent.actions));
  CHRYSALIS_RETURN_IF_ERROR(curriculum_shape(config.curriculum, config.agent));
  if (config.curriculum.name == "multitask" &&
      config.train.environments < static_cast<std::int64_t>(levels_of(config).size()))
    return invalid_input("train.environments is {}: expected at least one for each of the {} tasks",
                         config.train.environments, levels_of(config).size());
  return {};
}

}  // namespace

Result<std::vector<Tuned>> tuned_of(const RunConfig& config) {
  if (config.population.size == 1) return std::vector<Tuned>();
  RunConfig fields = config;
  CHRYSALIS_ASSIGN_OR_RETURN(auto tuned, parse_tuned(config.population.tune, fields_of(fields)));
  if (!alpha_is_tuned(config.curriculum))
    std::erase_if(tuned, [](const Tuned& entry) { return entry.path == "curriculum.alpha"; });
  return tuned;
}

RunConfig member_config(const RunConfig& config, std::span<const Tuned> tuned,
                        std::span<const double> values) {
  RunConfig member = config;
  set_values(values, tuned, fields_of(member));
  return member;
}

std::vector<std::string> levels_of(const RunConfig& config) {
  if (config.curriculum.name == "multitask") return curriculum_tasks(config.curriculum).value();
  return {config.level.name};
}

Status check_reproducible(const RunConfig& config) {
  if (!config.deterministic) return {};
  for (const std::string& level : levels_of(config))
    if (is_dmlab_level(level))
      return invalid_input(
          "deterministic is true and {} is a level of DM Lab's, whose episodes depend on those before them "
          "in "
          "their process: expected deterministic = false",
          level);
  return {};
}

Status read_config_text(std::string_view text, const std::string& source, RunConfig& config) {
  toml::table table;
  try {
    table = toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    return invalid_input("{}:{}: not valid TOML: {}", source, error.source().begin.line, error.description());
  }
  return set_from_toml(table, "", source, config);
}

Result<RunConfig> load_run_config(const std::string& path, const std::vector<std::string>& assignments) {
  std::ifstream file(path);
  if (!file)
    return invalid_input("cannot read config {}: expected a TOML file such as configs/seek_apples.toml",
                         path);
  std::stringstream text;
  text << file.rdbuf();
  if (file.bad() || text.str().empty())
    return invalid_input("config {} is empty or not a readable file", path);
  return run_config_from_text(text.str(), path, assignments);
}

Result<RunConfig> run_config_from_text(std::string_view text, const std::string& source,
                                       const std::vector<std::string>& assignments) {
  RunConfig config;
  CHRYSALIS_RETURN_IF_ERROR(read_config_text(text, source, config));
  CHRYSALIS_RETURN_IF_ERROR(assign(assignments, config));
  CHRYSALIS_RETURN_IF_ERROR(check_together(config));
  return config;
}

Result<RunConfig> default_run_config(const std::vector<std::string>& assignments) {
  return run_config_from_text("", "", assignments);
}

TrainerConfig trainer_config(const RunConfig& config) {
  const std::int64_t steps_per_update = config.learner.batch_unrolls * config.learner.unroll;
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  return {.seed = static_cast<std::uint64_t>(config.seed),
          .schedule = {.environments = static_cast<int>(config.train.environments),
                       .group_environments = static_cast<int>(config.train.group_environments),
                       .batch_unrolls = static_cast<int>(config.learner.batch_unrolls),
                       .batches_ahead = static_cast<int>(config.train.batches_ahead),
                       .shards = static_cast<int>(config.learner.shards),
                       // The last update is a whole one.
                       .updates = (config.train.agent_steps + steps_per_update - 1) / steps_per_update,
                       .deterministic = config.deterministic},
          .unroll_steps = static_cast<int>(config.learner.unroll),
          .bootstrap_on_time_limit = config.learner.bootstrap_on_time_limit,
          .stagger_episodes = config.train.stagger_episodes,
          .actions = action_set(config.agent.actions).value(),
          .reference_scores = config.curriculum.name == "multitask"
                                  ? curriculum_reference_scores(config.curriculum).value()
                                  : std::vector<double>{1.0},
          .population = config.population,
          .tuned = tuned_of(config).value(),
          .workers = static_cast<int>(config.train.workers == 0 ? cores : config.train.workers),
          .checkpoint_seconds = config.store.checkpoint_seconds};
}

}  // namespace chrysalis
