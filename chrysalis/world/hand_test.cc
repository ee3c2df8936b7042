// The weapon timer, with the figures that were measured on the original.
#include "chrysalis/world/hand.h"

#include <gtest/gtest.h>

#include "chrysalis/world/arena_test.h"

namespace chrysalis {
namespace {

// The frames of a lone player's first shots with FIRE held, the first frame being 1.
std::vector<int> frames_of_shots(Gadget gadget, std::size_t count) {
  TestArena arena;
  arena.add(0, 0);
  arena.give(0, gadget, gadget_type(gadget).rounds);
  arena.action(0).fire = 1;
  std::vector<int> frames;
  for (int frame = 1; frame < 5000 && frames.size() < count; ++frame)
    for (const WorldEvent& event : arena.frame())
      if (event.kind == WorldEvent::Kind::kShot) frames.push_back(frame);
  return frames;
}

TEST(Hand, ShootsRapidEvery6Point25Frames) {
  const std::vector<int> frames = frames_of_shots(Gadget::kRapid, 100);
  ASSERT_EQ(frames.size(), 100u);
  EXPECT_EQ(std::vector(frames.begin(), frames.begin() + 5), (std::vector{1, 8, 14, 20, 26}));
  EXPECT_EQ(frames.back(), 1 + 619);  // 99 reloads of 6.25 frames.
}

TEST(Hand, ShootsBeamEvery3Point125Frames) {
  const std::vector<int> frames = frames_of_shots(Gadget::kBeam, 81);
  ASSERT_EQ(frames.size(), 81u);
  EXPECT_EQ(std::vector(frames.begin(), frames.begin() + 5), (std::vector{1, 5, 8, 11, 14}));
  EXPECT_EQ(frames.back(), 1 + 250);
}

TEST(Hand, ShootsOrbEvery50Frames) {
  EXPECT_EQ(frames_of_shots(Gadget::kOrb, 4), (std::vector{1, 51, 101, 151}));
}

TEST(Hand, ShootsDiscEvery93Point75Frames) {
  EXPECT_EQ(frames_of_shots(Gadget::kDisc, 5), (std::vector{1, 95, 189, 283, 376}));
}

TEST(Hand, UsesImpulseEvery25FramesOnWhoeverIsInReach) {
  // Each blow throws the other out of reach for a while, so only a wall behind it makes the rate visible.
  TestArena arena({.solids = {{{47.25f, -100, 0}, {60, 100, 100}}}});
  arena.add(0, 0);
  arena.add(32, 0);
  arena.edit([](WorldState& state) { state.fighters[1].armour = kArmourMax; });
  arena.give(0, Gadget::kImpulse, 0);
  arena.action(0).fire = 1;
  std::vector<int> frames;
  for (int frame = 1; frame <= 60; ++frame)
    if (count_of(arena.frame(), WorldEvent::Kind::kShot) > 0) frames.push_back(frame);
  EXPECT_EQ(frames, (std::vector{1, 26, 51}));
}

TEST(Hand, ARestForgetsWhatIsOverOfAReload) {
  TestArena arena;
  arena.add(0, 0);
  arena.action(0).fire = 1;
  EXPECT_EQ(count_of(arena.frame(), WorldEvent::Kind::kShot), 1);
  arena.action(0).fire = 0;
  arena.frames(20);
  EXPECT_EQ(arena.fighter(0).hand_ms, 0);
  arena.action(0).fire = 1;
  EXPECT_EQ(count_of(arena.frame(), WorldEvent::Kind::kShot), 1);
  EXPECT_EQ(arena.frames_until(WorldEvent::Kind::kShot), 7);
}

TEST(Hand, AShotSpendsARound) {
  TestArena arena;
  arena.add(0, 0);
  arena.action(0).fire = 1;
  EXPECT_EQ(arena.rounds(0, Gadget::kRapid), 100);
  arena.frame();
  EXPECT_EQ(arena.rounds(0, Gadget::kRapid), 99);
  EXPECT_TRUE(arena.fighter(0).firing);
  arena.frame();
  EXPECT_EQ(arena.rounds(0, Gadget::kRapid), 99);
  EXPECT_FALSE(arena.fighter(0).firing);
}

// Frames from the shot that empties a gadget to the hand's being ready with another.
int frames_to_change(Gadget gadget, int rounds, Gadget expected) {
  TestArena arena;
  arena.add(0, 0);
  arena.give(0, gadget, rounds);
  arena.action(0).fire = 1;
  for (int i = 0; i < 2000 && arena.rounds(0, gadget) > 0; ++i) arena.frame();
  for (int frame = 1; frame < 200; ++frame) {
    arena.frame();
    if (arena.fighter(0).held == expected && arena.fighter(0).hand == Hand::kReady) return frame;
  }
  return 0;
}

TEST(Hand, ComesFromAnEmptyRapidToImpulseIn50Frames) {
  EXPECT_EQ(frames_to_change(Gadget::kRapid, 100, Gadget::kImpulse), 50);
}

TEST(Hand, ComesFromTheLastOrbToRapidIn94Frames) {
  EXPECT_EQ(frames_to_change(Gadget::kOrb, 10, Gadget::kRapid), 94);
}

TEST(Hand, ChangesFromAnEmptyGadgetWithoutFire) {
  TestArena arena;
  arena.add(0, 0);
  arena.give(0, Gadget::kOrb, 1);
  arena.action(0).fire = 1;
  arena.frame();
  arena.action(0).fire = 0;
  arena.frames(94);
  EXPECT_EQ(arena.fighter(0).held, Gadget::kRapid);
  EXPECT_EQ(arena.fighter(0).hand, Hand::kReady);
}

TEST(Hand, ChangesToTheHighestThatHasRounds) {
  TestArena arena;
  arena.add(0, 0);
  for (const Gadget gadget : {Gadget::kOrb, Gadget::kBeam}) arena.give(0, gadget, 5);
  arena.give(0, Gadget::kDisc, 1);
  arena.action(0).fire = 1;
  arena.frame();
  arena.action(0).fire = 0;
  arena.frames(200);
  EXPECT_EQ(arena.fighter(0).held, Gadget::kBeam);
  arena.give(0, Gadget::kBeam, 1);
  arena.action(0).fire = 1;
  arena.frame();
  arena.action(0).fire = 0;
  arena.frames(100);
  EXPECT_EQ(arena.fighter(0).held, Gadget::kOrb);
}

TEST(Hand, ChangesIn450Ms) {
  TestArena arena;
  arena.add(0, 0);
  arena.give(0, Gadget::kDisc, 3);
  arena.edit([](WorldState& state) { state.fighters[0].wanted = Gadget::kRapid; });
  arena.frame();
  EXPECT_EQ(arena.fighter(0).hand, Hand::kLowering);
  EXPECT_EQ(arena.fighter(0).hand_ms, kLowerMs);
  arena.frames(13);
  EXPECT_EQ(arena.fighter(0).hand, Hand::kRaising);
  EXPECT_EQ(arena.fighter(0).held, Gadget::kRapid);
  arena.frames(15);
  EXPECT_EQ(arena.fighter(0).hand, Hand::kRaising);
  arena.frame();  // 450 ms are 28.125 frames.
  EXPECT_EQ(arena.fighter(0).hand, Hand::kReady);
}

TEST(Hand, AChangeWaitsForTheReload) {
  TestArena arena;
  arena.add(0, 0);
  arena.give(0, Gadget::kDisc, 3);
  arena.action(0).fire = 1;
  arena.frame();
  arena.edit([](WorldState& state) { state.fighters[0].wanted = Gadget::kRapid; });
  arena.frames(93);
  EXPECT_EQ(arena.fighter(0).hand, Hand::kReady);
  arena.frame();
  EXPECT_EQ(arena.fighter(0).hand, Hand::kLowering);
}

TEST(Hand, AGadgetThatComesUpCanBePutDownAgain) {
  TestArena arena;
  arena.add(0, 0);
  arena.give(0, Gadget::kDisc, 3);
  arena.edit([](WorldState& state) { state.fighters[0].wanted = Gadget::kRapid; });
  arena.frames(16);
  ASSERT_EQ(arena.fighter(0).hand, Hand::kRaising);
  arena.edit([](WorldState& state) { state.fighters[0].wanted = Gadget::kDisc; });
  arena.frame();
  EXPECT_EQ(arena.fighter(0).hand, Hand::kLowering);
  arena.frames(60);
  EXPECT_EQ(arena.fighter(0).held, Gadget::kDisc);
  EXPECT_EQ(arena.fighter(0).hand, Hand::kReady);
}

TEST(Hand, RoundsThatComeWhileItRunsDryKeepTheGadget) {
  TestArena arena;
  arena.add(0, 0);
  arena.give(0, Gadget::kOrb, 0);
  arena.frame();
  ASSERT_EQ(arena.fighter(0).hand, Hand::kDry);
  arena.edit([](WorldState& state) { state.fighters[0].rounds[static_cast<std::size_t>(Gadget::kOrb)] = 4; });
  arena.frames(16);
  EXPECT_EQ(arena.fighter(0).hand, Hand::kReady);
  EXPECT_EQ(arena.fighter(0).held, Gadget::kOrb);
}

TEST(Hand, FireMustBeReleasedAfterASpawn) {
  TestArena arena;
  arena.add(0, 0);
  arena.world.respawn(0, {{0, 0, 0}}, 0);
  arena.action(0).fire = 1;
  EXPECT_EQ(arena.frames_until(WorldEvent::Kind::kShot, 200), 0);
  arena.action(0).fire = 0;
  arena.frame();
  arena.action(0).fire = 1;
  EXPECT_EQ(arena.frames_until(WorldEvent::Kind::kShot), 1);
}

TEST(Hand, NothingIsShotInAnUnarmedWorld) {
  World world(make_arena_map({}));
  world.add_player({{0, 0, 0}}, 0);
  const RawAction rest, fire{.fire = 1};
  world.step({&rest, 1});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(world.step({&fire, 1}).empty());
  EXPECT_TRUE(world.effects().empty());
}

}  // namespace
}  // namespace chrysalis
