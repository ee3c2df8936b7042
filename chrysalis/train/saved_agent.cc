#include "chrysalis/train/saved_agent.h"

#include <algorithm>
#include <limits>

#include "chrysalis/core/log.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/store/run_directory.h"

namespace chrysalis {

AgentSpec agent_spec(const RunConfig& config) {
  return {.height = static_cast<int>(config.environment.height),
          .width = static_cast<int>(config.environment.width),
          .action_count = static_cast<int>(action_set(config.agent.actions).value()->size()),
          .reward_clip = static_cast<float>(config.learner.reward_clip),
          .factors = config.agent.head == "factored" ? action_factors(config.agent.actions).value()
                                                     : std::vector<int>(),
          .curriculum = curriculum_shape(config.curriculum, config.agent).value(),
          .keep_memory = config.curriculum.arm != "simple_only"};
}

namespace {

// The member whose newest returns are best; the first where none has any.
Result<std::int64_t> best_member(RunDirectory& run) {
  CHRYSALIS_ASSIGN_OR_RETURN(const auto members, run.database().members());
  std::int64_t best = 0;
  double best_return = -std::numeric_limits<double>::infinity();
  for (const MemberRow& row : members) {
    CHRYSALIS_ASSIGN_OR_RETURN(const MemberSummary summary, run.database().summary(row.member));
    if (!(summary.recent_return > best_return)) continue;
    best = row.member;
    best_return = summary.recent_return;
  }
  return best;
}

Result<std::int32_t> task_of(const RunConfig& config, std::optional<double> alpha) {
  if (config.curriculum.name != "multitask") return 0;
  const auto tasks = levels_of(config);
  const auto found = std::ranges::find(tasks, config.level.name);
  if (found != tasks.end()) return static_cast<std::int32_t>(found - tasks.begin());
  if (alpha == 1.0) return 0;
  return invalid_input(
      "{} is none of the agent's tasks, {}: expected one of them, or alpha 1 for the policy that has one "
      "head for all{}",
      config.level.name, config.curriculum.tasks, did_you_mean(config.level.name, tasks));
}

Result<Checkpoint> wanted_checkpoint(const SavedAgentOptions& options, RunDirectory& run) {
  if (!options.checkpoint.empty()) return run.checkpoint(options.checkpoint);
  CHRYSALIS_ASSIGN_OR_RETURN(const std::int64_t best, best_member(run));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto members, run.database().members());
  const std::int64_t member = options.member.value_or(best);
  if (options.member && std::ranges::find(members, member, &MemberRow::member) == members.end())
    return invalid_input("{} has no member {}: expected 0 to {}", options.run, member,
                         static_cast<std::int64_t>(members.size()) - 1);
  CHRYSALIS_ASSIGN_OR_RETURN(auto checkpoint, run.latest_checkpoint(member));
  if (!checkpoint)
    return invalid_input("{} has no checkpoint yet: let `chrysalis train` reach one", options.run);
  return std::move(*checkpoint);
}

}  // namespace

Result<SavedAgent> load_saved_agent(const SavedAgentOptions& options) {
  if (options.member && !options.checkpoint.empty())
    return invalid_input("member and checkpoint: expected one of the two, a checkpoint is of one member");
  if (options.alpha && !(*options.alpha >= 0 && *options.alpha <= 1))
    return invalid_input("alpha is {}: expected a number, 0 to 1", *options.alpha);
  std::vector<std::string> assignments;
  if (!options.level.empty()) assignments.push_back("level.name=" + options.level);
  assignments.insert(assignments.end(), options.assignments.begin(), options.assignments.end());

  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run, RunDirectory::open(options.run, OpenMode::kReadOnly));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto text, run.config());
  if (!text) return invalid_input("{} has no config yet: train first", options.run);
  SavedAgent agent;
  CHRYSALIS_ASSIGN_OR_RETURN(agent.config, run_config_from_text(*text, options.run, assignments));
  const bool level_is_told = std::ranges::any_of(
      assignments, [](const std::string& assignment) { return assignment.starts_with("level.name="); });
  if (agent.config.curriculum.name == "multitask" && !level_is_told)
    agent.config.level.name = levels_of(agent.config).front();
  if (options.alpha && agent.config.curriculum.name == "none")
    return invalid_input("alpha is {}, and {} has one policy: expected a run of a curriculum", *options.alpha,
                         options.run);
  CHRYSALIS_ASSIGN_OR_RETURN(agent.task, task_of(agent.config, options.alpha));
  CHRYSALIS_ASSIGN_OR_RETURN(const Checkpoint checkpoint, wanted_checkpoint(options, run));
  for (const std::string& warning : run.take_warnings()) log_warning("{}", warning);
  CHRYSALIS_ASSIGN_OR_RETURN(auto layout, weight_layout(agent.config.agent, agent_spec(agent.config)));
  CHRYSALIS_ASSIGN_OR_RETURN(agent.weights, weights_from_tensors(checkpoint.tensors, std::move(layout),
                                                                 checkpoint.info.position.update));
  agent.checkpoint = checkpoint.info;
  return agent;
}

}  // namespace chrysalis
