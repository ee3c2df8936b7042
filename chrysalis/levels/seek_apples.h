// seek_apples: one room and the corridor around it, four apples. Small enough to be learned in minutes.
#pragma once

#include "chrysalis/levels/text_map.h"

namespace chrysalis {

// Built once, shared by all.
const TextMap& seek_apples_map();

}  // namespace chrysalis
