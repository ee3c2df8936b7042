// The wiring of a training run: learner, policies and environments of a config.
#pragma once

#include "chrysalis/core/result.h"
#include "chrysalis/train/run_config.h"
#include "chrysalis/train/trainer.h"

namespace chrysalis {

// Errors: whatever the level, the environment, the agent or the learner refuse.
Result<TrainerParts> make_trainer_parts(const RunConfig& config);

}  // namespace chrysalis
