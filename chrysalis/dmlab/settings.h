// What a client of DM Lab's sets before init(), with DM Lab's keys: those of its engine, checked at once, and
// those of the level, which are LevelConfig's fields spelled as DM Lab spells them (bot_count: botCount).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/level.h"
#include "chrysalis/levels/level_config.h"

namespace chrysalis::dmlab {

struct LevelSetting {
  std::string key;   // "botCount"
  std::string path;  // "level.bot_count"
};

struct Settings {
  std::string level_name;
  std::string level_directory;
  std::int64_t width = 320;  // Pixels of the player's view.
  std::int64_t height = 240;
  std::int64_t alt_width = 0;  // Least size of the DEBUG.CAMERA pictures.
  std::int64_t alt_height = 0;
  std::int64_t frames_per_step = 1;  // Of a 60th of a second.
  std::uint32_t mixer_seed = 0;
  std::string player_name = "UnnamedPlayer";  // Quake III's.
  // Not one of the engine's: in the order in which they came, each key once, the last value.
  std::vector<std::pair<std::string, std::string>> of_level;

  // The error says what was expected of an engine's key. Any other key is kept for level_config().
  Status set(std::string_view key, std::string_view value);

  // The level that was asked for, with its settings. The errors: no levelName, an unknown level, a key that
  // neither the engine nor the level has, with the nearest that they have, a value that the level cannot
  // take.
  Result<LevelConfig> level_config() const;
};

// What a level can be told, in the order of LevelConfig.
std::vector<LevelSetting> level_settings(const LevelSpec& level);

}  // namespace chrysalis::dmlab
