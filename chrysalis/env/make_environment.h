// From a config to an environment, whatever world is behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/env/dmlab_config.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/env/environment_config.h"
#include "chrysalis/levels/level_config.h"

namespace chrysalis {

// A native level, or where the name begins with dmlab: one of DM Lab's, whose process starts with its first
// episode. Errors: what the level, its settings and the picture's size refuse.
Result<std::unique_ptr<Environment>> make_environment(const LevelConfig& level,
                                                      const EnvironmentConfig& config,
                                                      const DmlabConfig& dmlab = {});

// How many of a level a thread evaluates side by side: enough to decide in batches, but each of DM Lab's is a
// process of some hundred MiB.
int environments_side_by_side(const LevelConfig& level);

// make_environment(), and that it begins an episode at all: what a foreign engine refuses is found here,
// once, and not by each of a hundred environments. Takes as long as DM Lab takes to start.
Status try_environment(const LevelConfig& level, const EnvironmentConfig& config, const DmlabConfig& dmlab);

// What an installation of DM Lab does.
struct DmlabProof {
  double start_seconds = 0;           // From nothing to the first picture.
  double restart_seconds = 0;         // The same for the second episode.
  std::int64_t agent_steps = 0;       // Taken for the rate.
  double agent_steps_per_s = 0;       // Of one process.
  std::vector<std::uint8_t> picture;  // The first, [height, width, 3] RGB.
};
// Starts a level and steps it for about `seconds`. Error: the first thing that is missing.
Result<DmlabProof> prove_dmlab(const LevelConfig& level, const EnvironmentConfig& config,
                               const DmlabConfig& dmlab, double seconds);

}  // namespace chrysalis
