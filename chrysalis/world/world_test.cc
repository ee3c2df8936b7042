#include "chrysalis/world/world.h"

#include <gtest/gtest.h>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

std::shared_ptr<const Map> hall_with(std::vector<ItemPlacement> items) {
  auto map = std::make_shared<Map>();
  map->name = "hall";
  map->solids = {{{-500, -500, -16}, {500, 500, 0}},
                 {{400, -500, 0}, {500, 500, 100}},
                 {{-500, -500, 0}, {-400, 500, 100}},
                 {{-400, 400, 0}, {400, 500, 100}},
                 {{-400, -500, 0}, {400, -400, 100}}};
  map->items = std::move(items);
  map->finish();
  return map;
}

constexpr Spawn kCentre{{0, 0, 0}};

RawAction random_action(RandomStream& random) {
  return {.look_right = random.between(-60, 60),
          .look_down = random.between(-10, 10),
          .strafe_right = random.between(-1, 1),
          .move_forward = random.between(-1, 1),
          .fire = random.between(0, 1),
          .jump = random.between(0, 1),
          .crouch = random.between(0, 1)};
}

// Whether a player who stands still takes an apple that lies at `offset` from the player's origin.
bool takes(Vec3 offset) {
  World world(hall_with({{ItemKind::kApple, Vec3{0, 0, kOriginAboveFloor + kSurfaceClearance} + offset}}));
  world.add_player(kCentre, 0);
  const RawAction still;
  return !world.step({&still, 1}).empty();
}

TEST(World, PlayersStandAtTheirSpawn) {
  World world(hall_with({}));
  EXPECT_EQ(world.add_player({{50, 60, 0}}, 90), 0);
  EXPECT_EQ(world.players()[0].origin, (Vec3{50, 60, 24.125f}));
  EXPECT_EQ(world.players()[0].yaw_degrees, 90);
  const RawAction action{.look_down = 50, .move_forward = 1};
  for (int i = 0; i < 20; ++i) world.step({&action, 1});
  EXPECT_GT(world.players()[0].origin.y, 100);
  world.respawn(0, kCentre, -90);
  EXPECT_EQ(world.players()[0].velocity, Vec3{});
  EXPECT_EQ(world.players()[0].pitch_degrees, 0);
  EXPECT_EQ(world.players()[0].yaw_degrees, -90);
  EXPECT_EQ(world.frame(), 20);
}

TEST(World, ItemsAreTakenWithinTheMeasuredReach) {
  EXPECT_TRUE(takes({0, 0, -9}));
  EXPECT_TRUE(takes({-49.9f, 0, 0}));
  EXPECT_FALSE(takes({-50.1f, 0, 0}));
  EXPECT_TRUE(takes({43.9f, 0, 0}));
  EXPECT_FALSE(takes({44.1f, 0, 0}));
  for (const float side : {-1.0f, 1.0f}) {
    EXPECT_TRUE(takes({0, side * 35.9f, 0}));
    EXPECT_FALSE(takes({0, side * 36.1f, 0}));
    EXPECT_TRUE(takes({0, 0, side * 35.9f}));
    EXPECT_FALSE(takes({0, 0, side * 36.1f}));
  }
}

TEST(World, AnItemIsTakenOnceUntilItIsBack) {
  World world(hall_with({{ItemKind::kGoal, {0, 0, 15}}, {ItemKind::kApple, {300, 0, 15}}}));
  world.add_player(kCentre, 0);
  const RawAction still;
  const auto events = world.step({&still, 1});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].player, 0);
  EXPECT_EQ(events[0].item, 0);
  EXPECT_FALSE(world.items()[0].present);
  EXPECT_TRUE(world.items()[1].present);
  EXPECT_TRUE(world.step({&still, 1}).empty());
  world.set_item_present(0, true);
  EXPECT_EQ(world.step({&still, 1}).size(), 1u);
}

TEST(World, PlayersBlockEachOther) {
  World world(hall_with({}));
  world.add_player({{-100, 0, 0}}, 0);
  world.add_player({{100, 0, 0}}, 180);
  const RawAction both[] = {{.move_forward = 1}, {.move_forward = 1}};
  for (int i = 0; i < 100; ++i) world.step(both);
  EXPECT_GE(world.players()[1].origin.x - world.players()[0].origin.x, 30.0f);
  EXPECT_LE(world.players()[1].origin.x - world.players()[0].origin.x, 30.5f);
}

TEST(World, RestoredWorldGoesOnAsTheSavedOne) {
  const auto map = hall_with({{ItemKind::kApple, {100, 0, 15}}, {ItemKind::kApple, {-100, 50, 15}}});
  World world(map);
  world.add_player(kCentre, 0);
  world.add_player({{200, 200, 0}}, 45);
  RandomStream random{RandomKey(5)};
  const auto step = [](World& w, RandomStream& r) {
    const RawAction actions[] = {random_action(r), random_action(r)};
    w.step(actions);
  };
  for (int i = 0; i < 300; ++i) step(world, random);
  ByteWriter saved;
  world.save(saved);

  World restored(map);
  ByteReader in(saved.bytes());
  ASSERT_TRUE(restored.restore(in));
  EXPECT_TRUE(in.at_end());
  RandomStream same = random;
  for (int i = 0; i < 300; ++i) {
    step(world, random);
    step(restored, same);
    ASSERT_EQ(world.hash(), restored.hash()) << "frame " << i;
  }
}

TEST(World, SameActionsGiveTheSameWorld) {
  const auto run = [](std::uint64_t seed) {
    World world(hall_with({{ItemKind::kApple, {100, 0, 15}}}));
    world.add_player(kCentre, 10);
    RandomStream random{RandomKey(seed)};
    for (int i = 0; i < 1000; ++i) {
      const RawAction action = random_action(random);
      world.step({&action, 1});
    }
    return world.hash();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(World, RefusesADamagedState) {
  World world(hall_with({{ItemKind::kApple, {100, 0, 15}}}));
  world.add_player(kCentre, 0);
  ByteWriter saved;
  world.save(saved);
  const std::uint64_t before = world.hash();
  for (std::size_t size = 0; size < saved.bytes().size(); ++size) {
    ByteReader in(std::span(saved.bytes()).first(size));
    const Status status = world.restore(in);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, "world state is cut short");
  }
  World other(hall_with({}));
  ByteReader in(saved.bytes());
  const Status status = other.restore(in);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "world state has 1 items, map 'hall' has 0");
  EXPECT_EQ(world.hash(), before);
}

}  // namespace
}  // namespace chrysalis
