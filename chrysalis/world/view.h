// Where a player's eye is and looks, with all that moves a head: the rules of Quake III's first-person view.
#pragma once

#include "chrysalis/world/world.h"

namespace chrysalis {

// The eye of a body, with
// - the sway of walking: a step raises it by 0.005 u per u/s, 6 u at most, and lowers the view and tilts it
// to
//   the side of the step by 0.002 degrees per u/s, of at least 200 u/s, three times as much when crouched;
// - the lean into a run: 0.002 degrees of pitch and 0.005 of roll per u/s ahead and to the side;
// - the dip of a landing: down for 150 engine ms, up again for 300;
// - the jolt of a hit: there after 100 engine ms, gone after another 400;
// - of the dead instead of all that: near the floor, pitch -15 and roll 40 degrees.
// Pure: all of it is in the world's state.
Eye view_of(const World& world, int player);

}  // namespace chrysalis
