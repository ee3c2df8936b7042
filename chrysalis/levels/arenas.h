// The arenas of laser tag, drawn by us to the sizes of the original ones.
#pragma once

#include "chrysalis/levels/laser_tag_level.h"

namespace chrysalis {

// Each built once, shared by all.
//
// Two arms of 1536 x 384 u, 384 u apart, joined at the west end by a block 576 u wide. Pads on the floor.
const Arena& lt_horseshoe_color_arena();
// Two banks of 640 x 256 u with a chasm of 128 u between them, over which everything hangs that one can take.
const Arena& lt_chasm_arena();

}  // namespace chrysalis
