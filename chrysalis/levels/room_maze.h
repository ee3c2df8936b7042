// Mazes of rooms and corridors, drawn at random: odd-aligned rooms, corridors in what is left, one opening
// between any two regions that touch, no dead ends. Only the layout; what it looks like and holds is for
// others to say.
#pragma once

#include <cstdint>
#include <vector>

#include "chrysalis/core/random.h"

namespace chrysalis {

struct RoomMazeSettings {
  int width = 11;  // Cells, border included; odd.
  int height = 11;
  int room_count = 4;     // At most.
  int room_min_size = 3;  // Odd. A room is a square of this size, or longer one way.
  int room_max_size = 5;  // Odd.
  double extra_connection_probability = 0.0;
};

struct Room {
  int column, row, width, height;
};

class RoomMaze {
 public:
  static constexpr std::int16_t kWall = -1;
  static constexpr std::int16_t kPassage = -2;  // An opening between two regions.

  RoomMaze(const RoomMazeSettings& settings, RandomStream& random);

  int width() const { return settings_.width; }
  int height() const { return settings_.height; }
  const std::vector<Room>& rooms() const { return rooms_; }
  bool open(int column, int row) const { return at(column, row) != kWall; }
  bool in_room(int column, int row) const {
    const std::int16_t region = at(column, row);
    return region >= 0 && region < static_cast<std::int16_t>(rooms_.size());
  }
  // Cells that are open beside this one, 0 to 4.
  int degree(int column, int row) const;

 private:
  std::int16_t at(int column, int row) const {
    return cells_[static_cast<std::size_t>(row * settings_.width + column)];
  }
  std::int16_t& at(int column, int row) {
    return cells_[static_cast<std::size_t>(row * settings_.width + column)];
  }
  bool inside(int column, int row) const {
    return column > 0 && row > 0 && column < settings_.width - 1 && row < settings_.height - 1;
  }
  void place_rooms(RandomStream& random);
  bool is_free(const Room& room) const;
  void dig_corridors(RandomStream& random);
  void connect_regions(RandomStream& random);
  void remove_dead_ends();
  void shorten_detours();
  bool shorten_detour_at(int column, int row, int along, int across, int side);

  RoomMazeSettings settings_;
  std::vector<Room> rooms_;
  // Row by row: the region of an open cell (rooms first, then corridors), kPassage or kWall.
  std::vector<std::int16_t> cells_;
  std::int16_t region_count_ = 0;
};

}  // namespace chrysalis
