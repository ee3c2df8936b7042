#include "chrysalis/dmlab/lab.h"

#include <algorithm>
#include <charconv>
#include <climits>

#include "chrysalis/levels/catalog.h"

namespace chrysalis::dmlab {
namespace {

constexpr int kWholeTurn = 3408;  // In look units: the most that is less than 360 degrees a frame.

constexpr auto kReadWrite = static_cast<PropertyAttribute>(kReadable | kWritable);
constexpr std::string_view kEntityLayer = "entityLayer", kVariationsLayer = "variationsLayer";

// "a.b.c" into "a" and "b.c".
std::pair<std::string_view, std::string_view> split(std::string_view key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return {key, {}};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

Error no_observation(int index) {
  return invalid_input("there is no observation {}: expected 0 to {}", index, Observations::count() - 1);
}

Lab::PropertyAnswer not_found(std::string_view key) {
  return {PropertyResult::kNotFound, fmt::format("there is no property '{}'", key)};
}
Lab::PropertyAnswer denied(std::string_view key, std::string_view what) {
  return {PropertyResult::kPermissionDenied, fmt::format("property '{}' cannot be {}", key, what)};
}
Lab::PropertyAnswer before_init() {
  return {PropertyResult::kNotFound, "there are no properties before init()"};
}

// The value of a field as text: what set_field_text() takes.
std::string value_of(LevelConfig level, std::string_view path) {
  for (const FieldText& field : describe_fields(fields_of(level)))
    if (field.path == path) return field.value;
  check_failed(__FILE__, __LINE__, "a field of LevelConfig", std::string(path));
}

}  // namespace

Status Lab::setting(std::string_view key, std::string_view value) {
  if (episode_)
    return invalid_input("setting '{}' after init(): settings come before it, properties after", key);
  return settings_.set(key, value);
}

Result<std::unique_ptr<NativeEnvironment>> Lab::make(LevelConfig& config) const {
  CHRYSALIS_ASSIGN_OR_RETURN(auto environment, NativeEnvironment::create(config, {.width = settings_.width,
                                                                                  .height = settings_.height,
                                                                                  .action_repeat = 1}));
  config.episode_seconds = environment->spec().episode_frames / kFramesPerSecond;
  if (config.bot_count < 0) {
    environment->level().start(RandomKey(0));
    const auto bots = static_cast<std::int64_t>(environment->level().world().players().size()) - 1;
    // Where there can be none the setting keeps its default.
    if (bots > 0) config.bot_count = bots;
  }
  return environment;
}

Status Lab::init() {
  if (episode_) return invalid_input("init() has been called already");
  CHRYSALIS_ASSIGN_OR_RETURN(level_, settings_.level_config());
  CHRYSALIS_ASSIGN_OR_RETURN(auto environment, make(level_));
  episode_.emplace(std::move(environment));
  observations_.emplace(settings_, spec());
  return {};
}

std::uint64_t Lab::mixed(int seed) const {
  // As DM Lab does: the low half is no negative number.
  const int whole = seed < 0 ? seed + 1 + INT_MAX : seed;
  return static_cast<std::uint64_t>(settings_.mixer_seed) << 32 | static_cast<std::uint64_t>(whole);
}

Status Lab::start(int, int seed) {
  if (!episode_) return invalid_input("start() before init()");
  if (next_environment_) {
    episode_.emplace(std::move(next_environment_));
    observations_.emplace(settings_, spec());
  }
  episode_->start(mixed(seed));
  return {};
}

Lab::PropertyAnswer Lab::write_property(std::string_view key, std::string_view value) {
  if (!episode_) return before_init();
  const auto [table, name] = split(key);
  if (table == "params" && !name.empty()) {
    for (const LevelSetting& setting : level_settings(spec())) {
      if (setting.key != name) continue;
      LevelConfig changed = level_;
      if (const Status set = set_field_text(fields_of(changed), setting.path, value); !set.ok())
        return {PropertyResult::kInvalidArgument, set.error().message};
      auto environment = make(changed);
      if (!environment.ok()) return {PropertyResult::kInvalidArgument, environment.error().message};
      level_ = changed;
      next_environment_ = std::move(environment).value();
      return {};
    }
    return not_found(key);
  }
  std::string ignored;
  const PropertyAnswer read = read_property(key, ignored);
  return read.result == PropertyResult::kNotFound ? read : denied(key, "written");
}

Lab::PropertyAnswer Lab::read_property(std::string_view key, std::string& value) const {
  if (!episode_) return before_init();
  const auto [table, name] = split(key);
  if (key.empty()) return denied(key, "read");
  if (table != "engine" && table != "params" && table != "func") return not_found(key);
  if (name.empty()) return key == table ? denied(key, "read") : not_found(key);
  if (table == "engine" && name == "fps") {
    value = fmt::format("{}", kFramesPerSecond / settings_.frames_per_step);
    return {};
  }
  if (table == "params") {
    for (const LevelSetting& setting : level_settings(spec())) {
      if (setting.key != name) continue;
      value = value_of(level_, setting.path);
      return {};
    }
  }
  if (table == "func") {
    const auto [function, seed] = split(name);
    if (function != kEntityLayer && function != kVariationsLayer) return not_found(key);
    if (name == function) {
      // Readable on its own as the original's is, for clients that read all that they find listed.
      value = "a function of a seed";
      return {};
    }
    auto maze = maze_of(function, seed);
    if (!maze.ok()) return {PropertyResult::kNotFound, maze.error().message};
    value = std::move(maze).value();
    return {};
  }
  return not_found(key);
}

Result<std::string> Lab::maze_of(std::string_view function, std::string_view text) const {
  int seed = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (code != std::errc() || end != text.data() + text.size())
    return invalid_input("func.{} of '{}': expected a seed, a whole number", function, text);
  LevelConfig config = level_;
  CHRYSALIS_ASSIGN_OR_RETURN(const auto level, make_level(config));
  level->start(RandomKey(mixed(seed)));
  const Map& map = level->world().map();
  return function == kEntityLayer ? maze_layout(map, draws_mazes(level->spec())) : map.variations;
}

Lab::PropertyAnswer Lab::list_property(std::string_view key, const VisitProperty& visit) const {
  if (!episode_) return before_init();
  if (key.empty()) {
    for (const char* table : {"engine", "params", "func"}) visit(table, kListable);
  } else if (key == "engine") {
    visit("engine.fps", kReadable);
  } else if (key == "params") {
    for (const LevelSetting& setting : level_settings(spec()))
      visit(("params." + setting.key).c_str(), kReadWrite);
  } else if (key == "func") {
    for (const std::string_view function : {kEntityLayer, kVariationsLayer})
      visit(fmt::format("func.{}", function).c_str(), kReadable);
  } else {
    std::string ignored;
    const PropertyAnswer read = read_property(key, ignored);
    return read.result == PropertyResult::kNotFound ? read : denied(key, "listed");
  }
  return {};
}

Result<ObservationSpec> Lab::observation_spec(int index) {
  if (index < 0 || index >= Observations::count()) return no_observation(index);
  if (!observations_) return invalid_input("observation_spec() before init()");
  return observations_->spec(index);
}

Status Lab::observe(int index, Observation& observation) {
  observation = Observations::empty();
  if (index < 0 || index >= Observations::count()) return no_observation(index);
  if (!observations_) return invalid_input("observation() before init()");
  observation = observations_->observe(index, *episode_);
  if (!episode_->started()) return invalid_input("observation() before start()");
  return {};
}

void Lab::act(std::span<const int, 7> parts) {
  std::array<int, 7> bounded{};
  for (std::size_t i = 0; i < bounded.size(); ++i) {
    const bool turns = i < 2;
    bounded[i] = turns ? std::clamp(parts[i], -kWholeTurn, kWholeTurn)
                       : std::clamp(parts[i], kRawActionParts[i].min, kRawActionParts[i].max);
  }
  action_ = {.look_right = bounded[0],
             .look_down = bounded[1],
             .strafe_right = bounded[2],
             .move_forward = bounded[3],
             .fire = bounded[4],
             .jump = bounded[5],
             .crouch = bounded[6]};
}

Result<Lab::Advance> Lab::advance(int steps) {
  if (!episode_) return invalid_input("advance() before init()");
  if (!episode_->started()) return invalid_input("advance() before start()");
  if (steps < 0) return invalid_input("advance() by {} steps: expected 0 or more", steps);
  Advance advanced;
  for (std::int64_t frames = steps * settings_.frames_per_step; frames > 0 && episode_->frames_left() > 0;
       --frames)
    advanced.reward += episode_->step(action_);
  if (episode_->frames_left() == 0) advanced.status = AdvanceStatus::kTerminated;
  return advanced;
}

}  // namespace chrysalis::dmlab
