// Evaluation: episodes that are never trained on, played by a policy as it acts in training (sampled
// actions). Episode k is the same whatever the number of environments or threads: its seed and its draws are
// keyed by (seed, k).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/rollout/actor.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/world/action.h"

namespace chrysalis {

// The stream that the actions of an episode are drawn from; its world's is evaluation_seed()
// (env/environment_group.h).
RandomStream evaluation_actions(std::uint64_t seed, std::int64_t episode);

struct EvaluationConfig {
  std::uint64_t seed = 1;
  std::int64_t first_episode = 0;
  std::int64_t episodes = 1;  // At least 1.
  const std::vector<RawAction>* actions = nullptr;
  std::int32_t task = 0;  // Of all environments, for policies that have several.
};

// Called after each decision of each environment, before the step: what was seen and what was chosen.
struct EvaluationView {
  std::int64_t episode;
  std::int64_t agent_step;
  const std::uint8_t* observation;  // [H, W, 3]
  const RawAction* action;
  double episode_return;  // So far.
};
// Answers whether to go on; false ends the evaluation early, its unfinished episodes are not reported.
using EvaluationWatcher = std::function<bool(const EvaluationView&)>;

// Plays episodes first_episode … first_episode + episodes - 1 in as many environments as are given, side by
// side; the records come in order of the episodes. An episode that is lost with its environment's process is
// begun again, and the watcher sees it again from its first step. Error: an environment cannot go on.
Result<std::vector<EpisodeRecord>> evaluate(Policy& policy,
                                            std::span<const std::unique_ptr<Environment>> environments,
                                            const EvaluationConfig& config,
                                            const EvaluationWatcher& watcher = {});

// Mean and its 95 % confidence interval by Student's t. One sample or none: the interval is the mean itself.
struct MeanInterval {
  double mean = 0;
  double low = 0;
  double high = 0;
};
MeanInterval mean_interval(std::span<const double> samples);

}  // namespace chrysalis
