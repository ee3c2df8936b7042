#include "chrysalis/levels/nav_maze_static.h"

namespace chrysalis {
namespace {

// Every cell but the seven nearest to the goal is a spawn; B also has an apple.
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
+.+.+.+-+.+.+.+.+-+.+
|S|S.S.S.S|B|S.S|.|SR
+.+R+.+.+-+.+-+-+.+.+
RS|S.B.S.S.S|....G|S|
+.+-+-+-+R+-+.+-+-+.+
|S|S.S.S.S|S|...|S.S|
+.+.+-+-+.+.+.+.+.+-+
|S.B.S.SRS.S|.|S.S.S|
+-+-+-+-+-+-+R+-+-+-+
)";

}  // namespace

const TextMap& nav_maze_static_01_map() {
  static const TextMap map = parse_text_map(kText01, "nav_maze_static_01").value();
  return map;
}

}  // namespace chrysalis
