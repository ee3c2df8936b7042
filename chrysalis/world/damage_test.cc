// What hits do: health, armour, push, jolt.
#include "chrysalis/world/damage.h"

#include <gtest/gtest.h>

#include "chrysalis/world/arena_test.h"

namespace chrysalis {
namespace {

// A player of so much health and armour after a hit by another.
Fighter after_hit(int health, int armour, int damage) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(500, 0);
  arena.edit([&](WorldState& state) {
    state.fighters[0].health = health;
    state.fighters[0].armour = armour;
    hurt(state, arena.world.map(), {.player = 0, .by = 1, .damage = damage, .direction = {1, 0, 0}});
    state.events.clear();
  });
  return arena.fighter(0);
}

TEST(Damage, ArmourTakes66PercentRoundedUpWhileItLasts) {
  EXPECT_EQ(after_hit(125, 0, 7).health, 118);
  EXPECT_EQ(after_hit(125, 100, 7).armour, 95);  // 4.62 of 7.
  EXPECT_EQ(after_hit(125, 100, 7).health, 123);
  EXPECT_EQ(after_hit(125, 100, 8).armour, 94);  // 5.28 of 8.
  EXPECT_EQ(after_hit(125, 100, 50).armour, 67);
  EXPECT_EQ(after_hit(125, 100, 50).health, 108);
  EXPECT_EQ(after_hit(125, 100, 100).armour, 34);
  EXPECT_EQ(after_hit(125, 100, 100).health, 91);
  EXPECT_EQ(after_hit(125, 10, 50).armour, 0);
  EXPECT_EQ(after_hit(125, 10, 50).health, 85);
}

TEST(Damage, KillsAtNoHealth) {
  EXPECT_TRUE(after_hit(8, 0, 7).alive);
  EXPECT_FALSE(after_hit(7, 0, 7).alive);
  EXPECT_EQ(after_hit(7, 0, 100).health, 0);
  EXPECT_TRUE(after_hit(7, 200, 20).alive) << "6 of 20 come through the armour";
}

TEST(Damage, OnesOwnIsHalvedAndAtLeast1) {
  for (const auto& [damage, lost] : {std::pair{100, 50}, {99, 49}, {1, 1}}) {
    TestArena arena;
    arena.add(0, 0);
    arena.edit([&, damage = damage](WorldState& state) {
      hurt(state, arena.world.map(), {.player = 0, .by = 0, .damage = damage, .direction = {0, 0, 1}});
      EXPECT_EQ(state.events.at(0).damage, lost);
      EXPECT_EQ(state.events.at(0).by, 0);
      state.events.clear();
    });
    EXPECT_EQ(arena.lost(0), lost);
  }
}

TEST(Damage, IsSaidOnceAndThenTheDeath) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(100, 0);
  arena.give(0, Gadget::kDisc, 5);
  arena.edit([](WorldState& state) { state.fighters[1].health = 100; });
  arena.action(0).fire = 1;
  const auto events = arena.frame();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].kind, WorldEvent::Kind::kHit);
  EXPECT_EQ(events[1].damage, 100);
  EXPECT_EQ(events[2].kind, WorldEvent::Kind::kDied);
  EXPECT_EQ(events[2].player, 1);
  EXPECT_EQ(events[2].by, 0);
  EXPECT_EQ(events[2].gadget, Gadget::kDisc);
}

struct PushCase {
  Gadget gadget;
  float speed;
  int milliseconds;
};
class Push : public testing::TestWithParam<PushCase> {};

TEST_P(Push, GivesFiveTimesTheDamage) {
  const auto [gadget, speed, milliseconds] = GetParam();
  // The victim moves before the shot, so what is seen is the push alone.
  TestArena arena;
  arena.add(40, 0);
  arena.add(0, 0);
  arena.give(1, gadget, gadget_type(gadget).rounds);
  arena.action(1).fire = 1;
  arena.frame();
  EXPECT_EQ(arena.body(0).velocity, (Vec3{speed, 0, 0}));
  EXPECT_EQ(arena.body(0).knockback_ms, milliseconds);
  const float recoil = length(arena.body(1).velocity);
  EXPECT_EQ(recoil > 0, gadget == Gadget::kOrb) << "only from a burst nearby";
}
INSTANTIATE_TEST_SUITE_P(Gadgets, Push,
                         testing::Values(PushCase{Gadget::kImpulse, 250, 100},
                                         PushCase{Gadget::kRapid, 35, 50}, PushCase{Gadget::kOrb, 500, 200},
                                         PushCase{Gadget::kBeam, 40, 50}, PushCase{Gadget::kDisc, 500, 200}),
                         [](const auto& info) { return std::string(gadget_type(info.param.gadget).name); });

TEST(Damage, ThePushesTimeIsNotMadeLonger) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(500, 0);
  const Hit hit{.player = 0, .by = 1, .damage = 7, .direction = {1, 0, 0}};
  arena.edit([&](WorldState& state) {
    hurt(state, arena.world.map(), hit);
    state.events.clear();
  });
  EXPECT_EQ(arena.body(0).knockback_ms, 50);
  arena.frame();
  arena.edit([&](WorldState& state) {
    hurt(state, arena.world.map(), hit);
    state.events.clear();
  });
  EXPECT_EQ(arena.body(0).knockback_ms, 34);
}

// The jolt of a hit that comes from `from` degrees, on a player that looks along x: pitch and roll.
std::pair<float, float> kick_from(float from_degrees, int health, int damage) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(500, 0);
  const float radians = from_degrees * 3.14159265f / 180.0f;
  arena.edit([&](WorldState& state) {
    state.fighters[0].health = health;
    hurt(state, arena.world.map(),
         {.player = 0, .by = 1, .damage = damage, .direction = {-std::cos(radians), -std::sin(radians), 0}});
    state.events.clear();
  });
  EXPECT_EQ(arena.fighter(0).kick_ms, kKickMs);
  return {arena.fighter(0).kick_pitch_degrees, arena.fighter(0).kick_roll_degrees};
}

TEST(Damage, JoltsTheEyeBackFromWhereItCame) {
  EXPECT_NEAR(kick_from(0, 125, 7).first, -5, 1e-4f) << "from ahead: up";
  EXPECT_NEAR(kick_from(180, 125, 7).first, 5, 1e-4f);
  EXPECT_NEAR(kick_from(90, 125, 7).second, 5, 1e-4f) << "from the left";
  EXPECT_NEAR(kick_from(-90, 125, 7).second, -5, 1e-4f);
  EXPECT_NEAR(kick_from(90, 125, 7).first, 0, 1e-4f);
}

TEST(Damage, JoltsBy5To10Degrees) {
  EXPECT_NEAR(kick_from(0, 125, 7).first, -5, 1e-4f);
  EXPECT_NEAR(kick_from(0, 125, 100).first, -10, 1e-4f);
  EXPECT_NEAR(kick_from(0, 47, 7).first, -7, 1e-4f) << "40 of health are left";
  EXPECT_NEAR(kick_from(0, 87, 7).first, -5, 1e-4f) << "80 are left";
  EXPECT_NEAR(kick_from(0, 90, 10).first, -5, 1e-4f);
  EXPECT_NEAR(kick_from(0, 60, 10).first, -8, 1e-4f);
}

TEST(Damage, TheJoltIsOverAfterHalfASecond) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(100, 0, 180);
  arena.action(1).fire = 1;
  arena.frame();
  arena.action(1).fire = 0;
  EXPECT_EQ(arena.fighter(0).kick_ms, 500);
  arena.frames(31);
  EXPECT_EQ(arena.fighter(0).kick_ms, 4);
  arena.frame();
  EXPECT_EQ(arena.fighter(0).kick_ms, 0);
}

TEST(Damage, HealthAbove100DecaysEvery62Point5Frames) {
  TestArena arena;
  arena.add(0, 0);
  std::vector<int> frames;
  int health = kSpawnHealth;
  for (int frame = 1; frame <= 2000; ++frame) {
    arena.frame();
    if (arena.fighter(0).health < health) frames.push_back(frame);
    health = arena.fighter(0).health;
  }
  EXPECT_EQ(health, 100);
  ASSERT_EQ(frames.size(), 25u);
  EXPECT_EQ(std::vector(frames.begin(), frames.begin() + 4), (std::vector{63, 125, 188, 250}));
  EXPECT_EQ(frames.back(), 1563);
}

TEST(Damage, ArmourAbove100DecaysLikewise) {
  TestArena arena;
  arena.add(0, 0);
  arena.edit([](WorldState& state) { state.fighters[0].armour = 103; });
  arena.frames(187);
  EXPECT_EQ(arena.fighter(0).armour, 101);
  arena.frames(500);
  EXPECT_EQ(arena.fighter(0).armour, 100);
}

}  // namespace
}  // namespace chrysalis
