// A map drawn as a grid of rectangles that are wall or floor: the geometry behind every level so far. Columns
// and rows may differ in width, so block walls (a cell each) and thin walls (narrow columns between wide
// ones) are the same thing here.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "chrysalis/world/map.h"

namespace chrysalis {

// What closes an open cell above, lower than the walls are high or just as high.
struct PlanCeiling {
  MaterialId material = 0;
  float height = 0.0f;
  friend bool operator==(const PlanCeiling&, const PlanCeiling&) = default;
};

struct PlanCell {
  bool solid = true;
  // Of an open cell: the walls that look into it. Of a solid one: its own faces, whatever they look into.
  std::optional<MaterialId> wall;
  MaterialId floor = 0;       // Open cells only.
  float floor_height = 0.0f;  // Open cells only; u.
  // Open cells only, above the floor; none: the plan's.
  std::optional<PlanCeiling> ceiling = {};
};

enum class Side : std::uint8_t { kEast, kNorth, kWest, kSouth };  // +x, +y, -x, -y.

struct FloorPlan {
  // Grid lines in u, ascending: cell (column, row) spans xs[column] to xs[column + 1] and ys[row] to ys[row +
  // 1].
  std::vector<float> xs;
  std::vector<float> ys;
  std::vector<PlanCell> cells;        // Row by row, the row of least y first. The border is solid.
  MaterialId wall = 0;                // Where neither of two cells names a wall, and on top of walls.
  float wall_height = 100.0f;         // Level of the walls' tops, and of the ceiling.
  std::optional<MaterialId> ceiling;  // None: open to the sky.
  bool lid = false;                   // Open to the sky, but nothing gets out that way.
  // Of what stands in it beside the plan, the highest: who jumps from there does not get over the walls.
  float obstacle_height = -std::numeric_limits<float>::infinity();

  int columns() const { return static_cast<int>(xs.size()) - 1; }
  int rows() const { return static_cast<int>(ys.size()) - 1; }
  PlanCell& at(int column, int row) { return cells[static_cast<std::size_t>(row * columns() + column)]; }
  const PlanCell& at(int column, int row) const {
    return cells[static_cast<std::size_t>(row * columns() + column)];
  }
  const PlanCell& beside(int column, int row, Side side) const;
  // The column, or row, whose lines a coordinate lies between.
  int column_at(float x) const;
  int row_at(float y) const;
  // The middle of a cell's floor.
  Vec3 floor_centre(int column, int row) const;
};

// Adds the plan's surfaces and solids to `map`, neighbours of one look merged into few rectangles. What no
// eye can see between the walls is left out; walls have tops, for views from above.
void build_plan(const FloorPlan& plan, Map& map);

// Adds a box with its faces: one material around, one on top and below.
void add_box(const Solid& box, MaterialId sides, MaterialId top, Map& map);

// A picture on the wall at `side` of a place of open cells, its middle straight ahead and as high as the
// place: on the next wall, `reach` away at most. None where that wall, between floor and ceiling, is too
// small for it, or starts or ends on the way.
std::optional<Surface> wall_picture(const FloorPlan& plan, Vec3 place, float reach, Side side,
                                    MaterialId picture);

inline constexpr float kPictureSide = 64.0f;
// Above the floor: of a picture's middle, which is the eye's, and of an item's.
inline constexpr float kPictureHeight = 50.0f;
inline constexpr float kItemAboveFloor = 15.0f;

}  // namespace chrysalis
