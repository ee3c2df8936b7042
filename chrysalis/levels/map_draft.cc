#include "chrysalis/levels/map_draft.h"

#include <algorithm>
#include <set>
#include <utility>

#include "chrysalis/world/body.h"

namespace chrysalis {
namespace {

constexpr float kBorder = 32.0f;      // Of wall around a map without a grid.
constexpr float kLowestRoom = 16.0f;  // Between a floor and what closes it above.
constexpr float kTouch = 1.0f;        // Between feet and what they stand on.

std::size_t index_of(const std::vector<float>& lines, float at) {
  return static_cast<std::size_t>(std::lower_bound(lines.begin(), lines.end(), at) - lines.begin());
}

class Builder {
 public:
  Builder(const MapDraft& draft, const MapText& text) : draft_(draft), text_(text) {}

  Result<Map> build() {
    map_.name = draft_.name;
    map_.layout = draft_.layout;
    map_.loadout = draft_.loadout;
    map_.kill_volumes = draft_.kill_volumes;
    map_.sky = {.open = !draft_.ceiling, .material = draft_.sky};
    plan_.wall = draft_.wall;
    plan_.wall_height = draft_.wall_height;
    plan_.ceiling = draft_.ceiling;
    plan_.lid = draft_.lid;
    find_bounds();
    CHRYSALIS_RETURN_IF_ERROR(lay_lines());
    for (const DraftArea& area : draft_.areas) CHRYSALIS_RETURN_IF_ERROR(paint(area));
    for (const DraftArea& area : draft_.areas)
      if (area.kind == DraftArea::Kind::kDoor && !leads_through(area))
        return text_.error(area.place, "a door to nowhere", "open space at two opposite ends of it");
    if (std::all_of(plan_.cells.begin(), plan_.cells.end(), [](const PlanCell& cell) { return cell.solid; }))
      return text_.error(draft_.areas.empty() ? draft_.spawns.front().feet.place : draft_.areas.back().place,
                         "a map without open space", "open space somewhere");
    close_above();
    for (const DraftBox& box : draft_.boxes)
      plan_.obstacle_height = std::max(plan_.obstacle_height, box.box.max.z);
    build_plan(plan_, map_);
    for (const DraftBox& box : draft_.boxes) add_box(box.box, box.sides, box.top, map_);
    for (const DraftPicture& picture : draft_.pictures) CHRYSALIS_RETURN_IF_ERROR(hang(picture));
    map_.finish();
    for (const DraftItem& item : draft_.items) CHRYSALIS_RETURN_IF_ERROR(lay(item));
    for (const DraftSpawn& spawn : draft_.spawns) CHRYSALIS_RETURN_IF_ERROR(put(spawn));
    return std::move(map_);
  }

 private:
  // inside_: where there may be open space; outside_: with the walls around it.
  void find_bounds() {
    if (!draft_.xs.empty()) {
      outside_ = {draft_.xs.front(), draft_.ys.front(), draft_.xs.back(), draft_.ys.back()};
      inside_ = {draft_.xs[1], draft_.ys[1], draft_.xs.end()[-2], draft_.ys.end()[-2]};
      return;
    }
    bool first = true;
    for (const DraftArea& area : draft_.areas) {
      if (area.kind == DraftArea::Kind::kSolid) continue;
      if (first) inside_ = area.rect;
      first = false;
      inside_ = {std::min(inside_.x0, area.rect.x0), std::min(inside_.y0, area.rect.y0),
                 std::max(inside_.x1, area.rect.x1), std::max(inside_.y1, area.rect.y1)};
    }
    outside_ = {inside_.x0 - kBorder, inside_.y0 - kBorder, inside_.x1 + kBorder, inside_.y1 + kBorder};
  }

  Status check_within(MapPlace place, std::string_view what, const DraftRect& rect,
                      const DraftRect& bounds) const {
    if (outside_.x1 - outside_.x0 > kMapSizeMax || outside_.y1 - outside_.y0 > kMapSizeMax)
      return text_.error(
          place, fmt::format("a map of {} x {} u", outside_.x1 - outside_.x0, outside_.y1 - outside_.y0),
          fmt::format("at most {} from one end to the other", kMapSizeMax));
    if (rect.x0 >= bounds.x0 && rect.x1 <= bounds.x1 && rect.y0 >= bounds.y0 && rect.y1 <= bounds.y1)
      return {};
    return text_.error(
        place, fmt::format("{} at {} {} {} {}", what, rect.x0, rect.y0, rect.x1, rect.y1),
        fmt::format("one within the map: {} {} {} {}", bounds.x0, bounds.y0, bounds.x1, bounds.y1));
  }

  // The lines of the grid, and those that areas begin and end at; cells as the grid has them.
  Status lay_lines() {
    std::set<float> xs{outside_.x0, inside_.x0, inside_.x1, outside_.x1};
    std::set<float> ys{outside_.y0, inside_.y0, inside_.y1, outside_.y1};
    xs.insert(draft_.xs.begin(), draft_.xs.end());
    ys.insert(draft_.ys.begin(), draft_.ys.end());
    for (const DraftArea& area : draft_.areas) {
      const bool solid = area.kind == DraftArea::Kind::kSolid;
      CHRYSALIS_RETURN_IF_ERROR(check_within(area.place, "an area", area.rect, solid ? outside_ : inside_));
      xs.insert({area.rect.x0, area.rect.x1});
      ys.insert({area.rect.y0, area.rect.y1});
      if (xs.size() > kMapLinesMax || ys.size() > kMapLinesMax)
        return text_.error(
            area.place, "one area more",
            fmt::format("areas that begin and end at no more than {} different x and y", kMapLinesMax));
    }
    for (const DraftBox& box : draft_.boxes)
      CHRYSALIS_RETURN_IF_ERROR(check_within(
          box.place, "a box", {box.box.min.x, box.box.min.y, box.box.max.x, box.box.max.y}, outside_));
    plan_.xs.assign(xs.begin(), xs.end());
    plan_.ys.assign(ys.begin(), ys.end());
    plan_.cells.resize((xs.size() - 1) * (ys.size() - 1));
    if (draft_.xs.empty()) return {};
    FloorPlan grid;
    grid.xs = draft_.xs;
    grid.ys = draft_.ys;
    for (int row = 0; row < plan_.rows(); ++row) {
      for (int column = 0; column < plan_.columns(); ++column) {
        const Vec3 middle = plan_.floor_centre(column, row);
        const int cell = grid.row_at(middle.y) * grid.columns() + grid.column_at(middle.x);
        plan_.at(column, row) = draft_.cells[static_cast<std::size_t>(cell)];
      }
    }
    return {};
  }

  struct Cells {
    int column, row, column_end, row_end;
  };
  Cells cells_of(const DraftRect& rect) const {
    return {static_cast<int>(index_of(plan_.xs, rect.x0)), static_cast<int>(index_of(plan_.ys, rect.y0)),
            static_cast<int>(index_of(plan_.xs, rect.x1)), static_cast<int>(index_of(plan_.ys, rect.y1))};
  }

  Status paint(const DraftArea& area) {
    const Cells cells = cells_of(area.rect);
    for (int row = cells.row; row < cells.row_end; ++row) {
      for (int column = cells.column; column < cells.column_end; ++column) {
        PlanCell& cell = plan_.at(column, row);
        if (area.kind == DraftArea::Kind::kSolid) {
          cell = {.solid = true, .wall = area.wall};
          continue;
        }
        if (cell.solid)
          cell = {.solid = false, .wall = {}, .floor = draft_.floor, .floor_height = draft_.floor_height};
        if (area.wall) cell.wall = area.wall;
        cell.floor = area.floor.value_or(cell.floor);
        cell.floor_height = area.floor_height.value_or(cell.floor_height);
        if (area.ceiling || area.headroom) {
          const MaterialId wall = cell.wall.value_or(draft_.wall);
          PlanCeiling ceiling = cell.ceiling.value_or(PlanCeiling{wall, draft_.wall_height});
          ceiling.material = area.ceiling.value_or(ceiling.material);
          if (area.headroom) ceiling.height = cell.floor_height + *area.headroom;
          cell.ceiling = ceiling;
        }
        const float above = cell.ceiling ? cell.ceiling->height : draft_.wall_height;
        if (above > draft_.wall_height)
          return text_.error(area.place, fmt::format("a ceiling at {}", above),
                             fmt::format("at most the wall_height, {}", draft_.wall_height));
        if (cell.floor_height + kLowestRoom > above)
          return text_.error(
              area.place, fmt::format("a floor at {}", cell.floor_height),
              fmt::format("one at least {} u below what closes it above, {}", kLowestRoom, above));
      }
    }
    return {};
  }

  // Whether there is open space beyond two opposite sides of it.
  bool leads_through(const DraftArea& area) const {
    const Cells cells = cells_of(area.rect);
    const auto any_open = [this](int column, int row, int column_end, int row_end) {
      for (int r = row; r < row_end; ++r)
        for (int c = column; c < column_end; ++c)
          if (!plan_.at(c, r).solid) return true;
      return false;
    };
    return (any_open(cells.column - 1, cells.row, cells.column, cells.row_end) &&
            any_open(cells.column_end, cells.row, cells.column_end + 1, cells.row_end)) ||
           (any_open(cells.column, cells.row - 1, cells.column_end, cells.row) &&
            any_open(cells.column, cells.row_end, cells.column_end, cells.row_end + 1));
  }

  // One sheet over the whole map goes only where no cell has a ceiling of its own.
  void close_above() {
    const auto has_own = [](const PlanCell& cell) { return !cell.solid && cell.ceiling; };
    if (!plan_.ceiling || std::none_of(plan_.cells.begin(), plan_.cells.end(), has_own)) return;
    for (PlanCell& cell : plan_.cells)
      if (!cell.solid && !cell.ceiling) cell.ceiling = PlanCeiling{*plan_.ceiling, plan_.wall_height};
    plan_.ceiling.reset();
  }

  // The highest of floor and boxes there; none in a wall and outside.
  std::optional<float> height_at(float x, float y) const {
    const PlanCell& cell = plan_.at(plan_.column_at(x), plan_.row_at(y));
    if (cell.solid) return {};
    float height = cell.floor_height;
    for (const DraftBox& box : draft_.boxes)
      if (x >= box.box.min.x && x <= box.box.max.x && y >= box.box.min.y && y <= box.box.max.y)
        height = std::max(height, box.box.max.z);
    return height;
  }

  Result<Vec3> position(const DraftSpot& spot, float above) const {
    if (spot.z) return Vec3{spot.x, spot.y, *spot.z};
    const std::optional<float> height = height_at(spot.x, spot.y);
    if (!height)
      return text_.error(spot.place, fmt::format("a place in a wall, {} {}", spot.x, spot.y), "open space");
    return Vec3{spot.x, spot.y, *height + above};
  }

  Status hang(const DraftPicture& picture) {
    const Vec3 from{picture.from.x, picture.from.y, 0};
    const float floor = plan_.at(plan_.column_at(from.x), plan_.row_at(from.y)).floor_height;
    const Vec3 place = from + Vec3{0, 0, picture.from.z.value_or(floor + kPictureHeight)};
    const auto surface = wall_picture(plan_, place, picture.reach, picture.side, picture.picture);
    // Version 1 takes those that stick out above the walls.
    const bool above = text_.version() > 1 && place.z + 0.5f * kPictureSide > draft_.wall_height;
    if (!surface || above)
      return text_.error(picture.from.place,
                         fmt::format("no wall for a picture from {} {}", place.x, place.y),
                         "open space with 64 x 64 u of wall on that side");
    map_.surfaces.push_back(*surface);
    return {};
  }

  Status lay(const DraftItem& draft) {
    CHRYSALIS_ASSIGN_OR_RETURN(const Vec3 middle, position(draft.middle, kItemAboveFloor));
    bool in_solid = false;
    map_.solids_near(middle, middle, [&](const Solid&) { in_solid = true; });
    if (in_solid || !within_map(middle))
      return text_.error(draft.middle.place,
                         fmt::format("an item in a solid, {} {} {}", middle.x, middle.y, middle.z),
                         "open space");
    map_.items.push_back(draft.item);
    map_.items.back().position = middle;
    return {};
  }

  bool within_map(Vec3 point) const {
    for (int axis = 0; axis < 3; ++axis)
      if (point[axis] <= map_.min[axis] || point[axis] >= map_.max[axis]) return false;
    return true;
  }

  Status put(const DraftSpawn& spawn) {
    CHRYSALIS_ASSIGN_OR_RETURN(const Vec3 feet, position(spawn.feet, 0));
    Body body;
    body.origin = feet + Vec3{0, 0, kOriginAboveFloor + kSurfaceClearance};
    const Solid box = box_of(body);
    bool has_room = true, held = false;
    const Vec3 below = box.min - Vec3{0, 0, kTouch};
    map_.solids_near(below, box.max, [&](const Solid& solid) {
      has_room = has_room && !overlap(solid, box);
      held = held || (solid.max.z <= feet.z && solid.max.z >= feet.z - kTouch);
    });
    const auto wrong = [&](std::string_view found, std::string_view expected) {
      return text_.error(spawn.feet.place, fmt::format("{}, {} {} {}", found, feet.x, feet.y, feet.z),
                         expected);
    };
    if (!has_room) return wrong("a spawn in a solid", "room for a body, 30 x 30 x 56 u");
    if (!held || height_at(feet.x, feet.y).value_or(feet.z - 1) < feet.z)
      return wrong("a spawn in the air", "a floor or a box to stand on");
    if (stands_where_it_dies(body, map_))
      return wrong("a spawn where one dies", "a place that does not kill");
    map_.spawns.push_back({feet, spawn.yaw_degrees});
    return {};
  }

  const MapDraft& draft_;
  const MapText& text_;
  Map map_;
  FloorPlan plan_;
  DraftRect inside_, outside_;
};

}  // namespace

Result<Map> build_map(const MapDraft& draft, const MapText& text) {
  return Builder(draft, text).build();
}

}  // namespace chrysalis
