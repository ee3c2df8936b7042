#include "chrysalis/world/map.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr float kCellSize = 128.0f;  // A body's box and its way in a frame lie in four cells at most.
constexpr int kCellsMax = 1 << 16;   // Of larger maps the cells are larger.

struct Bounds {
  Vec3 min{INFINITY, INFINITY, INFINITY};
  Vec3 max{-INFINITY, -INFINITY, -INFINITY};
  void add(Vec3 point) {
    for (int axis = 0; axis < 3; ++axis) {
      min[axis] = std::min(min[axis], point[axis]);
      max[axis] = std::max(max[axis], point[axis]);
    }
  }
};

}  // namespace

bool overlap(const Solid& a, const Solid& b) {
  for (int axis = 0; axis < 3; ++axis)
    if (a.min[axis] >= b.max[axis] || b.min[axis] >= a.max[axis]) return false;
  return true;
}

void Map::finish() {
  Bounds bounds;
  for (const Solid& solid : solids) {
    bounds.add(solid.min);
    bounds.add(solid.max);
  }
  for (const Surface& surface : surfaces) {
    bounds.add(surface.corner);
    bounds.add(surface.corner + surface.right + surface.down);
  }
  CHRYSALIS_CHECK(bounds.min.x <= bounds.max.x, "map '{}' is empty", name);
  min = bounds.min;
  max = bounds.max;

  const float width = max.x - min.x;
  const float depth = max.y - min.y;
  cell_size_ = kCellSize;
  while ((width / cell_size_ + 1) * (depth / cell_size_ + 1) > kCellsMax) cell_size_ *= 2;
  columns_ = static_cast<int>(width / cell_size_) + 1;
  rows_ = static_cast<int>(depth / cell_size_) + 1;

  // Two passes over the same pairs of cell and solid: count, then place.
  const auto for_cells_of = [this](const Solid& solid, auto&& visit) {
    for (int row = row_of(solid.min.y); row <= row_of(solid.max.y); ++row)
      for (int column = column_of(solid.min.x); column <= column_of(solid.max.x); ++column)
        visit(static_cast<std::size_t>(row * columns_ + column));
  };
  cell_begin_.assign(static_cast<std::size_t>(columns_ * rows_) + 1, 0);
  for (const Solid& solid : solids)
    for_cells_of(solid, [this](std::size_t cell) { ++cell_begin_[cell + 1]; });
  for (std::size_t cell = 1; cell < cell_begin_.size(); ++cell) cell_begin_[cell] += cell_begin_[cell - 1];
  cell_solids_.resize(cell_begin_.back());
  std::vector<std::uint32_t> at(cell_begin_.begin(), cell_begin_.end() - 1);
  for (std::size_t i = 0; i < solids.size(); ++i)
    for_cells_of(solids[i],
                 [&](std::size_t cell) { cell_solids_[at[cell]++] = static_cast<std::uint32_t>(i); });
}

}  // namespace chrysalis
