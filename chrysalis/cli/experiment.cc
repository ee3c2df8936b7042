#include "chrysalis/cli/experiment.h"

#include <algorithm>

namespace chrysalis {

bool is_run_neutral(std::string_view path) {
  // Where DM Lab is and how long it may take, but not what it is asked to be.
  if (path.starts_with("dmlab.")) return path != "dmlab.settings" && path != "dmlab.renderer";
  return path == "train.workers" || path == "learner.device" || path == "compute.kernels" ||
         path.starts_with("store.");
}

Result<RunConfig> begun_with(std::string_view stored, const std::string& source) {
  CHRYSALIS_ASSIGN_OR_RETURN(RunConfig config, run_config_from_text(stored, source, {}));
  if (stored.find("stagger_episodes") == stored.npos) config.train.stagger_episodes = false;
  return config;
}

Result<std::vector<ConfigChange>> experiment_changes(std::string_view stored, const std::string& source,
                                                     RunConfig& now) {
  CHRYSALIS_ASSIGN_OR_RETURN(RunConfig before, begun_with(stored, source));
  auto changes = config_changes(to_toml(fields_of(before), /*comments=*/false),
                                to_toml(fields_of(now), /*comments=*/false));
  std::erase_if(changes, [](const ConfigChange& change) {
    return change.path == "train.agent_steps" || is_run_neutral(change.path);
  });
  return changes;
}

}  // namespace chrysalis
