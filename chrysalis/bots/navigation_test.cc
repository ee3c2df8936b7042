#include "chrysalis/bots/navigation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "chrysalis/bots/arenas_test.h"
#include "chrysalis/bots/ground.h"

namespace chrysalis {
namespace {

NavigationGraph graph_of(Map map) {
  map.finish();
  return NavigationGraph(map);
}

// Of the way that next() leads, leaps included; -1 if it leads nowhere.
float walked(const NavigationGraph& graph, int from, int to) {
  float way = 0;
  for (int stretches = 0; from != to; ++stretches) {
    const NavigationGraph::Stretch stretch = graph.next(from, to);
    if (stretch.node == kNowhere || stretches > 100) return -1;
    EXPECT_TRUE(stretch.leap != kNowhere || graph.straight(from, stretch.node));
    way += length(graph.position(stretch.node) - graph.position(from));
    from = stretch.node;
  }
  return way;
}

TEST(Navigation, CoversAHallUpToItsWallsAndNotTheirTops) {
  const NavigationGraph graph = graph_of(hall(320));
  EXPECT_EQ(graph.spacing(), 32);
  EXPECT_GE(graph.node_count(), 19 * 19);
  for (int node = 0; node < graph.node_count(); ++node) {
    EXPECT_EQ(graph.position(node).z, 0);
    EXPECT_LE(std::abs(graph.position(node).x), 320 - 15);
    EXPECT_LE(std::abs(graph.position(node).y), 320 - 15);
  }
  EXPECT_TRUE(graph.leaps().empty());
  EXPECT_EQ(graph.spawn_nodes().size(), 4u);
}

TEST(Navigation, FindsTheNodeNearestToFeetOnTheGroundAndInTheAir) {
  const NavigationGraph graph = graph_of(hall(320));
  const int node = graph.nearest({100, -40, 0});
  const Vec3 offset = graph.position(node) - Vec3{100, -40, 0};
  EXPECT_LE(std::max(std::abs(offset.x), std::abs(offset.y)), 16.01f);
  EXPECT_EQ(graph.nearest({100, -40, 45}), node);
  EXPECT_NE(graph.nearest({319, 319, 0}), kNowhere);
  EXPECT_EQ(graph.nearest({3000, 0, 0}), kNowhere);
}

TEST(Navigation, GoesAroundWalls) {
  // A wall from one side to the middle and beyond.
  const NavigationGraph graph = graph_of(hall(320, {{{-10, -320, 0}, {10, 200, 192}}}));
  const int west = graph.nearest({-200, -200, 0}), east = graph.nearest({200, -200, 0});
  EXPECT_FALSE(graph.straight(west, east));
  EXPECT_TRUE(graph.straight(west, graph.nearest({-200, 200, 0})));
  const float way = walked(graph, west, east);
  EXPECT_GT(way, 2 * std::hypot(190.0f, 415.0f) - 40);
  EXPECT_LT(way, 1000);
  EXPECT_NEAR(static_cast<float>(graph.distance(west, east)), way, 128 + 64);
}

TEST(Navigation, DoesNotFitThroughHolesThatABoxDoesNot) {
  for (const float width : {28.0f, 100.0f}) {
    const NavigationGraph graph =
        graph_of(hall(320, {{{-10, -320, 0}, {10, -width / 2, 192}}, {{-10, width / 2, 0}, {10, 320, 192}}}));
    const int west = graph.nearest({-200, 0, 0}), east = graph.nearest({200, 0, 0});
    EXPECT_EQ(walked(graph, west, east) > 0, width > 30) << width;
    EXPECT_EQ(graph.distance(west, east) == NavigationGraph::kFar, width < 30) << width;
  }
  // Nor under what is too low.
  const NavigationGraph graph = graph_of(hall(320, {{{-10, -320, 50}, {10, 320, 192}}}));
  EXPECT_EQ(graph.distance(graph.nearest({-200, 0, 0}), graph.nearest({200, 0, 0})), NavigationGraph::kFar);
}

TEST(Navigation, ClimbsWhatABodySteps) {
  for (const float height : {18.0f, 19.0f}) {
    const NavigationGraph graph = graph_of(hall(320, {{{0, -320, 0}, {320, 320, height}}}));
    const int node = graph.nearest({160, 0, height});
    // The spawns in the east are in the platform; the ones in the west lead up, or do not.
    EXPECT_EQ(graph.position(node).z == height && graph.distance(graph.nearest({-200, 0, 0}), node) < 500,
              height <= kStride)
        << height;
  }
}

TEST(Navigation, HasAFloorForEachStorey) {
  // A ramp of steps along the north wall up to a balcony over the south half.
  std::vector<Solid> solids;
  for (int i = 0; i < 8; ++i) {
    const float x = -320.0f + 80.0f * static_cast<float>(i);
    solids.push_back({{x, 240, 0}, {x + 80, 320, 16.0f * static_cast<float>(i + 1)}});
  }
  solids.push_back({{240, -320, 112}, {320, 240, 128}});
  solids.push_back({{-320, -320, 112}, {240, 0, 128}});
  const NavigationGraph graph = graph_of(hall(320, solids));
  const int below = graph.nearest({-100, -100, 0}), above = graph.nearest({-100, -100, 128});
  EXPECT_EQ(graph.position(below).z, 0);
  EXPECT_EQ(graph.position(above).z, 128);
  EXPECT_FALSE(graph.straight(below, above));
  EXPECT_GT(walked(graph, below, above), 1000);
}

TEST(Navigation, LeapsAChasmAndDoesNotWalkIt) {
  const NavigationGraph graph = graph_of(chasm());
  for (int node = 0; node < graph.node_count(); ++node)
    EXPECT_GE(std::abs(graph.position(node).y), 64 + 15) << "all of the box on the floor";
  const int south = graph.nearest({0, -200, 0}), north = graph.nearest({0, 200, 0});
  EXPECT_FALSE(graph.straight(south, north));
  EXPECT_GT(walked(graph, south, north), 390);
  EXPECT_LT(graph.distance(south, north), 400 + NavigationGraph::kLeapCost + 64);
  ASSERT_FALSE(graph.leaps().empty());
  for (const Leap& leap : graph.leaps()) {
    // Boxes stand until their origin is 15 u beyond the rim; diagonal leaps are longer.
    EXPECT_NEAR(std::abs(leap.direction.y) * leap.gap, 98, 9);
    EXPECT_NEAR(length(leap.direction), 1, 1e-4f);
    EXPECT_LT(leap.take_off.y * leap.landing.y, 0);
    const auto from = graph.leaps_from(leap.from);
    EXPECT_EQ(std::count_if(from.begin(), from.end(), [&](const Leap& l) { return l.to == leap.to; }), 1);
  }
  // From one bank to the other only by a leap, from wherever one stands.
  for (const Leap& leap : graph.leaps())
    for (const Leap& other : graph.leaps())
      ASSERT_TRUE(leap.take_off.y * other.take_off.y > 0 || !graph.straight(leap.from, other.from));
}

// A body that runs up and jumps as the leap says, until it stands again; whether it is alive and across.
bool makes(const Map& map, const Leap& leap) {
  Body body;
  body.origin = leap.start + Vec3{0, 0, kOriginAboveFloor + kSurfaceClearance};
  body.on_ground = true;
  const float yaw = std::atan2(leap.direction.y, leap.direction.x) * 57.29578f;
  body.yaw_degrees = yaw;
  bool jumped = false;
  for (int frame = 0; frame < 200; ++frame) {
    const float along = dot(body.origin - leap.take_off, leap.direction);
    const bool jumps = !jumped && along + 8 > 0;
    jumped = jumped || jumps;
    move_body(body, {.move_forward = 1, .jump = jumps ? 1 : 0}, map, {});
    if (kills(map, body.origin - Vec3{0, 0, kOriginAboveFloor})) return false;
    if (jumped && body.on_ground) return dot(body.origin - leap.landing, leap.direction) > -20;
  }
  return false;
}

TEST(Navigation, EveryLeapIsMadeByABodyThatRunsUpToIt) {
  for (const float width : {64.0f, 128.0f, 190.0f}) {
    Map map = chasm(width);
    map.finish();
    const NavigationGraph graph(map);
    ASSERT_FALSE(graph.leaps().empty());
    for (const Leap& leap : graph.leaps())
      EXPECT_TRUE(makes(map, leap)) << width << " at " << leap.take_off.x;
  }
}

TEST(Navigation, DoesNotLeapWhatNoJumpCrosses) {
  const NavigationGraph wide = graph_of(chasm(230));
  EXPECT_TRUE(wide.leaps().empty());
  EXPECT_EQ(wide.distance(wide.nearest({0, -250, 0}), wide.nearest({0, 250, 0})), NavigationGraph::kFar);
  EXPECT_EQ(wide.next(wide.nearest({0, -250, 0}), wide.nearest({0, 250, 0})).node, kNowhere);
  Map low = chasm();
  low.solids.push_back({{-320, -320, 90}, {320, 320, 100}});  // A jump needs 101.
  EXPECT_TRUE(graph_of(low).leaps().empty());
  Map barred = chasm();
  barred.solids.push_back({{-320, -2, 0}, {320, 2, 192}});
  EXPECT_TRUE(graph_of(barred).leaps().empty());
  Map deadly = chasm();
  deadly.kill_volumes.push_back({{-320, -8, -32}, {320, 8, 40}});
  EXPECT_TRUE(graph_of(deadly).leaps().empty());
}

TEST(Navigation, LeavesOutWhatNoSpawnLeadsTo) {
  Map map = chasm(230);
  std::erase_if(map.spawns, [](const Spawn& spawn) { return spawn.floor.y > 0; });
  const NavigationGraph graph = graph_of(map);
  for (int node = 0; node < graph.node_count(); ++node) EXPECT_LT(graph.position(node).y, 0);
  map.spawns.clear();
  EXPECT_GT(graph_of(map).node_count(), graph.node_count()) << "without spawns all of it";
}

TEST(Navigation, WalksAroundAVolumeThatKillsOnALevelFloor) {
  Map map = hall(320);
  map.kill_volumes = {{{-100, -100, -8}, {100, 100, 8}}};
  const NavigationGraph graph = graph_of(map);
  const int west = graph.nearest({-200, 0, 0}), east = graph.nearest({200, 0, 0});
  EXPECT_FALSE(graph.straight(west, east));
  EXPECT_GT(walked(graph, west, east), 430);
}

TEST(Navigation, SaysHowToGetAtItems) {
  Map map = horseshoe();
  map.finish();
  const NavigationGraph flat(map);
  ASSERT_EQ(flat.access().size(), map.items.size());
  for (std::size_t i = 0; i < map.items.size(); ++i) {
    ASSERT_NE(flat.access()[i].node, kNowhere);
    const Vec3 offset = flat.position(flat.access()[i].node) - map.items[i].position;
    EXPECT_LE(std::hypot(offset.x, offset.y), 32);
  }

  map = chasm();
  map.finish();
  const NavigationGraph graph(map);
  for (std::size_t i = 0; i < map.items.size(); ++i) {
    const Access& access = graph.access()[i];
    EXPECT_EQ(access.node, kNowhere) << "out of reach from the banks";
    EXPECT_EQ(graph.beneath({map.items[i].position.x, 0, -33}), kNowhere) << "what fell into the chasm";
    EXPECT_NE(graph.beneath({map.items[i].position.x, 100, 15}), kNowhere);
    ASSERT_NE(access.leaps[0], kNowhere);
    std::set<bool> from_south;
    for (const int leap : access.leaps)
      if (leap != kNowhere) from_south.insert(graph.leaps()[static_cast<std::size_t>(leap)].take_off.y < 0);
    EXPECT_EQ(from_south.size(), 2u) << "from either bank";
  }
  // A second storey's item over a hall without gaps is out of reach altogether.
  map = hall(320);
  map.items = {{ItemKind::kHealth, {0, 0, 140}}};
  const NavigationGraph without = graph_of(map);
  EXPECT_EQ(without.access()[0].node, kNowhere);
  EXPECT_EQ(without.access()[0].leaps[0], kNowhere);
}

TEST(Navigation, LeapsForAnItemTakeIt) {
  Map drawn = chasm();
  for (ItemPlacement& item : drawn.items) item.kind = ItemKind::kApple;  // Which everyone can use.
  drawn.finish();
  const auto map = std::make_shared<const Map>(std::move(drawn));
  const NavigationGraph graph(*map);
  for (std::size_t item = 0; item < map->items.size(); ++item) {
    for (const int index : graph.access()[item].leaps) {
      if (index == kNowhere) continue;
      const Leap& leap = graph.leaps()[static_cast<std::size_t>(index)];
      World world(map);
      world.add_player({leap.start}, std::atan2(leap.direction.y, leap.direction.x) * 57.29578f);
      bool jumped = false;
      for (int frame = 0; frame < 100; ++frame) {
        const bool jumps = !jumped && dot(world.players()[0].origin - leap.take_off, leap.direction) + 8 > 0;
        jumped = jumped || jumps;
        const RawAction action{.move_forward = 1, .jump = jumps ? 1 : 0};
        world.step({&action, 1});
      }
      EXPECT_FALSE(world.items()[item].present) << item << " by leap " << index;
    }
  }
}

TEST(Navigation, LeadsFromEverySpawnToEverySpawnOfAHorseshoe) {
  const NavigationGraph graph = graph_of(horseshoe());
  EXPECT_GT(graph.node_count(), 1100);
  EXPECT_TRUE(graph.leaps().empty());
  for (const int from : graph.spawn_nodes())
    for (const int to : graph.spawn_nodes()) EXPECT_GE(walked(graph, from, to), 0);
  // From the end of one arm to that of the other: around the block between them.
  const int south = graph.nearest({1500, 192, 0}), north = graph.nearest({1500, 960, 0});
  const float shortest = 2 * std::hypot(924.0f, 192.0f) + 384;
  EXPECT_GT(walked(graph, south, north), shortest);
  EXPECT_LT(walked(graph, south, north), 1.1f * shortest);
}

TEST(Navigation, LeadsThroughAMaze) {
  // 5 x 5 cells of 100 u between walls of 2 u; a snake from one corner to the other.
  std::vector<Solid> walls;
  for (int i = 1; i < 5; ++i) {
    const float y = -250.0f + 100.0f * static_cast<float>(i);
    const float west = i % 2 == 0 ? -150.0f : -250.0f, east = i % 2 == 0 ? 250.0f : 150.0f;
    walls.push_back({{west, y - 1, 0}, {east, y + 1, 100}});
  }
  Map map = hall(250, walls);
  map.solids.push_back({{-250, -250, 100}, {250, 250, 116}});  // A ceiling.
  const NavigationGraph graph = graph_of(map);
  const int start = graph.nearest({-200, -200, 0}), end = graph.nearest({200, 200, 0});
  const float way = walked(graph, start, end);
  EXPECT_GT(way, 4 * 330 + 400);
  EXPECT_LT(way, 5 * 400 + 400);
  EXPECT_NEAR(static_cast<float>(graph.distance(start, end)), way, 128 + 200);
}

TEST(Navigation, IsCoarserOnLargerMaps) {
  const NavigationGraph graph = graph_of(hall(4000));
  EXPECT_EQ(graph.spacing(), 128);
  EXPECT_LE(graph.node_count(), NavigationGraph::kColumnsMax);
  EXPECT_GE(walked(graph, graph.spawn_nodes()[0], graph.spawn_nodes()[3]), 11000);
}

TEST(Navigation, IsCoarserWhereThereAreManyFloorsAboveEachOther) {
  std::vector<Solid> floors;
  for (int i = 1; i <= 8; ++i) {
    const float top = 80.0f * static_cast<float>(i);
    floors.push_back({{-1200, -1200, top - 4}, {1200, 1200, top}});
  }
  const NavigationGraph graph = graph_of(hall(1200, floors));
  EXPECT_EQ(graph.spacing(), 128) << "9 floors of 75 x 75, and of 38 x 38, were too many";
  EXPECT_GE(walked(graph, graph.spawn_nodes()[0], graph.spawn_nodes()[3]), 3000);
}

// Stones in the air, 96 u apart, each a place of its own.
TEST(Navigation, IsCoarserWhereThereAreManyNooks) {
  Map map;
  map.name = "stones";
  for (const float top : {0.0f, 100.0f, 200.0f}) {
    for (int row = 0; row < 28; ++row) {
      for (int column = 0; column < 28; ++column) {
        const Vec3 corner{96.0f * static_cast<float>(column), 96.0f * static_cast<float>(row), top};
        map.solids.push_back({corner - Vec3{0, 0, 4}, corner + Vec3{64, 64, 0}});
      }
    }
    map.spawns.push_back({{32, 32, top}});
  }
  map.finish();
  const NavigationGraph graph(map);
  EXPECT_GT(graph.spacing(), 32);
  EXPECT_GT(graph.node_count(), 100);
}

TEST(Ground, SaysHowFarTheFloorIsAndWhatKillsOnTheWay) {
  Map map = chasm();
  map.finish();
  EXPECT_NEAR(footing_at(map, {0, 200, 0}).drop, 0, 1e-4f);
  EXPECT_TRUE(footing_at(map, {0, 200, 12}).firm());
  EXPECT_FALSE(footing_at(map, {0, 200, 40}).firm());
  EXPECT_TRUE(footing_at(map, {0, 70, 0}).firm());
  EXPECT_TRUE(footing_at(map, {0, 50, 0}).firm()) << "with a part of the box on the rim";
  EXPECT_FALSE(footing_at(map, {0, 48, 0}).firm());
  const Footing middle = footing_at(map, {0, 0, 0});
  EXPECT_NEAR(middle.drop, 48, 1e-4f);
  EXPECT_TRUE(middle.deadly);
  EXPECT_FALSE(kills(map, {0, 0, 0}));
  EXPECT_TRUE(kills(map, {0, 0, -20}));
  EXPECT_EQ(footing_at(map, {2000, 0, 0}).drop, kFloorDepth);
}

TEST(Ground, SaysWhereABodyFits) {
  Map map = hall(320, {{{100, -320, 0}, {110, 320, 50}}, {{-200, -320, 57}, {-100, 320, 80}}});
  map.finish();
  EXPECT_TRUE(has_room(map, {0, 0, 0}, {80, 0, 0}));
  EXPECT_FALSE(has_room(map, {0, 0, 0}, {90, 0, 0}));
  EXPECT_TRUE(has_room(map, {0, 0, 0}, {-150, 0, 0})) << "56 u below 57";
  EXPECT_FALSE(has_room(map, {0, 0, 0}, {-150, 0, 2}));
}

}  // namespace
}  // namespace chrysalis
