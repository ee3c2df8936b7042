#include "chrysalis/levels/floor_plan.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr float kTile = 100.0f;      // A texture covers so many u.
constexpr float kSlab = 16.0f;       // Thickness of floors and ceilings.
constexpr float kHeadroom = 80.0f;   // Of who jumps.
constexpr float kPictureGap = 0.5f;  // In front of the wall.
// Light by direction, so that corners can be seen.
constexpr float kLightNorthSouth = 1.0f;
constexpr float kLightEastWest = 0.85f;
constexpr float kLightFromAbove = 0.6f;  // Tops of walls in views from above.

struct Step {
  int columns;
  int rows;
};
constexpr Step step_of(Side side) {
  switch (side) {
    case Side::kEast:
      return {1, 0};
    case Side::kNorth:
      return {0, 1};
    case Side::kWest:
      return {-1, 0};
    case Side::kSouth:
      return {0, -1};
  }
  return {0, 0};
}

float light_of(Side side) {
  return side == Side::kEast || side == Side::kWest ? kLightEastWest : kLightNorthSouth;
}

// A wall at `side` of the rectangle [low, high]: it looks back into it, so its right edge runs as that of an
// eye which looks towards `side`.
Surface wall_surface(Vec3 low, Vec3 high, Side side, MaterialId material) {
  Surface surface;
  surface.down = {0, 0, low.z - high.z};
  switch (side) {
    case Side::kEast:
      surface.corner = {high.x, high.y, high.z};
      surface.right = {0, low.y - high.y, 0};
      break;
    case Side::kNorth:
      surface.corner = {low.x, high.y, high.z};
      surface.right = {high.x - low.x, 0, 0};
      break;
    case Side::kWest:
      surface.corner = {low.x, low.y, high.z};
      surface.right = {0, high.y - low.y, 0};
      break;
    case Side::kSouth:
      surface.corner = {high.x, low.y, high.z};
      surface.right = {low.x - high.x, 0, 0};
      break;
  }
  surface.tiles_right = length(surface.right) / kTile;
  surface.tiles_down = length(surface.down) / kTile;
  surface.material = material;
  surface.light = light_of(side);
  return surface;
}

Surface floor_surface(Vec3 low, Vec3 high, MaterialId material, float light) {
  return {.corner = {low.x, high.y, high.z},
          .right = {high.x - low.x, 0, 0},
          .down = {0, low.y - high.y, 0},
          .tiles_right = (high.x - low.x) / kTile,
          .tiles_down = (high.y - low.y) / kTile,
          .material = material,
          .light = light};
}

Surface ceiling_surface(Vec3 low, Vec3 high, MaterialId material) {
  return {.corner = low,
          .right = {high.x - low.x, 0, 0},
          .down = {0, high.y - low.y, 0},
          .tiles_right = (high.x - low.x) / kTile,
          .tiles_down = (high.y - low.y) / kTile,
          .material = material,
          .is_ceiling = true};
}

// Of the lines, the last that is not after the coordinate; the outermost ones hold all that lies outside.
int line_before(const std::vector<float>& lines, float at) {
  const auto after = std::upper_bound(lines.begin() + 1, lines.end() - 1, at);
  return static_cast<int>(after - lines.begin()) - 1;
}

// A rectangle of cells, ends excluded.
struct CellRect {
  int column, row, column_end, row_end;
};

// The upright rectangle between two cells, where one is seen from the other.
struct Face {
  float bottom;
  float top;
  MaterialId material;
};

class Builder {
 public:
  Builder(const FloorPlan& plan, Map& map) : plan_(plan), map_(map) {
    lowest_ = highest_ = first_open().floor_height;
    for (const PlanCell& cell : plan.cells) {
      if (cell.solid) continue;
      lowest_ = std::min(lowest_, cell.floor_height);
      highest_ = std::max(highest_, cell.floor_height);
    }
  }

  void build() {
    faces([this](const PlanCell& cell, const PlanCell& next) { return lower_face(cell, next); });
    floors();
    wall_tops();
    if (plan_.ceiling) {
      // One sheet over everything: what lies over the walls is hidden by them.
      map_.surfaces.push_back(
          ceiling_surface(corner(0, 0, plan_.wall_height), far_corner(plan_.wall_height), *plan_.ceiling));
    }
    // Walls under open sky stop whoever jumps from the highest place.
    const float above_all =
        std::max(plan_.wall_height, std::max(highest_, plan_.obstacle_height) + kHeadroom);
    const float top = plan_.ceiling ? plan_.wall_height : above_all;
    if (plan_.ceiling || plan_.lid) map_.solids.push_back({corner(0, 0, top), far_corner(top + kSlab)});
    map_.solids.push_back({corner(0, 0, lowest_ - kSlab), far_corner(lowest_)});
    add_solids(lowest_ - kSlab, top, [](const PlanCell& cell) { return cell.solid; });
    ceilings(top);
  }

 private:
  const PlanCell& first_open() const {
    const auto open =
        std::find_if(plan_.cells.begin(), plan_.cells.end(), [](const PlanCell& c) { return !c.solid; });
    CHRYSALIS_CHECK(open != plan_.cells.end(), "a plan without an open cell");
    return *open;
  }

  Vec3 corner(int column, int row, float z) const {
    return {plan_.xs[static_cast<std::size_t>(column)], plan_.ys[static_cast<std::size_t>(row)], z};
  }
  Vec3 far_corner(float z) const { return corner(plan_.columns(), plan_.rows(), z); }

  template <typename FaceOf>
  void faces(FaceOf&& face_of) {
    for (const Side side : {Side::kEast, Side::kWest})
      faces_at(side, plan_.columns(), plan_.rows(), true, face_of);
    for (const Side side : {Side::kNorth, Side::kSouth})
      faces_at(side, plan_.rows(), plan_.columns(), false, face_of);
  }

  // The faces at `side` of open cells, in runs along the lines that they lie on.
  template <typename FaceOf>
  void faces_at(Side side, int line_count, int run_count, bool line_is_column, FaceOf&& face_of) {
    for (int line = 0; line < line_count; ++line) {
      std::optional<Surface> run;
      Vec3 run_low;
      Face run_face{};
      const auto close = [&] {
        if (run) map_.surfaces.push_back(*run);
        run.reset();
      };
      for (int i = 0; i < run_count; ++i) {
        const int column = line_is_column ? line : i;
        const int row = line_is_column ? i : line;
        const PlanCell& cell = plan_.at(column, row);
        if (cell.solid) {
          close();
          continue;
        }
        const Face face = face_of(cell, plan_.beside(column, row, side));
        if (face.top <= face.bottom) {
          close();
          continue;
        }
        if (!run || run_face.bottom != face.bottom || run_face.top != face.top ||
            run_face.material != face.material) {
          close();
          run_low = corner(column, row, face.bottom);
          run_face = face;
        }
        run = wall_surface(run_low, corner(column + 1, row + 1, face.top), side, face.material);
      }
      close();
    }
  }

  float ceiling_of(const PlanCell& cell) const {
    return cell.ceiling ? cell.ceiling->height : plan_.wall_height;
  }

  // What rises from the floor of an open cell: a wall, or the edge of a higher floor.
  Face lower_face(const PlanCell& cell, const PlanCell& next) const {
    const MaterialId material = next.solid && next.wall ? *next.wall : cell.wall ? *cell.wall : plan_.wall;
    const float top = next.solid     ? ceiling_of(cell)
                      : cell.ceiling ? std::min(next.floor_height, cell.ceiling->height)
                                     : next.floor_height;
    return {cell.floor_height, top, material};
  }

  // What hangs down from the ceiling of an open cell: the edge of a lower ceiling.
  Face upper_face(const PlanCell& cell, const PlanCell& next) const {
    if (next.solid || !next.ceiling) return {};
    return {std::max(next.ceiling->height, cell.floor_height), ceiling_of(cell),
            cell.wall ? *cell.wall : plan_.wall};
  }

  // The cells' own ceilings, what is solid above them, and the roofs on that.
  void ceilings(float top) {
    std::vector<PlanCeiling> kinds;
    for (const PlanCell& cell : plan_.cells)
      if (!cell.solid && cell.ceiling && std::find(kinds.begin(), kinds.end(), *cell.ceiling) == kinds.end())
        kinds.push_back(*cell.ceiling);
    if (kinds.empty()) return;
    faces([this](const PlanCell& cell, const PlanCell& next) { return upper_face(cell, next); });
    for (const PlanCeiling& kind : kinds) {
      const auto is_under = [&](const PlanCell& cell) { return !cell.solid && cell.ceiling == kind; };
      for_each_rectangle(is_under, [&](const CellRect& rect) {
        map_.surfaces.push_back(ceiling_surface(corner(rect.column, rect.row, kind.height),
                                                corner(rect.column_end, rect.row_end, kind.height),
                                                kind.material));
        if (plan_.ceiling) return;
        Surface roof = floor_surface(corner(rect.column, rect.row, 0),
                                     corner(rect.column_end, rect.row_end, plan_.wall_height), plan_.wall,
                                     kLightFromAbove);
        roof.is_ceiling = true;
        map_.surfaces.push_back(roof);
      });
      add_solids(kind.height, top, is_under);
    }
  }

  void floors() {
    std::vector<bool> done(plan_.cells.size(), false);
    for_each_cell([&](int column, int row) {
      const PlanCell& cell = plan_.at(column, row);
      if (cell.solid || done[index(column, row)]) return;
      // Floors may run on under walls, which hide them: so one sheet does for all of a kind.
      const auto same = [&](int c, int r) {
        const PlanCell& other = plan_.at(c, r);
        return !other.solid && !done[index(c, r)] && other.floor == cell.floor &&
               other.floor_height == cell.floor_height;
      };
      const auto may_cover = [&](int c, int r) { return plan_.at(c, r).solid || same(c, r); };
      const CellRect rect = grow(column, row, same, may_cover);
      mark(rect, done);
      map_.surfaces.push_back(floor_surface(corner(rect.column, rect.row, 0),
                                            corner(rect.column_end, rect.row_end, cell.floor_height),
                                            cell.floor, kLightNorthSouth));
    });
    if (highest_ == lowest_) return;
    std::vector<float> heights;
    for (const PlanCell& cell : plan_.cells)
      if (!cell.solid && cell.floor_height > lowest_) heights.push_back(cell.floor_height);
    std::sort(heights.begin(), heights.end());
    heights.erase(std::unique(heights.begin(), heights.end()), heights.end());
    for (const float height : heights)
      add_solids(lowest_ - kSlab, height,
                 [height](const PlanCell& cell) { return !cell.solid && cell.floor_height == height; });
  }

  void wall_tops() {
    std::vector<bool> done(plan_.cells.size(), false);
    for_each_cell([&](int column, int row) {
      const PlanCell& cell = plan_.at(column, row);
      if (!cell.solid || done[index(column, row)]) return;
      const MaterialId material = cell.wall.value_or(plan_.wall);
      const auto same = [&](int c, int r) {
        const PlanCell& other = plan_.at(c, r);
        return other.solid && !done[index(c, r)] && other.wall.value_or(plan_.wall) == material;
      };
      const CellRect rect = grow(column, row, same, same);
      mark(rect, done);
      map_.surfaces.push_back(floor_surface(corner(rect.column, rect.row, 0),
                                            corner(rect.column_end, rect.row_end, plan_.wall_height),
                                            material, kLightFromAbove));
    });
  }

  template <typename Select>
  void add_solids(float bottom, float top, Select&& select) {
    for_each_rectangle(select, [&](const CellRect& rect) {
      map_.solids.push_back(
          {corner(rect.column, rect.row, bottom), corner(rect.column_end, rect.row_end, top)});
    });
  }

  // The cells selected, in few rectangles of nothing else.
  template <typename Select, typename Visit>
  void for_each_rectangle(Select&& select, Visit&& visit) {
    std::vector<bool> done(plan_.cells.size(), false);
    for_each_cell([&](int column, int row) {
      const auto same = [&](int c, int r) { return select(plan_.at(c, r)) && !done[index(c, r)]; };
      if (!same(column, row)) return;
      const CellRect rect = grow(column, row, same, same);
      mark(rect, done);
      visit(rect);
    });
  }

  // The largest rectangle found by growing east, then north, from a cell: over cells that may be covered, but
  // not ending in a column or row without one that is wanted.
  template <typename Wanted, typename MayCover>
  CellRect grow(int column, int row, Wanted&& wanted, MayCover&& may_cover) const {
    CellRect rect{column, row, column + 1, row + 1};
    for (int c = column; c < plan_.columns() && may_cover(c, row); ++c)
      if (wanted(c, row)) rect.column_end = c + 1;
    for (int r = row + 1; r < plan_.rows(); ++r) {
      bool any_wanted = false;
      for (int c = rect.column; c < rect.column_end; ++c) {
        if (!may_cover(c, r)) return rect;
        any_wanted = any_wanted || wanted(c, r);
      }
      if (any_wanted) rect.row_end = r + 1;
    }
    return rect;
  }

  void mark(const CellRect& rect, std::vector<bool>& done) const {
    for (int r = rect.row; r < rect.row_end; ++r)
      for (int c = rect.column; c < rect.column_end; ++c) done[index(c, r)] = true;
  }

  template <typename Visit>
  void for_each_cell(Visit&& visit) const {
    for (int row = 0; row < plan_.rows(); ++row)
      for (int column = 0; column < plan_.columns(); ++column) visit(column, row);
  }
  std::size_t index(int column, int row) const {
    return static_cast<std::size_t>(row * plan_.columns() + column);
  }

  const FloorPlan& plan_;
  Map& map_;
  float lowest_ = 0;
  float highest_ = 0;
};

}  // namespace

const PlanCell& FloorPlan::beside(int column, int row, Side side) const {
  const Step step = step_of(side);
  return at(column + step.columns, row + step.rows);
}

int FloorPlan::column_at(float x) const {
  return line_before(xs, x);
}

int FloorPlan::row_at(float y) const {
  return line_before(ys, y);
}

Vec3 FloorPlan::floor_centre(int column, int row) const {
  const auto c = static_cast<std::size_t>(column);
  const auto r = static_cast<std::size_t>(row);
  return {0.5f * (xs[c] + xs[c + 1]), 0.5f * (ys[r] + ys[r + 1]), at(column, row).floor_height};
}

void build_plan(const FloorPlan& plan, Map& map) {
  CHRYSALIS_CHECK_EQ(plan.cells.size(), static_cast<std::size_t>(plan.columns() * plan.rows()));
  for (int row = 0; row < plan.rows(); ++row)
    for (int column = 0; column < plan.columns(); ++column)
      CHRYSALIS_CHECK(plan.at(column, row).solid ||
                          (column > 0 && row > 0 && column + 1 < plan.columns() && row + 1 < plan.rows()),
                      "open border at column {}, row {}", column, row);
  Builder(plan, map).build();
}

void add_box(const Solid& box, MaterialId sides, MaterialId top, Map& map) {
  map.solids.push_back(box);
  // Each face is a wall of the space beside the box, seen from there.
  const auto face = [&](Vec3 low, Vec3 high, Side side) {
    map.surfaces.push_back(wall_surface(low, high, side, sides));
  };
  face({box.max.x, box.min.y, box.min.z}, box.max, Side::kWest);
  face(box.min, {box.min.x, box.max.y, box.max.z}, Side::kEast);
  face({box.min.x, box.max.y, box.min.z}, box.max, Side::kSouth);
  face(box.min, {box.max.x, box.min.y, box.max.z}, Side::kNorth);
  map.surfaces.push_back(floor_surface(box.min, box.max, top, kLightNorthSouth));
  Surface below = ceiling_surface(box.min, box.max, top);
  below.is_ceiling = false;
  below.light = kLightFromAbove;
  map.surfaces.push_back(below);
}

std::optional<Surface> wall_picture(const FloorPlan& plan, Vec3 place, float reach, Side side,
                                    MaterialId picture) {
  constexpr float kHalf = 0.5f * kPictureSide;
  constexpr float kMayOverlap = 2.0f;  // A cell between thin walls is narrower than a picture.
  int column = plan.column_at(place.x), row = plan.row_at(place.y);
  if (plan.at(column, row).solid) return {};
  while (!plan.beside(column, row, side).solid) {
    column += step_of(side).columns;
    row += step_of(side).rows;
  }
  const auto c = static_cast<std::size_t>(column), r = static_cast<std::size_t>(row);
  const bool runs_north = side == Side::kEast || side == Side::kWest;
  const float wall = side == Side::kEast    ? plan.xs[c + 1]
                     : side == Side::kWest  ? plan.xs[c]
                     : side == Side::kNorth ? plan.ys[r + 1]
                                            : plan.ys[r];
  if (std::abs(wall - (runs_north ? place.x : place.y)) > reach) return {};
  // Every cell before it must be open, of a floor and a ceiling that leave it room, and a wall behind it.
  const float middle = runs_north ? place.y : place.x;
  const auto line_at = [&](float at) { return runs_north ? plan.row_at(at) : plan.column_at(at); };
  for (int i = line_at(middle - kHalf + kMayOverlap); i <= line_at(middle + kHalf - kMayOverlap); ++i) {
    const int c_i = runs_north ? column : i, r_i = runs_north ? i : row;
    const PlanCell& cell = plan.at(c_i, r_i);
    if (cell.solid || !plan.beside(c_i, r_i, side).solid || cell.floor_height > place.z - kHalf) return {};
    if (cell.ceiling && cell.ceiling->height < place.z + kHalf) return {};
  }

  const bool towards_more = side == Side::kEast || side == Side::kNorth;
  const float hung = wall + (towards_more ? -kPictureGap : kPictureGap);
  Vec3 low = place - Vec3{kHalf, kHalf, kHalf}, high = place + Vec3{kHalf, kHalf, kHalf};
  const int across = runs_north ? 0 : 1;
  low[across] = high[across] = hung;
  Surface surface = wall_surface(low, high, side, picture);
  surface.tiles_right = surface.tiles_down = 1.0f;
  return surface;
}

}  // namespace chrysalis
