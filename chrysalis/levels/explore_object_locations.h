// explore_object_locations: a maze of rooms, new in each episode, with apples in half of the rooms' object
// cells.
#pragma once

#include <memory>

#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"
#include "chrysalis/levels/level_config.h"
#include "chrysalis/levels/room_maze.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

struct ExploreSettings {
  RoomMazeSettings maze;
  int object_count = 4;         // Of each room, as far as it has cells left.
  int spawn_count = 5;          // Of each room, as far as it has cells.
  double reward_density = 0.5;  // Share of object cells with an apple, rounded to the nearest number of them.
  double decal_frequency = 0.1;
  int max_variations = 1;  // Looks that rooms take in turns.
  bool curtains = false;   // In each doorway of a room: hides what lies behind, lets bodies through.
  bool sky = true;
};

// Of a config; the error names a setting that does not go with the others.
Result<ExploreSettings> explore_settings(const LevelConfig& config);

// The map of one episode, a function of the stream alone.
std::shared_ptr<const Map> make_explore_map(const ExploreSettings& settings, RandomStream& random);

}  // namespace chrysalis
