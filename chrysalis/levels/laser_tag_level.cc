#include "chrysalis/levels/laser_tag_level.h"

#include <algorithm>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"

namespace chrysalis {
namespace {

constexpr int kAgent = 0;
constexpr Outfit kAgentOutfit{{{{235, 235, 235}, {120, 120, 120}, {180, 180, 180}}}};  // Which it never sees.

}  // namespace

Result<LaserTagSettings> laser_tag_settings(const Arena& arena, const LevelConfig& config) {
  LaserTagSettings settings{
      .bot_count = static_cast<int>(config.bot_count), .skill = config.skill, .bot_outfit = arena.bot_outfit};
  if (settings.bot_count < 0) settings.bot_count = arena.bot_count;
  if (settings.skill == LevelConfig().skill) settings.skill = arena.skill;
  const auto spawn_count = static_cast<int>(arena.map->spawns.size());
  if (settings.bot_count >= spawn_count)
    return invalid_input(
        "level.bot_count is {}, expected at most {}: with the agent, a player for each of the {} "
        "spawn points of level '{}'",
        settings.bot_count, spawn_count - 1, spawn_count, config.name);
  if (config.color >= 0) settings.bot_outfit = outfit_of_hue(static_cast<int>(config.color));
  return settings;
}

Outfit outfit_of_hue(int hue) {
  CHRYSALIS_CHECK(hue >= 0 && hue < 360, "{}", hue);
  // A channel is full for 60 degrees on both sides of its own hue, and falls to nothing within the next 60.
  const auto channel = [](int hue, int own) {
    const int apart = std::abs((hue - own + 540) % 360 - 180);
    return static_cast<std::uint8_t>(std::clamp((120 - apart) * 255 / 60, 0, 255));
  };
  Outfit outfit;
  for (int region = 0; region < 3; ++region) {
    const int turned = (hue + 120 * region) % 360;
    outfit.regions[static_cast<std::size_t>(region)] = {channel(turned, 0), channel(turned, 120),
                                                        channel(turned, 240)};
  }
  return outfit;
}

int reward_of_death(const WorldEvent& death) {
  const bool of_agent = death.player == kAgent;
  const bool by_agent = death.by == kAgent;
  if (of_agent) return by_agent || death.by == kNobody ? -1 : 0;
  return by_agent ? 1 : 0;
}

LaserTagLevel::LaserTagLevel(LevelSpec spec, Arena arena, LaserTagSettings settings)
    : spec_(std::move(spec)), arena_(std::move(arena)), settings_(std::move(settings)) {
  // One orb can tag everyone at once; nobody dies twice in a frame.
  spec_.frame_reward_min = -1;
  spec_.frame_reward_max = settings_.bot_count;
  actions_.resize(static_cast<std::size_t>(settings_.bot_count) + 1);
}

void LaserTagLevel::start(RandomKey episode_key) {
  places_ = RandomStream(episode_key.split(0));
  placed_ = Placed::kNot;
  if (world_) {
    world_->begin(arena_.map);
  } else {
    world_.emplace(arena_.map);
  }
  world_->arm(episode_key.split(1));
  RandomStream hues(episode_key.split(2));
  const Outfit outfit = settings_.bot_outfit.value_or(outfit_of_hue(hues.between(0, 359)));
  for (int player = 0; player <= settings_.bot_count; ++player) {
    const Place place = draw_place(player);
    world_->add_player(place.spawn, place.yaw_degrees, player == kAgent ? kAgentOutfit : outfit);
  }
  const RandomKey bots_key = episode_key.split(3);
  for (int i = 0; i < settings_.bot_count; ++i) {
    const Bot bot = make_bot(i, bots_key.split(static_cast<std::uint64_t>(i)));
    const auto index = static_cast<std::size_t>(i);
    if (index == bots_.size()) {
      bots_.push_back(bot);
    } else {
      bots_[index] = bot;  // A copy and no move: into the memory that it has.
    }
    bots_[index].notice(*world_, i + 1, {});
  }
}

int LaserTagLevel::profile_of(int bot) const {
  const std::vector<int>& profiles = arena_.bot_profiles;
  return profiles.empty() ? bot % kBotProfileCount
                          : profiles[static_cast<std::size_t>(bot) % profiles.size()];
}

Bot LaserTagLevel::make_bot(int index, RandomKey key) const {
  return Bot(profile_of(index), settings_.skill, arena_.graph, key);
}

std::uint64_t LaserTagLevel::content() const {
  ByteWriter all;
  all.number(content_hash(*arena_.map));
  for (int bot = 0; bot < settings_.bot_count; ++bot) all.number(profile_of(bot));
  return hash64(all.bytes());
}

int LaserTagLevel::step(const RawAction& action) {
  CHRYSALIS_CHECK(world_.has_value(), "step() before start()");
  actions_[kAgent] = action;
  placed_ = Placed::kNot;
  {
    const StageScope scope(Stage::kBots);
    for (std::size_t i = 0; i < bots_.size(); ++i)
      actions_[i + 1] = bots_[i].act(*world_, static_cast<int>(i) + 1);
  }
  const std::span<const WorldEvent> events = world_->step(actions_);
  {
    const StageScope scope(Stage::kBots);
    for (std::size_t i = 0; i < bots_.size(); ++i) bots_[i].notice(*world_, static_cast<int>(i) + 1, events);
  }
  int reward = 0;
  for (const WorldEvent& event : events) {
    if (event.kind == WorldEvent::Kind::kDied) reward += reward_of_death(event);
    if (event.kind == WorldEvent::Kind::kMayRespawn) {
      const Place place = draw_place(event.player);
      world_->respawn(event.player, place.spawn, place.yaw_degrees);
      if (event.player == kAgent) placed_ = Placed::kAtSpawn;
    }
  }
  return reward;
}

const World& LaserTagLevel::world() const {
  CHRYSALIS_CHECK(world_.has_value(), "world() before start()");
  return *world_;
}

LaserTagLevel::Place LaserTagLevel::draw_place(int player) {
  const auto& spawns = arena_.map->spawns;
  const auto is_free = [&](const Spawn& spawn) { return world_->spawn_is_free(spawn, player); };
  const auto free_count = std::count_if(spawns.begin(), spawns.end(), is_free);
  // Spawns are so far apart that nobody stands in two, and players are fewer.
  CHRYSALIS_CHECK(free_count > 0, "no free spawn on map '{}'", arena_.map->name);
  std::uint64_t skipped = places_.below(static_cast<std::uint64_t>(free_count));
  auto chosen = spawns.begin();
  while (!is_free(*chosen) || skipped-- > 0) ++chosen;
  const auto anywhere = static_cast<float>(places_.uniform(-180.0, 180.0));
  return {*chosen, chosen->yaw_degrees.value_or(anywhere)};
}

void LaserTagLevel::save(ByteWriter& out) const {
  out.text(spec_.name);
  out.number(content());
  out.number<std::int32_t>(settings_.bot_count);
  out.number(settings_.skill);
  out.number(places_.key());
  out.number(places_.count());
  world().save(out);
  for (const Bot& bot : bots_) bot.save(out);
}

Status LaserTagLevel::restore(ByteReader& in) {
  const std::string name = in.text();
  const auto hash = in.number<std::uint64_t>();
  const auto bot_count = in.number<std::int32_t>();
  const auto skill = in.number<double>();
  const auto places_key = in.number<std::uint64_t>();
  const auto places_count = in.number<std::uint64_t>();
  if (in.failed()) return invalid_input("state of level '{}' is cut short", spec_.name);
  if (name != spec_.name) return invalid_input("state of level '{}' given to level '{}'", name, spec_.name);
  if (bot_count != settings_.bot_count || skill != settings_.skill)
    return invalid_input("state of level '{}' with {} bots of skill {} given to one with {} bots of skill {}",
                         name, bot_count, skill, settings_.bot_count, settings_.skill);
  // States saved before profiles counted have the hash of the map alone.
  if (hash != content() && hash != content_hash(*arena_.map))
    return invalid_input("state of level '{}' belongs to another map or other profiles", spec_.name);

  World world(arena_.map);
  CHRYSALIS_RETURN_IF_ERROR(world.restore(in));
  if (!world.armed() || world.players().size() != actions_.size())
    return invalid_input("state of level '{}' has {} players{}, expected {} and armed", spec_.name,
                         world.players().size(), world.armed() ? "" : ", unarmed", actions_.size());
  std::vector<Bot> bots;
  bots.reserve(static_cast<std::size_t>(bot_count));
  for (int i = 0; i < bot_count; ++i) {
    bots.push_back(make_bot(i, RandomKey(0)));
    CHRYSALIS_RETURN_IF_ERROR(bots.back().restore(in));
  }
  places_ = RandomStream(places_key, places_count);
  placed_ = Placed::kNot;
  world_ = std::move(world);
  bots_ = std::move(bots);
  return {};
}

}  // namespace chrysalis
