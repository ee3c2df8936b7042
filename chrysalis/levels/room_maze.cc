#include "chrysalis/levels/room_maze.h"

#include <algorithm>
#include <array>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr int kRejectionsMax = 1000;
// Chance that a room is proposed longer than square. Gives the original's shares of room shapes and counts.
constexpr double kLongRoomProbability = 0.5;

struct Offset {
  int column, row;
};
constexpr std::array<Offset, 4> kBeside = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};

}  // namespace

RoomMaze::RoomMaze(const RoomMazeSettings& settings, RandomStream& random) : settings_(settings) {
  CHRYSALIS_CHECK(settings.width % 2 == 1 && settings.height % 2 == 1, "{} x {}", settings.width,
                  settings.height);
  cells_.assign(static_cast<std::size_t>(settings.width * settings.height), kWall);
  place_rooms(random);
  dig_corridors(random);
  connect_regions(random);
  remove_dead_ends();
  shorten_detours();
}

int RoomMaze::degree(int column, int row) const {
  int count = 0;
  for (const Offset beside : kBeside) count += open(column + beside.column, row + beside.row) ? 1 : 0;
  return count;
}

void RoomMaze::place_rooms(RandomStream& random) {
  const int odd_sizes = (settings_.room_max_size - settings_.room_min_size) / 2;
  int rejections = 0;
  while (static_cast<int>(rooms_.size()) < settings_.room_count && rejections < kRejectionsMax) {
    Room room{0, 0, settings_.room_min_size, settings_.room_min_size};
    if (odd_sizes > 0 && random.chance(kLongRoomProbability))
      (random.chance(0.5) ? room.width : room.height) += 2 * random.between(1, odd_sizes);
    const int columns = (settings_.width - room.width) / 2;  // Odd columns from which it fits.
    const int rows = (settings_.height - room.height) / 2;
    if (columns < 1 || rows < 1) {
      ++rejections;
      continue;
    }
    room.column = 1 + 2 * random.between(0, columns - 1);
    room.row = 1 + 2 * random.between(0, rows - 1);
    if (!is_free(room)) {
      ++rejections;
      continue;
    }
    for (int row = room.row; row < room.row + room.height; ++row)
      for (int column = room.column; column < room.column + room.width; ++column)
        at(column, row) = region_count_;
    ++region_count_;
    rooms_.push_back(room);
  }
}

bool RoomMaze::is_free(const Room& room) const {
  for (int row = room.row; row < room.row + room.height; ++row)
    for (int column = room.column; column < room.column + room.width; ++column)
      if (open(column, row)) return false;
  return true;  // Odd alignment keeps a wall between rooms.
}

void RoomMaze::dig_corridors(RandomStream& random) {
  std::vector<Offset> path;
  for (int row = 1; row < settings_.height; row += 2) {
    for (int column = 1; column < settings_.width; column += 2) {
      if (open(column, row)) continue;
      const std::int16_t region = region_count_++;
      at(column, row) = region;
      path.assign(1, {column, row});
      while (!path.empty()) {
        const Offset here = path.back();
        std::array<Offset, 4> ways;
        std::uint64_t way_count = 0;
        for (const Offset way : kBeside) {
          const int far_column = here.column + 2 * way.column, far_row = here.row + 2 * way.row;
          if (inside(far_column, far_row) && !open(far_column, far_row)) ways[way_count++] = way;
        }
        if (way_count == 0) {
          path.pop_back();
          continue;
        }
        const Offset way = ways[random.below(way_count)];
        at(here.column + way.column, here.row + way.row) = region;
        at(here.column + 2 * way.column, here.row + 2 * way.row) = region;
        path.push_back({here.column + 2 * way.column, here.row + 2 * way.row});
      }
    }
  }
}

void RoomMaze::connect_regions(RandomStream& random) {
  struct Candidate {
    std::int32_t pair;
    Offset cell;
  };
  std::vector<Candidate> candidates;
  const auto consider = [&](int column, int row, std::int16_t a, std::int16_t b) {
    if (a < 0 || b < 0 || a == b) return;
    candidates.push_back({std::min(a, b) * region_count_ + std::max(a, b), {column, row}});
  };
  // Openings lie on odd rows or columns, as everything that is dug does.
  for (int row = 1; row < settings_.height - 1; ++row) {
    for (int column = 1 + row % 2; column < settings_.width - 1; column += 2) {
      if (open(column, row)) continue;
      if (row % 2 == 1) {
        consider(column, row, at(column - 1, row), at(column + 1, row));
      } else {
        consider(column, row, at(column, row - 1), at(column, row + 1));
      }
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.pair < b.pair; });
  for (std::size_t begin = 0; begin < candidates.size();) {
    std::size_t end = begin;
    while (end < candidates.size() && candidates[end].pair == candidates[begin].pair) ++end;
    const std::size_t chosen = begin + random.below(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      const bool extra =
          settings_.extra_connection_probability > 0 && random.chance(settings_.extra_connection_probability);
      if (i == chosen || extra) at(candidates[i].cell.column, candidates[i].cell.row) = kPassage;
    }
    begin = end;
  }
}

void RoomMaze::remove_dead_ends() {
  for (int row = 1; row < settings_.height - 1; ++row) {
    for (int column = 1; column < settings_.width - 1; ++column) {
      Offset here{column, row};
      // Fills the corridor back to where it branches.
      while (open(here.column, here.row) && !in_room(here.column, here.row) &&
             degree(here.column, here.row) <= 1) {
        at(here.column, here.row) = kWall;
        for (const Offset beside : kBeside) {
          if (open(here.column + beside.column, here.row + beside.row)) {
            here = {here.column + beside.column, here.row + beside.row};
            break;
          }
        }
      }
    }
  }
}

void RoomMaze::shorten_detours() {
  bool changed = true;
  while (changed) {
    changed = false;
    for (int row = 1; row < settings_.height - 1; ++row) {
      for (int column = 1; column < settings_.width - 1; ++column) {
        for (const int side : {1, -1}) {
          changed = shorten_detour_at(column, row, 1, 0, side) || changed;
          changed = shorten_detour_at(column, row, 0, 1, side) || changed;
        }
      }
    }
  }
}

// A detour from (column, row) two cells to the side, two along and two back: five corridor cells without a
// branch, around one cell of wall, which is opened instead.
bool RoomMaze::shorten_detour_at(int column, int row, int along, int across, int side) {
  // (along, across) is the direction of the way saved; the detour leaves it at a right angle.
  const auto cell = [&](int forward, int aside) -> Offset {
    return {column + along * forward + across * side * aside, row + across * forward + along * side * aside};
  };
  const Offset far_corner = cell(2, 2);
  if (!inside(far_corner.column, far_corner.row) || !open(column, row)) return false;
  const Offset end = cell(2, 0);
  const Offset wall = cell(1, 0);
  if (!open(end.column, end.row) || open(wall.column, wall.row)) return false;
  const std::array<Offset, 5> detour = {cell(0, 1), cell(0, 2), cell(1, 2), cell(2, 2), cell(2, 1)};
  for (const Offset part : detour) {
    if (!open(part.column, part.row) || in_room(part.column, part.row) || degree(part.column, part.row) != 2)
      return false;
  }
  for (const Offset part : detour) at(part.column, part.row) = kWall;
  at(wall.column, wall.row) = kPassage;
  return true;
}

}  // namespace chrysalis
