// All of a world that changes, as plain data: what the rules of combat and items work on, and what is saved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"
#include "chrysalis/world/body.h"
#include "chrysalis/world/effect.h"
#include "chrysalis/world/fighter.h"
#include "chrysalis/world/item.h"
#include "chrysalis/world/map.h"
#include "chrysalis/world/projectile.h"
#include "chrysalis/world/world_event.h"

namespace chrysalis {

// Each player's share of what a world holds at a time; where there is no room, the oldest goes.
inline constexpr std::size_t kDropsPerPlayer = 8;
inline constexpr std::size_t kEffectsPerPlayer = 8;
// An owner's orbs, each of which may fly for its whole life.
inline constexpr std::size_t kProjectilesPerPlayer = 20;

struct WorldState {
  std::int64_t frame = 0;
  bool armed = false;
  RandomStream shots{0, 0};
  std::vector<Body> players;
  std::vector<Fighter> fighters;  // As many as players.
  std::vector<Item> items;        // Those of the map, then the dropped ones.
  std::vector<Projectile> projectiles;
  std::vector<Effect> effects;      // Oldest first.
  std::vector<WorldEvent> events;   // Of the last frame: not saved.
  std::vector<WorldEvent> pending;  // Since the last frame, for the next one.

  // Makes room for all that a frame can add. Does nothing where there is.
  void reserve(const Map& map);
  // The oldest effect goes where there is no room.
  void add(const Effect& effect);
  // What no world on `map` can have, for a message; empty if there is nothing. Allocates only if there is.
  std::string fault(const Map& map) const;
};

// All but events.
void save_state(const WorldState& state, ByteWriter& out);
// The error says what was cut short, is out of its range, or does not belong to the map.
Result<WorldState> restore_state(ByteReader& in, const Map& map);

}  // namespace chrysalis
