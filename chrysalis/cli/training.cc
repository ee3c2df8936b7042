#include "chrysalis/cli/training.h"

#include <algorithm>

#include "chrysalis/cli/agent_source.h"
#include "chrysalis/cli/learning.h"
#include "chrysalis/cli/progress_line.h"
#include "chrysalis/core/log.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/rollout/action_set.h"
#include "chrysalis/rollout/evaluation.h"
#include "chrysalis/rollout/network_policy.h"
#include "chrysalis/train/run_sink.h"

namespace chrysalis {
namespace {

// The levels of a run's tasks, each as a config of its own.
std::vector<LevelConfig> level_configs(const RunConfig& config) {
  std::vector<LevelConfig> levels;
  for (const std::string& name : levels_of(config)) {
    levels.push_back(config.level);
    levels.back().name = name;
  }
  return levels;
}

// Rounds of evaluation of one member: an episode of each task, played by the complex policy alone. Episodes
// are named by run seed, member and version, so they are never those of training.
class Evaluator {
 public:
  Evaluator(const RunConfig& config, int member, std::unique_ptr<Policy> policy)
      : config_(config), member_(member), policy_(std::move(policy)) {
    for (const LevelConfig& level : level_configs(config)) {
      environments_.emplace_back();
      environments_.back().push_back(
          std::move(make_environment(level, config.environment, config.dmlab)).value());
    }
  }

  Result<std::vector<double>> operator()(const WeightsPtr& weights) {
    policy_->load(weights);
    std::vector<double> returns;
    for (std::size_t task = 0; task < environments_.size(); ++task) {
      const RandomKey key(static_cast<std::uint64_t>(config_.seed), Purpose::kEvaluation,
                          {static_cast<std::uint64_t>(member_), static_cast<std::uint64_t>(weights->version),
                           static_cast<std::uint64_t>(task)});
      CHRYSALIS_ASSIGN_OR_RETURN(const auto records,
                                 evaluate(*policy_, environments_[task],
                                          {.seed = key.value(),
                                           .actions = action_set(config_.agent.actions).value(),
                                           .task = static_cast<std::int32_t>(task)}));
      returns.push_back(records.front().episode_return);
    }
    return returns;
  }

 private:
  RunConfig config_;
  int member_;
  std::unique_ptr<Policy> policy_;
  std::vector<std::vector<std::unique_ptr<Environment>>> environments_;  // Of each task.
};

Result<MemberParts> make_member(const RunConfig& config, int member, std::span<const Tuned> tuned,
                                std::vector<double> values) {
  const AgentSpec spec = agent_spec(config);
  std::shared_ptr<PackedNetworks> packed;
  if (config.compute.native())
    packed = std::make_shared<PackedNetworks>(config.agent, spec, config.compute.operands());
  CHRYSALIS_ASSIGN_OR_RETURN(
      const WeightsPtr initial,
      initial_weights(config.agent, spec,
                      RandomKey(static_cast<std::uint64_t>(config.seed), Purpose::kInitialWeights,
                                {static_cast<std::uint64_t>(member)}),
                      alpha_after(config.curriculum, 0)));
  CHRYSALIS_ASSIGN_OR_RETURN(auto learner, learning().make_learner(config.agent, spec, config.learner,
                                                                   initial, packed, config.curriculum));
  MemberParts parts{
      .learner = std::move(learner),
      // What was just made once cannot fail to be made again.
      .make_policy = [config, packed] { return std::move(make_policy(config, packed)).value(); },
      .make_environment =
          [levels = level_configs(config), environment = config.environment,
           dmlab = config.dmlab](int index) {
            const LevelConfig& level = levels[static_cast<std::size_t>(index) % levels.size()];
            return std::move(make_environment(level, environment, dmlab)).value();
          }};
  parts.values = std::move(values);
  parts.tune = [config, tuned = std::vector<Tuned>(tuned.begin(), tuned.end())](Learner& of_member,
                                                                                std::span<const double> now) {
    const RunConfig tuned_config = member_config(config, tuned, now);
    of_member.tune(tuned_config.learner, tuned_config.curriculum);
  };
  if (config.population.size > 1 && config.population.score == "evaluation") {
    CHRYSALIS_ASSIGN_OR_RETURN(auto policy, make_policy(config, packed, /*alpha=*/1.0));
    parts.evaluate = [evaluator = std::make_shared<Evaluator>(config, member, std::move(policy))](
                         const WeightsPtr& weights) { return (*evaluator)(weights); };
  }
  return parts;
}

}  // namespace

Result<std::vector<MemberParts>> make_members(const RunConfig& config) {
  CHRYSALIS_RETURN_IF_ERROR(check_compute(config));
  for (const LevelConfig& level : level_configs(config))
    CHRYSALIS_RETURN_IF_ERROR(try_environment(level, config.environment, config.dmlab));
  CHRYSALIS_RETURN_IF_ERROR(agent_shape(config.agent, agent_spec(config)));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto tuned, tuned_of(config));
  std::vector<MemberParts> members;
  for (int member = 0; member < config.population.size; ++member) {
    std::vector<double> values = initial_values(tuned, static_cast<std::uint64_t>(config.seed), member);
    const RunConfig of_member = member_config(config, tuned, values);
    CHRYSALIS_ASSIGN_OR_RETURN(MemberParts parts, make_member(of_member, member, tuned, std::move(values)));
    members.push_back(std::move(parts));
  }
  return members;
}

namespace {

// What others may ask for of a member again: its checkpoint at each update after which it publishes, but
// never that of another's weights in place of ones that diverged.
Status restore_published(RunDirectory& run, Trainer& trainer, int member) {
  CHRYSALIS_ASSIGN_OR_RETURN(auto rows, run.database().checkpoints(member));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto decisions, run.database().decisions(member));
  const auto is_of_a_replacement = [&](const CheckpointRow& row) {
    return std::ranges::any_of(decisions, [&](const DecisionRow& decision) {
      return decision.outcome == outcome_name(Outcome::kReplaced) && decision.checkpoint == row.name;
    });
  };
  const auto restore = [&](const CheckpointRow& row) -> Status {
    CHRYSALIS_ASSIGN_OR_RETURN(const Checkpoint checkpoint, run.checkpoint(row.name));
    return trainer.restore_published(member, row.position.update, checkpoint.tensors, row.name);
  };
  const std::optional<std::int64_t> from = trainer.published_from();
  std::erase_if(rows, [&](const CheckpointRow& row) {
    return row.state != CheckpointState::kKept || is_of_a_replacement(row) ||
           row.position.update < from.value_or(0) || !trainer.publishes_after(row.position.update);
  });
  if (!from) {  // The newest is all that anybody sees.
    for (const CheckpointRow& row : rows) {
      const Status restored = restore(row);
      if (restored.ok()) break;
      log_warning("{}", restored.error().message);
    }
    return {};
  }
  std::reverse(rows.begin(), rows.end());  // Oldest first.
  std::int64_t last = -1;
  for (const CheckpointRow& row : rows) {
    if (row.position.update == last) continue;
    last = row.position.update;
    CHRYSALIS_RETURN_IF_ERROR(restore(row));
  }
  return {};
}

}  // namespace

Status restore_newest(RunDirectory& run, Trainer& trainer) {
  for (int member = 0; member < trainer.member_count(); ++member) {
    CHRYSALIS_ASSIGN_OR_RETURN(const auto checkpoint, run.latest_checkpoint(member));
    for (const std::string& warning : run.take_warnings()) log_warning("{}", warning);
    TrainingPosition position{.member = member};
    if (checkpoint) {
      CHRYSALIS_RETURN_IF_ERROR(trainer.restore(member, checkpoint->tensors));
      position = checkpoint->info.position;
      log_info("{}resuming from checkpoint {} at {} agent steps", log_prefix(member, trainer.member_count()),
               checkpoint->info.name(), grouped_digits(position.agent_steps));
    }
    CHRYSALIS_RETURN_IF_ERROR(run.truncate_after(position, trainer.decisions(member)));
  }
  for (int member = 0; member < trainer.member_count(); ++member)
    CHRYSALIS_RETURN_IF_ERROR(restore_published(run, trainer, member));
  return {};
}

}  // namespace chrysalis
