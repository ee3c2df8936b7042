// Shots and what they meet. Quake III's rules, as DM Lab's laser tag has them.
#pragma once

#include "chrysalis/world/world_state.h"

namespace chrysalis {

// Uses the gadget that a player holds, along its look. Impulse is used only if somebody is in reach.
void shoot(WorldState& state, const Map& map, int player);
// One frame of all that flies.
void fly(WorldState& state, const Map& map);

}  // namespace chrysalis
