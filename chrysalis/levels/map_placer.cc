#include "chrysalis/levels/map_placer.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/levels/map_options.h"

namespace chrysalis {
namespace {

constexpr int kPlaceMax = 16000;  // Of a coordinate, either way.
constexpr int kStepHeight = 16;   // Of stairs; a body climbs 18 u.
constexpr int kLavaDepth = 48, kLavaKillsBelow = 16;

}  // namespace

// As many numbers as `low` and `high` have, behind the key.
template <std::size_t N>
Status MapPlacer::read_numbers(const MapLine& line, const std::array<int, N>& low,
                               const std::array<int, N>& high, std::array<float, N>& numbers) const {
  for (std::size_t i = 0; i < N; ++i) {
    const MapWord& word = line[std::min(i + 1, line.size() - 1)];
    CHRYSALIS_RETURN_IF_ERROR(text_.number(word, low[i], high[i], numbers[i]));
  }
  return {};
}

Result<DraftRect> MapPlacer::read_rect(const MapLine& line) const {
  constexpr int kMin = -kPlaceMax, kMax = kPlaceMax;
  std::array<float, 4> at{};
  CHRYSALIS_RETURN_IF_ERROR((read_numbers<4>(line, {kMin, kMin, kMin, kMin}, {kMax, kMax, kMax, kMax}, at)));
  for (const std::size_t axis : {0, 1})
    if (at[axis] >= at[axis + 2])
      return text_.error(line[axis + 3], fmt::format("more than {}: X0 Y0 X1 Y1", at[axis]));
  return DraftRect{at[0], at[1], at[2], at[3]};
}

Result<Solid> MapPlacer::read_solid(const MapLine& line) const {
  constexpr int kMin = -kPlaceMax, kMax = kPlaceMax;
  std::array<float, 6> at{};
  CHRYSALIS_RETURN_IF_ERROR((read_numbers<6>(line, {kMin, kMin, kMapHeightMin, kMin, kMin, kMapHeightMin},
                                             {kMax, kMax, kMapHeightMax, kMax, kMax, kMapHeightMax}, at)));
  for (const std::size_t axis : {0, 1, 2})
    if (at[axis] >= at[axis + 3])
      return text_.error(line[axis + 4], fmt::format("more than {}: X0 Y0 Z0 X1 Y1 Z1", at[axis]));
  return Solid{{at[0], at[1], at[2]}, {at[3], at[4], at[5]}};
}

Status MapPlacer::add_area(const MapLine& line, const DraftArea& area) {
  if (draft_.areas.size() == kMapAreasMax)
    return text_.error(line[0].place, "one area more",
                       fmt::format("at most {} rooms, doors, blocks, pools and steps", kMapAreasMax));
  draft_.areas.push_back(area);
  return {};
}

Status MapPlacer::read_area(const MapLine& line, DraftArea::Kind kind,
                            const std::vector<std::string_view>& allowed) {
  CHRYSALIS_ASSIGN_OR_RETURN(const DraftRect rect, read_rect(line));
  MapOptions options;
  CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 5, allowed, options));
  return add_area(line, {.place = line[0].place,
                         .kind = kind,
                         .rect = rect,
                         .floor = options.floor,
                         .wall = options.wall,
                         .ceiling = options.ceiling,
                         .floor_height = options.height,
                         .headroom = options.headroom});
}

Status MapPlacer::read_stairs(const MapLine& line) {
  CHRYSALIS_ASSIGN_OR_RETURN(const DraftRect rect, read_rect(line));
  CHRYSALIS_ASSIGN_OR_RETURN(const int index,
                             text_.choice(line[5 < line.size() ? 5 : line.size() - 1], kMapSides));
  const auto side = static_cast<Side>(index);
  const bool along_x = side == Side::kEast || side == Side::kWest;
  const bool towards_more = side == Side::kEast || side == Side::kNorth;
  MapOptions options;
  CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 6, {"from", "to", "floor", "wall"}, options));
  if (!options.from || !options.to) return text_.error(line.back(), "from:N and to:N");
  const int rise = *options.to - *options.from;
  const int steps = std::max(1, (std::abs(rise) + kStepHeight - 1) / kStepHeight);
  const auto between = [steps](float begin, float end, int i) {
    return begin + (end - begin) * static_cast<float>(i) / static_cast<float>(steps);
  };
  for (int i = 0; i < steps; ++i) {
    DraftArea step{.place = line[0].place, .rect = rect, .floor = options.floor, .wall = options.wall};
    step.floor_height = between(static_cast<float>(*options.from), static_cast<float>(*options.to), i + 1);
    // From the end that they begin at towards `side`.
    float& low = along_x ? step.rect.x0 : step.rect.y0;
    float& high = along_x ? step.rect.x1 : step.rect.y1;
    const float begin = towards_more ? low : high, end = towards_more ? high : low;
    const float near = between(begin, end, i), far = between(begin, end, i + 1);
    low = towards_more ? near : far;
    high = towards_more ? far : near;
    CHRYSALIS_RETURN_IF_ERROR(add_area(line, step));
  }
  return {};
}

Status MapPlacer::read_lava(const MapLine& line) {
  CHRYSALIS_ASSIGN_OR_RETURN(const DraftRect rect, read_rect(line));
  MapOptions options;
  CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 5, {"height", "depth", "floor", "wall"}, options));
  pools_.push_back(
      {draft_.areas.size(), draft_.kill_volumes.size(), options.height, options.depth.value_or(kLavaDepth)});
  CHRYSALIS_RETURN_IF_ERROR(add_area(line, {.place = line[0].place,
                                            .rect = rect,
                                            .floor = options.floor.value_or(*find_material("lava")),
                                            .wall = options.wall}));
  return add_kill_volume(line, {{rect.x0, rect.y0, 0}, {rect.x1, rect.y1, 0}});
}

Status MapPlacer::add_kill_volume(const MapLine& line, const Solid& volume) {
  if (draft_.kill_volumes.size() == kMapKillVolumesMax)
    return text_.error(line[0], fmt::format("at most {} volumes that kill", kMapKillVolumesMax));
  draft_.kill_volumes.push_back(volume);
  return {};
}

Status MapPlacer::read_kill(const MapLine& line) {
  CHRYSALIS_ASSIGN_OR_RETURN(const Solid volume, read_solid(line));
  MapOptions none;
  CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 7, {}, none));
  return add_kill_volume(line, volume);
}

Status MapPlacer::read_box(const MapLine& line) {
  CHRYSALIS_ASSIGN_OR_RETURN(const Solid box, read_solid(line));
  MapOptions options;
  CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 7, {"material", "top"}, options));
  if (draft_.boxes.size() == kMapBoxesMax)
    return text_.error(line[0], fmt::format("at most {} boxes", kMapBoxesMax));
  const MaterialId sides = options.material.value_or(*find_material("metal"));
  draft_.boxes.push_back({line[0].place, box, sides, options.top.value_or(sides)});
  return {};
}

// Pairs of numbers from `first` on; moves `first` behind them.
Result<std::vector<DraftSpot>> MapPlacer::read_spots(const MapLine& line, std::size_t& first) const {
  std::vector<DraftSpot> spots;
  do {
    DraftSpot& spot = spots.emplace_back();
    spot.place = line[first].place;
    for (float* at : {&spot.x, &spot.y}) {
      CHRYSALIS_RETURN_IF_ERROR(text_.number(line[first], -kPlaceMax, kPlaceMax, *at));
      ++first;
    }
  } while (!line[first].text.empty() && line[first].text.find(':') == std::string_view::npos);
  return spots;
}

Status MapPlacer::read_spawn(const MapLine& line) {
  std::size_t at = 1;
  CHRYSALIS_ASSIGN_OR_RETURN(std::vector<DraftSpot> spots, read_spots(line, at));
  MapOptions options;
  CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, at, {"z", "facing"}, options));
  for (DraftSpot& spot : spots) {
    spot.z = options.z;
    draft_.spawns.push_back({spot, options.facing});
  }
  return {};
}

Status MapPlacer::read_item(const MapLine& line) {
  CHRYSALIS_ASSIGN_OR_RETURN(const int kind, text_.choice(line[1], item_names()));
  std::size_t at = std::min<std::size_t>(2, line.size() - 1);
  CHRYSALIS_ASSIGN_OR_RETURN(std::vector<DraftSpot> spots, read_spots(line, at));
  MapOptions options;
  CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, at, {"z", "respawn", "rounds"}, options));
  CHRYSALIS_RETURN_IF_ERROR(check_item(text_, static_cast<ItemKind>(kind), options));
  for (DraftSpot& spot : spots) {
    spot.z = options.z;
    CHRYSALIS_RETURN_IF_ERROR(add_item(text_, spot, static_cast<ItemKind>(kind), options, draft_));
  }
  return {};
}

Status MapPlacer::read_picture(const MapLine& line) {
  const bool in_grid = line[1].text == "=";
  if (!in_grid && text_.version() == 1) return text_.error(line[1], "\"=\"");
  const std::size_t first = in_grid ? 2 : 1;
  if (line.size() < first + 5)
    return text_.error(line.back(), in_grid ? "picture = COLUMN ROW SIDE INDEX" : "picture X Y SIDE INDEX");
  DraftPicture picture;
  picture.from.place = line[0].place;
  const int low = in_grid ? 1 : -kPlaceMax, high = in_grid ? kMapGridSideMax : kPlaceMax;
  CHRYSALIS_RETURN_IF_ERROR(text_.number(line[first], low, high, picture.from.x));
  CHRYSALIS_RETURN_IF_ERROR(text_.number(line[first + 1], low, high, picture.from.y));
  CHRYSALIS_ASSIGN_OR_RETURN(const int side, text_.choice(line[first + 2], kMapSides));
  picture.side = static_cast<Side>(side);
  CHRYSALIS_ASSIGN_OR_RETURN(const int index, text_.number(line[first + 3], 0, kPictureCount - 1));
  picture.picture = chrysalis::picture(index);
  MapOptions options;
  CHRYSALIS_RETURN_IF_ERROR(
      read_options(text_, line, first + 4,
                   in_grid ? std::vector<std::string_view>() : std::vector<std::string_view>{"z"}, options));
  picture.from.z = options.z;
  picture.reach = INFINITY;
  if (in_grid) {
    grid_.hang(picture);
  } else {
    draft_.pictures.push_back(picture);
  }
  return {};
}

void MapPlacer::settle_pools() {
  for (const Pool& pool : pools_) {
    const float rim = pool.height ? static_cast<float>(*pool.height) : draft_.floor_height;
    const float lava = rim - static_cast<float>(pool.depth);
    draft_.areas[pool.area].floor_height = lava;
    draft_.kill_volumes[pool.volume].min.z = lava;
    draft_.kill_volumes[pool.volume].max.z = rim - static_cast<float>(kLavaKillsBelow);
  }
}

}  // namespace chrysalis
