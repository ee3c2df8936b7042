#include "chrysalis/cli/agent_source.h"

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/learning.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/rollout/network_policy.h"
#include "chrysalis/rollout/scripted_policy.h"

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

Result<AgentSource> open_agent(const AgentOptions& options) {
  if (options.run.empty() == options.policy.empty())
    return invalid_input("expected the directory of a run or --policy random, one of the two");
  if (!options.policy.empty() && options.policy != "random")
    return invalid_input("unknown policy '{}': expected random{}", options.policy,
                         did_you_mean(options.policy, {"random"}));
  // As the options are spelled: load_saved_agent() knows them under other names.
  if (options.member && !options.checkpoint.empty())
    return invalid_input("--member and --checkpoint: expected one of the two, a checkpoint is of one member");

  if (options.run.empty()) {
    for (const auto& [name, given] : {std::pair{"--checkpoint", !options.checkpoint.empty()},
                                      {"--member", options.member.has_value()},
                                      {"--alpha", options.alpha.has_value()}})
      if (given) return invalid_input("{} needs the directory of a run", name);
    CHRYSALIS_ASSIGN_OR_RETURN(
        const RunConfig config,
        default_run_config(with_options({{"level.name", options.level}, {"compute.kernels", options.kernels}},
                                        options.assignments)));
    AgentSource source;
    source.config = config;
    source.policy = options.policy;
    return source;
  }

  CHRYSALIS_ASSIGN_OR_RETURN(
      SavedAgent saved, load_saved_agent({.run = options.run,
                                          .checkpoint = options.checkpoint,
                                          .member = options.member,
                                          .alpha = options.alpha,
                                          .level = options.level,
                                          .assignments = with_options({{"compute.kernels", options.kernels}},
                                                                      options.assignments)}));
  AgentSource source;
  source.config = std::move(saved.config);
  if (!source.config.compute.native()) CHRYSALIS_RETURN_IF_ERROR(need_learning());
  source.alpha = options.alpha;
  source.task = saved.task;
  source.weights = std::move(saved.weights);
  source.checkpoint = saved.checkpoint.name();
  source.member = saved.checkpoint.position.member;
  source.policy = fmt::format("{}@{}", options.run, source.checkpoint);
  if (options.alpha) source.policy += fmt::format(", alpha {}", *options.alpha);
  for (const std::string& assignment : options.assignments) source.policy += ", " + assignment;
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
