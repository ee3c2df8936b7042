// A world in motion: bodies and items on a map, advanced a frame (16 engine ms) at a time. A value: copying
// it copies the whole state, so it can be saved and replayed. No pixels, no rewards, no clock, no global
// state; a world belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/vec3.h"
#include "chrysalis/world/action.h"
#include "chrysalis/world/body.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

inline constexpr int kFramesPerSecond = 60;  // Of external time: what the episode clock counts.

struct Item {
  ItemKind kind = ItemKind::kApple;
  Vec3 position;
  bool present = true;
};

// Something that happened in the last frame and that a level may care about.
struct WorldEvent {
  enum class Kind : std::uint8_t { kItemTaken };
  Kind kind;
  int player;
  int item;
};

class World {
 public:
  // A world without players, items as the map places them.
  explicit World(std::shared_ptr<const Map> map);
  // Becomes such a world, in the memory that it has: allocates only where the map has more items than any
  // before.
  void begin(std::shared_ptr<const Map> map);

  const Map& map() const { return *map_; }
  std::shared_ptr<const Map> shared_map() const { return map_; }
  std::int64_t frame() const { return frame_; }  // Frames since the world was made.

  // Puts a player at a spawn, at rest, looking level along yaw; returns its index. respawn does so again.
  int add_player(const Spawn& spawn, float yaw_degrees);
  void respawn(int player, const Spawn& spawn, float yaw_degrees);
  std::span<const Body> players() const { return players_; }
  std::span<const Item> items() const { return items_; }
  void set_item_present(int item, bool present) { items_[static_cast<std::size_t>(item)].present = present; }

  // One frame: players move in the order of their indices, each solid to the others, then take the items that
  // they reach. actions: one for each player. Returns what happened, valid until the next call. Allocates
  // nothing.
  std::span<const WorldEvent> step(std::span<const RawAction> actions);

  // State without the map: restore() on a world of the same map gives an equal world. A state that was cut
  // short or belongs to a map with other items is refused, and the world stays as it was.
  void save(ByteWriter& out) const;
  Status restore(ByteReader& in);
  // Of all that save() writes.
  std::uint64_t hash() const;

 private:
  std::shared_ptr<const Map> map_;
  std::int64_t frame_ = 0;
  std::vector<Body> players_;
  std::vector<Item> items_;
  std::vector<WorldEvent> events_;
  std::vector<Body> others_;  // Scratch of step().
};

}  // namespace chrysalis
