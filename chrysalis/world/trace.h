// A box swept along a line through solids: what the movement rules ask the map. The rule is Quake III's: a
// sweep ends kSurfaceClearance before the plane that it meets, and a box that starts inside a solid may leave
// it.
#pragma once

#include <array>
#include <span>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/body.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

struct Trace {
  float fraction = 1.0f;  // How much of the way was free.
  Vec3 end;
  Vec3 normal;             // Of the plane that was met; zero if none was.
  bool all_solid = false;  // Start and end lie in one solid: the body is stuck.
};

// The solids that one body can meet in one frame, gathered once, so that its dozen sweeps do not search the
// map.
class Surroundings {
 public:
  // The solids of `map` that touch the box [low, high], and the boxes of `others` that do.
  Surroundings(const Map& map, std::span<const Body> others, Vec3 low, Vec3 high);

  // Sweeps the box [start + low, start + high] to `end`; the box must stay within what was gathered.
  Trace sweep(Vec3 low, Vec3 high, Vec3 start, Vec3 end) const;

 private:
  static constexpr std::size_t kCapacity = 48;
  std::array<Solid, kCapacity> near_;
  std::size_t count_ = 0;
  // Set where the map has more solids here than fit; sweeps then ask the map itself.
  const Map* crowded_map_ = nullptr;
};

}  // namespace chrysalis
