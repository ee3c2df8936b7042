#include "chrysalis/cli/command.h"
#include "chrysalis/cli/json.h"
#include "chrysalis/levels/catalog.h"

namespace chrysalis {

Action add_levels_command(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "Print JSON");
  return [json]() -> Status {
    Json list = Json::array();
    for (const auto& entry : level_catalog()) {
      CHRYSALIS_ASSIGN_OR_RETURN(const auto level, make_level({.name = std::string(entry.name)}));
      const LevelSpec& spec = level->spec();
      if (*json) {
        list.push_back({{"name", spec.name},
                        {"summary", spec.summary},
                        {"episode_frames", spec.episode_frames},
                        {"frame_reward", {spec.frame_reward_min, spec.frame_reward_max}}});
      } else {
        fmt::print("{:32} {:>4} s  {}\n", spec.name, spec.episode_frames / kFramesPerSecond, spec.summary);
      }
    }
    if (*json) {
      fmt::print("{}\n", text_of(list));
    } else {
      fmt::print("{:32} {:>4}    {}\n", "map:FILE", "", "A text map of your own: docs/formats/map.md");
    }
    return {};
  };
}

}  // namespace chrysalis
