#include "chrysalis/levels/text_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "chrysalis/core/random.h"
#include "chrysalis/levels/map_draft.h"
#include "chrysalis/levels/seek_apples.h"
#include "chrysalis/world/trace.h"

namespace chrysalis {
namespace {

TextMap parsed(std::string_view text) {
  auto map = parse_text_map(text, "m");
  EXPECT_TRUE(map.ok()) << map.error().message;
  return std::move(map).value();
}
// Of version 2, with a room of 800 x 600 u and a spawn at its west end.
TextMap in_room(std::string_view lines) {
  return parsed(fmt::format("chrysalis map 2\nroom 0 0 800 600\nspawn 100 300 facing:east\n{}\n", lines));
}
std::string with_grid(std::string_view grid) {
  return fmt::format("chrysalis map 1\ngrid\n{}", grid);
}

// Frames of one action by a lone player, who begins at the first spawn.
class Walk {
 public:
  explicit Walk(const TextMap& map, float yaw_degrees = 0) : world_(map.map) {
    world_.add_player(world_.map().spawns[0], yaw_degrees);
  }
  const Body& after(int frames, const RawAction& action = {.move_forward = 1}) {
    for (int frame = 0; frame < frames; ++frame) {
      world_.step({&action, 1});
      highest_ = std::max(highest_, world_.players()[0].origin.z);
    }
    return world_.players()[0];
  }
  float highest() const { return highest_; }

 private:
  World world_;
  float highest_ = -INFINITY;
};

// --- version 1 ---

TEST(TextMap, BlockCellsStandWhereTheTextShowsThem) {
  const TextMap tiny = parsed(
      "chrysalis map 1\n# a comment\nname = tiny\ncell_size = 80\nepisode_seconds = 12\napple_reward = 3\n"
      "cell b = apple spawn height:8\ngrid\n#####\n#S.A#\n#b..#\n#####\n");
  const Map& map = *tiny.map;
  EXPECT_EQ(map.name, "tiny");
  EXPECT_EQ(tiny.episode_seconds, 12);
  EXPECT_EQ(tiny.rules.apple_reward, 3);
  EXPECT_TRUE(tiny.rules.apples_return) << "there is no goal";
  EXPECT_FALSE(tiny.arena.has_value());
  ASSERT_EQ(map.spawns.size(), 2u);
  EXPECT_EQ(map.spawns[0].floor, (Vec3{120, 200, 0}));
  EXPECT_EQ(map.spawns[1].floor, (Vec3{120, 120, 8}));
  ASSERT_EQ(map.items.size(), 2u);
  EXPECT_EQ(map.items[0].position, (Vec3{280, 200, 15}));
  EXPECT_EQ(map.items[1].position, (Vec3{120, 120, 23}));
  EXPECT_EQ(map.layout, "#####\n#S.A#\n#b..#\n#####\n");
}

TEST(TextMap, AGoalMeansThatApplesDoNotReturnUnlessAsked) {
  EXPECT_FALSE(parsed(with_grid("#####\n#SAG#\n#####\n")).rules.apples_return);
  EXPECT_TRUE(
      parsed("chrysalis map 1\napples_return = true\ngrid\n#####\n#SAG#\n#####\n").rules.apples_return);
}

TEST(TextMap, ThinWallsLeave98UnitsFree) {
  const TextMap map = parsed("chrysalis map 1\nwalls = thin\ngrid\n+-+-+\n|S.A|\n+-+-+\n");
  EXPECT_EQ(map.map->spawns[0].floor, (Vec3{50, 50, 0}));
  EXPECT_NEAR(Walk(map, 90).after(100).origin.y, 99 - 15.125f, 1e-3f);
}

TEST(TextMap, FloorsOfSeveralHeightsAreClimbed) {
  const TextMap map =
      parsed("chrysalis map 1\ncell 1 = height:16\ncell 2 = height:32\ngrid\n######\n#S12.#\n######\n");
  Walk walk(map);
  const Body& body = walk.after(150);
  EXPECT_NEAR(walk.highest(), 32 + 24.125f, 0.2f);
  EXPECT_NEAR(body.origin.x, 500 - 15.125f, 1e-3f);
  EXPECT_NEAR(body.origin.z, 24.125f, 0.2f);
}

// Every point of every open cell's walls and floor is covered by exactly one surface that looks at it.
TEST(TextMap, WallsAndFloorsCoverEachPlaceOnce) {
  const Map& map = *seek_apples_map().map;
  const auto covers = [](const Surface& surface, Vec3 point) {
    const Vec3 to = point - surface.corner;
    const float along = dot(to, surface.right) / dot(surface.right, surface.right);
    const float below = dot(to, surface.down) / dot(surface.down, surface.down);
    const Vec3 normal =
        cross(surface.down, surface.right) * (1.0f / length(cross(surface.down, surface.right)));
    return along > 0 && along < 1 && below > 0 && below < 1 && std::abs(dot(to, normal)) < 0.1f;
  };
  const auto count = [&](Vec3 point, Vec3 towards) {
    int found = 0;
    for (const Surface& surface : map.surfaces)
      found += covers(surface, point) && dot(cross(surface.down, surface.right), towards) > 0 ? 1 : 0;
    return found;
  };
  const auto open = [&](int column, int row) {
    return map.layout[static_cast<std::size_t>((6 - row) * 8 + column)] != '#';
  };
  for (int row = 1; row < 6; ++row) {
    for (int column = 1; column < 6; ++column) {
      if (!open(column, row)) continue;
      const Vec3 middle{100.0f * static_cast<float>(column) + 50, 100.0f * static_cast<float>(row) + 50, 50};
      EXPECT_EQ(count(middle + Vec3{0, 0, -50}, {0, 0, 1}), 1);
      for (const auto& [right, up] : {std::array{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        const Vec3 outwards{static_cast<float>(right), static_cast<float>(up), 0};
        EXPECT_EQ(count(middle + outwards * 50, outwards * -1), open(column + right, row + up) ? 0 : 1);
      }
    }
  }
}

TEST(TextMap, ATextureTileIs100Units) {
  for (const Surface& surface : seek_apples_map().map->surfaces) {
    if (material_catalog()[surface.material].pattern == Pattern::kPicture) continue;
    EXPECT_NEAR(surface.tiles_right, length(surface.right) / 100, 1e-5f);
    EXPECT_NEAR(surface.tiles_down, length(surface.down) / 100, 1e-5f);
  }
}

TEST(TextMap, MergesNeighboursIntoFewRectangles) {
  // 24 cells of floor, 20 faces of wall.
  const TextMap hall = parsed(with_grid("########\n#S.....#\n#......#\n#......#\n#......#\n########\n"));
  int floors = 0, walls = 0;
  for (const Surface& surface : hall.map->surfaces) {
    const float up = cross(surface.down, surface.right).z;
    floors += up > 0 && surface.corner.z == 0 ? 1 : 0;
    walls += up == 0 ? 1 : 0;
  }
  EXPECT_EQ(floors, 1);
  EXPECT_EQ(walls, 4);
  EXPECT_EQ(hall.map->solids.size(), 5u) << "four walls and the floor";
}

TEST(TextMap, WindowsLineEndsAreFine) {
  parsed("chrysalis map 1\r\nname = x\r\ngrid\r\n####\r\n#SA#\r\n####\r\n");
}

// --- version 2 ---

TEST(TextMap, ARoomHasWallsAroundIt) {
  const TextMap map = in_room("item apple 700 300");
  EXPECT_EQ(map.map->min, (Vec3{-32, -32, -16}));
  EXPECT_NEAR(Walk(map).after(300).origin.x, 800 - 15.125f, 1e-3f);
  EXPECT_TRUE(map.map->layout.empty()) << "there is no grid";
}

TEST(TextMap, ADoorIsAsWideAndHighAsItSays) {
  const auto through = [](std::string_view door, const RawAction& action) {
    const TextMap map = parsed(
        fmt::format("chrysalis map 2\nroom 0 0 400 600\nroom 432 0 800 600\n{}\nspawn 100 300\n", door));
    return Walk(map).after(600, action).origin.x > 700;
  };
  const RawAction walk{.move_forward = 1}, creep{.move_forward = 1, .crouch = 1};
  EXPECT_TRUE(through("door 400 284 432 316", walk)) << "a body is 30 wide";
  EXPECT_FALSE(through("door 400 286 432 314", walk));
  EXPECT_TRUE(through("door 400 200 432 400 headroom:58", walk)) << "and 56 high";
  EXPECT_FALSE(through("door 400 200 432 400 headroom:50", walk));
  EXPECT_TRUE(through("door 400 200 432 400 headroom:50", creep));
  EXPECT_TRUE(through("door 400 200 432 400 height:16 headroom:64", walk)) << "over a threshold";
  EXPECT_FALSE(through("door 400 200 432 400 height:20", walk));
}

TEST(TextMap, StairsLeadUpOnAllFourSides) {
  const auto top = [](std::string_view stairs, float yaw) {
    Walk walk(parsed(fmt::format("chrysalis map 2\nwall_height = 300\nroom 0 0 900 900\n{}\nspawn 450 450\n",
                                 stairs)),
              yaw);
    walk.after(200);
    return walk.highest() - 24.125f;
  };
  EXPECT_NEAR(top("stairs 600 0 900 900 east from:0 to:100", 0), 100, 0.3f);
  EXPECT_NEAR(top("stairs 0 600 900 900 north from:0 to:100", 90), 100, 0.3f);
  EXPECT_NEAR(top("stairs 0 0 300 900 west from:0 to:100", 180), 100, 0.3f);
  EXPECT_NEAR(top("stairs 0 0 900 300 south from:0 to:100", -90), 100, 0.3f);
  EXPECT_LT(top("room 600 0 900 900 height:100", 0), 1) << "what a body does not climb";
}

TEST(TextMap, AreasKeepWhatLaterOnesDoNotName) {
  const TextMap map = in_room(
      "wall_height = 200\nroom 0 0 800 600 floor:floor_tile_grey ceiling:plain_white headroom:120\n"
      "room 200 200 300 300 height:8");
  const auto floor_at = [&](float height) {
    for (const Surface& surface : map.map->surfaces)
      if (cross(surface.down, surface.right).z > 0 && surface.corner.z == height) return surface.material;
    return MaterialId{0};
  };
  EXPECT_EQ(floor_at(8), find_material("floor_tile_grey").value());
  int ceilings = 0;
  for (const Surface& surface : map.map->surfaces)
    ceilings += surface.is_ceiling && surface.material == find_material("plain_white").value() ? 1 : 0;
  EXPECT_EQ(ceilings, 1) << "one sheet over both";
}

TEST(TextMap, AMapsCeilingAndRoomsOwnDoNotMeet) {
  const TextMap map = parsed(
      "chrysalis map 2\nceiling = ceiling_light_blue\nroom 0 0 300 300\nroom 332 0 600 300 headroom:70\n"
      "door 300 100 332 200 headroom:60\nspawn 100 100\n");
  std::vector<float> heights;
  for (const Surface& surface : map.map->surfaces)
    if (surface.is_ceiling && cross(surface.down, surface.right).z < 0) heights.push_back(surface.corner.z);
  std::sort(heights.begin(), heights.end());
  EXPECT_EQ(heights, (std::vector<float>{60, 70, 100}));
  EXPECT_FALSE(map.map->sky.open);
}

TEST(TextMap, NobodyLeavesFromWhateverHeight) {
  const TextMap map = in_room("box 100 200 0 200 400 500");
  Body body;
  body.origin = {150, 300, 524.125f};
  body.on_ground = true;
  float highest = 0;
  for (int frame = 0; frame < 400; ++frame) {
    move_body(body, {.look_right = 20, .move_forward = 1, .jump = frame % 2}, *map.map, {});
    highest = std::max(highest, body.origin.z);
  }
  EXPECT_GT(highest, 540);
  EXPECT_LT(body.origin.x, 800);
  EXPECT_GT(body.origin.x, 0);
}

TEST(TextMap, ThingsLieOnWhatIsSeenFromAbove) {
  const TextMap map = in_room(
      "wall_height = 300\nroom 400 0 800 600 height:30\nbox 500 200 100 600 300 120\n"
      "item apple 450 100  550 250\nitem apple 550 250 z:50\nspawn 550 250\nspawn 550 250 z:30");
  ASSERT_EQ(map.map->items.size(), 3u);
  EXPECT_EQ(map.map->items[0].position.z, 45);
  EXPECT_EQ(map.map->items[1].position.z, 135);
  EXPECT_EQ(map.map->items[2].position.z, 50);
  EXPECT_EQ(map.map->spawns[1].floor.z, 120);
  EXPECT_EQ(map.map->spawns[2].floor.z, 30);
}

TEST(TextMap, APictureHangsOnTheWallThatIsSeen) {
  const TextMap map = in_room("block 400 200 500 400\npicture 200 300 east 7\npicture 200 300 north 8 z:60");
  std::vector<Vec3> middles;
  for (const Surface& surface : map.map->surfaces)
    if (material_catalog()[surface.material].pattern == Pattern::kPicture)
      middles.push_back(surface.corner + (surface.right + surface.down) * 0.5f);
  ASSERT_EQ(middles.size(), 2u);
  EXPECT_EQ(middles[0], (Vec3{399.5f, 300, 50}));
  EXPECT_EQ(middles[1], (Vec3{200, 599.5f, 60}));
}

TEST(TextMap, APictureMayStickOutAboveTheWallsInVersion1) {
  const std::string_view rest = "wall_height = 64\npicture = 2 2 north 4\ngrid\n####\n#SA#\n####\n";
  parsed(fmt::format("chrysalis map 1\n{}", rest));
  EXPECT_FALSE(parse_text_map(fmt::format("chrysalis map 2\n{}", rest), "m").ok());
}

TEST(TextMap, ASpawnFacesAsABodyDoes) {
  const auto yaw = [](std::string_view facing) {
    return in_room(fmt::format("spawn 400 300 facing:{}", facing)).map->spawns[1].yaw_degrees.value();
  };
  const std::vector<std::pair<std::string_view, float>> cases = {
      {"east", 0},  {"north", 90}, {"west", -180}, {"south", -90}, {"-180", -180},
      {"179", 179}, {"180", -180}, {"270", -90},   {"360", 0}};
  for (const auto& [facing, degrees] : cases) EXPECT_EQ(yaw(facing), degrees) << facing;
}

TEST(TextMap, AGridTakesRoomsOverIt) {
  const TextMap map = parsed(
      "chrysalis map 2\ncell O = apple respawn:7 height:8\ncell F = spawn facing:-45 ceiling:plain_white\n"
      "picture = 2 2 north 4\ndoor 300 140 400 160 headroom:70\nbox 120 110 0 140 120 10\n"
      "grid\n#######\n#F.#.O#\n#######\n");
  EXPECT_EQ(map.map->spawns[0].yaw_degrees, -45.0f);
  EXPECT_EQ(map.map->items[0].respawn_ms, 7000);
  EXPECT_EQ(map.map->items[0].position.z, 23);
  const Vec3 from{150, 150, 40}, to{450, 150, 40};
  EXPECT_FALSE(trace_line(*map.map, from, to).met);
  EXPECT_TRUE(trace_line(*map.map, from + Vec3{0, 20, 0}, to + Vec3{0, 20, 0}).met);
  EXPECT_TRUE(trace_line(*map.map, from + Vec3{0, 0, 35}, to + Vec3{0, 0, 35}).met);
}

TEST(TextMap, ItemsThatLieTogetherAreTakenTogether) {
  EXPECT_EQ(in_room("item apple 400 300  494 300").rules.taken_at_once, 2);
  EXPECT_EQ(in_room("item apple 400 300  496 300").rules.taken_at_once, 1);
}

// --- laser tag ---

TEST(TextMap, AnArenaHasBotsAndTheirWays) {
  const TextMap map = in_room(
      "rules = laser_tag\nbots = 2\nskill = 2.5\nprofiles = 3 1\nbot_outfit = ff0000 00ff00 0000fF\n"
      "loadout = rapid:20 beam disc:3\nspawn 700 100  700 500\nitem orb 400 300 rounds:4 respawn:9\n"
      "item health 400 400");
  ASSERT_TRUE(map.arena.has_value());
  const Arena& arena = *map.arena;
  EXPECT_EQ(arena.map, map.map);
  EXPECT_EQ(arena.bot_count, 2);
  EXPECT_EQ(arena.skill, 2.5);
  EXPECT_EQ(arena.bot_profiles, (std::vector<int>{3, 1}));
  EXPECT_EQ(arena.bot_outfit->regions[2], (Rgb{0, 0, 255}));
  EXPECT_GT(arena.graph->node_count(), 100);
  EXPECT_EQ(map.episode_seconds, 600);
  const Loadout& loadout = map.map->loadout;
  EXPECT_EQ(loadout.owned, 0b11011) << "impulse, rapid, beam, disc";
  EXPECT_EQ(loadout.rounds, (std::array<std::int32_t, kGadgetCount>{0, 20, 0, 100, 3}));
  EXPECT_EQ(loadout.held, Gadget::kDisc);
  EXPECT_EQ(map.map->items[0].rounds, 4);
  EXPECT_EQ(map.map->items[0].returns_after_ms(), 9000);
  EXPECT_EQ(map.map->items[1].returns_after_ms(), 35000) << "its own";
}

// --- errors ---

struct Wrong {
  std::string lines;
  std::string message;  // From the place on.
};

std::string map_error(std::string_view text) {
  const auto map = parse_text_map(text, "m");
  return map ? "" : map.error().message;
}

TEST(TextMapErrors, OfTheFirstLineAndOfWhatMustCome) {
  EXPECT_EQ(map_error(""), "m:1:1: found \"\", expected \"chrysalis map 1\" or \"chrysalis map 2\"");
  EXPECT_EQ(map_error("chrysalis map 3\n"),
            "m:1:1: found \"chrysalis map 3\", expected \"chrysalis map 1\" or \"chrysalis map 2\"");
  EXPECT_EQ(map_error("chrysalis map 1\nname = x\n"), "m:3:1: found \"the end\", expected the line \"grid\"");
  EXPECT_EQ(map_error("chrysalis map 2\nblock 0 0 9 9\n"),
            "m:3:1: found \"the end\", expected the line \"grid\", or a room before it");
  EXPECT_EQ(map_error("chrysalis map 2\nroom 0 0 99 99\n"),
            "m:3:1: found \"the end\", expected an S or a spawn");
  EXPECT_EQ(map_error("chrysalis map 1\nroom 0 0 9 9\n"),
            "m:2:1: found \"room\", expected a key of version 1; this one is of 2, and so must the file be");
  EXPECT_EQ(map_error(std::string(kTextMapBytesMax + 1, '#')), "map m is longer than 1048576 bytes");
}

TEST(TextMapErrors, OfVersion1SayWhereAndWhatWasExpected) {
  for (const auto& [lines, message] : std::vector<Wrong>{
           {"cell_sise = 90",
            "2:1: found \"cell_sise\", expected a key or \"grid\", did you mean 'cell_size'?"},
           {"name: x", "2:1: found \"name:\", expected a key or \"grid\", did you mean 'name'?"},
           {"name x", "2:6: found \"x\", expected \"=\""},
           {"name =", "2:7: found \"\", expected a value"},
           {"name", "2:5: found \"\", expected \"=\""},
           {"name = a b", "2:10: found \"b\", expected one word as the value"},
           {"walls = thick", "2:9: found \"thick\", expected one of block, thin, did you mean 'thin'?"},
           {"cell_size = 10", "2:13: found \"10\", expected a whole number, 64 to 1000"},
           {"cell_size = 1e2", "2:13: found \"1e2\", expected a whole number, 64 to 1000"},
           {"apples_return = yes", "2:17: found \"yes\", expected one of false, true"},
           {"wall = maze_gren", "2:8: found \"maze_gren\", expected a material, did you mean 'maze_green'?"},
           {"cell ab = apple", "2:6: found \"ab\", expected one character"},
           {"cell # = apple", "2:6: found \"#\", expected a character other than # . + - |"},
           {"cell a apple", "2:8: found \"apple\", expected \"=\""},
           {"cell a = pear", "2:10: found \"pear\", expected one of apple goal spawn floor: wall: height:"},
           {"cell a = orb", "2:10: found \"orb\", expected one of apple goal spawn floor: wall: height:"},
           {"cell a = height:x", "2:17: found \"x\", expected a whole number, -1000 to 1000"},
           {"cell a = headroom:70",
            "2:10: found \"headroom:70\", expected one of apple goal spawn floor: wall: height:"},
           {"panel r = maze_red maze_red", "2:20: found \"maze_red\", expected one material"},
           {"picture 2 2 north 4", "2:9: found \"2\", expected \"=\""},
           {"picture = 2 2 north", "2:20: found \"\", expected picture = COLUMN ROW SIDE INDEX"},
           {"picture = 2 2 up 4", "2:15: found \"up\", expected one of east, north, west, south"},
           {"picture = 2 2 east 80", "2:20: found \"80\", expected a whole number, 0 to 79"},
           {"picture = 2 2 east 4 z:5", "2:22: found \"z:5\", expected the end of the line"},
           {"picture = 2 2 east 4",
            "2:1: found \"no wall for a picture from 150 150\", expected open space with 64 x 64 u of wall "
            "on "
            "that side"},
           {"picture = 9 2 east 4", "2:1: found \"column 9 row 2\", expected a cell of the grid of 4 x 3"},
       })
    EXPECT_EQ(map_error(fmt::format("chrysalis map 1\n{}\ngrid\n####\n#SA#\n####\n", lines)), "m:" + message);
}

TEST(TextMapErrors, OfTheGridSayWhereAndWhatWasExpected) {
  EXPECT_EQ(map_error(with_grid("##\n##\n")),
            "m:3:1: found \"a grid of 2 x 2\", expected 3 to 255 characters each way");
  EXPECT_EQ(map_error(with_grid("")),
            "m:3:1: found \"a grid of 0 x 0\", expected 3 to 255 characters each way");
  EXPECT_EQ(
      map_error("chrysalis map 1\nwalls = thin\ngrid\n++++\n|S.|\n++++\n"),
      "m:4:1: found \"a grid of 4 x 3\", expected odd sizes: thin walls have 2 w + 1 by 2 h + 1 characters");
  EXPECT_EQ(map_error(with_grid("####\n#S#\n####\n")),
            "m:4:4: found \"a row of 3 characters\", expected 4, as the first row");
  EXPECT_EQ(map_error(with_grid("####\n#SX#\n####\n")),
            "m:4:3: found \"X\", expected a character of the format or one that a \"cell\" or \"panel\" line "
            "defines");
  EXPECT_EQ(map_error(with_grid("####\n#S.#\n#.##\n")),
            "m:5:2: found \".\", expected a wall: the border must be closed");
  EXPECT_EQ(map_error(with_grid("####\n#A.#\n####\n")),
            "m:2:1: found \"a grid without a spawn\", expected an S, or another character that is a spawn");
  EXPECT_EQ(map_error("chrysalis map 1\nwalls = thin\ngrid\n+-+-+\n|SAS|\n+-+-+\n"),
            "m:5:3: found \"A\", expected a wall or an opening between two cells");
  EXPECT_EQ(map_error("chrysalis map 1\nwalls = thin\ngrid\n+-+-+\n|S.#|\n+-+-+\n"),
            "m:5:4: found \"#\", expected a cell: thin walls stand between cells");
  EXPECT_EQ(map_error("chrysalis map 1\ncell h = height:101\ngrid\n####\n#Sh#\n####\n"),
            "m:5:3: found \"h\", expected a floor no higher than the walls, 100");
  EXPECT_EQ(map_error("chrysalis map 2\ncell h = headroom:101\ngrid\n####\n#Sh#\n####\n"),
            "m:5:3: found \"h\", expected a ceiling no higher than the walls, 100");
  EXPECT_EQ(
      map_error("chrysalis map 1\ncell h = spawn height:80\nceiling = plain_white\ngrid\n####\n#.h#\n####\n"),
      "m:6:3: found \"a spawn in a solid, 250 150 80\", expected room for a body, 30 x 30 x 56 u");
}

TEST(TextMapErrors, OfVersion2SayWhereAndWhatWasExpected) {
  for (
      const auto& [lines, message] : std::vector<Wrong>{
          {"rom 0 0 9 9", "4:1: found \"rom\", expected a key or \"grid\", did you mean 'room'?"},
          {"room 0 0 9", "4:11: found \"\", expected a whole number, -16000 to 16000"},
          {"room 9 0 9 9", "4:10: found \"9\", expected more than 9: X0 Y0 X1 Y1"},
          {"room 0 9 9 8", "4:12: found \"8\", expected more than 9: X0 Y0 X1 Y1"},
          {"room 0 0 9 9 flor:lava",
           "4:14: found \"flor:lava\", expected one of floor: wall: height: ceiling: headroom:, did you mean "
           "'floor:'?"},
          {"room 0 0 9 9 floor",
           "4:14: found \"floor\", expected one of floor: wall: height: ceiling: headroom:, did you mean "
           "'floor:'?"},
          {"room 0 0 9 9 floor:lawa", "4:20: found \"lawa\", expected a material, did you mean 'lava'?"},
          {"room 0 0 9 9 headroom:40", "4:23: found \"40\", expected a whole number, 48 to 1000"},
          {"room 0 0 800 600 headroom:101",
           "4:1: found \"a ceiling at 101\", expected at most the wall_height, 100"},
          {"room 0 0 800 600 height:90",
           "4:1: found \"a floor at 90\", expected one at least 16 u below what closes it above, 100"},
          {"block 900 0 950 100",
           "4:1: found \"an area at 900 0 950 100\", expected one within the map: -32 -32 832 632"},
          {"block 0 0 9 9 height:3", "4:15: found \"height:3\", expected one of wall:"},
          {"room 0 0 16000 600\nroom -1000 0 0 600",
           "2:1: found \"a map of 17064 x 664 u\", expected at most 16384 from one end to the other"},
          {"block 100 100 200 200\ndoor 120 120 160 160",
           "5:1: found \"a door to nowhere\", expected open space at two opposite ends of it"},
          {"block 0 0 800 600", "4:1: found \"a map without open space\", expected open space somewhere"},
          {"stairs 0 0 99 99 up from:0 to:9", "4:18: found \"up\", expected one of east, north, west, south"},
          {"stairs 0 0 99 99", "4:17: found \"\", expected one of east, north, west, south"},
          {"stairs 0 0 99 99 east from:0", "4:29: found \"\", expected from:N and to:N"},
          {"stairs 0 0 99 99 east to:9", "4:27: found \"\", expected from:N and to:N"},
          {"lava 0 0 99 99 depth:10", "4:22: found \"10\", expected a whole number, 32 to 1000"},
          {"kill 0 0 0 9 9", "4:15: found \"\", expected a whole number, -1000 to 2000"},
          {"kill 0 0 0 9 9 0", "4:16: found \"0\", expected more than 0: X0 Y0 Z0 X1 Y1 Z1"},
          {"kill 0 0 0 9 9 9 9", "4:18: found \"9\", expected the end of the line"},
          {"box 0 0 0 9 9 9 floor:lava", "4:17: found \"floor:lava\", expected one of material: top:"},
          {"box 0 0 0 900 9 9",
           "4:1: found \"a box at 0 0 900 9\", expected one within the map: -32 -32 832 632"},
          {"spawn", "4:6: found \"\", expected a whole number, -16000 to 16000"},
          {"spawn 100", "4:10: found \"\", expected a whole number, -16000 to 16000"},
          {"spawn 100 100 facing:up",
           "4:22: found \"up\", expected east, north, west, south, or degrees from -180 to 360"},
          {"spawn -10 100", "4:7: found \"a place in a wall, -10 100\", expected open space"},
          {"spawn 790 100",
           "4:7: found \"a spawn in a solid, 790 100 0\", expected room for a body, 30 x 30 x 56 u"},
          {"spawn 100 100  200 200 z:20",
           "4:7: found \"a spawn in the air, 100 100 20\", expected a floor or a box to stand on"},
          {"spawn 100 100 z:196",
           "4:7: found \"a spawn in the air, 100 100 196\", expected a floor or a box to stand on"},
          {"kill 150 0 0 300 600 50\nspawn 200 100",
           "5:7: found \"a spawn where one dies, 200 100 0\", expected a place that does not kill"},
          {"item aple 1 1",
           "4:6: found \"aple\", expected one of apple, goal, orb, beam, disc, armour, health, did you mean "
           "'apple'?"},
          {"item", "4:5: found \"\", expected one of apple, goal, orb, beam, disc, armour, health"},
          {"item apple", "4:11: found \"\", expected a whole number, -16000 to 16000"},
          {"item apple 0 900", "4:12: found \"a place in a wall, 0 900\", expected open space"},
          {"item apple 100 100 z:-5", "4:12: found \"an item in a solid, 100 100 -5\", expected open space"},
          {"item apple 100 100 z:1000",
           "4:12: found \"an item in a solid, 100 100 1000\", expected open space"},
          {"item apple 100 100 rounds:3",
           "4:27: found \"apple\", expected rounds of an orb, a beam or a disc only"},
          {"item goal 100 100 respawn:3",
           "4:27: found \"goal\", expected an item that stays away: a goal restarts the map"},
          {"item apple 100 100 respawn:0", "4:28: found \"0\", expected a whole number, 1 to 600"},
          {"item orb 100 100", "4:10: found \"orb\", expected apple or goal, or rules = laser_tag"},
          {"cell q = apple rounds:3",
           "4:23: found \"apple\", expected rounds of an orb, a beam or a disc only"},
          {"picture 100 100 north", "4:22: found \"\", expected picture X Y SIDE INDEX"},
          {"room 0 0 800 600 headroom:80\npicture 100 100 south 4",
           "5:1: found \"no wall for a picture from 100 100\", expected open space with 64 x 64 u of wall on "
           "that side"},
          {"picture -900 100 south 4",
           "4:1: found \"no wall for a picture from -900 100\", expected open space with 64 x 64 u of wall "
           "on "
           "that side"},
          {"picture 100 100 south 4 z:69",
           "4:1: found \"no wall for a picture from 100 100\", expected open space with 64 x 64 u of wall on "
           "that side"},
          {"block 100 0 120 20\npicture 100 300 south 4",
           "5:1: found \"no wall for a picture from 100 300\", expected open space with 64 x 64 u of wall on "
           "that side"},
          {"rules = tag", "4:9: found \"tag\", expected one of forage, laser_tag"},
          {"bots = 2",
           "4:1: found \"bots\", expected a key of the rules of forage; this one needs rules = laser_tag"},
          {"rules = laser_tag\napple_reward = 2",
           "5:1: found \"apple_reward\", expected a key of the rules of laser_tag; this one needs rules = "
           "forage"},
          {"rules = laser_tag\nitem apple 100 100",
           "5:12: found \"apple\", expected orb, beam, disc, armour or health, as rules = laser_tag"},
          {"rules = laser_tag\nbots = 1",
           "5:1: found \"1 bots and 1 spawns\", expected a spawn for each bot and for the agent"},
          {"rules = laser_tag\nbots = 20", "5:8: found \"20\", expected a whole number, 0 to 19"},
          {"rules = laser_tag\nspawn 159 359",
           "5:7: found \"a spawn near the one of line 3\", expected 60 u between two, in x or in y"},
          {"skill = 5.5", "4:9: found \"5.5\", expected a number, 1 to 5"},
          {"skill = nan", "4:9: found \"nan\", expected a number, 1 to 5"},
          {"profiles = 0 4", "4:14: found \"4\", expected a whole number, 0 to 3"},
          {"profiles = 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1",
           "4:50: found \"1\", expected at most 19 profiles"},
          {"bot_outfit = ff0000", "4:20: found \"\", expected three colours, each as RRGGBB"},
          {"bot_outfit = ff0000 00ff00 00gg00",
           "4:28: found \"00gg00\", expected three colours, each as RRGGBB"},
          {"bot_outfit = ff0000 00ff00 0000ff 1", "4:35: found \"1\", expected three colours and no more"},
          {"loadout = rapit",
           "4:11: found \"rapit\", expected one of impulse, rapid, orb, beam, disc, did you "
           "mean 'rapid'?"},
          {"loadout = impulse:3", "4:19: found \"3\", expected nothing: this gadget needs no rounds"},
          {"loadout = orb:201", "4:15: found \"201\", expected a whole number, 1 to 200"},
      })
    EXPECT_EQ(map_error(fmt::format("chrysalis map 2\nroom 0 0 800 600\nspawn 100 300\n{}\n", lines)),
              "m:" + message);
}

TEST(TextMapErrors, AnAreaMustLieInsideTheGridsBorder) {
  EXPECT_EQ(map_error("chrysalis map 2\nroom 0 100 300 200\ngrid\n#####\n#S.A#\n#####\n"),
            "m:2:1: found \"an area at 0 100 300 200\", expected one within the map: 100 100 400 200");
}

std::string repeated(std::string_view line, int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += fmt::format("{}\n", line);
  return lines;
}

TEST(TextMapErrors, AGridNeedsOpenSpaceOrARoomOverIt) {
  const auto all_wall = [](std::string_view lines) {
    return map_error(fmt::format("chrysalis map 2\n{}spawn 150 150\ngrid\n###\n###\n###\n", lines));
  };
  EXPECT_EQ(all_wall(""), "m:2:7: found \"a map without open space\", expected open space somewhere");
  EXPECT_EQ(all_wall("room 100 100 200 200\n"), "");
}

TEST(TextMapErrors, WhatBelongsToAGridNeedsOne) {
  const std::vector<std::string> lines = {"walls = thin", "cell_size = 80", "cell a = apple",
                                          "panel r = maze_red", "picture = 2 2 north 4"};
  for (const std::string& line : lines)
    EXPECT_EQ(map_error("chrysalis map 2\nroom 0 0 800 600\nspawn 100 300\n" + line + "\ncell b = goal\n"),
              fmt::format("m:4:1: found \"{}\", expected the line \"grid\" after it",
                          line.substr(0, line.find(' '))));
}

TEST(TextMapErrors, NoMapIsLargerThanTheLimits) {
  const auto last_line = [](std::string_view lines) {
    return map_error(fmt::format("chrysalis map 2\nroom 0 0 4000 600\nspawn 100 300\n{}", lines));
  };
  EXPECT_EQ(last_line(repeated("room 0 0 9 9", kMapAreasMax)),
            "m:259:1: found \"one area more\", expected at most 256 rooms, doors, blocks, pools and steps");
  EXPECT_EQ(last_line(repeated("box 0 0 0 9 9 9", kMapBoxesMax + 1)),
            "m:260:1: found \"box\", expected at most 256 boxes");
  EXPECT_EQ(last_line(repeated("kill 300 0 0 309 9 9", kMapKillVolumesMax + 1)),
            "m:68:1: found \"kill\", expected at most 64 volumes that kill");
  EXPECT_EQ(last_line(repeated("lava 300 0 309 9", kMapKillVolumesMax + 1)),
            "m:68:1: found \"lava\", expected at most 64 volumes that kill");
  std::string areas;
  for (int i = 0; i < 200; ++i) areas += fmt::format("room {} 0 {} 9\n", 20 * i, 20 * i + 9);
  EXPECT_EQ(
      last_line(areas),
      "m:152:1: found \"one area more\", expected areas that begin and end at no more than 300 different "
      "x and y");
  std::string apples = "item apple";
  for (int i = 0; i <= kMapItemsMax; ++i) apples += " 50 50";
  EXPECT_EQ(last_line(apples), "m:4:24588: found \"one item more\", expected at most 4096 items");
  EXPECT_EQ(last_line("rules = laser_tag\n" + repeated("item orb 50 50", 257)),
            "m:261:10: found \"one item more\", expected at most 256 items, as rules = laser_tag");
  EXPECT_EQ(last_line("rules = laser_tag\n" + repeated("spawn 50 50", 256)),
            "m:260:7: found \"one spawn more\", expected at most 256 spawns, as rules = laser_tag");
}

TEST(TextMapErrors, AreOneShortLineWhateverWasFound) {
  EXPECT_EQ(map_error("chrysalis map 2\nro\x01m\xff\rx 1\n"),
            "m:2:1: found \"ro?m??x\", expected a key or \"grid\"");
  EXPECT_EQ(map_error("chrysalis map 2\n" + std::string(5000, 'x')),
            "m:2:1: found \"" + std::string(60, 'x') + "...\", expected a key or \"grid\"");
}

TEST(TextMapErrors, OfAFileNameIt) {
  const auto loaded = [](const std::string& path) {
    const auto map = load_text_map(path);
    return map ? "" : map.error().message;
  };
  EXPECT_EQ(loaded("/nowhere/at.all"), "cannot read map /nowhere/at.all: No such file or directory");
  EXPECT_EQ(loaded("/"), "cannot read map /: Is a directory");
  EXPECT_EQ(loaded("/dev/zero"), "map /dev/zero is longer than 1048576 bytes");
  const std::string path = testing::TempDir() + "chrysalis_text_map_test.map";
  std::ofstream(path) << "chrysalis map 2\nroom 0 0 800 600\nspawn 100 100\n";
  EXPECT_EQ(loaded(path), "");
}

}  // namespace
}  // namespace chrysalis
