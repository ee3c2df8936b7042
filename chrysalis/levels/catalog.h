// Every level there is, and how one is made. A new level is its own file plus a line in catalog.cc.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/level.h"
#include "chrysalis/levels/level_config.h"
#include "chrysalis/levels/text_map.h"

namespace chrysalis {

struct LevelEntry {
  std::string_view name;
  std::string_view summary;                    // One line, without a full stop.
  std::span<const std::string_view> settings;  // As in its spec.
  Result<std::unique_ptr<Level>> (*make)(const LevelEntry& entry, const LevelConfig& config);
};

// In the order in which people should meet them.
std::span<const LevelEntry> level_catalog();

// The level that the config names: one of the catalog, or map:FILE. The error of an unknown name gives the
// nearest; that of a setting which is not its default although the level does not use it names the setting.
Result<std::unique_ptr<Level>> make_level(const LevelConfig& config);
// On a text map that was read already, whatever the config calls it. The errors are those of the settings.
Result<std::unique_ptr<Level>> make_level(const TextMap& map, const LevelConfig& config);

}  // namespace chrysalis
