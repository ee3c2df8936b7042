// What is taken, by whom, what it gives, and when it is back; what the dead leave.
#include "chrysalis/world/pick_up.h"

#include <gtest/gtest.h>

#include "chrysalis/world/arena_test.h"
#include "chrysalis/world/damage.h"

namespace chrysalis {
namespace {

using Kind = WorldEvent::Kind;

ArenaMap with_item(ItemKind kind) {
  return {.items = {{kind, {0, 0, 15}}}};
}

TEST(PickUp, ANewGadgetIsLoadedAndSelected) {
  for (const auto& [kind, gadget, rounds] : {std::tuple{ItemKind::kOrb, Gadget::kOrb, 10},
                                             {ItemKind::kBeam, Gadget::kBeam, 100},
                                             {ItemKind::kDisc, Gadget::kDisc, 10}}) {
    TestArena arena(with_item(kind));
    arena.add(0, 0);
    const auto events = arena.frame();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].kind, Kind::kItemTaken);
    EXPECT_EQ(events[0].player, 0);
    EXPECT_EQ(events[0].item, 0);
    EXPECT_TRUE(arena.fighter(0).owns(gadget));
    EXPECT_EQ(arena.rounds(0, gadget), rounds);
    EXPECT_EQ(arena.fighter(0).held, Gadget::kRapid);
    EXPECT_EQ(arena.fighter(0).hand, Hand::kLowering) << "at once";
    arena.frames(29);
    EXPECT_EQ(arena.fighter(0).held, gadget);
    EXPECT_EQ(arena.fighter(0).hand, Hand::kReady);
  }
}

TEST(PickUp, AGadgetThatOneHasIsSelectedToo) {
  TestArena arena(with_item(ItemKind::kOrb));
  arena.add(500, 0);
  arena.give(0, Gadget::kOrb, 3);
  arena.give(0, Gadget::kDisc, 3);
  arena.edit([](WorldState& state) { state.players[0].origin.x = 0; });
  arena.frame();
  EXPECT_EQ(arena.fighter(0).wanted, Gadget::kOrb);
}

// Rounds after a pad with so many before.
int rounds_after_pad(ItemKind kind, Gadget gadget, int before) {
  TestArena arena(with_item(kind));
  arena.add(0, 0);
  arena.give(0, gadget, before);
  arena.frame();
  return arena.rounds(0, gadget);
}

TEST(PickUp, APadFillsUpToItsNumberElseGivesOneUpTo200) {
  EXPECT_EQ(rounds_after_pad(ItemKind::kOrb, Gadget::kOrb, 0), 10);
  EXPECT_EQ(rounds_after_pad(ItemKind::kOrb, Gadget::kOrb, 7), 10);
  EXPECT_EQ(rounds_after_pad(ItemKind::kOrb, Gadget::kOrb, 10), 11);
  EXPECT_EQ(rounds_after_pad(ItemKind::kDisc, Gadget::kDisc, 9), 10);
  EXPECT_EQ(rounds_after_pad(ItemKind::kDisc, Gadget::kDisc, 25), 26);
  EXPECT_EQ(rounds_after_pad(ItemKind::kBeam, Gadget::kBeam, 99), 100);
  EXPECT_EQ(rounds_after_pad(ItemKind::kBeam, Gadget::kBeam, 100), 101);
  EXPECT_EQ(rounds_after_pad(ItemKind::kBeam, Gadget::kBeam, 199), 200);
  EXPECT_EQ(rounds_after_pad(ItemKind::kBeam, Gadget::kBeam, 200), 200);
}

struct ReturnCase {
  ItemKind kind;
  int frames;  // From being taken to being taken again: the engine ms, in whole frames.
};
class Return : public testing::TestWithParam<ReturnCase> {};

TEST_P(Return, IsBackAfterItsTime) {
  TestArena arena(with_item(GetParam().kind));
  arena.add(0, 0);
  const auto hurt_a_little = [&] { arena.edit([](WorldState& state) { state.fighters[0].health = 50; }); };
  hurt_a_little();
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 1);
  hurt_a_little();
  int absent = 1;
  while (!arena.world.items()[0].present) {
    arena.frame();
    ++absent;
  }
  EXPECT_EQ(absent, GetParam().frames);
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 1);
}
INSTANTIATE_TEST_SUITE_P(Items, Return,
                         testing::Values(ReturnCase{ItemKind::kOrb, 313}, ReturnCase{ItemKind::kBeam, 313},
                                         ReturnCase{ItemKind::kDisc, 313},
                                         ReturnCase{ItemKind::kArmour, 1563},
                                         ReturnCase{ItemKind::kHealth, 2188}),
                         [](const auto& info) { return std::string(item_type(info.param.kind).name); });

TEST(PickUp, StandingOnAPadGivesARoundEachTime) {
  TestArena arena(with_item(ItemKind::kBeam));
  arena.add(0, 0);
  arena.frames(313 * 4 + 1);
  EXPECT_EQ(arena.rounds(0, Gadget::kBeam), 104);
}

TEST(PickUp, HealthGives50UpTo100AndOnlyBelow100) {
  for (const auto& [before, after] : {std::pair{20, 70}, {50, 100}, {80, 100}, {99, 100}}) {
    TestArena arena(with_item(ItemKind::kHealth));
    arena.add(0, 0);
    arena.edit([&, before = before](WorldState& state) { state.fighters[0].health = before; });
    EXPECT_EQ(count_of(arena.frame(), Kind::kItemTaken), 1);
    EXPECT_EQ(arena.fighter(0).health, after);
  }
  for (const int before : {100, 125}) {
    TestArena arena(with_item(ItemKind::kHealth));
    arena.add(0, 0);
    arena.edit([&](WorldState& state) { state.fighters[0].health = before; });
    EXPECT_TRUE(arena.frame().empty());
    EXPECT_TRUE(arena.world.items()[0].present);
    EXPECT_EQ(arena.fighter(0).health, before);
  }
}

TEST(PickUp, ArmourGives50UpTo200AndOnlyBelow200) {
  for (const auto& [before, after] : {std::pair{0, 50}, {60, 110}, {160, 200}, {199, 200}}) {
    TestArena arena(with_item(ItemKind::kArmour));
    arena.add(0, 0);
    arena.edit([&, before = before](WorldState& state) { state.fighters[0].armour = before; });
    EXPECT_EQ(count_of(arena.frame(), Kind::kItemTaken), 1);
    EXPECT_EQ(arena.fighter(0).armour, after);
  }
  TestArena arena(with_item(ItemKind::kArmour));
  arena.add(0, 0);
  arena.edit([](WorldState& state) { state.fighters[0].armour = 200; });
  EXPECT_TRUE(arena.frame().empty());
  EXPECT_TRUE(arena.world.items()[0].present);
}

TEST(PickUp, TheDeadTakeNothing) {
  TestArena arena(with_item(ItemKind::kApple));
  arena.add(0, 0);
  arena.edit([](WorldState& state) {
    state.fighters[0].alive = false;
    state.fighters[0].health = 0;
  });
  EXPECT_TRUE(arena.frame().empty());
  EXPECT_TRUE(arena.world.items()[0].present);
}

TEST(PickUp, OneOfTwoWhoReachItTakesIt) {
  TestArena arena(with_item(ItemKind::kOrb));
  arena.add(-20, 0);
  arena.add(20, 0);
  const auto events = arena.frame();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].player, 0);
}

TEST(PickUp, AnUnarmedWorldHasOnlyApplesAndGoals) {
  std::vector<ItemPlacement> items;
  for (int kind = 0; kind < static_cast<int>(kItemKindCount); ++kind)
    items.push_back({static_cast<ItemKind>(kind), {0, 0, 15}});
  World world(make_arena_map({.items = items}));
  world.add_player({{0, 0, 0}}, 0);
  const RawAction rest;
  const auto events = world.step({&rest, 1});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(world.items()[static_cast<std::size_t>(events[0].item)].kind, ItemKind::kApple);
  EXPECT_EQ(world.items()[static_cast<std::size_t>(events[1].item)].kind, ItemKind::kGoal);
}

TEST(PickUp, ApplesComeBackWhenTheLevelSaysSo) {
  TestArena arena(with_item(ItemKind::kApple));
  arena.add(0, 0);
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 1);
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 0);
  arena.world.set_item_present(0, true);
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 1);
}

TEST(PickUp, ALevelCanBringAPadBackBeforeItsTime) {
  TestArena arena(with_item(ItemKind::kOrb));
  arena.add(0, 0);
  arena.frame();
  arena.world.set_item_present(0, true);
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 1);
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 313) << "its old time is forgotten";
}

// An arena where the second player has just died with that in its hand.
TestArena after_death(Gadget held, int rounds, ArenaMap map = {}) {
  TestArena arena(std::move(map));
  arena.add(-500, 0);
  arena.add(0, 0);
  arena.give(1, held, rounds);
  arena.edit(
      [&](WorldState& state) { kill(state, arena.world.map(), {.player = 1, .by = 0}, state.pending); });
  return arena;
}

TEST(Drop, IsTheLoadedGadgetBetterThanRapid) {
  for (const Gadget gadget : {Gadget::kOrb, Gadget::kBeam, Gadget::kDisc}) {
    const TestArena arena = after_death(gadget, 3);
    ASSERT_EQ(arena.world.items().size(), 1u);
    const Item& drop = arena.world.items()[0];
    EXPECT_EQ(item_type(drop.kind).name, gadget_type(gadget).name);
    EXPECT_NEAR(length(drop.position - Vec3{0, 0, 15}), 0, 1e-4f);
    EXPECT_TRUE(after_death(gadget, 0).world.items().empty()) << "empty";
  }
  EXPECT_TRUE(after_death(Gadget::kRapid, 50).world.items().empty());
  EXPECT_TRUE(after_death(Gadget::kImpulse, 0).world.items().empty());
}

TEST(Drop, IsWhatAHandWasChangingToFromRapid) {
  TestArena arena;
  arena.add(-500, 0);
  arena.add(0, 0);
  arena.give(1, Gadget::kDisc, 3);
  arena.edit([](WorldState& state) {
    state.fighters[1].held = Gadget::kRapid;
    state.fighters[1].hand = Hand::kLowering;
    state.fighters[1].hand_ms = 100;
  });
  arena.edit(
      [&](WorldState& state) { kill(state, arena.world.map(), {.player = 1, .by = 0}, state.pending); });
  ASSERT_EQ(arena.world.items().size(), 1u);
  EXPECT_EQ(arena.world.items()[0].kind, ItemKind::kDisc);
}

TEST(Drop, LiesOnWhatIsBelow) {
  TestArena arena({.solids = {{{-50, -50, 0}, {50, 50, 30}}}});
  arena.add(-500, 0);
  arena.add(0, 0, 0, 30);
  arena.give(1, Gadget::kOrb, 3);
  arena.edit([&](WorldState& state) {
    state.players[1].origin.z = 120;
    kill(state, arena.world.map(), {.player = 1, .by = 0}, state.pending);
  });
  ASSERT_EQ(arena.world.items().size(), 1u);
  EXPECT_EQ(arena.world.items()[0].position, (Vec3{0, 0, 45}));
}

TEST(Drop, IsLostInAKillVolume) {
  const TestArena arena = after_death(Gadget::kOrb, 3, {.kill_volumes = {{{-50, -50, 0}, {50, 50, 10}}}});
  EXPECT_TRUE(arena.world.items().empty());
}

TEST(Drop, AddsItsNumberAndIsGoneForGood) {
  TestArena arena = after_death(Gadget::kOrb, 3);
  arena.give(0, Gadget::kOrb, 4);
  arena.edit([](WorldState& state) { state.players[0].origin.x = 20; });
  const auto events = arena.frame();
  ASSERT_EQ(count_of(events, Kind::kItemTaken), 1);
  EXPECT_EQ(arena.rounds(0, Gadget::kOrb), 14);
  EXPECT_EQ(arena.world.items().size(), 1u) << "the event speaks of it";
  EXPECT_FALSE(arena.world.items()[0].present);
  arena.frame();
  EXPECT_TRUE(arena.world.items().empty());
}

TEST(Drop, VanishesAfter30Seconds) {
  TestArena arena = after_death(Gadget::kOrb, 3);
  arena.frames(1874);
  EXPECT_TRUE(arena.world.items()[0].present);
  arena.frame();
  EXPECT_FALSE(arena.world.items()[0].present);
  arena.frame();
  EXPECT_TRUE(arena.world.items().empty());
}

TEST(Drop, TakesTheOldestOnesPlaceWhereThereIsNoRoom) {
  TestArena arena;
  arena.add(-500, 0);
  arena.edit([&](WorldState& state) {
    for (std::size_t i = 0; i < kDropsPerPlayer; ++i)
      state.items.push_back(
          {.kind = ItemKind::kOrb, .position = {500, 0, 15}, .left_ms = 20000 - static_cast<int>(i)});
  });
  arena.give(0, Gadget::kDisc, 3);
  arena.edit(
      [&](WorldState& state) { kill(state, arena.world.map(), {.player = 0, .by = 0}, state.pending); });
  ASSERT_EQ(arena.world.items().size(), kDropsPerPlayer);
  EXPECT_EQ(arena.world.items().back().kind, ItemKind::kDisc);
  EXPECT_EQ(arena.world.items()[0].kind, ItemKind::kOrb);
}

TEST(PickUp, AMapMaySayWhatAnItemGivesAndWhenItIsBack) {
  TestArena arena(
      {.items = {{.kind = ItemKind::kOrb, .position = {0, 0, 15}, .respawn_ms = 480, .rounds = 4}}});
  arena.add(0, 0);
  arena.frame();
  EXPECT_EQ(arena.rounds(0, Gadget::kOrb), 4);
  EXPECT_FALSE(arena.world.items()[0].present);
  EXPECT_EQ(arena.frames_until(Kind::kItemTaken), 480 / 16);
  EXPECT_EQ(arena.rounds(0, Gadget::kOrb), 5) << "one more, as it was full";
}

TEST(PickUp, WhatIsTakenComesBackWhereNobodyIsArmedToo) {
  World world(make_arena_map({.items = {{.kind = ItemKind::kApple, .position = {0, 0, 15}, .respawn_ms = 160},
                                        {ItemKind::kApple, {10, 0, 15}}}}));
  world.add_player({{0, 0, 0}}, 0);
  const RawAction still;
  std::vector<int> taken;
  for (int frame = 0; frame < 35; ++frame)
    for (const WorldEvent& event : world.step({&still, 1})) taken.push_back(event.item);
  EXPECT_EQ(taken, (std::vector<int>{0, 1, 0, 0, 0})) << "the second says nothing of coming back";
  world.check_invariants();
}

TEST(PickUp, CountsWhatOnePlayerReachesAtOnce) {
  const auto most = [](std::vector<ItemPlacement> items) {
    return most_taken_at_once(*make_arena_map({.items = std::move(items)}));
  };
  EXPECT_EQ(most({}), 0);
  EXPECT_EQ(most({{ItemKind::kApple, {0, 0, 15}}}), 1);
  EXPECT_EQ(most({{ItemKind::kApple, {0, 0, 15}}, {ItemKind::kGoal, {94, 72, 87}}}), 2);
  EXPECT_EQ(most({{ItemKind::kApple, {0, 0, 15}}, {ItemKind::kGoal, {95, 0, 15}}}), 1);
  EXPECT_EQ(most({{ItemKind::kApple, {0, 0, 15}}, {ItemKind::kGoal, {0, 73, 15}}}), 1);
  EXPECT_EQ(most({{ItemKind::kApple, {0, 0, 15}}, {ItemKind::kGoal, {0, 0, 88}}}), 1);
}

}  // namespace
}  // namespace chrysalis
