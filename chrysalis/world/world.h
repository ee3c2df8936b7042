// A world in motion: bodies and items on a map, advanced a frame (16 engine ms) at a time; in an armed world
// players also tag each other. A value: copying it copies the whole state, so it can be saved and replayed.
// No pixels, no rewards, no clock, no global state; a world belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/vec3.h"
#include "chrysalis/world/action.h"
#include "chrysalis/world/body.h"
#include "chrysalis/world/fighter.h"
#include "chrysalis/world/item.h"
#include "chrysalis/world/map.h"
#include "chrysalis/world/world_state.h"

namespace chrysalis {

inline constexpr int kFramesPerSecond = 60;  // Of external time: what the episode clock counts.

class World {
 public:
  // A world without players, items as the map places them, unarmed.
  explicit World(std::shared_ptr<const Map> map);
  // Becomes such a world, in the memory that it has: allocates only where the map has more items than any
  // before.
  void begin(std::shared_ptr<const Map> map);
  // From now on FIRE shoots and players can die. Before the first player. The key: where shots stray.
  void arm(RandomKey shots);
  bool armed() const { return state_.armed; }

  const Map& map() const { return *map_; }
  std::shared_ptr<const Map> shared_map() const { return map_; }
  std::int64_t frame() const { return state_.frame; }  // Frames since the world was made.

  // Puts a player at a spawn, at rest, looking level along yaw; returns its index. respawn does so again:
  // alive, with the gadgets of a spawn. In an armed world whoever is in the way there dies, by the hand of
  // the one who comes; the next step says so.
  int add_player(const Spawn& spawn, float yaw_degrees, const Outfit& outfit = {});
  void respawn(int player, const Spawn& spawn, float yaw_degrees);
  // Whether nobody alive but `player` would be in the way.
  bool spawn_is_free(const Spawn& spawn, int player) const;
  std::span<const Body> players() const { return state_.players; }
  // As many as players; of no meaning in an unarmed world.
  std::span<const Fighter> fighters() const { return state_.fighters; }
  // Those of the map in its order, then what players dropped.
  std::span<const Item> items() const { return state_.items; }
  std::span<const Projectile> projectiles() const { return state_.projectiles; }
  std::span<const Effect> effects() const { return state_.effects; }
  // Of one of the map's: whether it lies there from now on, whatever it waited for.
  void set_item_present(int item, bool present);

  // One frame: players move in the order of their indices, each solid to the others, take the items that they
  // reach, and shoot; then projectiles fly, volumes kill, items return and time passes for everyone. actions:
  // one for each player. Returns what happened, valid until the next call. Allocates nothing, but in the
  // first step of a copy.
  std::span<const WorldEvent> step(std::span<const RawAction> actions);
  // What the last step() returned.
  std::span<const WorldEvent> events() const { return state_.events; }

  // State without the map: restore() on a world of the same map gives an equal world. A state that was cut
  // short or belongs to a map with other items is refused, and the world stays as it was.
  void save(ByteWriter& out) const;
  Status restore(ByteReader& in);
  // Of all that save() writes.
  std::uint64_t hash() const;

  // CHECK-fails where a rule of the world is broken: someone alive in a wall or in another, a number out of
  // its range, an item too few. Debug builds do so after each step. Cheap.
  void check_invariants() const;

 private:
  void begin_frame();
  void play(std::size_t player, const RawAction& action);
  void kill_in_volumes();
  void decay();
  void put(int player, const Spawn& spawn, float yaw_degrees);

  std::shared_ptr<const Map> map_;
  WorldState state_;
  std::vector<Body> others_;  // Scratch of step().
};

}  // namespace chrysalis
