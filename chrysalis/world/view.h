// Where a player's eye is and looks, with all that moves a head.
#pragma once

#include "chrysalis/world/world.h"

namespace chrysalis {

// The eye of a body with the sway of walking, the dip of a landing, the jolt of a hit and the tilt of death.
// Pure: all of it is in the world's state.
Eye view_of(const World& world, int player);

}  // namespace chrysalis
