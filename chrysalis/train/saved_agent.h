// The agent of a run as its directory holds it: for whoever lets it act. No Torch here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/rollout/weight_layout.h"
#include "chrysalis/rollout/weights.h"
#include "chrysalis/store/checkpoint.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {

// What joins the agent of a config to its world, curriculum and learner.
AgentSpec agent_spec(const RunConfig& config);

struct SavedAgentOptions {
  std::string run = {};                       // Its directory.
  std::string checkpoint = {};                // Its name or the start of it; empty: the member's newest.
  std::optional<std::int64_t> member = {};    // None: the member whose returns of late are best.
  std::optional<double> alpha = {};           // As make_network_policy() takes it.
  std::string level = {};                     // To act in; empty: the run's.
  std::vector<std::string> assignments = {};  // "key=value" over the run's config.
};

struct SavedAgent {
  RunConfig config;  // The run's, with the level and the assignments on top.
  CheckpointInfo checkpoint;
  WeightsPtr weights;
  std::int32_t task = 0;  // The one that config.level is to the agent.
};

// Reads it beside a writer, if there is one. Errors: those of a run's directory and of its config; a run
// without config or checkpoint; a member that is not there, or beside a checkpoint; an alpha outside [0, 1];
// a level that is none of the agent's tasks, where it has a head for each.
Result<SavedAgent> load_saved_agent(const SavedAgentOptions& options);

}  // namespace chrysalis
