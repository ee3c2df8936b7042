#include "chrysalis/dmlab/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "chrysalis/levels/catalog.h"
#include "chrysalis/render/renderer.h"
#include "chrysalis/world/world.h"

namespace chrysalis::dmlab {
namespace {

constexpr std::string_view kFolderOfDmlab30 = "contributed/dmlab30/";

template <typename... Expected>
Error wrong(std::string_view key, std::string_view value, fmt::format_string<Expected...> format,
            Expected&&... expected) {
  return invalid_input("setting '{}' is \"{}\": expected {}", key, value,
                       fmt::format(format, std::forward<Expected>(expected)...));
}

// Whole numbers as C's strtol reads them with base 0, which is how DM Lab does.
bool read_whole(std::string_view text, std::int64_t& out) {
  const std::string ended(text);
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(ended.c_str(), &end, 0);
  if (ended.empty() || *end != '\0' || errno != 0) return false;
  out = value;
  return true;
}

using Key = std::string_view;
using Value = std::string_view;

Status set_side(Key key, Value value, int min, std::int64_t& side) {
  std::int64_t pixels = 0;
  if (!read_whole(value, pixels) || pixels < min || pixels > kPictureSideMax || pixels % 4 != 0)
    return wrong(key, value, "a multiple of 4 from {} to {}", min, kPictureSideMax);
  side = pixels;
  return {};
}

Status set_fps(Settings& settings, Key key, Value value) {
  double fps = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), fps);
  const bool read = code == std::errc() && end == value.data() + value.size();
  // 0 is the wall clock there.
  if (read && fps == 0) fps = kFramesPerSecond;
  const bool whole = read && fps >= 1 && fps <= kFramesPerSecond && fps == std::floor(fps);
  if (!whole || kFramesPerSecond % static_cast<int>(fps) != 0)
    return wrong(key, value, "{} or what divides it: 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1", kFramesPerSecond);
  settings.frames_per_step = kFramesPerSecond / static_cast<int>(fps);
  return {};
}

Status set_mixer_seed(Settings& settings, Key key, Value value) {
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  std::int64_t seed = 0;
  if (!read_whole(value, seed) || seed < 0 || seed > kMax)
    return wrong(key, value, "a whole number from 0 to {}", kMax);
  settings.mixer_seed = static_cast<std::uint32_t>(seed);
  return {};
}

Status check_log_level(Settings&, Key key, Value value) {
  std::string name(value);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::int64_t number = 0;
  if (name == "NEVER" || name == "ERROR" || name == "WARN" || name == "INFO" || read_whole(name, number))
    return {};
  return wrong(key, value, "NEVER, ERROR, WARN, INFO or a whole number");
}

Status check_bool(Settings&, Key key, Value value) {
  if (value == "true" || value == "false") return {};
  return wrong(key, value, "true or false");
}
Status check_false(Settings&, Key key, Value value) {
  if (value == "false") return {};
  return wrong(key, value, "false: there is no such thing here");
}
Status check_whole(Settings&, Key key, Value value) {
  std::int64_t number = 0;
  if (read_whole(value, number)) return {};
  return wrong(key, value, "a whole number");
}
Status check_empty(Settings&, Key key, Value value) {
  if (value.empty()) return {};
  return wrong(key, value, "nothing: there is no such thing here");
}
Status check_vm_mode(Settings&, Key key, Value value) {
  if (value == "interpreted" || value == "compiled" || value == "native") return {};
  return wrong(key, value, "interpreted, compiled or native");
}
Status ignore(Settings&, Key, Value) {
  return {};
}

struct EngineSetting {
  std::string_view key;
  Status (*set)(Settings& settings, Key key, Value value);
};

constexpr EngineSetting kEngineSettings[] = {
    {"levelName",
     [](Settings& settings, Key, Value value) -> Status {
       settings.level_name = value;
       return {};
     }},
    {"levelDirectory",
     [](Settings& settings, Key, Value value) -> Status {
       settings.level_directory = value;
       return {};
     }},
    {"width", [](Settings& settings, Key key,
                 Value value) { return set_side(key, value, kPictureSideMin, settings.width); }},
    {"height", [](Settings& settings, Key key,
                  Value value) { return set_side(key, value, kPictureSideMin, settings.height); }},
    {"maxAltCameraWidth",
     [](Settings& settings, Key key, Value value) { return set_side(key, value, 0, settings.alt_width); }},
    {"maxAltCameraHeight",
     [](Settings& settings, Key key, Value value) { return set_side(key, value, 0, settings.alt_height); }},
    {"fps", set_fps},
    {"mixerSeed", set_mixer_seed},
    {"playerName",
     [](Settings& settings, Key, Value value) -> Status {
       settings.player_name = value;
       return {};
     }},
    // What follows changes nothing here, or is refused where it would have to.
    {"logLevel", check_log_level},
    {"logToStdErr", check_bool},
    {"hasAltCameras", check_bool},
    {"localLevelCache", check_bool},
    {"globalLevelCache", check_bool},
    {"minimalUI", check_bool},
    {"reducedUI", check_bool},
    {"use_pbos", check_bool},
    {"gpuDeviceIndex", check_whole},
    {"port", check_whole},
    {"serverPort", check_whole},
    {"vmMode", check_vm_mode},
    {"server", check_false},
    {"client", check_false},
    {"nativeApp", check_false},
    {"gadgetSelect", check_false},
    {"gadgetSwitch", check_false},
    {"appendCommand", check_empty},
    {"record", check_empty},
    {"demo", check_empty},
    {"video", check_empty},
    {"demofiles", ignore},
    // Every level there lets these pass.
    {"allowHoldOutLevels", ignore},
    {"controls", ignore},  // Of clients of its first release.
    {"datasetPath", ignore},
    {"enableCameraMovement", ignore},
    {"invocationMode", ignore},
    {"levelGenerator", ignore},
    {"playerId", ignore},
    {"players", ignore},
    {"randomSeed", ignore},
    {"textureRandomization", ignore},
    {"__platform__", ignore},
};

// bot_count as DM Lab spells it: botCount. One field has another name there.
std::string key_of(std::string_view field) {
  if (field == "episode_seconds") return "episodeLengthSeconds";
  std::string key;
  bool upper = false;
  for (const char c : field) {
    if (c == '_') {
      upper = true;
      continue;
    }
    key += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return key;
}

std::string_view field_of(std::string_view path) {
  return path.substr(path.find('.') + 1);
}

}  // namespace

Status Settings::set(std::string_view key, std::string_view value) {
  for (const EngineSetting& setting : kEngineSettings)
    if (setting.key == key) return setting.set(*this, key, value);
  const auto same = std::ranges::find(of_level, key, &std::pair<std::string, std::string>::first);
  if (same != of_level.end()) {
    same->second = value;
  } else {
    of_level.emplace_back(key, value);
  }
  return {};
}

std::vector<LevelSetting> level_settings(const LevelSpec& level) {
  const auto is_used = [&](std::string_view field) {
    return field == "episode_seconds" || std::ranges::find(level.settings, field) != level.settings.end();
  };
  LevelConfig config;
  std::vector<LevelSetting> settings;
  for (const FieldText& field : describe_fields(fields_of(config)))
    if (is_used(field_of(field.path)))
      settings.push_back({.key = key_of(field_of(field.path)), .path = field.path});
  return settings;
}

Result<LevelConfig> Settings::level_config() const {
  if (level_name.empty()) return invalid_input("setting 'levelName' is missing: expected a level");
  LevelConfig config;
  config.name = level_directory.empty() ? level_name : level_directory + "/" + level_name;
  if (config.name.starts_with(kFolderOfDmlab30)) config.name.erase(0, kFolderOfDmlab30.size());
  CHRYSALIS_ASSIGN_OR_RETURN(const auto level, make_level(config));

  const std::vector<LevelSetting> known = level_settings(level->spec());
  for (const auto& [key, value] : of_level) {
    const auto setting = std::ranges::find(known, key, &LevelSetting::key);
    if (setting == known.end()) {
      std::vector<std::string> keys, of_this_level;
      for (const EngineSetting& engine : kEngineSettings) keys.emplace_back(engine.key);
      for (const LevelSetting& one : known) of_this_level.push_back(one.key);
      keys.insert(keys.end(), of_this_level.begin(), of_this_level.end());
      return invalid_input("unknown setting '{}' = \"{}\"{} Settings of level '{}': {}", key, value,
                           did_you_mean(key, keys).empty() ? "." : did_you_mean(key, keys), config.name,
                           fmt::join(of_this_level, ", "));
    }
    if (const Status set = set_field_text(fields_of(config), setting->path, value); !set.ok())
      return invalid_input("setting '{}': {}", key, set.error().message);
  }
  return config;
}

}  // namespace chrysalis::dmlab
