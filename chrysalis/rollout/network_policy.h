// The agent's network as a Policy, on the kernels: acting needs no LibTorch.
#pragma once

#include <memory>
#include <optional>

#include "chrysalis/core/result.h"
#include "chrysalis/rollout/packed_network.h"
#include "chrysalis/rollout/policy.h"

namespace chrysalis {

// A policy without weights yet: load() must come before step(). load() takes the packed form from `packed`,
// which may be shared by any number of policies on any threads. Core states are [h, c], core_width floats
// each. Results for one environment do not depend on which others share its batch, to the last bit. step()
// allocates nothing once it has seen its largest batch.
//
// Where the agent has two policies it acts by their mixture (1 - alpha) pi_1 + alpha pi_2 over the joint
// actions, by kernels/mixture.h; only heads and cores that alpha leaves alive are computed, pi_2's core
// besides unless spec.keep_memory says that nobody will miss its memory. alpha: in [0, 1]; 1 is pi_2 alone, 0
// pi_1 alone; none: that of the weights.
std::unique_ptr<Policy> make_network_policy(std::shared_ptr<PackedNetworks> packed,
                                            std::optional<double> alpha = {});
// With a cache of its own. Errors: those of agent_shape().
Result<std::unique_ptr<Policy>> make_network_policy(const AgentConfig& config, const AgentSpec& spec,
                                                    Precision precision, std::optional<double> alpha = {});

}  // namespace chrysalis
