#include "chrysalis/levels/forage_level.h"

#include <algorithm>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// Of all that an episode depends on and does not hold itself.
std::uint64_t hash_of(const Map& map, const ForageRules& rules) {
  ByteWriter content;
  content.number(content_hash(map));
  for (const int reward : {rules.apple_reward, rules.goal_reward, rules.death_reward}) content.number(reward);
  for (const bool flag : {rules.apples_return, rules.new_map_at_restart}) content.number(flag);
  return hash64(content.bytes());
}

}  // namespace

ForageLevel::ForageLevel(LevelSpec spec, ForageRules rules, MakeMap make_map)
    : spec_(std::move(spec)), rules_(rules), make_map_(std::move(make_map)) {
  const auto [least, most] = std::minmax({0, rules_.apple_reward, rules_.goal_reward});
  spec_.frame_reward_min = least * rules_.taken_at_once + std::min(0, rules_.death_reward);
  spec_.frame_reward_max = most * rules_.taken_at_once + std::max(0, rules_.death_reward);
}

void ForageLevel::start(RandomKey episode_key) {
  map_key_ = episode_key.split(0).value();
  places_ = RandomStream(episode_key.split(1));
  placed_ = Placed::kNot;
  begin();
}

void ForageLevel::begin() {
  RandomStream map_random(map_key_, 0);
  auto map = make_map_(map_random);
  if (world_) {
    world_->begin(std::move(map));
  } else {
    world_.emplace(std::move(map));
  }
  CHRYSALIS_CHECK(!world_->map().spawns.empty(), "map '{}' has no spawn", world_->map().name);
  const Place place = draw_place();
  world_->add_player(place.spawn, place.yaw_degrees);
}

int ForageLevel::step(const RawAction& action) {
  CHRYSALIS_CHECK(world_.has_value(), "step() before start()");
  placed_ = Placed::kNot;
  int reward = 0;
  bool apple_taken = false;
  bool goal_taken = false;
  for (const WorldEvent& event : world_->step({&action, 1})) {
    if (event.kind != WorldEvent::Kind::kItemTaken) continue;
    const bool is_goal = world_->items()[static_cast<std::size_t>(event.item)].kind == ItemKind::kGoal;
    reward += is_goal ? rules_.goal_reward : rules_.apple_reward;
    (is_goal ? goal_taken : apple_taken) = true;
  }
  const auto apple_left = [](const Item& item) { return item.kind == ItemKind::kApple && item.present; };
  const bool all_taken =
      apple_taken && std::none_of(world_->items().begin(), world_->items().end(), apple_left);
  if (stands_where_it_dies(world_->players()[0], world_->map())) {
    reward += rules_.death_reward;
    put_at_spawn();
    placed_ = Placed::kAtSpawn;
  }
  if (goal_taken || (all_taken && rules_.apples_return)) restart();
  return reward;
}

const World& ForageLevel::world() const {
  CHRYSALIS_CHECK(world_.has_value(), "world() before start()");
  return *world_;
}

ForageLevel::Place ForageLevel::draw_place() {
  const auto& spawns = world_->map().spawns;
  const Spawn& spawn = spawns[places_.below(spawns.size())];
  const auto anywhere = static_cast<float>(places_.uniform(-180.0, 180.0));
  return {spawn, spawn.yaw_degrees.value_or(anywhere)};
}

void ForageLevel::put_at_spawn() {
  const Place place = draw_place();
  world_->respawn(0, place.spawn, place.yaw_degrees);
}

void ForageLevel::restart() {
  placed_ = Placed::kByRestart;
  if (rules_.new_map_at_restart) {
    map_key_ = places_.next();
    begin();
    return;
  }
  for (std::size_t i = 0; i < world_->items().size(); ++i)
    world_->set_item_present(static_cast<int>(i), true);
  put_at_spawn();
}

void ForageLevel::save(ByteWriter& out) const {
  out.text(spec_.name);
  out.number(hash_of(world().map(), rules_));
  out.number(map_key_);
  out.number(places_.key());
  out.number(places_.count());
  world_->save(out);
}

Status ForageLevel::restore(ByteReader& in) {
  const std::string name = in.text();
  const auto hash = in.number<std::uint64_t>();
  const auto map_key = in.number<std::uint64_t>();
  const auto places_key = in.number<std::uint64_t>();
  const auto places_count = in.number<std::uint64_t>();
  if (in.failed()) return invalid_input("state of level '{}' is cut short", spec_.name);
  if (name != spec_.name) return invalid_input("state of level '{}' given to level '{}'", name, spec_.name);

  const bool same_map = world_ && map_key == map_key_;
  RandomStream map_random(map_key, 0);
  World world(same_map ? world_->shared_map() : make_map_(map_random));
  // States saved before rules counted have the hash of the map alone.
  if (hash != hash_of(world.map(), rules_) && hash != content_hash(world.map()))
    return invalid_input("state of level '{}' belongs to another map or other settings", spec_.name);
  CHRYSALIS_RETURN_IF_ERROR(world.restore(in));
  if (world.players().size() != 1 || world.armed())
    return invalid_input("state of level '{}' has {} players{}, expected 1 and unarmed", spec_.name,
                         world.players().size(), world.armed() ? ", armed" : "");
  map_key_ = map_key;
  places_ = RandomStream(places_key, places_count);
  placed_ = Placed::kNot;
  world_ = std::move(world);
  return {};
}

}  // namespace chrysalis
