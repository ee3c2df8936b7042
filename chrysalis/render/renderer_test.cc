#include "chrysalis/render/renderer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "chrysalis/core/allocations_test.h"
#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"
#include "chrysalis/render/item_model.h"
#include "chrysalis/render/picture_test.h"

namespace chrysalis {
namespace {

// A room of 400 x 400 u around the origin, floor at 0, walls 100 u high, open sky, a picture on the wall in
// the east.
std::shared_ptr<Map> make_room(std::vector<ItemPlacement> items = {}) {
  auto map = make_map(
      {floor(-200, 200, 0, "room_floor"), wall({200, 200, 100}, {0, -400, 0}, 100, "maze_red"),  // East.
       wall({-200, -200, 100}, {0, 400, 0}, 100, "maze_green"),                                  // West.
       wall({-200, 200, 100}, {400, 0, 0}, 100, "maze_blue"),                                    // North.
       wall({200, -200, 100}, {-400, 0, 0}, 100, "maze_yellow"),                                 // South.
       wall({199.5f, 30, 80}, {0, -60, 0}, 60, "picture_00")},
      std::move(items));
  map->sky = {true, material("sky_blue")};
  return map;
}

constexpr Rgb kBlack{0, 0, 0};

TEST(RendererTest, AWallEdgeAt45DegreesLiesOnTheBorderOfThePicture) {
  // Straight ahead at 100 u, from 45 degrees left to straight ahead: the left half, and 24 rows above and
  // below the middle (50 u at 100 u of distance and a focal length of 48 pixels).
  const World world(make_map({wall({100, 100, 50}, {0, -100, 0}, 100, "plain_white")}));
  const Picture picture = look(world, {});
  for (int row = 0; row < 72; ++row) {
    for (int column = 0; column < 96; ++column) {
      const bool inside = column < 48 && row >= 12 && row < 60;
      ASSERT_EQ(picture.at(column, row) == kBlack, !inside) << column << ", " << row;
    }
  }
}

TEST(RendererTest, TheHorizonLiesInTheMiddle) {
  const World world(make_map({floor(-100000, 100000, 0, "plain_white")}));
  const Picture picture = look(world, {{0, 0, 50}, 30, 0, 0});
  for (int column = 0; column < 96; ++column) {
    EXPECT_EQ(picture.at(column, 35), kBlack);
    EXPECT_NE(picture.at(column, 36), kBlack);
  }
}

TEST(RendererTest, FloorMeetsWallWhereTheFormulaSays) {
  // Eye 50 u above the floor, wall 300 u away: 50 * 48 / 300 = 8 rows below the middle.
  const World world(make_map(
      {floor(-1000, 1000, 0, "plain_grey"), wall({300, 1000, 100}, {0, -2000, 0}, 100, "plain_white")}));
  const Picture picture = look(world, {{0, 0, 50}, 0, 0, 0});
  EXPECT_EQ(picture.at(48, 43), (Rgb{240, 240, 240}));
  EXPECT_EQ(picture.at(48, 44), (Rgb{128, 128, 128}));
}

TEST(RendererTest, PitchLooksDownAndRollLowersTheRight) {
  const World world(make_map({floor(-100000, 100000, 0, "plain_white")}));
  // 45 degrees down at a half field of view of 36.87 upright: floor only.
  EXPECT_NE(look(world, {{0, 0, 50}, 0, 45, 0}).at(48, 0), kBlack);
  EXPECT_EQ(look(world, {{0, 0, 50}, 0, -45, 0}).at(48, 71), kBlack);
  const Picture tilted = look(world, {{0, 0, 50}, 0, 0, 30});
  EXPECT_NE(tilted.at(91, 36), kBlack) << "a head tilted right sees more floor on the right";
  EXPECT_EQ(tilted.at(4, 36), kBlack);
}

TEST(RendererTest, SurfacesAreSeenFromOneSideOnly) {
  const World world(make_map({wall({100, 100, 50}, {0, -200, 0}, 100, "plain_white")}));
  EXPECT_NE(look(world, {{0, 0, 0}, 0, 0, 0}).at(48, 36), kBlack);
  EXPECT_EQ(look(world, {{200, 0, 0}, 180, 0, 0}).at(48, 36), kBlack);
}

TEST(RendererTest, AWall15UnitsAwayHidesWhatIsBehindAtEveryAngle) {
  const World world(make_map({wall({15, 500, 500}, {0, -1000, 0}, 1000, "plain_grey"),
                              wall({40, 500, 500}, {0, -1000, 0}, 1000, "plain_white")}));
  for (int yaw = -80; yaw <= 80; yaw += 5) {
    for (int pitch = -85; pitch <= 85; pitch += 17) {
      const Picture picture = look(world, {{0, 0, 0}, static_cast<float>(yaw), static_cast<float>(pitch), 0});
      for (std::size_t i = 0; i < picture.rgb.size(); ++i)
        ASSERT_NE(picture.rgb[i], 240) << yaw << " " << pitch;
    }
  }
}

TEST(RendererTest, NothingNearerThanTheNearPlaneIsDrawn) {
  const World near(make_map({wall({3.9f, 9, 9}, {0, -18, 0}, 18, "plain_white")}));
  EXPECT_EQ(look(near, {}).at(48, 36), kBlack);
  const World far(make_map({wall({4.1f, 9, 9}, {0, -18, 0}, 18, "plain_white")}));
  EXPECT_NE(look(far, {}).at(48, 36), kBlack);
}

TEST(RendererTest, PicturesDoNotFightWithTheirWall) {
  // Half a unit apart at a distance of 1000 u: nothing of the dark wall may show through.
  auto map = make_map({wall({1000, 500, 300}, {0, -1000, 0}, 600, "plain_dark"),
                       wall({999.5f, 400, 250}, {0, -800, 0}, 500, "plain_white")});
  const World world(map);
  for (int yaw = -20; yaw <= 20; ++yaw) {
    const Picture picture = look(world, {{0, 0, 0}, static_cast<float>(yaw), 0, 0});
    for (int row = 30; row < 42; ++row) EXPECT_EQ(picture.at(48, row), (Rgb{240, 240, 240})) << yaw;
  }
}

TEST(RendererTest, LightDimsButNotWhatIsSelfLit) {
  Surface dim = wall({100, 100, 50}, {0, -100, 0}, 100, "plain_white");
  dim.light = 0.5f;
  Surface lit = wall({100, 0, 50}, {0, -100, 0}, 100, "ceiling_light_blue");
  lit.light = 0.5f;
  const Picture picture = look(World(make_map({dim, lit})), {});
  EXPECT_EQ(picture.at(20, 36), (Rgb{120, 120, 120}));
  EXPECT_EQ(picture.at(70, 36), (Rgb{150, 224, 255}));
}

TEST(RendererTest, TheSkyTurnsWithTheHeadAndIsBlackWhereClosed) {
  auto open = make_map({floor(-1, 1, -1000, "plain_white")});
  open->sky = {true, material("sky_blue")};
  const World world(open);
  // The direction in the middle of one picture is found again off the middle of another.
  const Picture ahead = look(world, {{0, 0, 0}, 10, -40, 0}, 320, 240);
  const Picture turned = look(world, {{0, 0, 0}, 10, -40, 90}, 320, 240);
  int equal = 0;
  for (int row = 0; row < 240; ++row) {
    for (int column = 40; column < 280; ++column) {
      // 90 degrees of roll: what was up is now left.
      const Rgb a = ahead.at(column, row), b = turned.at(row + 40, 279 - column);
      equal += std::abs(a.r - b.r) <= 4 && std::abs(a.g - b.g) <= 4 && std::abs(a.b - b.b) <= 4;
    }
  }
  EXPECT_GT(equal, 240 * 240 * 99 / 100);
  EXPECT_NE(ahead.at(160, 20), ahead.at(160, 230)) << "a gradient";
  EXPECT_EQ(look(World(make_map({floor(-1, 1, -1000, "plain_white")})), {{0, 0, 0}, 0, -60, 0}).at(10, 10),
            kBlack);
}

// Colours of items: far from the grey floor and walls of these tests.
bool is_red(Rgb c) {
  return c.r > 90 && c.r > 3 * c.g && c.r > 3 * c.b;
}
bool is_golden_or_green(Rgb c) {
  return c.g > 80 && c.g > 2 * c.b;
}

TEST(RendererTest, ItemsLookSolidFromEverySide) {
  const auto room = make_map({floor(-2000, 2000, 0, "plain_grey")}, {{ItemKind::kApple, {0, 0, 15}}});
  const auto goal_room = make_map({floor(-2000, 2000, 0, "plain_grey")}, {{ItemKind::kGoal, {0, 0, 15}}});
  const World apples(room), goals(goal_room);
  for (int side = 0; side < 24; ++side) {
    const float yaw = 15.0f * static_cast<float>(side);
    const float c = std::cos(yaw * 0.0174533f), s = std::sin(yaw * 0.0174533f);
    const Eye near{{-100 * c, -100 * s, 50}, yaw, 20, 0}, far{{-500 * c, -500 * s, 50}, yaw, 0, 0};
    const int red = coloured_pixels(look(apples, near), is_red);
    EXPECT_GT(red, 90) << yaw;
    EXPECT_LT(red, 250) << yaw;
    EXPECT_GE(coloured_pixels(look(apples, far), is_red), 4) << yaw;
    EXPECT_GT(coloured_pixels(look(goals, near), is_golden_or_green), 150) << yaw;
    EXPECT_GE(coloured_pixels(look(goals, far), is_golden_or_green), 6) << yaw;
    EXPECT_EQ(coloured_pixels(look(goals, near), is_red), 0) << yaw;
  }
  EXPECT_GT(coloured_pixels(look(apples, {{0, 0, 120}, 0, 87.9f, 0}), is_red), 60) << "from above";
  EXPECT_GT(coloured_pixels(look(apples, {{0, 0, -60}, 0, -87.9f, 0}), is_red), 60) << "from below";
}

TEST(RendererTest, TakenItemsAreGone) {
  World world(make_room({{ItemKind::kApple, {100, 0, 15}}}));
  const Eye eye{{0, 0, 50}, 180 + 180, 15, 0};
  const Picture with = look(world, eye);
  world.set_item_present(0, false);
  EXPECT_NE(look(world, eye).rgb, with.rgb);
  EXPECT_EQ(look(world, eye).rgb, look(World(make_room()), eye).rgb);
}

TEST(RendererTest, ItemsBobByAtMostEightUnitsAndTurn) {
  const Item item{ItemKind::kApple, {10, 20, 15}, true};
  float low = 1e9f, high = -1e9f;
  for (int frame = 0; frame < 300; ++frame) {
    const Pose pose = item_pose(item, 3, frame);
    low = std::min(low, pose.position.z);
    high = std::max(high, pose.position.z);
    EXPECT_EQ(pose.position.x, 10);
  }
  EXPECT_NEAR(low, 15, 0.1);
  EXPECT_NEAR(high, 23, 0.1);
  EXPECT_NE(item_pose(item, 3, 0).yaw_degrees, item_pose(item, 3, 40).yaw_degrees);
}

Eye random_eye(RandomStream& random) {
  const auto number = [&](double low, double high) { return static_cast<float>(random.uniform(low, high)); };
  return {{number(-180, 180), number(-180, 180), number(30, 90)},
          number(-180, 180),
          number(-60, 60),
          number(-10, 10)};
}

TEST(RendererTest, TheSameStateGivesTheSameBytesInEveryThread) {
  const World world(make_room({{ItemKind::kApple, {50, 60, 15}}, {ItemKind::kGoal, {-80, -90, 15}}}));
  const auto film = [&] {
    RandomStream random{RandomKey(5)};
    Renderer renderer(96, 72);
    std::vector<std::uint8_t> rgb(renderer.picture_bytes());
    std::uint64_t hash = 0;
    for (int i = 0; i < 100; ++i) {
      renderer.render(world, random_eye(random), rgb);
      hash = hash64(rgb, hash);
    }
    return hash;
  };
  const std::uint64_t expected = film();
  std::vector<std::uint64_t> hashes(8);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t& hash : hashes) threads.emplace_back([&] { hash = film(); });
  }
  for (const std::uint64_t hash : hashes) EXPECT_EQ(hash, expected);
}

TEST(RendererTest, EarlierMapsAndPicturesLeaveNothingBehind) {
  const World room(make_room()), other(make_map({wall({100, 100, 50}, {0, -100, 0}, 100, "plain_white")}));
  Renderer renderer(96, 72);
  std::vector<std::uint8_t> rgb(renderer.picture_bytes());
  for (const World* world : {&room, &other, &room, &other}) {
    renderer.render(*world, {{0, 0, 50}, 20, 5, 0}, rgb);
    EXPECT_EQ(rgb, look(*world, {{0, 0, 50}, 20, 5, 0}).rgb);
  }
}

// They share what they draw with and, where they have one map, its scene.
TEST(RendererTest, RenderersOnOneThreadDrawAsEachWouldAlone) {
  const auto one = make_room({{ItemKind::kApple, {50, 60, 15}}});
  const auto other = make_room({{ItemKind::kGoal, {-80, -90, 15}}, {ItemKind::kApple, {20, 90, 15}}});
  const World worlds[] = {World(one), World(other)};
  const std::pair<int, int> sizes[] = {{96, 72}, {48, 36}, {96, 72}};
  const Eye eye{{0, 0, 50}, 45, 0, 0};
  const auto picture = [&](Renderer& renderer, int world) {
    std::vector<std::uint8_t> rgb(renderer.picture_bytes());
    renderer.render(worlds[world], eye, rgb);
    return rgb;
  };
  std::vector<std::vector<std::uint8_t>> alone;
  for (const auto& [width, height] : sizes) {
    for (const int world : {0, 1}) {
      std::jthread([&] {
        Renderer renderer(width, height);
        alone.push_back(picture(renderer, world));
      }).join();
    }
  }
  std::vector<Renderer> renderers;
  for (const auto& [width, height] : sizes) renderers.emplace_back(width, height);
  // Each goes to and fro between the maps, alone and beside others that have the same one.
  for (const int round : {0, 1, 2, 3, 4, 5, 6, 7})
    for (std::size_t i = 0; i < renderers.size(); ++i) {
      const int world = (round >> i) & 1;
      EXPECT_EQ(picture(renderers[i], world), alone[2 * i + static_cast<std::size_t>(world)])
          << "round " << round << ", renderer " << i;
    }
}

TEST(RendererTest, AllocatesNothingAfterTheFirstPictures) {
  const World world(make_room({{ItemKind::kApple, {50, 60, 15}}, {ItemKind::kGoal, {-80, -90, 15}}}));
  Renderer renderer(96, 72);
  std::vector<std::uint8_t> rgb(renderer.picture_bytes());
  RandomStream random{RandomKey(6)};
  renderer.render(world, {{0, 0, 50}, 45, 0, 0}, rgb);
  const std::int64_t before = allocation_count;
  for (int i = 0; i < 500; ++i) renderer.render(world, random_eye(random), rgb);
  EXPECT_EQ(allocation_count, before);
}

TEST(RendererTest, OddSizesShowTheSameScene) {
  const World world(make_room());
  const Eye east{{0, 0, 50}, 0, 0, 0};
  for (const auto& [width, height] : {std::pair{4, 4}, {84, 84}, {320, 240}, {8, 2048}, {100, 52}}) {
    const Picture picture = look(world, east, width, height);
    // Left and right of the picture on the wall in the east.
    const Rgb c = picture.at(width / 4, height / 2 - 1);
    EXPECT_GT(c.r, 2 * c.b) << width << " x " << height;
    // Walls rise 50 u above the eye at 200 u: sky from a quarter of the focal length above the middle.
    const Rgb sky = picture.at(width / 2, std::max(height / 2 - width / 4 - 1, 0));
    EXPECT_GT(sky.b, sky.r) << width << " x " << height;
  }
}

TEST(RendererTest, WritesNotOneByteTooMuch) {
  const World world(make_room());
  for (const auto& [width, height] : {std::pair{4, 4}, {96, 72}, {84, 84}}) {
    Renderer renderer(width, height);
    std::vector<std::uint8_t> guarded(renderer.picture_bytes() + 64, 0xA5);
    renderer.render(world, {{0, 0, 50}, 0, 0, 0}, std::span(guarded).first(renderer.picture_bytes()));
    for (std::size_t i = renderer.picture_bytes(); i < guarded.size(); ++i) EXPECT_EQ(guarded[i], 0xA5);
  }
}

TEST(RendererTest, ASizeThatCannotBeIsRefusedByName) {
  EXPECT_EQ(Renderer::create(98, 72).error().message, "picture width 98 is no multiple of 4 from 4 to 2048");
  EXPECT_EQ(Renderer::create(96, 4096).error().message,
            "picture height 4096 is no multiple of 4 from 4 to 2048");
  EXPECT_FALSE(Renderer::create(0, 72).ok());
  EXPECT_FALSE(Renderer::create(-4, 72).ok());
  EXPECT_TRUE(Renderer::create(96, 72).ok());
}

TEST(RendererTest, TellsHowFarAwayIsWhatItDrew) {
  // A wall 80 u ahead that fills the middle of the picture; beyond it and above is nothing.
  const World world(make_map({wall({80, 50, 60}, {0, -100, 0}, 60, "room_wall")}));
  Renderer renderer(96, 72);
  std::vector<std::uint8_t> rgb(renderer.picture_bytes());
  std::vector<float> depths(96 * 72);
  renderer.render(world, {{0, 0, 30}, 0, 0, 0}, rgb);
  renderer.read_inverse_depth(depths);
  EXPECT_FLOAT_EQ(depths[36 * 96 + 48], 1.0f / 80);
  EXPECT_FLOAT_EQ(depths[20 * 96 + 30], 1.0f / 80) << "along the line of view: the same on the whole wall";
  EXPECT_EQ(depths[0], 0.0f);
  EXPECT_EQ(depths[95], 0.0f);
}

TEST(RendererTest, FromAboveCeilingsAreLeftOutAndWallsHaveLids) {
  auto map = make_room({{ItemKind::kApple, {100, 100, 15}}});
  Surface ceiling = floor(-200, 200, 100, "ceiling_light_blue");
  ceiling.corner.y = -200;
  ceiling.down.y = 400;
  ceiling.is_ceiling = true;
  map->surfaces.push_back(ceiling);
  map->solids.push_back({{-200, -200, 0}, {-100, -100, 100}});
  map->finish();
  World world(map);
  world.add_player({{0, 0, 0}}, 90);
  Renderer renderer(96, 96);
  Picture picture{96, 96, std::vector<std::uint8_t>(renderer.picture_bytes())};
  renderer.render_top_down(world, picture.rgb);
  EXPECT_GT(coloured_pixels(picture, is_red), 10) << "the apple and the wall in the east";
  EXPECT_EQ(picture.at(14, 82), (Rgb{44, 46, 52})) << "the lid in the south west";
  EXPECT_EQ(picture.at(0, 0), (Rgb{18, 20, 26})) << "nothing around the map";
  const Rgb marker = picture.at(48, 46);
  EXPECT_GT(marker.r, 2 * marker.g) << "the player, pointing up";
  EXPECT_GT(marker.b, 2 * marker.g);
}

TEST(RendererTest, FromAboveALidOverAllIsLeftOut) {
  auto map = make_room();
  map->solids.push_back({{-200, -200, 100}, {200, 200, 116}});
  map->finish();
  Renderer renderer(96, 96);
  Picture picture{96, 96, std::vector<std::uint8_t>(renderer.picture_bytes())};
  renderer.render_top_down(World(map), picture.rgb);
  const Rgb floor = picture.at(48, 48);
  EXPECT_GT(floor.r, floor.b + 30) << "the boards of the room";
}

TEST(RendererDeathTest, ABufferOfTheWrongSizeIsABug) {
  const World world(make_room());
  Renderer renderer(96, 72);
  std::vector<std::uint8_t> rgb(96 * 72 * 3 - 1);
  EXPECT_DEATH(renderer.render(world, {}, rgb), "20735 against 20736");
  std::vector<float> depths(96 * 72 + 1);
  EXPECT_DEATH(renderer.read_inverse_depth(depths), "6913 against 6912");
  depths.pop_back();
  rgb.push_back(0);
  Renderer other(96, 72);
  renderer.render(world, {}, rgb);
  other.render(world, {}, rgb);
  EXPECT_DEATH(renderer.read_inverse_depth(depths), "another picture was drawn");
}

}  // namespace
}  // namespace chrysalis
