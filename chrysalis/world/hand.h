// What a player's hand does with its gadgets: reload, run dry, change. Quake III's weapon timer: what is over
// of one time counts towards the next, so a gadget's rate does not depend on how long a frame is.
#pragma once

#include "chrysalis/world/fighter.h"

namespace chrysalis {

// One frame. True if the gadget that is held may be used in it; who uses it calls reload().
bool ready_to_shoot(Fighter& fighter, bool fire);
// Spends a round and begins the wait for the next shot.
void reload(Fighter& fighter);

}  // namespace chrysalis
