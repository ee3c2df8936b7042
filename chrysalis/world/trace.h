// What lies in the way. A box swept through solids is what the movement rules ask for; the rule is Quake
// III's: a sweep ends kSurfaceClearance before the plane that it meets, and a box that starts inside a solid
// may leave it. A line is what shots and eyes ask for. Nothing here allocates.
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

// A straight way from `from` to `to`, asked about boxes. A box counts where the line is inside it, not where
// it only runs along a face.
class Line {
 public:
  Line(Vec3 from, Vec3 to);
  // The share of the way after which the line is in the box: 0 if it starts there; above 1 if it never is.
  float enters(const Solid& box) const;
  Vec3 at(float share) const { return from_ + way_ * share; }
  // The outward normal of the face by which it enters the box; zero if it starts inside.
  Vec3 entered_face(const Solid& box) const;

 private:
  Vec3 from_;
  Vec3 way_;
  Vec3 inverse_;  // Of way_; not used where that is 0.
};

struct LineHit {
  float share = 1.0f;  // Of the way that is free.
  bool met = false;    // Whether a solid ends it.
  Vec3 end;            // kSurfaceClearance before the solid, `to` if none was met.
};
// Where solids of the map stop a line.
LineHit trace_line(const Map& map, Vec3 from, Vec3 to);
// Whether no solid of the map is between the two. Cheaper than trace_line().
bool clear_line(const Map& map, Vec3 from, Vec3 to);

}  // namespace chrysalis
