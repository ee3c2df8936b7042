// The navigation mazes: fixed thin-walled mazes with a goal, which restarts the maze, and apples on the way.
// Drawn by us to the graph statistics of the original ones.
#pragma once

#include "chrysalis/levels/text_map.h"

namespace chrysalis {

// Built once, shared by all.
const TextMap& nav_maze_static_01_map();
const TextMap& nav_maze_static_02_map();

}  // namespace chrysalis
