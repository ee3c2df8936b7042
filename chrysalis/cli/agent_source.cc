#include "chrysalis/cli/agent_source.h"

#include "chrysalis/agent/torch_policy.h"
#include "chrysalis/cli/command.h"
#include "chrysalis/env/native_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/network_policy.h"
#include "chrysalis/rollout/scripted_policy.h"
#include "chrysalis/store/run_directory.h"

namespace chrysalis {

void add_agent_options(CLI::App& app, AgentOptions& options) {
  app.add_option("run", options.run, "Directory of a run: its newest checkpoint acts");
  app.add_option("--policy", options.policy, "A policy by name instead of a run: random");
  app.add_option("--level", options.level, "Level to play; default: the run's");
  app.add_option("--kernels", options.kernels, "native or torch: what computes the network");
  app.add_option("--checkpoint", options.checkpoint, "An earlier checkpoint of the run, by its name");
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
          .curriculum = curriculum_shape(config.curriculum, config.agent).value()};
}

Status check_agent(const RunConfig& config) {
  if (config.agent.head == "factored") CHRYSALIS_RETURN_IF_ERROR(action_factors(config.agent.actions));
  CHRYSALIS_RETURN_IF_ERROR(curriculum_shape(config.curriculum, config.agent));
  return {};
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

Result<std::unique_ptr<Policy>> make_policy(const RunConfig& config, std::shared_ptr<PackedNetworks> packed) {
  const AgentSpec spec = agent_spec(config);
  if (!config.compute.native()) return make_torch_policy(config.agent, spec);
  if (packed == nullptr) return make_network_policy(config.agent, spec, config.compute.operands());
  return make_network_policy(std::move(packed));
}

Result<AgentSource> open_agent(const AgentOptions& options) {
  if (options.run.empty() == options.policy.empty())
    return invalid_input("expected the directory of a run or --policy random, one of the two");
  if (!options.policy.empty() && options.policy != "random")
    return invalid_input("unknown policy '{}': expected random{}", options.policy,
                         did_you_mean(options.policy, {"random"}));
  const std::vector<std::string> assignments = with_options(
      {{"level.name", options.level}, {"compute.kernels", options.kernels}}, options.assignments);

  if (options.run.empty()) {
    if (!options.checkpoint.empty()) return invalid_input("--checkpoint needs the directory of a run");
    CHRYSALIS_ASSIGN_OR_RETURN(RunConfig config, default_run_config(assignments));
    CHRYSALIS_RETURN_IF_ERROR(check_agent(config));
    return AgentSource{.config = config, .policy = options.policy, .checkpoint = "", .weights = nullptr};
  }

  CHRYSALIS_ASSIGN_OR_RETURN(RunDirectory run, RunDirectory::open(options.run, OpenMode::kReadOnly));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto text, run.config());
  if (!text) return invalid_input("{} has no config yet: train first", options.run);
  CHRYSALIS_ASSIGN_OR_RETURN(RunConfig config, run_config_from_text(*text, options.run, assignments));
  CHRYSALIS_RETURN_IF_ERROR(check_agent(config));
  std::optional<Checkpoint> checkpoint;
  if (options.checkpoint.empty()) {
    CHRYSALIS_ASSIGN_OR_RETURN(checkpoint, run.latest_checkpoint(0));
    if (!checkpoint)
      return invalid_input("{} has no checkpoint yet: let `chrysalis train` reach one", options.run);
  } else {
    CHRYSALIS_ASSIGN_OR_RETURN(checkpoint, run.checkpoint(options.checkpoint));
  }
  CHRYSALIS_ASSIGN_OR_RETURN(auto layout, weight_layout(config.agent, agent_spec(config)));
  CHRYSALIS_ASSIGN_OR_RETURN(WeightsPtr weights, weights_from_tensors(checkpoint->tensors, std::move(layout),
                                                                      checkpoint->info.position.update));
  const std::string name = checkpoint->info.name();
  return AgentSource{.config = config,
                     .policy = fmt::format("{}@{}", options.run, name),
                     .checkpoint = name,
                     .weights = std::move(weights)};
}

Result<std::unique_ptr<Policy>> AgentSource::make_policy() const {
  if (weights == nullptr) return make_random_policy(agent_spec(config).action_count);
  CHRYSALIS_RETURN_IF_ERROR(check_compute(config));
  CHRYSALIS_ASSIGN_OR_RETURN(auto made, chrysalis::make_policy(config));
  made->load(weights);
  return made;
}

Result<std::unique_ptr<Environment>> AgentSource::make_environment() const {
  return chrysalis::make_environment(config.level, config.environment);
}

}  // namespace chrysalis
