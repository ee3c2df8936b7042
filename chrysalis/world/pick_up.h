// What players take from the ground and what they leave there.
#pragma once

#include "chrysalis/world/world_state.h"

namespace chrysalis {

// The player takes what it reaches and can use, in the order of the items.
void take_items(WorldState& state, const Map& map, int player);
// Of a map, how many one player can take in a frame, at most.
int most_taken_at_once(const Map& map);
// Leaves the gadget of a player that dies, if it is better than the first one and loaded.
void drop_gadget(WorldState& state, const Map& map, int player);
// Forgets the dropped items that were taken before this frame.
void forget_taken_drops(WorldState& state, const Map& map);
// One frame of time: what was taken comes back, what was dropped goes.
void pass_time_of_items(WorldState& state, const Map& map);

}  // namespace chrysalis
