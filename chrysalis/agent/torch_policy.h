// The network as a Policy: acting on the CPU, by LibTorch's operators. No Torch in this header.
#pragma once

#include <memory>
#include <optional>

#include "chrysalis/core/result.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {

// A policy without weights yet: load() must come before step(). load() copies the weights, unless it has
// these very ones already; they must be of weight_layout(config, spec). Core states are [h, c], core_width
// floats each. Results for one environment do not depend on which others share its batch, up to rounding. The
// calling thread's Torch operators run single-threaded from then on. alpha and mixtures: as those of
// make_network_policy(), whose reference this is. Errors: those of agent_shape().
Result<std::unique_ptr<Policy>> make_torch_policy(const AgentConfig& config, const AgentSpec& spec,
                                                  std::optional<double> alpha = {});

}  // namespace chrysalis
