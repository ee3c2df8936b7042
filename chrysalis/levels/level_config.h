// Which level, and its settings: table "level" of a config.
#pragma once

#include <cstdint>
#include <string>

#include "chrysalis/core/field.h"

namespace chrysalis {

// Cells are the squares of a level's grid. Settings other than the name and the length of an episode belong
// to some levels only: the catalog says which. Defaults are the original's.
struct LevelConfig {
  std::string name = "seek_apples";
  std::int64_t episode_seconds = 0;
  std::int64_t maze_width = 11;
  std::int64_t maze_height = 11;
  std::int64_t room_count = 4;
  std::int64_t room_min_size = 3;
  std::int64_t room_max_size = 5;
  std::int64_t object_count = 4;
  std::int64_t spawn_count = 5;
  double reward_density = 0.5;
  double extra_connection_probability = 0.0;
  double decal_frequency = 0.1;
  std::int64_t max_variations = 1;
  bool has_doors = false;
  bool quick_restart = true;
  bool use_skybox = true;
  std::int64_t bot_count = -1;
  double skill = 4.0;
  std::int64_t color = -1;

  void visit(FieldVisitor& v) {
    v.begin_table("level");
    v.field(
        {.name = "name",
         .help =
             "A level of `chrysalis levels`, map:FILE for a text map, or dmlab:LEVEL for one of DM Lab's"},
        name);
    v.field({.name = "episode_seconds",
             .help = "Length of an episode; 0 is the level's own",
             .unit = "s",
             .min = 0,
             .max = 3600},
            episode_seconds);
    v.field({.name = "maze_width",
             .help = "Width of the maze with its border; odd",
             .unit = "cells",
             .min = 5,
             .max = 51},
            maze_width);
    v.field({.name = "maze_height",
             .help = "Height of the maze with its border; odd",
             .unit = "cells",
             .min = 5,
             .max = 51},
            maze_height);
    v.field({.name = "room_count",
             .help = "Rooms of a maze, fewer where they find no place",
             .unit = "rooms",
             .min = 1,
             .max = 64},
            room_count);
    v.field({.name = "room_min_size",
             .help = "Shorter side of a room; odd",
             .unit = "cells",
             .min = 1,
             .max = 49},
            room_min_size);
    v.field({.name = "room_max_size",
             .help = "Longest side of a room; odd",
             .unit = "cells",
             .min = 1,
             .max = 49},
            room_max_size);
    v.field({.name = "object_count",
             .help = "Cells of a room that may carry an apple",
             .unit = "cells",
             .min = 0,
             .max = 100},
            object_count);
    v.field({.name = "spawn_count",
             .help = "Cells of a room where the agent may start",
             .unit = "cells",
             .min = 1,
             .max = 100},
            spawn_count);
    v.field({.name = "reward_density",
             .help = "Share of the object cells that carry an apple",
             .min = 0,
             .max = 1},
            reward_density);
    v.field({.name = "extra_connection_probability",
             .help = "Chance of each further opening between regions that have one",
             .min = 0,
             .max = 1},
            extra_connection_probability);
    v.field({.name = "decal_frequency", .help = "Pictures for each face of wall", .min = 0, .max = 1},
            decal_frequency);
    v.field({.name = "max_variations",
             .help = "Looks among the rooms of a maze, each a wall and a floor; rooms take turns",
             .min = 1,
             .max = 26},
            max_variations);
    v.field(
        {.name = "has_doors",
         .help = "A curtain in each opening of a room: it hides what lies behind and lets bodies through"},
        has_doors);
    v.field({.name = "quick_restart",
             .help = "When all apples are taken the same maze is restarted; otherwise a new one is made"},
            quick_restart);
    v.field({.name = "use_skybox", .help = "A sky above the maze; otherwise it is black"}, use_skybox);
    v.field({.name = "bot_count",
             .help = "Players beside the agent, each at a spawn point of its own; -1 is the level's own",
             .unit = "bots",
             .min = -1,
             .max = 19},
            bot_count);
    v.field({.name = "skill", .help = "How well bots play; 4 is the original's", .min = 1, .max = 5}, skill);
    v.field({.name = "color",
             .help = "Hue of the bots' bodies; -1: drawn for each episode, or the level's own colours",
             .unit = "degrees",
             .min = -1,
             .max = 359},
            color);
    v.end_table();
  }
};

}  // namespace chrysalis
