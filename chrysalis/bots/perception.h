// What a bot knows of the others: whom it sees and whom it has seen, where, and whom of them it fights.
#pragma once

#include <span>
#include <vector>

#include "chrysalis/bots/bounded_reader.h"
#include "chrysalis/core/bytes.h"
#include "chrysalis/core/result.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

// Full angle in which somebody is noticed who does nothing to be noticed by, in degrees: 90 close by,
// widening to 180.
float field_of_view(float distance);

inline constexpr int kEverMs = 1 << 20;  // Times stop counting here.

struct Sighting {
  bool visible = false;  // In the last look.
  Vec3 position;         // Of the origin when it was last seen, and how it then moved.
  Vec3 velocity;
  int unseen_ms = kEverMs;  // Since then.
  int known_ms = 0;         // Since it was first noticed; it is forgotten when it was unseen for 3 s.
  int shooting_ms = 0;      // For how long it is still taken to be shooting.
};

class Perception {
 public:
  // Once a frame.
  void notice(int self, std::size_t player_count, std::span<const WorldEvent> events);
  // Once a thought, passed_ms after the last one: looks around, and keeps or chooses whom to fight. That is
  // the nearest who is noticed; who fights already changes only to somebody nearer.
  //
  // Noticed is whom no wall hides and who stands in the field of view; anywhere around if it is shooting, if
  // it is whom the bot fights, or if the bot was hit since the last look.
  void look(const World& world, int self, int passed_ms);
  // Ends the fight; whoever is noticed next begins another.
  void forget() { enemy_ = kNobody; }
  // After death: all that was known is gone.
  void wake();

  int enemy() const { return enemy_; }
  // Of the enemy, of which there must be one.
  const Sighting& sighting() const { return sightings_[static_cast<std::size_t>(enemy_)]; }

  void save(ByteWriter& out) const;
  void restore(BoundedReader& in);

 private:
  static constexpr std::uint32_t kPlayersMax = 1024;  // That a saved state may know of.

  std::vector<Sighting> sightings_;  // One for each player, itself included.
  int enemy_ = kNobody;
  int fallen_ms_ = 0;  // Since the enemy's death.
  bool hurt_ = false;
};

}  // namespace chrysalis
