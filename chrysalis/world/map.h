// A map: everything of a level that does not move, in game units. Immutable once built and shared by worlds,
// environments and renderers; safe to read from any thread. Built from boxes and rectangles, so floors may
// lie at any height, walls may be blocks or 1 u panels, and nothing here knows of a grid.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/item.h"
#include "chrysalis/world/material.h"

namespace chrysalis {

// An axis-aligned box that bodies cannot enter.
struct Solid {
  Vec3 min;
  Vec3 max;
};
// Whether they share more than a face.
bool overlap(const Solid& a, const Solid& b);

// A textured rectangle, visible from one side. Seen from that side `corner` is the picture's top left,
// `right` and `down` are whole edges; so cross(down, right) points at the viewer. The texture repeats
// tiles_right times along `right` and tiles_down times along `down`, starting at (0, 0) in `corner`.
struct Surface {
  Vec3 corner;
  Vec3 right;
  Vec3 down;
  float tiles_right = 1.0f;
  float tiles_down = 1.0f;
  MaterialId material = 0;
  float light = 1.0f;       // Multiplies the texture's colour, 0 to 1.
  bool is_ceiling = false;  // Left out of top-down views.
};

struct Spawn {
  Vec3 floor;  // Where the feet stand; the body's origin is kOriginAboveFloor higher.
};

struct Sky {
  bool open = false;  // Where no surface is hit: the sky if open, black if not.
  MaterialId material = 0;
};

class Map {
 public:
  std::string name;
  std::vector<Surface> surfaces;
  std::vector<Solid> solids;
  std::vector<Spawn> spawns;
  std::vector<ItemPlacement> items;
  // Whoever has its feet in one dies at once, by the world's hand.
  std::vector<Solid> kill_volumes;
  Sky sky;
  // What encloses everything, filled in by finish().
  Vec3 min;
  Vec3 max;
  // The layout as text, one character a cell, for people and for DEBUG.MAZE.LAYOUT; empty where there is
  // none.
  std::string layout;
  // As large, where rooms differ in their looks: a letter for each cell of a room, '.' elsewhere. For
  // DEBUG.MAZE.VARIATION; empty where there is none.
  std::string variations;

  // Computes min, max and the index behind solids_near(). Call once, after the last change.
  void finish();

  // Calls visit(const Solid&) for every solid that may touch the box [low, high]; each once, in index order.
  // Needs finish(). The cost follows the solids near the box, not those of the map.
  template <typename Visit>
  void solids_near(Vec3 low, Vec3 high, Visit&& visit) const;

  // Follows the line and calls visit(const Solid&) for every solid that it may meet, those near `from` first;
  // some more than once. visit answers which share of the way still matters; the walk ends there. Needs
  // finish(). The cost follows the cells that the line crosses.
  template <typename Visit>
  void solids_along(Vec3 from, Vec3 to, Visit&& visit) const;

 private:
  static constexpr int kCellsMerged = 16;  // A box over more cells than this is answered by a plain scan.

  int column_of(float x) const {
    return std::clamp(static_cast<int>((x - min.x) / cell_size_), 0, columns_ - 1);
  }
  int row_of(float y) const { return std::clamp(static_cast<int>((y - min.y) / cell_size_), 0, rows_ - 1); }

  // A grid over x and y. Cell c lists the solids that reach into it, in ascending order:
  // cell_solids_[cell_begin_[c]] up to cell_solids_[cell_begin_[c + 1]].
  float cell_size_ = 1.0f;
  int columns_ = 1;
  int rows_ = 1;
  std::vector<std::uint32_t> cell_begin_;
  std::vector<std::uint32_t> cell_solids_;
};

template <typename Visit>
void Map::solids_near(Vec3 low, Vec3 high, Visit&& visit) const {
  const auto visit_if_near = [&](const Solid& solid) {
    if (solid.min.x <= high.x && solid.max.x >= low.x && solid.min.y <= high.y && solid.max.y >= low.y &&
        solid.min.z <= high.z && solid.max.z >= low.z)
      visit(solid);
  };
  const int column_begin = column_of(low.x), column_end = column_of(high.x) + 1;
  const int row_begin = row_of(low.y), row_end = row_of(high.y) + 1;
  if ((column_end - column_begin) * (row_end - row_begin) > kCellsMerged) {
    for (const Solid& solid : solids) visit_if_near(solid);
    return;
  }
  // The cells' ascending lists are merged, so a solid in several of them is met once.
  struct List {
    const std::uint32_t* at;
    const std::uint32_t* end;
  };
  std::array<List, kCellsMerged> lists;
  int list_count = 0;
  for (int row = row_begin; row < row_end; ++row) {
    for (int column = column_begin; column < column_end; ++column) {
      const std::uint32_t* begin = &cell_begin_[static_cast<std::size_t>(row * columns_ + column)];
      if (begin[0] != begin[1])
        lists[static_cast<std::size_t>(list_count++)] = {cell_solids_.data() + begin[0],
                                                         cell_solids_.data() + begin[1]};
    }
  }
  while (list_count > 0) {
    std::uint32_t next = *lists[0].at;
    for (int i = 1; i < list_count; ++i) next = std::min(next, *lists[static_cast<std::size_t>(i)].at);
    visit_if_near(solids[next]);
    for (int i = 0; i < list_count;) {
      List& list = lists[static_cast<std::size_t>(i)];
      if (*list.at == next) ++list.at;
      if (list.at == list.end) {
        list = lists[static_cast<std::size_t>(--list_count)];
      } else {
        ++i;
      }
    }
  }
}

template <typename Visit>
void Map::solids_along(Vec3 from, Vec3 to, Visit&& visit) const {
  const Vec3 way = to - from;
  // Outside the map is nothing to meet.
  float begin = 0.0f, end = 1.0f;
  for (int axis = 0; axis < 3; ++axis) {
    if (way[axis] == 0) {
      if (from[axis] < min[axis] || from[axis] > max[axis]) return;
      continue;
    }
    const float to_min = (min[axis] - from[axis]) / way[axis];
    const float to_max = (max[axis] - from[axis]) / way[axis];
    begin = std::max(begin, std::min(to_min, to_max));
    end = std::min(end, std::max(to_min, to_max));
  }
  if (begin > end) return;

  // One row or column of cells after the other along the axis on which the line goes farther; of each the one
  // or two cells that it crosses, and those that rounding could make it cross.
  constexpr float kRounding = 0.0625f;
  const bool along_x = std::abs(way.x) >= std::abs(way.y);
  const int major = along_x ? 0 : 1, minor = 1 - major;
  const auto slice_of = [&](float at) { return along_x ? column_of(at) : row_of(at); };
  const auto lane_of = [&](float at) { return along_x ? row_of(at) : column_of(at); };
  const int step = way[major] >= 0 ? 1 : -1;
  const float side = static_cast<float>(step) * kRounding;
  const int slice_end = slice_of(from[major] + way[major] * end + side) + step;
  float needed = 1.0f;
  for (int slice = slice_of(from[major] + way[major] * begin - side); slice != slice_end; slice += step) {
    float enter = begin, leave = end;
    if (way[major] != 0) {
      const float low_edge = min[major] + static_cast<float>(slice) * cell_size_;
      const float high_edge = low_edge + cell_size_;
      enter = std::max(begin, ((step > 0 ? low_edge : high_edge) - from[major]) / way[major]);
      leave = std::min(end, ((step > 0 ? high_edge : low_edge) - from[major]) / way[major]);
    }
    if (enter > needed) return;
    const float minor_enter = from[minor] + way[minor] * enter;
    const float minor_leave = from[minor] + way[minor] * leave;
    const int lane_begin = lane_of(std::min(minor_enter, minor_leave) - kRounding);
    const int lane_end = lane_of(std::max(minor_enter, minor_leave) + kRounding) + 1;
    for (int lane = lane_begin; lane < lane_end; ++lane) {
      const int cell = along_x ? lane * columns_ + slice : slice * columns_ + lane;
      const std::uint32_t* at = &cell_begin_[static_cast<std::size_t>(cell)];
      for (std::uint32_t i = at[0]; i < at[1]; ++i) needed = std::min(needed, visit(solids[cell_solids_[i]]));
    }
  }
}

}  // namespace chrysalis
