// Which settings make a run the experiment that it is, and which are only about how it is run.
#pragma once

#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {

// Whether a setting changes neither what is learned nor how well: workers, kernels, device, the store, where
// DM Lab is installed.
bool is_run_neutral(std::string_view path);

// What `now` changes of the experiment that a run was begun with, neutral settings and train.agent_steps,
// which may grow, aside. `stored`: the run's configuration as text, `source` for messages; a key that it
// lacks was not yet a setting then and counts as its default. Errors: `stored` cannot be read, as where it
// has a key that is no setting any more.
Result<std::vector<ConfigChange>> experiment_changes(std::string_view stored, const std::string& source,
                                                     RunConfig& now);

}  // namespace chrysalis
