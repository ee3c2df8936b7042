#include "chrysalis/levels/catalog.h"

#include <algorithm>

#include "chrysalis/levels/arenas.h"
#include "chrysalis/levels/explore_object_locations.h"
#include "chrysalis/levels/forage_level.h"
#include "chrysalis/levels/nav_maze_static.h"
#include "chrysalis/levels/seek_apples.h"

namespace chrysalis {
namespace {

constexpr std::string_view kMapPrefix = "map:";
constexpr std::string_view kDmlabPrefix = "dmlab:";
constexpr int kExploreSeconds = 90;

constexpr std::string_view kExploreSettings[] = {
    "maze_width",      "maze_height",    "room_count",
    "room_min_size",   "room_max_size",  "object_count",
    "spawn_count",     "reward_density", "extra_connection_probability",
    "decal_frequency", "max_variations", "has_doors",
    "quick_restart",   "use_skybox"};
constexpr std::string_view kLaserTagSettings[] = {"bot_count", "skill", "color"};

LevelSpec spec_of(std::string_view name, std::string_view summary, int own_seconds, const LevelConfig& config,
                  std::span<const std::string_view> settings = {}) {
  const auto seconds = config.episode_seconds > 0 ? config.episode_seconds : own_seconds;
  return {.name = std::string(name),
          .summary = std::string(summary),
          .episode_frames = static_cast<int>(seconds) * kFramesPerSecond,
          .settings = settings};
}

Result<std::unique_ptr<Level>> arena_level(const Arena& arena, LevelSpec spec, const LevelConfig& config) {
  CHRYSALIS_ASSIGN_OR_RETURN(const LaserTagSettings settings, laser_tag_settings(arena, config));
  return std::unique_ptr<Level>(std::make_unique<LaserTagLevel>(std::move(spec), arena, settings));
}

std::unique_ptr<Level> level_on(const TextMap& text_map, std::string_view name, std::string_view summary,
                                const LevelConfig& config) {
  return std::make_unique<ForageLevel>(spec_of(name, summary, text_map.episode_seconds, config),
                                       text_map.rules, [map = text_map.map](RandomStream&) { return map; });
}

template <const TextMap& (*kMap)()>
Result<std::unique_ptr<Level>> make_fixed(const LevelEntry& entry, const LevelConfig& config) {
  return level_on(kMap(), entry.name, entry.summary, config);
}

Result<std::unique_ptr<Level>> make_explore(const LevelEntry& entry, const LevelConfig& config) {
  CHRYSALIS_ASSIGN_OR_RETURN(const ExploreSettings settings, explore_settings(config));
  return std::unique_ptr<Level>(std::make_unique<ForageLevel>(
      spec_of(entry.name, entry.summary, kExploreSeconds, config, entry.settings),
      ForageRules{.new_map_at_restart = !config.quick_restart},
      [settings](RandomStream& random) { return make_explore_map(settings, random); }));
}

template <const Arena& (*kArena)()>
Result<std::unique_ptr<Level>> make_laser_tag(const LevelEntry& entry, const LevelConfig& config) {
  return arena_level(kArena(), spec_of(entry.name, entry.summary, kLaserTagSeconds, config, entry.settings),
                     config);
}

const std::vector<LevelEntry>& catalog() {
  static const std::vector<LevelEntry> entries = {
      {"seek_apples",
       "A room, a corridor and four apples that return when all are taken",
       {},
       make_fixed<seek_apples_map>},
      {"explore_object_locations_small",
       "A new maze of rooms in each episode; its apples return when all are taken", kExploreSettings,
       make_explore},
      {"nav_maze_static_01",
       "A fixed maze: find the goal again and again from wherever you start",
       {},
       make_fixed<nav_maze_static_01_map>},
      {"nav_maze_static_02",
       "A larger fixed maze with more loops, more apples and one goal",
       {},
       make_fixed<nav_maze_static_02_map>},
      {"lt_horseshoe_color",
       "Laser tag with six bots in a horseshoe; their colours are drawn for each episode", kLaserTagSettings,
       make_laser_tag<lt_horseshoe_color_arena>},
      {"lt_chasm",
       "Laser tag with four bots on two banks; what there is to take hangs over the lava between them",
       kLaserTagSettings, make_laser_tag<lt_chasm_arena>},
  };
  return entries;
}

// The fields of a config as text.
class FieldValues : public FieldVisitor {
 public:
  std::vector<std::string> values;
  std::vector<std::string> names;
  void field(const FieldSpec& spec, std::int64_t& value) override { add(spec, fmt::format("{}", value)); }
  void field(const FieldSpec& spec, double& value) override { add(spec, fmt::format("{}", value)); }
  void field(const FieldSpec& spec, bool& value) override { add(spec, fmt::format("{}", value)); }
  void field(const FieldSpec& spec, std::string& value) override { add(spec, value); }

 private:
  void add(const FieldSpec& spec, std::string value) {
    names.emplace_back(spec.name);
    values.push_back(std::move(value));
  }
};

// A config that was written out whole names every setting, so it is the values that tell what was asked for.
Status check_settings(const LevelConfig& config, std::span<const std::string_view> used) {
  LevelConfig given = config, defaults;
  FieldValues mine, standard;
  given.visit(mine);
  defaults.visit(standard);
  for (std::size_t i = 0; i < mine.names.size(); ++i) {
    const std::string& name = mine.names[i];
    if (mine.values[i] == standard.values[i] || name == "name" || name == "episode_seconds") continue;
    if (std::find(used.begin(), used.end(), name) == used.end())
      return invalid_input(
          "level.{} is {}, but level '{}' does not use it (its settings: {})", name, mine.values[i],
          config.name,
          used.empty() ? "episode_seconds" : fmt::format("episode_seconds, {}", fmt::join(used, ", ")));
  }
  return {};
}

}  // namespace

std::span<const LevelEntry> level_catalog() {
  return catalog();
}

Result<std::unique_ptr<Level>> make_level(const LevelConfig& config) {
  if (config.name.starts_with(kMapPrefix)) {
    CHRYSALIS_ASSIGN_OR_RETURN(const TextMap map, load_text_map(config.name.substr(kMapPrefix.size())));
    return make_level(map, config);
  }
  // An environment has no use for make_level() then; whoever wants the world behind the pixels has.
  if (config.name.starts_with(kDmlabPrefix))
    return invalid_input(
        "level {} is DM Lab's, which shows pixels alone: expected a level of `chrysalis levels` or map:FILE",
        config.name);
  std::vector<std::string> names;
  for (const LevelEntry& entry : level_catalog()) {
    if (entry.name == config.name) {
      CHRYSALIS_RETURN_IF_ERROR(check_settings(config, entry.settings));
      return entry.make(entry, config);
    }
    names.emplace_back(entry.name);
  }
  return invalid_input("unknown level '{}'{} Levels: {}, map:FILE", config.name,
                       did_you_mean(config.name, names).empty() ? "." : did_you_mean(config.name, names),
                       fmt::join(names, ", "));
}

Result<std::unique_ptr<Level>> make_level(const TextMap& map, const LevelConfig& config) {
  std::span<const std::string_view> settings;
  if (map.arena) settings = kLaserTagSettings;
  CHRYSALIS_RETURN_IF_ERROR(check_settings(config, settings));
  if (!map.arena) return level_on(map, config.name, "A text map", config);
  return arena_level(*map.arena, spec_of(config.name, "A text map", map.episode_seconds, config, settings),
                     config);
}

}  // namespace chrysalis
