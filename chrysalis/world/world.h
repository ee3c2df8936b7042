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

namespace chrysalis {

inline constexpr int kFramesPerSecond = 60;  // Of external time: what the episode clock counts.
inline constexpr int kNobody = -1;

// Something that happened in the last frame and that a level or a bot may care about.
struct WorldEvent {
  enum class Kind : std::uint8_t {
    kItemTaken,    // player took item.
    kShot,         // player used gadget.
    kHit,          // player lost health or armour to `by`, or to the world.
    kDied,         // player, tagged by `by` with gadget; by the world if `by` is kNobody, by itself if equal.
    kMayRespawn,   // player is dead, its time is over, and it asked or need not ask any more: see respawn().
  };
  Kind kind = Kind::kItemTaken;
  int player = 0;
  int item = -1;
  int by = kNobody;
  Gadget gadget = Gadget::kImpulse;
  int damage = 0;
};

// An orb on its way.
struct Projectile {
  Gadget gadget = Gadget::kOrb;
  std::int32_t owner = 0;
  Vec3 position;
  Vec3 velocity;
  std::int32_t left_ms = 0;
};

// What can be seen for a moment and touches nobody.
struct Effect {
  enum class Kind : std::uint8_t {
    kBeam,       // From the muzzle to where it ended, for the frame in which it is fired.
    kDisc,       // Likewise; the trail stays and fades.
    kRapid,      // A shot's flash where it struck.
    kImpulse,    // A blow.
    kExplosion,  // Of an orb.
    kTeleport,   // A player died or came back.
  };
  Kind kind = Kind::kBeam;
  std::int32_t player = 0;  // Whose.
  Vec3 from;
  Vec3 to;
  std::int32_t age_ms = 0;
};
// How long an effect is in the world.
int effect_ms(Effect::Kind kind);

class World {
 public:
  // A world without players, items as the map places them, unarmed.
  explicit World(std::shared_ptr<const Map> map);
  // Becomes such a world, in the memory that it has: allocates only where the map has more items than any
  // before.
  void begin(std::shared_ptr<const Map> map);
  // From now on FIRE shoots and players can die. Before the first player. The key: where shots stray.
  void arm(RandomKey shots);
  bool armed() const { return armed_; }

  const Map& map() const { return *map_; }
  std::shared_ptr<const Map> shared_map() const { return map_; }
  std::int64_t frame() const { return frame_; }  // Frames since the world was made.

  // Puts a player at a spawn, at rest, looking level along yaw; returns its index. respawn does so again:
  // alive, with the gadgets of a spawn. In an armed world whoever is in the way there dies, by the hand of
  // the one who comes.
  int add_player(const Spawn& spawn, float yaw_degrees, const Outfit& outfit = {});
  void respawn(int player, const Spawn& spawn, float yaw_degrees);
  // Whether nobody alive but `player` would be in the way.
  bool spawn_is_free(const Spawn& spawn, int player) const;
  std::span<const Body> players() const { return players_; }
  // As many as players; of no meaning in an unarmed world.
  std::span<const Fighter> fighters() const { return fighters_; }
  // Those of the map in its order, then what players dropped.
  std::span<const Item> items() const { return items_; }
  std::span<const Projectile> projectiles() const { return projectiles_; }
  std::span<const Effect> effects() const { return effects_; }
  void set_item_present(int item, bool present) { items_[static_cast<std::size_t>(item)].present = present; }

  // One frame: players move in the order of their indices, each solid to the others, take the items that they
  // reach, and shoot; then projectiles fly, volumes kill, items return and time passes for everyone. actions:
  // one for each player. Returns what happened, valid until the next call. Allocates nothing.
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
  bool armed_ = false;
  RandomStream shots_{0, 0};
  std::vector<Body> players_;
  std::vector<Fighter> fighters_;
  std::vector<Item> items_;
  std::vector<Projectile> projectiles_;
  std::vector<Effect> effects_;
  std::vector<WorldEvent> events_;
  std::vector<Body> others_;  // Scratch of step().
};

}  // namespace chrysalis
