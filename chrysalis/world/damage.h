// What a hit does to a player, up to its death.
#pragma once

#include <vector>

#include "chrysalis/world/world_state.h"

namespace chrysalis {

struct Hit {
  int player = 0;
  int by = kNobody;
  Gadget gadget = Gadget::kImpulse;
  int damage = 0;
  Vec3 direction{};  // Of the push and of the jolt, of length 1.
};

// Pushes, hurts and, at no health, kills a player that is alive; nothing happens to the dead.
void hurt(WorldState& state, const Map& map, const Hit& hit);
// Ends a life, whatever its health, and adds the event to `events`.
void kill(WorldState& state, const Map& map, const Hit& hit, std::vector<WorldEvent>& events);

}  // namespace chrysalis
