// The arenas against the sizes of the original ones.
#include "chrysalis/levels/arenas.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace chrysalis {
namespace {

class EveryArena : public testing::TestWithParam<const Arena& (*)()> {};
INSTANTIATE_TEST_SUITE_P(Arenas, EveryArena, testing::Values(lt_horseshoe_color_arena, lt_chasm_arena),
                         [](const auto& info) { return info.param().map->name; });

TEST_P(EveryArena, HasRoomForWhoeverSpawns) {
  const Map& map = *GetParam()().map;
  World world(GetParam()().map);
  for (const Spawn& spawn : map.spawns) {
    world.begin(GetParam()().map);
    world.add_player(spawn, 0);
    const Solid box = box_of(world.players()[0]);
    EXPECT_EQ(std::count_if(map.solids.begin(), map.solids.end(),
                            [&](const Solid& solid) { return overlap(solid, box); }),
              0);
    const RawAction still;
    for (int frame = 0; frame < 10; ++frame)
      EXPECT_TRUE(world.step({&still, 1}).empty()) << "nothing to take";
    EXPECT_EQ(world.players()[0].origin, (spawn.floor + Vec3{0, 0, 24.125f})) << "on the floor";
  }
}

TEST_P(EveryArena, IsOpenToTheSkyAndClosedToBodies) {
  const Map& map = *GetParam()().map;
  EXPECT_TRUE(map.sky.open);
  EXPECT_TRUE(std::none_of(map.surfaces.begin(), map.surfaces.end(),
                           [](const Surface& surface) { return surface.is_ceiling; }));
  Body body;
  body.origin = map.spawns[0].floor + Vec3{0, 0, 24.125f};
  body.velocity = {0, 0, 2000};
  float highest = 0;
  for (int frame = 0; frame < 60; ++frame) {
    move_body(body, {}, map, {});
    highest = std::max(highest, body.origin.z);
  }
  EXPECT_LE(highest, 192 - 32.125f) << "the walls are 192 high";
  EXPECT_GT(highest, 140.0f);
}

// The surfaces of a material, as the box that holds them all.
Solid extent_of(const Map& map, std::string_view material) {
  const MaterialId id = find_material(material).value();
  Solid extent{{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
  for (const Surface& surface : map.surfaces) {
    if (surface.material != id || surface.light < 0.7f) continue;  // Tops of walls are darker.
    for (const Vec3 point : {surface.corner, surface.corner + surface.right + surface.down}) {
      for (int axis = 0; axis < 3; ++axis) {
        extent.min[axis] = std::min(extent.min[axis], point[axis]);
        extent.max[axis] = std::max(extent.max[axis], point[axis]);
      }
    }
  }
  return extent;
}
void expect_extent(const Map& map, std::string_view material, Vec3 min, Vec3 max) {
  const Solid extent = extent_of(map, material);
  EXPECT_EQ(extent.min, min) << material;
  EXPECT_EQ(extent.max, max) << material;
}

// Whether a body can stand there.
bool is_inside(const Map& map, float x, float y) {
  const Solid body{{x - 15, y - 15, 1}, {x + 15, y + 15, 57}};
  return std::none_of(map.solids.begin(), map.solids.end(),
                      [&](const Solid& solid) { return overlap(solid, body); });
}

TEST(HorseshoeArena, IsTwoArmsAndAJoint) {
  const Map& map = *lt_horseshoe_color_arena().map;
  const Solid floor = extent_of(map, "arena_orange_floor");
  EXPECT_EQ(floor.max - floor.min, (Vec3{1536, 1152, 0}));
  int inside = 0;
  for (int x = 8; x < 1536; x += 16) {
    for (int y = 8; y < 1152; y += 16) {
      const bool in_arm = y > 15 && y < 1137 && !(y > 369 && y < 783 && x > 561) && x > 15 && x < 1521;
      ASSERT_EQ(is_inside(map, static_cast<float>(x), static_cast<float>(y)), in_arm) << x << ' ' << y;
      inside += in_arm ? 1 : 0;
    }
  }
  EXPECT_GT(inside, 4000);
}

TEST(HorseshoeArena, HasItsLandmarks) {
  const Map& map = *lt_horseshoe_color_arena().map;
  expect_extent(map, "arena_purple", {1536, 0, 0}, {1536, 384, 192});
  expect_extent(map, "arena_red", {1536, 768, 0}, {1536, 1152, 192});
  expect_extent(map, "arena_yellow", {0, 384, 0}, {0, 768, 192});
  expect_extent(map, "arena_blue", {0, 0, 0}, {1536, 1152, 192});
}

TEST(HorseshoeArena, Has20SpawnsNoTwoNearerThan120) {
  const auto& spawns = lt_horseshoe_color_arena().map->spawns;
  ASSERT_EQ(spawns.size(), 20u);
  float nearest = INFINITY;
  for (std::size_t i = 0; i < spawns.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      nearest = std::min(nearest, length(spawns[i].floor - spawns[j].floor));
  EXPECT_EQ(nearest, 120.0f);
}

int count_of(const Map& map, ItemKind kind) {
  return static_cast<int>(std::count_if(map.items.begin(), map.items.end(),
                                        [&](const ItemPlacement& item) { return item.kind == kind; }));
}

TEST(HorseshoeArena, Has5OrbAnd2DiscPadsOnTheFloor) {
  const Map& map = *lt_horseshoe_color_arena().map;
  EXPECT_EQ(map.items.size(), 7u);
  EXPECT_EQ(count_of(map, ItemKind::kOrb), 5);
  EXPECT_EQ(count_of(map, ItemKind::kDisc), 2);
  for (const ItemPlacement& item : map.items) EXPECT_EQ(item.position.z, 15.0f);
  EXPECT_EQ(lt_horseshoe_color_arena().bot_count, 6);
  EXPECT_FALSE(lt_horseshoe_color_arena().bot_outfit.has_value());
}

TEST(ChasmArena, IsTwoBanksWithLavaBetween) {
  const Map& map = *lt_chasm_arena().map;
  expect_extent(map, "lava", {0, 256, -48}, {640, 384, -48});
  EXPECT_TRUE(material_catalog()[find_material("lava").value()].self_lit);
  expect_extent(map, "arena_purple", {0, 0, 0}, {640, 0, 192});
  expect_extent(map, "arena_yellow", {0, 640, 0}, {640, 640, 192});
  for (const float y : {15.0f, 255.0f, 385.0f, 625.0f}) {
    for (const float x : {15.0f, 320.0f, 625.0f}) {
      const Solid feet{{x - 1, y - 1, -8}, {x + 1, y + 1, 0}};
      EXPECT_TRUE(std::any_of(map.solids.begin(), map.solids.end(),
                              [&](const Solid& solid) { return overlap(solid, feet); }))
          << "a bank at " << x << ' ' << y;
    }
  }
  for (const float y : {257.0f, 320.0f, 383.0f}) {
    const Solid gap{{1, y - 1, -47}, {639, y + 1, 191}};
    EXPECT_TRUE(std::none_of(map.solids.begin(), map.solids.end(),
                             [&](const Solid& solid) { return overlap(solid, gap); }));
  }
}

TEST(ChasmArena, KillsFrom16To32BelowTheRim) {
  const Map& map = *lt_chasm_arena().map;
  ASSERT_EQ(map.kill_volumes.size(), 1u);
  EXPECT_EQ(map.kill_volumes[0].min, (Vec3{0, 256, -32}));
  EXPECT_EQ(map.kill_volumes[0].max, (Vec3{640, 384, -16}));
}

TEST(ChasmArena, HasThreeSpawnsAtEachOuterWall) {
  const auto& spawns = lt_chasm_arena().map->spawns;
  ASSERT_EQ(spawns.size(), 6u);
  for (const float y : {64.0f, 576.0f})
    for (const float x : {64.0f, 320.0f, 576.0f})
      EXPECT_TRUE(std::any_of(spawns.begin(), spawns.end(), [&](const Spawn& spawn) {
        return spawn.floor == Vec3{x, y, 0};
      }));
  EXPECT_EQ(lt_chasm_arena().bot_count, 4);
  EXPECT_TRUE(lt_chasm_arena().bot_outfit.has_value());
}

TEST(ChasmArena, HangsItsItemsOverTheMiddleLine) {
  const Map& map = *lt_chasm_arena().map;
  EXPECT_EQ(map.items.size(), 7u);
  EXPECT_EQ(count_of(map, ItemKind::kBeam), 3);
  EXPECT_EQ(count_of(map, ItemKind::kArmour), 2);
  EXPECT_EQ(count_of(map, ItemKind::kHealth), 2);
  std::vector<float> xs;
  for (const ItemPlacement& item : map.items) {
    EXPECT_EQ(item.position.y, 320.0f);
    EXPECT_EQ(item.position.z, 72.0f);
    xs.push_back(item.position.x);
    EXPECT_TRUE(std::any_of(map.items.begin(), map.items.end(), [&](const ItemPlacement& other) {
      return other.kind == item.kind && other.position.x == 640 - item.position.x;
    })) << "its mirror image";
  }
  std::sort(xs.begin(), xs.end());
  for (std::size_t i = 1; i < xs.size(); ++i) {
    EXPECT_GE(xs[i] - xs[i - 1], 68.0f);
    EXPECT_LE(xs[i] - xs[i - 1], 98.0f);
  }
}

// A full-speed run over the edge in the middle of a bank, with a jump at the rim or without.
bool takes_the_beam(bool jump) {
  World world(lt_chasm_arena().map);
  world.arm(RandomKey(1));
  world.add_player({{320, 64, 0}}, 90);
  for (int frame = 0; frame < 120; ++frame) {
    const bool now = jump && world.players()[0].origin.y > 255;
    const RawAction action{.move_forward = 1, .jump = now ? 1 : 0};
    for (const WorldEvent& event : world.step({&action, 1}))
      if (event.kind == WorldEvent::Kind::kItemTaken) return true;
  }
  return false;
}
TEST(ChasmArena, ItsItemsAreReachedByAJumpAlone) {
  EXPECT_TRUE(takes_the_beam(true));
  EXPECT_FALSE(takes_the_beam(false));
}

}  // namespace
}  // namespace chrysalis
