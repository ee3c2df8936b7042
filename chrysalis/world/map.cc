#include "chrysalis/world/map.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/core/bytes.h"
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

std::uint64_t content_hash(const Map& map) {
  ByteWriter content;
  const auto add = [&](Vec3 v) {
    for (int axis = 0; axis < 3; ++axis) content.number(v[axis]);
  };
  for (const std::vector<Solid>* boxes : {&map.solids, &map.kill_volumes}) {
    content.number(boxes->size());
    for (const Solid& box : *boxes) add(box.min), add(box.max);
  }
  content.number(map.spawns.size());
  for (const Spawn& spawn : map.spawns) {
    add(spawn.floor);
    content.number(spawn.yaw_degrees.has_value());
    content.number(spawn.yaw_degrees.value_or(0));
  }
  for (const ItemPlacement& item : map.items) {
    add(item.position);
    content.number(item.kind);
    content.number(item.returns_after_ms());
    content.number(item.rounds.value_or(0));
  }
  content.number(map.loadout.owned);
  for (const std::int32_t rounds : map.loadout.rounds) content.number(rounds);
  content.number(map.loadout.held);
  content.text(map.layout);
  return hash64(content.bytes());
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
