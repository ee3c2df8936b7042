// The IMPALA learner (Espeholt et al. 2018), of agents with a curriculum by Mix & Match (Czarnecki et al.
// 2018), as a Learner. No Torch in this header.
#pragma once

#include <memory>

#include "chrysalis/core/result.h"
#include "chrysalis/rollout/agent_config.h"
#include "chrysalis/rollout/curriculum_config.h"
#include "chrysalis/rollout/learner.h"
#include "chrysalis/rollout/learner_config.h"
#include "chrysalis/rollout/packed_network.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {

// `packed`, of the same agent and spec, makes the network run on the kernels where the device is the CPU,
// with the weights packed there for everyone who acts with them too; null: on LibTorch's operators.
//
// Starts from `initial`, weights of weight_layout(agent, spec), with their version. spec.reward_clip must be
// learner.reward_clip, and spec.curriculum that of `curriculum`. The caller splits each batch into
// learner.shards pieces of at least one unroll.
//
// An update learns with the alpha of the weights that it starts from; those that apply() publishes get the
// alpha that the arm has after their agent steps, or where it is tuned, the last that tune(), restore() or
// `initial` said.
//
// save() names the weights' parts as the layout does, and "rmsprop.mean_square" [weights] and
// "learner.version" []. UpdateReport: policy_loss and baseline_loss are means a step, the latter of half the
// squared error without its cost. Errors: an agent that does not fit the spec, more shards than unrolls,
// device cuda where there is none, a matching loss that is unknown or of two cores where there is one.
Result<std::unique_ptr<Learner>> make_impala_learner(const AgentConfig& agent, const AgentSpec& spec,
                                                     const LearnerConfig& learner, const WeightsPtr& initial,
                                                     std::shared_ptr<PackedNetworks> packed = nullptr,
                                                     const CurriculumConfig& curriculum = {});

}  // namespace chrysalis
