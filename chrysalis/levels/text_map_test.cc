#include "chrysalis/levels/text_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chrysalis/core/random.h"
#include "chrysalis/levels/seek_apples.h"

namespace chrysalis {
namespace {

std::string error_of(std::string_view text) {
  const auto map = parse_text_map(text, "m");
  return map ? "" : map.error().message;
}

std::string with_header(std::string_view header) {
  return fmt::format("chrysalis map 1\n{}\ngrid\n####\n#SA#\n####\n", header);
}
std::string with_grid(std::string_view grid) {
  return fmt::format("chrysalis map 1\ngrid\n{}", grid);
}

TEST(TextMap, BlockCellsStandWhereTheTextShowsThem) {
  const auto parsed = parse_text_map(
      "chrysalis map 1\n# a comment\nname = tiny\ncell_size = 80\nepisode_seconds = 12\napple_reward = 3\n"
      "cell b = apple spawn height:8\ngrid\n#####\n#S.A#\n#b..#\n#####\n",
      "m");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const Map& map = *parsed->map;
  EXPECT_EQ(map.name, "tiny");
  EXPECT_EQ(parsed->episode_seconds, 12);
  EXPECT_EQ(parsed->rules.apple_reward, 3);
  EXPECT_TRUE(parsed->rules.apples_return) << "there is no goal";
  ASSERT_EQ(map.spawns.size(), 2u);
  EXPECT_EQ(map.spawns[0].floor, (Vec3{120, 200, 0}));
  EXPECT_EQ(map.spawns[1].floor, (Vec3{120, 120, 8}));
  ASSERT_EQ(map.items.size(), 2u);
  EXPECT_EQ(map.items[0].position, (Vec3{280, 200, 15}));
  EXPECT_EQ(map.items[1].position, (Vec3{120, 120, 23}));
  EXPECT_EQ(map.layout, "#####\n#S.A#\n#b..#\n#####\n");
}

TEST(TextMap, AGoalMeansThatApplesDoNotReturnUnlessAsked) {
  EXPECT_FALSE(parse_text_map(with_grid("#####\n#SAG#\n#####\n"), "m")->rules.apples_return);
  EXPECT_TRUE(parse_text_map("chrysalis map 1\napples_return = true\ngrid\n#####\n#SAG#\n#####\n", "m")
                  ->rules.apples_return);
}

TEST(TextMap, ThinWallsLeave98UnitsFree) {
  const auto parsed = parse_text_map("chrysalis map 1\nwalls = thin\ngrid\n+-+-+\n|S.A|\n+-+-+\n", "m");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->map->spawns[0].floor, (Vec3{50, 50, 0}));
  World world(parsed->map);
  world.add_player(world.map().spawns[0], 90);
  const RawAction forward{.move_forward = 1};
  for (int i = 0; i < 100; ++i) world.step({&forward, 1});
  EXPECT_NEAR(world.players()[0].origin.y, 99 - 15.125f, 1e-3f);
}

TEST(TextMap, FloorsOfSeveralHeightsAreClimbed) {
  const auto parsed = parse_text_map(
      "chrysalis map 1\ncell 1 = height:16\ncell 2 = height:32\ngrid\n######\n#S12.#\n######\n", "m");
  ASSERT_TRUE(parsed) << parsed.error().message;
  World world(parsed->map);
  world.add_player(world.map().spawns[0], 0);
  const RawAction forward{.move_forward = 1};
  float highest = 0;
  for (int i = 0; i < 150; ++i) {
    world.step({&forward, 1});
    highest = std::max(highest, world.players()[0].origin.z);
  }
  EXPECT_NEAR(highest, 32 + 24.125f, 0.2f);
  EXPECT_NEAR(world.players()[0].origin.x, 500 - 15.125f, 1e-3f);
  EXPECT_NEAR(world.players()[0].origin.z, 24.125f, 0.2f);
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
  const auto parsed =
      parse_text_map(with_grid("########\n#S.....#\n#......#\n#......#\n#......#\n########\n"), "m");
  const Map& map = *parsed->map;
  int floors = 0, walls = 0;
  for (const Surface& surface : map.surfaces) {
    const float up = cross(surface.down, surface.right).z;
    floors += up > 0 && surface.corner.z == 0 ? 1 : 0;
    walls += up == 0 ? 1 : 0;
  }
  EXPECT_EQ(floors, 1);
  EXPECT_EQ(walls, 4);
  EXPECT_EQ(map.solids.size(), 5u) << "four walls and the floor";
}

TEST(TextMap, ErrorsSayWhereAndWhatWasExpected) {
  EXPECT_EQ(error_of(""), "m:1:1: found \"\", expected \"chrysalis map 1\"");
  EXPECT_EQ(error_of("chrysalis map 2\n"), "m:1:1: found \"chrysalis map 2\", expected \"chrysalis map 1\"");
  EXPECT_EQ(error_of("chrysalis map 1\nname = x\n"), "m:3:1: found \"the end\", expected the line \"grid\"");
  EXPECT_EQ(error_of(with_header("cell_sise = 90")),
            "m:2:1: found \"cell_sise\", expected a key or \"grid\", did you mean 'cell_size'?");
  EXPECT_EQ(error_of(with_header("name: x")),
            "m:2:1: found \"name:\", expected a key or \"grid\", did you mean 'name'?");
  EXPECT_EQ(error_of(with_header("name x")), "m:2:6: found \"x\", expected \"=\"");
  EXPECT_EQ(error_of(with_header("name =")), "m:2:7: found \"\", expected a value");
  EXPECT_EQ(error_of(with_header("name")), "m:2:5: found \"\", expected \"=\"");
  EXPECT_EQ(error_of(with_header("name = a b")), "m:2:10: found \"b\", expected one word as the value");
  EXPECT_EQ(error_of(with_header("walls = thick")), "m:2:9: found \"thick\", expected \"block\" or \"thin\"");
  EXPECT_EQ(error_of(with_header("cell_size = 10")),
            "m:2:13: found \"10\", expected a whole number, 64 to 1000");
  EXPECT_EQ(error_of(with_header("cell_size = 1e2")),
            "m:2:13: found \"1e2\", expected a whole number, 64 to 1000");
  EXPECT_EQ(error_of(with_header("apples_return = yes")),
            "m:2:17: found \"yes\", expected \"true\" or \"false\"");
  EXPECT_EQ(error_of(with_header("wall = maze_gren")).rfind("m:2:8: no material", 0), 0u);
  EXPECT_EQ(error_of(with_header("cell ab = apple")), "m:2:6: found \"ab\", expected one character");
  EXPECT_EQ(error_of(with_header("cell # = apple")),
            "m:2:6: found \"#\", expected a character other than # . + - |");
  EXPECT_EQ(error_of(with_header("cell a apple")), "m:2:8: found \"apple\", expected \"=\"");
  EXPECT_EQ(error_of(with_header("cell a = pear")),
            "m:2:10: found \"pear\", expected apple, goal, spawn, floor:NAME, wall:NAME or height:N");
  EXPECT_EQ(error_of(with_header("cell a = height:x")),
            "m:2:17: found \"x\", expected a whole number, -100 to 100");
  EXPECT_EQ(error_of(with_header("panel r = maze_red maze_red")),
            "m:2:20: found \"maze_red\", expected one material");
  EXPECT_EQ(error_of(with_header("picture = 2 2 north")),
            "m:2:15: found \"north\", expected picture = COLUMN ROW SIDE INDEX");
  EXPECT_EQ(error_of(with_header("picture = 2 2 up 4")),
            "m:2:15: found \"up\", expected east, north, west or south");
  EXPECT_EQ(error_of(with_header("picture = 2 2 east 4")),
            "m:2:1: found \"column 2 row 2\", expected an open cell with a wall on that side");
  EXPECT_EQ(error_of(with_header("picture = 9 2 east 4")),
            "m:2:1: found \"column 9 row 2\", expected an open cell with a wall on that side");
}

TEST(TextMap, ErrorsOfTheGridSayWhereAndWhatWasExpected) {
  EXPECT_EQ(error_of(with_grid("##\n##\n")),
            "m:3:1: found \"a grid of 2 x 2\", expected 3 to 255 characters each way");
  EXPECT_EQ(
      error_of("chrysalis map 1\nwalls = thin\ngrid\n++++\n|S.|\n++++\n"),
      "m:4:1: found \"a grid of 4 x 3\", expected odd sizes: thin walls have 2 w + 1 by 2 h + 1 characters");
  EXPECT_EQ(error_of(with_grid("####\n#S#\n####\n")),
            "m:4:4: found \"a row of 3 characters\", expected 4, as the first row");
  EXPECT_EQ(error_of(with_grid("####\n#SX#\n####\n")),
            "m:4:3: found \"X\", expected a character of the format or one that a \"cell\" or \"panel\" line "
            "defines");
  EXPECT_EQ(error_of(with_grid("####\n#S.#\n#.##\n")),
            "m:5:2: found \".\", expected a wall: the border must be closed");
  EXPECT_EQ(error_of(with_grid("####\n#A.#\n####\n")),
            "m:3:1: found \"a grid without a spawn\", expected an S, or another character that is a spawn");
  EXPECT_EQ(error_of("chrysalis map 1\nwalls = thin\ngrid\n+-+-+\n|SAS|\n+-+-+\n"),
            "m:5:3: found \"A\", expected a wall or an opening between two cells");
  EXPECT_EQ(error_of("chrysalis map 1\nwalls = thin\ngrid\n+-+-+\n|S.#|\n+-+-+\n"),
            "m:5:4: found \"#\", expected a cell: thin walls stand between cells");
}

TEST(TextMap, WindowsLineEndsAreFine) {
  EXPECT_EQ(error_of("chrysalis map 1\r\nname = x\r\ngrid\r\n####\r\n#SA#\r\n####\r\n"), "");
}

TEST(TextMap, AnyBytesAreAnsweredWithoutHarm) {
  RandomStream random{RandomKey(9)};
  const std::string base = with_header("cell a = apple\npanel r = maze_red\npicture = 2 2 north 4");
  for (int i = 0; i < 20000; ++i) {
    std::string text = base;
    for (int edits = random.between(1, 4); edits > 0; --edits)
      text[random.below(text.size())] = static_cast<char>(random.between(0, 255));
    const auto map = parse_text_map(text, "m");
    EXPECT_TRUE(map.ok() || map.error().message.rfind("m:", 0) == 0);
  }
}

}  // namespace
}  // namespace chrysalis
