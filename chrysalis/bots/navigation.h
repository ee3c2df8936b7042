// Where one can walk on a map, and jump: a graph computed from the map alone.
#pragma once

#include <memory>
#include <vector>

#include "chrysalis/world/map.h"

namespace chrysalis {

// Immutable once built; safe to read from any thread.
class NavigationGraph {
 public:
  explicit NavigationGraph(const Map& map);
};

}  // namespace chrysalis
