#include "chrysalis/levels/nav_maze_static.h"

namespace chrysalis {
namespace {

// Every cell but the seven nearest to the goal is a spawn; B also has an apple, T a bright floor.
constexpr std::string_view kText01 = R"(chrysalis map 1
name = nav_maze_static_01
walls = thin
episode_seconds = 60
wall = maze_green
floor = maze_orange_floor
floor_height = 1
ceiling = ceiling_light_blue
cell B = apple spawn
panel R = maze_red
grid
+-+-+-+-+-+R+-+-+-+-+
|B.S|S.S.S|S.S.S.S.B|
+.+.+.+-+.+.+...+-+.+
|S|S.S.S.S|B|S.S|.|SR
+.+R+...+-+.+-+-+.+.+
RS|S.B.S.S.S|....G|S|
+.+-+-+-+R+-+.+-+-+.+
|S|S.S.S.S|S|...|S.S|
+.+.+-+-+.+.+.+.+.+-+
|S.B.S.SRS.S|.|S.S.S|
+-+-+-+-+-+-+R+-+-+-+
)";

constexpr std::string_view kText02 = R"(chrysalis map 1
name = nav_maze_static_02
walls = thin
episode_seconds = 150
wall = maze_yellow
floor = maze_blue_floor
floor_height = 1
ceiling = ceiling_light_blue
cell B = apple spawn
cell T = spawn floor:maze_bright_floor
panel P = maze_blue
grid
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|S.B.SPT.S.S.S|S.B.S.S.S.T|S.SP
+-+.+.+.+-+.+.+-+-+-+.+-+.+.+-+
|S.S|S.S.S.B|S.S.SPS.S.S|S.S.B|
+.+.+.+-+...+-+-+.+.+-+-+-+...+
|T|S|S.S.S.S.T.S.S|S.B|S.S.S.S|
+.+.+-+-+-+.+.+-+.+-+.+.+P+.+.+
|SPS.S|S|S.S|S.S.S.S.S.S.S|S|T|
+.+.+-+.+-+-+-+-+.+-+.....+.+.+
|S.S|S...S.S.S.B|S.S.S.S.S.S|S|
+.+-+-+.+P+-+.+.+-+-+.+.+-+.+.+
|B|A....|S.S.S|S|S.S.T|S.S.B.S|
+.+.+-+.+.+-+-+-+P+.+-+...+.+.+
|S|G....|S|S.S|S.S|B.S.S.S|S|SP
+.+-+-+-+.+-+.+.+.+.+.+.+-+.+.+
PS|T.S|S.S.T.S|S|S|S|S|S.B|S.S|
+.+.+.+.+-+-+-+.+.+.+.+...+-+.+
|S.S|S.B|S.S.S.B|S.S|S.S.T.S.S|
+-+-+-+P+-+-+-+-+-+-+-+-+P+-+-+
)";

}  // namespace

const TextMap& nav_maze_static_01_map() {
  static const TextMap map = parse_text_map(kText01, "nav_maze_static_01").value();
  return map;
}

const TextMap& nav_maze_static_02_map() {
  static const TextMap map = parse_text_map(kText02, "nav_maze_static_02").value();
  return map;
}

}  // namespace chrysalis
