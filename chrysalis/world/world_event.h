// Something that happened in a world's last frame and that a level or a bot may care about.
#pragma once

#include <cstdint>

#include "chrysalis/world/gadget.h"

namespace chrysalis {

inline constexpr int kNobody = -1;

struct WorldEvent {
  // Values are part of saved states: append, never renumber.
  enum class Kind : std::uint8_t {
    kItemTaken,   // player took item.
    kShot,        // player used gadget.
    kHit,         // player lost health or armour to `by`, or to the world.
    kDied,        // player, tagged by `by` with gadget; by the world if `by` is kNobody, by itself if equal.
    kMayRespawn,  // player is dead, its time is over, and it asked or need not ask any more: see respawn().
  };
  Kind kind = Kind::kItemTaken;
  int player = 0;
  int item = -1;                     // Of kItemTaken: its index among the world's items until the next step.
  int by = kNobody;                  // Of kHit and kDied.
  Gadget gadget = Gadget::kImpulse;  // Of kShot, kHit and kDied; of no meaning if neither was by a gadget.
  int damage = 0;                    // Of kHit: what health and armour lost together, or more at a death.
};

}  // namespace chrysalis
