// The wiring of a training run: learners, policies and environments of a config.
#pragma once

#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/run_config.h"
#include "chrysalis/train/trainer.h"

namespace chrysalis {

// One for each member of the population; need_learning() comes before. Errors: whatever the levels, the
// environment, the agent, the curriculum or the learner refuse.
Result<std::vector<MemberParts>> make_members(const RunConfig& config);

// Brings a run and its trainer to where the members' newest checkpoints stand; what was recorded after them
// goes.
Status restore_newest(RunDirectory& run, Trainer& trainer);

}  // namespace chrysalis
