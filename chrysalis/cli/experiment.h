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

// What a run was begun with. `stored`: its configuration as text, `source` for messages. A key that it lacks
// was not yet a setting then and counts as its default, but for train.stagger_episodes, without which nothing
// was staggered. Errors: `stored` cannot be read, as where it has a key that is no setting any more.
Result<RunConfig> begun_with(std::string_view stored, const std::string& source);

// What `now` changes of that, neutral settings and train.agent_steps, which may grow, aside.
Result<std::vector<ConfigChange>> experiment_changes(std::string_view stored, const std::string& source,
                                                     RunConfig& now);

}  // namespace chrysalis
