#include "chrysalis/world/world.h"

#include <algorithm>

#include "chrysalis/core/check.h"
#include "chrysalis/world/combat.h"
#include "chrysalis/world/damage.h"
#include "chrysalis/world/hand.h"
#include "chrysalis/world/pick_up.h"

namespace chrysalis {
namespace {

constexpr int kDecayMs = 1000;
constexpr int kSpawnKnockbackMs = 100;

Body body_at(const Spawn& spawn, float yaw_degrees) {
  Body body;
  body.origin = spawn.floor + Vec3{0, 0, kOriginAboveFloor + kSurfaceClearance};
  body.yaw_degrees = yaw_degrees;
  body.on_ground = true;
  return body;
}

Fighter fresh_fighter(const Loadout& loadout, const Outfit& outfit) {
  return {.rounds = loadout.rounds,
          .owned = loadout.owned,
          .held = loadout.held,
          .wanted = loadout.held,
          .trigger_locked = true,
          .outfit = outfit};
}

}  // namespace

World::World(std::shared_ptr<const Map> map) {
  begin(std::move(map));
}

void World::begin(std::shared_ptr<const Map> map) {
  map_ = std::move(map);
  state_.frame = 0;
  state_.armed = false;
  state_.shots = RandomStream(0, 0);
  state_.players.clear();
  state_.fighters.clear();
  state_.projectiles.clear();
  state_.effects.clear();
  state_.events.clear();
  state_.pending.clear();
  state_.items.clear();
  state_.items.reserve(map_->items.size());
  for (const ItemPlacement& item : map_->items)
    state_.items.push_back({.kind = item.kind, .position = item.position});
}

void World::arm(RandomKey shots) {
  CHRYSALIS_CHECK(state_.players.empty(), "arm() after the first player");
  state_.armed = true;
  state_.shots = RandomStream(shots);
}

int World::add_player(const Spawn& spawn, float yaw_degrees, const Outfit& outfit) {
  const int player = static_cast<int>(state_.players.size());
  state_.players.emplace_back();
  state_.fighters.push_back({.outfit = outfit});
  others_.reserve(state_.players.size());
  state_.reserve(*map_);
  put(player, spawn, yaw_degrees);
  return player;
}

void World::respawn(int player, const Spawn& spawn, float yaw_degrees) {
  CHRYSALIS_CHECK(static_cast<std::size_t>(player) < state_.players.size(), "there is no player {}", player);
  put(player, spawn, yaw_degrees);
}

void World::put(int player, const Spawn& spawn, float yaw_degrees) {
  Body& body = state_.players[static_cast<std::size_t>(player)];
  Fighter& fighter = state_.fighters[static_cast<std::size_t>(player)];
  body = body_at(spawn, yaw_degrees);
  fighter = fresh_fighter(map_->loadout, fighter.outfit);
  if (!state_.armed) return;
  body.knockback_ms = kSpawnKnockbackMs;
  const Solid box = box_of(body);
  for (std::size_t other = 0; other < state_.players.size(); ++other) {
    if (static_cast<int>(other) == player || !state_.fighters[other].alive) continue;
    if (overlap(box, box_of(state_.players[other])))
      kill(state_, *map_, {.player = static_cast<int>(other), .by = player}, state_.pending);
  }
  state_.add({.kind = Effect::Kind::kTeleport, .player = player, .from = body.origin, .to = body.origin});
}

bool World::spawn_is_free(const Spawn& spawn, int player) const {
  const Solid box = box_of(body_at(spawn, 0));
  for (std::size_t other = 0; other < state_.players.size(); ++other)
    if (static_cast<int>(other) != player && state_.fighters[other].alive &&
        overlap(box, box_of(state_.players[other])))
      return false;
  return true;
}

void World::set_item_present(int item, bool present) {
  CHRYSALIS_CHECK(static_cast<std::size_t>(item) < map_->items.size(), "map '{}' has no item {}", map_->name,
                  item);
  state_.items[static_cast<std::size_t>(item)].present = present;
  state_.items[static_cast<std::size_t>(item)].left_ms = 0;
}

std::span<const WorldEvent> World::step(std::span<const RawAction> actions) {
  CHRYSALIS_CHECK_EQ(actions.size(), state_.players.size());
  begin_frame();
  for (std::size_t player = 0; player < actions.size(); ++player) play(player, actions[player]);
  if (state_.armed) {
    fly(state_, *map_);
    kill_in_volumes();
    decay();
  }
  pass_time_of_items(state_, *map_);
#ifndef NDEBUG
  check_invariants();
#endif
  return state_.events;
}

// What the last frame left is a frame older when the next one begins.
void World::begin_frame() {
  ++state_.frame;
  state_.reserve(*map_);
  others_.reserve(state_.players.size());
  std::swap(state_.events, state_.pending);
  state_.pending.clear();
  if (!state_.armed) return;
  forget_taken_drops(state_, *map_);
  for (Effect& effect : state_.effects) effect.age_ms += kFrameMilliseconds;
  std::erase_if(state_.effects, [](const Effect& effect) { return effect.age_ms >= effect_ms(effect.kind); });
  for (Fighter& fighter : state_.fighters) {
    fighter.firing = false;
    fighter.kick_ms = std::max(0, fighter.kick_ms - kFrameMilliseconds);
    if (!fighter.alive) fighter.dead_ms += kFrameMilliseconds;
  }
}

void World::play(std::size_t player, const RawAction& action) {
  Fighter& fighter = state_.fighters[player];
  if (!fighter.alive) {
    const bool asks = action.fire != 0 && fighter.dead_ms >= kRespawnMs;
    if (asks || fighter.dead_ms >= kForcedRespawnMs)
      state_.events.push_back({.kind = WorldEvent::Kind::kMayRespawn, .player = static_cast<int>(player)});
    return;
  }
  others_.clear();
  for (std::size_t other = 0; other < state_.players.size(); ++other)
    if (other != player && state_.fighters[other].alive) others_.push_back(state_.players[other]);
  RawAction moves = action;
  // Who has held FIRE since before its spawn does not jump; JUMP still cancels CROUCH.
  if (state_.armed && fighter.trigger_locked && action.fire != 0)
    moves.jump = std::min(action.jump, action.crouch);
  move_body(state_.players[player], moves, *map_, others_);
  take_items(state_, *map_, static_cast<int>(player));
  if (state_.armed && ready_to_shoot(fighter, action.fire != 0))
    shoot(state_, *map_, static_cast<int>(player));
}

void World::kill_in_volumes() {
  for (std::size_t player = 0; player < state_.players.size(); ++player) {
    if (state_.fighters[player].alive && stands_where_it_dies(state_.players[player], *map_))
      kill(state_, *map_, {.player = static_cast<int>(player)}, state_.events);
  }
}

void World::decay() {
  for (Fighter& fighter : state_.fighters) {
    if (!fighter.alive) continue;
    fighter.decay_ms += kFrameMilliseconds;
    if (fighter.decay_ms < kDecayMs) continue;
    fighter.decay_ms -= kDecayMs;
    if (fighter.health > kFullHealth) --fighter.health;
    if (fighter.armour > kFullHealth) --fighter.armour;
  }
}

void World::save(ByteWriter& out) const {
  save_state(state_, out);
}

Status World::restore(ByteReader& in) {
  CHRYSALIS_ASSIGN_OR_RETURN(WorldState state, restore_state(in, *map_));
  state_ = std::move(state);
  state_.reserve(*map_);
  others_.reserve(state_.players.size());
  return {};
}

std::uint64_t World::hash() const {
  ByteWriter out;
  save(out);
  return hash64(out.bytes());
}

void World::check_invariants() const {
  const std::string fault = state_.fault(*map_);
  CHRYSALIS_CHECK(fault.empty(), "frame {}: the world has {}", state_.frame, fault);
}

}  // namespace chrysalis
