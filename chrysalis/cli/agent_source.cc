#include "chrysalis/cli/agent_source.h"

#include <algorithm>
#include <limits>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/learning.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/network_policy.h"
#include "chrysalis/rollout/scripted_policy.h"
#include "chrysalis/store/run_directory.h"

namespace chrysalis {

void add_agent_options(CLI::App& app, AgentOptions& options) {
  app.add_option("run", options.run, "Directory of a run: its newest checkpoint acts");
  app.add_option("--policy", options.policy, "A policy by name instead of a run: random");
  app.add_option("--level", options.level, "Level to play, also map:FILE or dmlab:LEVEL; default: the run's");
  app.add_option("--kernels", options.kernels, "native or torch: what computes the network");
  app.add_option("--checkpoint", options.checkpoint, "An earlier checkpoint of the run, by its name");
  app.add_option("--member", options.member, "A member of the run's population; default: the best of late");
  app.add_option("--alpha", options.alpha,
                 "Act by this mixture instead of the agent's own: 0 is the simple policy, 1 the complex one")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--seed", options.seed, "Names the episodes")->check(CLI::NonNegativeNumber);
  app.add_option("--set", options.assignments,
                 "KEY=VALUE over the run's config; `chrysalis config` lists the keys")
      ->allow_extra_args(false);
}

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

Status check_compute(const RunConfig& config) {
  if (config.compute.operands() == Precision::kFloat32) return {};
  if (!config.compute.native())
    return invalid_input("compute.precision is bf16 and compute.kernels is torch; bf16 needs native kernels");
  if (config.learner.device != "cpu")
    return invalid_input("compute.precision is bf16 and learner.device is {}; bf16 needs the cpu",
                         config.learner.device);
  return {};
}

Result<std::unique_ptr<Policy>> make_policy(const RunConfig& config, std::shared_ptr<PackedNetworks> packed,
                                            std::optional<double> alpha) {
  const AgentSpec spec = agent_spec(config);
  if (!config.compute.native()) return learning().make_policy(config.agent, spec, alpha);
  if (packed == nullptr) return make_network_policy(config.agent, spec, config.compute.operands(), alpha);
  return make_network_policy(std::move(packed), alpha);
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

// The task that a level is to the agent. Error: a level that is none of its tasks, for a policy that has a
// head for each.
Result<std::int32_t> task_of(const RunConfig& config, std::optional<double> alpha) {
  if (config.curriculum.name != "multitask") return 0;
  const auto tasks = levels_of(config);
  const auto found = std::ranges::find(tasks, config.level.name);
  if (found != tasks.end()) return static_cast<std::int32_t>(found - tasks.begin());
  if (alpha == 1.0) return 0;
  return invalid_input(
      "{} is none of the agent's tasks, {}: expected one of them, or --alpha 1 for the policy that has one "
      "head "
      "for all{}",
      config.level.name, config.curriculum.tasks, did_you_mean(config.level.name, tasks));
}

Result<Checkpoint> wanted_checkpoint(const AgentOptions& options, RunDirectory& run) {
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

Result<AgentSource> open_agent(const AgentOptions& options) {
  if (options.run.empty() == options.policy.empty())
    return invalid_input("expected the directory of a run or --policy random, one of the two");
  if (!options.policy.empty() && options.policy != "random")
    return invalid_input("unknown policy '{}': expected random{}", options.policy,
                         did_you_mean(options.policy, {"random"}));
  if (options.member && !options.checkpoint.empty())
    return invalid_input("--member and --checkpoint: expected one of the two, a checkpoint is of one member");
  const std::vector<std::string> assignments = with_options(
      {{"level.name", options.level}, {"compute.kernels", options.kernels}}, options.assignments);

  if (options.run.empty()) {
    for (const auto& [name, given] : {std::pair{"--checkpoint", !options.checkpoint.empty()},
                                      {"--member", options.member.has_value()},
                                      {"--alpha", options.alpha.has_value()}})
      if (given) return invalid_input("{} needs the directory of a run", name);
    CHRYSALIS_ASSIGN_OR_RETURN(const RunConfig config, default_run_config(assignments));
    AgentSource source;
    source.config = config;
    source.policy = options.policy;
    return source;
  }

  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run, RunDirectory::open(options.run, OpenMode::kReadOnly));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto text, run.config());
  if (!text) return invalid_input("{} has no config yet: train first", options.run);
  AgentSource source;
  CHRYSALIS_ASSIGN_OR_RETURN(source.config, run_config_from_text(*text, options.run, assignments));
  if (!source.config.compute.native()) CHRYSALIS_RETURN_IF_ERROR(need_learning());
  if (source.config.curriculum.name == "multitask" && options.level.empty())
    source.config.level.name = levels_of(source.config).front();
  source.alpha = options.alpha;
  CHRYSALIS_ASSIGN_OR_RETURN(source.task, task_of(source.config, options.alpha));
  CHRYSALIS_ASSIGN_OR_RETURN(const Checkpoint checkpoint, wanted_checkpoint(options, run));
  CHRYSALIS_ASSIGN_OR_RETURN(auto layout, weight_layout(source.config.agent, agent_spec(source.config)));
  CHRYSALIS_ASSIGN_OR_RETURN(source.weights, weights_from_tensors(checkpoint.tensors, std::move(layout),
                                                                  checkpoint.info.position.update));
  source.checkpoint = checkpoint.info.name();
  source.member = checkpoint.info.position.member;
  source.policy = fmt::format("{}@{}", options.run, source.checkpoint);
  return source;
}

Result<std::unique_ptr<Policy>> AgentSource::make_policy() const {
  if (weights == nullptr) return make_random_policy(agent_spec(config).action_count);
  CHRYSALIS_RETURN_IF_ERROR(check_compute(config));
  CHRYSALIS_ASSIGN_OR_RETURN(auto made, chrysalis::make_policy(config, nullptr, alpha));
  made->load(weights);
  return made;
}

Result<std::unique_ptr<Environment>> AgentSource::make_environment() const {
  return chrysalis::make_environment(config.level, config.environment, config.dmlab);
}

}  // namespace chrysalis
