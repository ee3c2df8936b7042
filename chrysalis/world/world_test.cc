#include "chrysalis/world/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "chrysalis/core/random.h"
#include "chrysalis/world/arena_test.h"

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
  EXPECT_TRUE(takes({-43.9f, 0, 0}));
  EXPECT_FALSE(takes({-44.1f, 0, 0}));
  EXPECT_TRUE(takes({49.9f, 0, 0}));
  EXPECT_FALSE(takes({50.1f, 0, 0}));
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

using Kind = WorldEvent::Kind;

// An arena whose first player has just been tagged by the second.
TestArena with_a_dead_player() {
  TestArena arena;
  arena.add(0, 0);
  arena.add(100, 0, 180);
  arena.give(1, Gadget::kDisc, 1);
  arena.edit([](WorldState& state) { state.fighters[0].health = 100; });
  arena.action(1).fire = 1;
  EXPECT_EQ(count_of(arena.frame(), Kind::kDied), 1);
  arena.action(1).fire = 0;
  return arena;
}

TEST(Spawn, BringsTheKit) {
  World world(make_arena_map({}));
  world.arm(RandomKey(1));
  const Outfit outfit{{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}}};
  world.add_player({{0, 0, 0}}, 30, outfit);
  const Fighter& fighter = world.fighters()[0];
  EXPECT_TRUE(fighter.alive);
  EXPECT_EQ(fighter.health, 125);
  EXPECT_EQ(fighter.armour, 0);
  EXPECT_EQ(fighter.held, Gadget::kRapid);
  EXPECT_EQ(fighter.hand, Hand::kReady);
  for (const auto& [gadget, rounds] : {std::pair{Gadget::kImpulse, 0}, {Gadget::kRapid, 100}}) {
    EXPECT_TRUE(fighter.owns(gadget));
    EXPECT_EQ(fighter.rounds[static_cast<std::size_t>(gadget)], rounds);
  }
  for (const Gadget gadget : {Gadget::kOrb, Gadget::kBeam, Gadget::kDisc}) EXPECT_FALSE(fighter.owns(gadget));
  EXPECT_EQ(fighter.outfit, outfit);
  EXPECT_TRUE(fighter.trigger_locked);
  EXPECT_EQ(world.players()[0].knockback_ms, 100) << "0.1 s of reduced control";
  ASSERT_EQ(world.effects().size(), 1u);
  EXPECT_EQ(world.effects()[0].kind, Effect::Kind::kTeleport);
}

TEST(Spawn, HasReducedControlFor100Ms) {
  World world(make_arena_map({}));
  world.arm(RandomKey(1));
  world.add_player({{0, 0, 0}}, 0);
  const RawAction forward{.move_forward = 1};
  for (int i = 0; i < 6; ++i) world.step({&forward, 1});
  EXPECT_LT(world.players()[0].velocity.x, 60) << "with full control it runs at 280 by now";
  for (int i = 0; i < 10; ++i) world.step({&forward, 1});
  EXPECT_EQ(world.players()[0].velocity.x, 320);
}

TEST(Spawn, RespawnBringsTheKitAgainAndKeepsTheOutfit) {
  TestArena arena;
  arena.world.add_player({{0, 0, 0}}, 0, Outfit{{{{9, 9, 9}, {}, {}}}});
  arena.actions.emplace_back();
  arena.give(0, Gadget::kDisc, 7);
  arena.edit([](WorldState& state) {
    state.fighters[0].health = 3;
    state.fighters[0].armour = 150;
    state.fighters[0].decay_ms = 500;
  });
  arena.world.respawn(0, {{50, 60, 0}}, -45);
  EXPECT_EQ(arena.fighter(0).health, 125);
  EXPECT_EQ(arena.fighter(0).armour, 0);
  EXPECT_EQ(arena.fighter(0).decay_ms, 0);
  EXPECT_EQ(arena.fighter(0).held, Gadget::kRapid);
  EXPECT_FALSE(arena.fighter(0).owns(Gadget::kDisc));
  EXPECT_EQ(arena.rounds(0, Gadget::kRapid), 100);
  EXPECT_EQ(arena.fighter(0).outfit.regions[0], (Rgb{9, 9, 9}));
  EXPECT_EQ(arena.body(0).origin, (Vec3{50, 60, 24.125f}));
  EXPECT_EQ(arena.body(0).yaw_degrees, -45);
  EXPECT_EQ(arena.world.effects().back().kind, Effect::Kind::kTeleport);
}

TEST(Spawn, WhoStillHoldsFireDoesNotJump) {
  TestArena arena;
  arena.world.add_player({{0, 0, 0}}, 0);
  arena.actions.push_back({.fire = 1, .jump = 1});
  arena.frames(10);
  EXPECT_TRUE(arena.body(0).on_ground);
  EXPECT_TRUE(arena.fighter(0).trigger_locked);
  arena.action(0).crouch = 1;
  arena.frame();
  EXPECT_FALSE(arena.body(0).crouched) << "the two still cancel each other";
  arena.action(0) = {.jump = 1};
  arena.frame();
  EXPECT_FALSE(arena.body(0).on_ground) << "in the frame in which FIRE is let go";
  // In an unarmed world there is nothing to let go of.
  World unarmed(make_arena_map({}));
  unarmed.add_player({{0, 0, 0}}, 0);
  const RawAction both{.fire = 1, .jump = 1};
  unarmed.step({&both, 1});
  EXPECT_FALSE(unarmed.players()[0].on_ground);
}

TEST(Death, TakesTheBodyAway) {
  TestArena arena = with_a_dead_player();
  EXPECT_FALSE(arena.fighter(0).alive);
  EXPECT_EQ(arena.body(0).velocity, Vec3{});
  const auto is_teleport = [](const Effect& effect) { return effect.kind == Effect::Kind::kTeleport; };
  EXPECT_EQ(std::ranges::count_if(arena.world.effects(), is_teleport), 1);
  // It does not move or look, and is not in the way of others.
  const Body before = arena.body(0);
  arena.action(0) = {.look_right = 100, .move_forward = 1, .jump = 1};
  arena.action(1).move_forward = 1;
  arena.frames(60);
  EXPECT_EQ(arena.body(0).origin, before.origin);
  EXPECT_EQ(arena.body(0).yaw_degrees, before.yaw_degrees);
  EXPECT_LT(arena.body(1).origin.x, -50);
}

TEST(Death, LastsAtLeast107FramesWithFireHeld) {
  TestArena arena = with_a_dead_player();
  arena.action(0).fire = 1;
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn), 107);
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn), 1) << "each frame, until the level answers";
  arena.action(0).fire = 0;
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn, 100), 0) << "nobody asks";
  arena.action(0).fire = 1;
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn), 1);
  arena.world.respawn(0, {{-300, 0, 0}}, 0);
  EXPECT_TRUE(arena.fighter(0).alive);
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn, 200), 0);
}

TEST(Death, Lasts1357FramesWithoutFire) {
  TestArena arena = with_a_dead_player();
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn), 1357);
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn), 1);
}

TEST(Death, DoesNotDependOnTheOrderOfPlayers) {
  TestArena arena;
  arena.add(100, 0, 180);
  arena.add(0, 0);
  arena.give(0, Gadget::kDisc, 1);
  arena.edit([](WorldState& state) { state.fighters[1].health = 100; });
  arena.action(0).fire = 1;
  arena.action(1).fire = 1;
  EXPECT_EQ(arena.frames_until(Kind::kDied), 1);
  arena.action(0).fire = 0;
  EXPECT_EQ(arena.frames_until(Kind::kMayRespawn), 107);
}

TEST(Death, OfWhoDoesNotComeBackIsNoOther) {
  TestArena arena = with_a_dead_player();
  arena.give(1, Gadget::kDisc, 10);
  arena.action(1).fire = 1;
  EXPECT_EQ(arena.frames_until(Kind::kDied, 500), 0);
}

TEST(Telefrag, KillsWhoIsInTheWay) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(200, 0);
  arena.add(231, 0);
  arena.world.respawn(0, {{215, 29.9f, 0}}, 0);
  EXPECT_TRUE(arena.fighter(0).alive);
  EXPECT_FALSE(arena.fighter(1).alive);
  EXPECT_FALSE(arena.fighter(2).alive);
  const auto events = arena.frame();
  ASSERT_EQ(events.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(events[static_cast<std::size_t>(i)].kind, Kind::kDied);
    EXPECT_EQ(events[static_cast<std::size_t>(i)].player, i + 1);
    EXPECT_EQ(events[static_cast<std::size_t>(i)].by, 0);
  }
  EXPECT_EQ(count_of(arena.frame(), Kind::kDied), 0) << "said once";
}

TEST(Telefrag, IsNoMatterOfHealth) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(200, 0);
  arena.edit([](WorldState& state) { state.fighters[1].armour = 200; });
  arena.world.respawn(0, {{200, 0, 0}}, 0);
  EXPECT_FALSE(arena.fighter(1).alive);
}

TEST(Telefrag, SparesWhoOnlyTouchesAndTheDead) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(200, 0);
  arena.add(300, 0);
  arena.edit([](WorldState& state) {
    state.fighters[2].alive = false;
    state.fighters[2].health = 0;
  });
  arena.world.respawn(0, {{230, 0, 0}}, 0);
  arena.world.respawn(0, {{300, 0, 0}}, 0);
  EXPECT_TRUE(arena.fighter(1).alive);
  EXPECT_TRUE(arena.frame().empty());
}

TEST(Telefrag, ANewPlayerDoesItToo) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(10, 0);
  EXPECT_FALSE(arena.fighter(0).alive);
  EXPECT_TRUE(arena.fighter(1).alive);
}

TEST(Telefrag, IsNotInAnUnarmedWorld) {
  World world(make_arena_map({}));
  world.add_player({{0, 0, 0}}, 0);
  world.add_player({{10, 0, 0}}, 0);
  EXPECT_TRUE(world.fighters()[0].alive);
}

TEST(World, KnowsWhichSpawnsAreFree) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(200, 0);
  EXPECT_TRUE(arena.world.spawn_is_free({{0, 0, 0}}, 0)) << "one is not in one's own way";
  EXPECT_FALSE(arena.world.spawn_is_free({{0, 0, 0}}, 1));
  EXPECT_FALSE(arena.world.spawn_is_free({{29, 29, 40}}, 1));
  EXPECT_TRUE(arena.world.spawn_is_free({{31, 0, 0}}, 1));
  EXPECT_TRUE(arena.world.spawn_is_free({{0, 0, 57}}, 1));
  arena.edit([](WorldState& state) {
    state.fighters[0].alive = false;
    state.fighters[0].health = 0;
  });
  EXPECT_TRUE(arena.world.spawn_is_free({{0, 0, 0}}, 1)) << "the dead are nowhere";
}

TEST(KillVolume, KillsWithin12FramesOfTheFeetBelowTheRim) {
  TestArena arena(chasm());
  arena.add(-100, 0, 0, kRim);
  arena.action(0).move_forward = 1;
  int below = 0;
  for (int frame = 0; frame < 200; ++frame) {
    const auto events = arena.frame();
    if (arena.body(0).origin.z < kRim + kOriginAboveFloor) ++below;
    if (count_of(events, Kind::kDied) == 0) continue;
    EXPECT_EQ(events[0].player, 0);
    EXPECT_EQ(events[0].by, kNobody);
    break;
  }
  EXPECT_EQ(below, 12);
  EXPECT_FALSE(arena.fighter(0).alive);
}

TEST(KillVolume, OfWhomAnotherPushesInIsTheWorlds) {
  TestArena arena(chasm());
  arena.add(-110, 0, 0, kRim);
  arena.add(-60, 0, 0, kRim);
  arena.give(0, Gadget::kImpulse, 0);
  arena.action(0).fire = 1;
  EXPECT_EQ(arena.frames_until(Kind::kHit), 1);
  for (int frame = 0; frame < 100; ++frame)
    for (const WorldEvent& event : arena.frame())
      if (event.kind == Kind::kDied) {
        EXPECT_EQ(event.player, 1);
        EXPECT_EQ(event.by, kNobody);
      }
  EXPECT_FALSE(arena.fighter(1).alive);
  EXPECT_TRUE(arena.fighter(0).alive);
}

// A jump from the last support to the first takes 98 u: the chasm less the box.
TEST(KillVolume, IsCrossedByAJumpAt46PercentOfFullSpeedAndNotAt40) {
  for (const float share : {0.40f, 0.46f}) {
    TestArena arena(chasm());
    arena.add(-49.1f, 0, 0, kRim);
    arena.edit([&](WorldState& state) { state.players[0].velocity.x = share * 320; });
    arena.action(0).jump = 1;
    arena.frames(60);
    EXPECT_EQ(arena.fighter(0).alive, share > 0.45f) << share;
  }
}

TEST(KillVolume, IsCrossedByARunningJump) {
  TestArena arena(chasm());
  arena.add(-200, 0, 0, kRim);
  arena.action(0).move_forward = 1;
  while (arena.body(0).origin.x < -80) arena.frame();
  arena.action(0).jump = 1;
  arena.frames(60);
  EXPECT_TRUE(arena.fighter(0).alive);
  EXPECT_GT(arena.body(0).origin.x, 100);
}

TEST(KillVolume, KillsNobodyInAnUnarmedWorld) {
  World world(make_arena_map({.kill_volumes = {{{-50, -50, -10}, {50, 50, 10}}}}));
  world.add_player({{0, 0, 0}}, 0);
  const RawAction rest;
  EXPECT_TRUE(world.step({&rest, 1}).empty());
  EXPECT_TRUE(world.fighters()[0].alive);
}

#ifdef GTEST_HAS_DEATH_TEST
TEST(WorldDeathTest, InvariantsNameWhatIsBroken) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  TestArena arena;
  arena.add(0, 0);
  arena.world.respawn(0, {{990, 0, 0}}, 0);
  EXPECT_DEATH(arena.world.check_invariants(), "frame 0: the world has player 0 in a wall at 990");
  EXPECT_DEATH(arena.world.arm(RandomKey(1)), "arm\\(\\) after the first player");
  EXPECT_DEATH(arena.world.set_item_present(0, true), "map 'arena' has no item 0");
  EXPECT_DEATH(arena.world.respawn(2, kCentre, 0), "there is no player 2");
}
#endif

TEST(World, GivesEveryPlayerTheMapsLoadoutAtEachSpawn) {
  Map map = *make_arena_map({});
  map.loadout = {.owned = 0b1001, .rounds = {0, 0, 0, 7}, .held = Gadget::kBeam};
  World world(std::make_shared<const Map>(map));
  world.arm(RandomKey(1));
  world.add_player({{0, 0, 0}}, 0);
  for (const bool again : {false, true}) {
    if (again) world.respawn(0, {{100, 0, 0}}, 0);
    const Fighter& fighter = world.fighters()[0];
    EXPECT_TRUE(fighter.owns(Gadget::kImpulse) && fighter.owns(Gadget::kBeam));
    EXPECT_FALSE(fighter.owns(Gadget::kRapid));
    EXPECT_EQ(fighter.rounds[static_cast<std::size_t>(Gadget::kBeam)], 7);
    EXPECT_EQ(fighter.held, Gadget::kBeam);
    world.check_invariants();
  }
}

TEST(Map, ItsContentTellsItFromOneThatPlaysOtherwise) {
  const Map map = *make_arena_map({.solids = {{{0, 0, 0}, {9, 9, 9}}},
                                   .items = {{ItemKind::kOrb, {0, 0, 15}}},
                                   .kill_volumes = {{{0, 0, 0}, {1, 1, 1}}}});
  const auto after = [&](auto&& change) {
    Map other = map;
    change(other);
    return content_hash(other);
  };
  const std::uint64_t hash = content_hash(map);
  EXPECT_EQ(after([](Map& other) { other.name = "other", other.surfaces.emplace_back(); }), hash) << "a look";
  EXPECT_NE(after([](Map& other) { other.solids[5].max.x = 10; }), hash);
  EXPECT_NE(after([](Map& other) { other.kill_volumes.clear(); }), hash);
  EXPECT_NE(after([](Map& other) { other.spawns.push_back({{0, 0, 0}}); }), hash);
  EXPECT_NE(after([](Map& other) { other.items[0].position.x = 1; }), hash);
  EXPECT_NE(after([](Map& other) { other.items[0].respawn_ms = 1; }), hash);
  EXPECT_NE(after([](Map& other) { other.items[0].rounds = 1; }), hash);
  EXPECT_NE(after([](Map& other) { other.loadout.held = Gadget::kImpulse; }), hash);
  EXPECT_NE(after([](Map& other) { other.layout = "#"; }), hash);
}

}  // namespace
}  // namespace chrysalis
