// Each gadget's damage, range, spread, splash and push.
#include "chrysalis/world/combat.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chrysalis/world/arena_test.h"

namespace chrysalis {
namespace {

constexpr float kMuzzleAhead = 14.0f;

// What the second player loses by one shot of the first, which looks along x, when its box begins `gap` ahead
// of the muzzle.
int lost_by_one_shot(Gadget gadget, float gap, float half_size = 1000.0f) {
  TestArena arena({.half_size = half_size});
  arena.add(-half_size + 50, 0);
  arena.add(-half_size + 50 + kMuzzleAhead + gap + kBoxHalfWidth, 0);
  arena.give(0, gadget, gadget_type(gadget).rounds);
  arena.action(0).fire = 1;
  arena.frame();
  arena.action(0).fire = 0;
  arena.frames(gadget_type(gadget).attack == Attack::kProjectile ? 100 : 0);
  return arena.lost(1);
}

TEST(Combat, RapidTakes7AtAnyDistance) {
  EXPECT_EQ(lost_by_one_shot(Gadget::kRapid, 20), 7);
  EXPECT_EQ(lost_by_one_shot(Gadget::kRapid, 500), 7);
  // From so far a box is smaller than the cone, so some of many shots are hits.
  TestArena arena({.half_size = 8000});
  arena.add(-7900, 0);
  arena.add(2100, 0);
  arena.action(0).fire = 1;
  int hits = 0;
  for (int frame = 0; frame < 625; ++frame) hits += count_of(arena.frame(), WorldEvent::Kind::kHit);
  EXPECT_GT(hits, 0);
  EXPECT_LT(hits, 50);
}

TEST(Combat, BeamTakes8Within768) {
  EXPECT_EQ(lost_by_one_shot(Gadget::kBeam, 20), 8);
  EXPECT_EQ(lost_by_one_shot(Gadget::kBeam, 767), 8);
  EXPECT_EQ(lost_by_one_shot(Gadget::kBeam, 769), 0);
}

TEST(Combat, DiscTakes100Within8192) {
  EXPECT_EQ(lost_by_one_shot(Gadget::kDisc, 20), 100);
  EXPECT_EQ(lost_by_one_shot(Gadget::kDisc, 8191, 5000), 100);
  EXPECT_EQ(lost_by_one_shot(Gadget::kDisc, 8193, 5000), 0);
}

TEST(Combat, ImpulseTakes50Within32) {
  EXPECT_EQ(lost_by_one_shot(Gadget::kImpulse, 2), 50);
  EXPECT_EQ(lost_by_one_shot(Gadget::kImpulse, 31), 50);
  EXPECT_EQ(lost_by_one_shot(Gadget::kImpulse, 33), 0);
}

TEST(Combat, OrbTakes100OfWhomItHits) {
  EXPECT_EQ(lost_by_one_shot(Gadget::kOrb, 20), 100);
  EXPECT_EQ(lost_by_one_shot(Gadget::kOrb, 500), 100);
}

TEST(Combat, ImpulseIsNotUsedOnNobody) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(200, 0);
  arena.give(0, Gadget::kImpulse, 0);
  arena.action(0).fire = 1;
  for (int frame = 0; frame < 100; ++frame) EXPECT_TRUE(arena.frame().empty());
  EXPECT_FALSE(arena.fighter(0).firing);
  // And so is ready at once for whoever comes.
  arena.world.respawn(1, {{50, 0, 0}}, 0);
  EXPECT_EQ(arena.frames_until(WorldEvent::Kind::kHit), 1);
}

TEST(Combat, SaysWhoShotAndWhoWasHit) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(100, 0);
  arena.give(0, Gadget::kBeam, 5);
  arena.action(0).fire = 1;
  const auto events = arena.frame();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, WorldEvent::Kind::kShot);
  EXPECT_EQ(events[0].player, 0);
  EXPECT_EQ(events[0].gadget, Gadget::kBeam);
  EXPECT_EQ(events[1].kind, WorldEvent::Kind::kHit);
  EXPECT_EQ(events[1].player, 1);
  EXPECT_EQ(events[1].by, 0);
  EXPECT_EQ(events[1].gadget, Gadget::kBeam);
  EXPECT_EQ(events[1].damage, 8);
}

TEST(Combat, WallsStopShots) {
  for (const Gadget gadget : {Gadget::kImpulse, Gadget::kRapid, Gadget::kOrb, Gadget::kBeam, Gadget::kDisc}) {
    TestArena arena({.solids = {{{20, -50, 0}, {21, 50, 100}}}});
    arena.add(0, 0);
    arena.add(38, 0);
    arena.give(0, gadget, gadget_type(gadget).rounds);
    arena.action(0).fire = 1;
    arena.frame();
    arena.action(0).fire = 0;
    arena.frames(5);
    EXPECT_EQ(arena.lost(1), 0) << gadget_type(gadget).name;
  }
}

TEST(Combat, ShotsAimAlongTheLook) {
  // Looking down from 40 u above, 26 degrees: level it would pass over the other's head.
  TestArena arena({.solids = {{{-50, -50, 0}, {50, 50, 60}}}});
  arena.add(0, 0, 0, 60);
  arena.add(0, 200);
  arena.give(0, Gadget::kDisc, 10);
  const auto shoot = [&](float yaw_degrees, float pitch_degrees) {
    arena.edit([&](WorldState& state) {
      state.players[0].yaw_degrees = yaw_degrees;
      state.players[0].pitch_degrees = pitch_degrees;
      state.fighters[0].hand_ms = 0;
    });
    arena.action(0).fire = 1;
    const int hits = count_of(arena.frame(), WorldEvent::Kind::kHit);
    return hits;
  };
  EXPECT_EQ(shoot(90, 0), 0);
  EXPECT_EQ(shoot(0, 22), 0);
  EXPECT_EQ(shoot(-90, 22), 0);
  EXPECT_EQ(shoot(90, -22), 0);
  EXPECT_EQ(shoot(90, 22), 1);
}

TEST(Combat, ACrouchedPlayerIsLower) {
  TestArena arena;
  arena.add(0, 0);
  arena.add(200, 0);
  arena.give(0, Gadget::kDisc, 10);
  arena.action(1).crouch = 1;
  arena.frame();
  arena.action(0).fire = 1;
  arena.frame();
  EXPECT_EQ(arena.lost(1), 0) << "the eye is at 50 u, the box 40 u high";
  arena.action(1).crouch = 0;
  EXPECT_EQ(arena.frames_until(WorldEvent::Kind::kHit), 94);
}

TEST(Combat, RapidStraysWithinACone) {
  TestArena arena({.half_size = 2000});
  arena.add(-1900, 0);
  arena.action(0).fire = 1;
  const float wall = 2000, muzzle = -1900 + kMuzzleAhead;
  const float spread = gadget_type(Gadget::kRapid).spread;
  double right_sum = 0, up_sum = 0, largest = 0;
  int shots = 0;
  for (int frame = 0; frame < 625; ++frame) {
    if (count_of(arena.frame(), WorldEvent::Kind::kShot) == 0) continue;
    const Effect& flash = arena.world.effects().back();
    EXPECT_EQ(flash.kind, Effect::Kind::kRapid);
    if (flash.to.z < 1) continue;  // On the floor before it came to the wall.
    EXPECT_NEAR(flash.to.x, wall, 0.2f);
    const double right = -flash.to.y / (wall - muzzle);
    const double up = (flash.to.z - 50.125) / (wall - muzzle);
    right_sum += right;
    up_sum += up;
    largest = std::max(largest, std::hypot(right, up));
    ++shots;
  }
  EXPECT_GT(shots, 80);
  EXPECT_LE(largest, spread);
  EXPECT_GT(largest, 0.7 * spread);
  EXPECT_NEAR(right_sum / shots, 0, 0.15 * spread);
  EXPECT_NEAR(up_sum / shots, 0, 0.15 * spread);
  EXPECT_NEAR(std::atan(spread) * 180 / 3.14159265, 1.4, 0.01);
}

TEST(Combat, OnlyRapidStrays) {
  TestArena arena;
  arena.add(-900, 0);
  for (const Gadget gadget : {Gadget::kBeam, Gadget::kDisc}) {
    arena.give(0, gadget, 5);
    arena.action(0).fire = 1;
    arena.frame();
    const Effect& trail = arena.world.effects().back();
    EXPECT_EQ(trail.from, (Vec3{-900 + kMuzzleAhead, 0, 50.125f}));
    EXPECT_EQ(trail.to.y, 0);
    EXPECT_EQ(trail.to.z, 50.125f);
    EXPECT_FLOAT_EQ(trail.to.x,
                    gadget == Gadget::kBeam ? -900 + kMuzzleAhead + 768 : 1000 - kSurfaceClearance);
  }
}

TEST(Combat, DiscPassesThroughFourPlayers) {
  TestArena arena;
  arena.add(-500, 0);
  for (int i = 0; i < 5; ++i) arena.add(400.0f - 100.0f * static_cast<float>(i), 0);
  arena.give(0, Gadget::kDisc, 10);
  arena.action(0).fire = 1;
  const auto events = arena.frame();
  std::vector<int> hit;
  for (const WorldEvent& event : events)
    if (event.kind == WorldEvent::Kind::kHit) hit.push_back(event.player);
  EXPECT_EQ(hit, (std::vector{5, 4, 3, 2})) << "nearest first, and not the fifth";
  EXPECT_FLOAT_EQ(arena.world.effects().back().to.x, 300 - kBoxHalfWidth) << "the trail ends in the fourth";
}

TEST(Combat, OtherShotsStopInTheFirstPlayer) {
  for (const Gadget gadget : {Gadget::kRapid, Gadget::kOrb, Gadget::kBeam}) {
    TestArena arena;
    arena.add(-100, 0);
    arena.add(200, 0);
    arena.add(0, 0);
    arena.give(0, gadget, 1);
    arena.action(0).fire = 1;
    arena.frames(10);
    EXPECT_GE(arena.lost(2), 7) << gadget_type(gadget).name;
    EXPECT_EQ(arena.lost(1), 0) << gadget_type(gadget).name;
  }
}

// Puts an orb into the arena: it flies along x and bursts on the wall, whose face is at `wall`, in the next
// frame.
void burst_at(TestArena& arena, float wall, float y, float z, int owner = 0) {
  arena.edit([&](WorldState& state) {
    state.projectiles.push_back({.gadget = Gadget::kOrb,
                                 .owner = owner,
                                 .position = {wall - 5, y, z},
                                 .velocity = {900, 0, 0},
                                 .left_ms = 10000});
  });
  arena.frame();
}

struct SplashCase {
  float distance;  // From the burst to the box.
  int damage;
};
class Splash : public testing::TestWithParam<SplashCase> {};

TEST_P(Splash, FallsFrom100To0Over120) {
  TestArena arena;
  arena.add(-500, 0);
  arena.add(1000 - kSurfaceClearance - kBoxHalfWidth, 0);
  burst_at(arena, 1000, kBoxHalfWidth + GetParam().distance, 40);
  EXPECT_EQ(arena.lost(1), GetParam().damage);
}
INSTANTIATE_TEST_SUITE_P(Distances, Splash,
                         testing::Values(SplashCase{0.0f, 100}, SplashCase{12.1f, 89}, SplashCase{60.1f, 49},
                                         SplashCase{108.1f, 9}, SplashCase{119.9f, 1}, SplashCase{121, 0}));

TEST(Combat, SplashIsMeasuredToTheBox) {
  TestArena arena;
  arena.add(-500, 0);
  arena.add(940, 0);
  burst_at(arena, 1000, 0, 56.125f + 60);
  // 45 u aside and 60 u above the box, less the clearance: 75 u.
  EXPECT_EQ(arena.lost(1), 37);
}

TEST(Combat, SplashNeedsALineOfSight) {
  TestArena arena({.solids = {{{900, 40, 0}, {1000, 41, 192}}}});
  arena.add(-500, 0);
  arena.add(980, 80);
  burst_at(arena, 1000, 20, 40);
  EXPECT_EQ(arena.lost(1), 0);
  burst_at(arena, 1000, 140, 40);
  EXPECT_GT(arena.lost(1), 30);
}

TEST(Combat, SplashReachesWhoIsHalfHidden) {
  // The wall hides the middle of the box and not its upper corners.
  TestArena arena({.solids = {{{900, 40, 0}, {1000, 41, 35}}}});
  arena.add(-500, 0);
  arena.add(980, 80);
  burst_at(arena, 1000, 20, 40);
  EXPECT_GT(arena.lost(1), 0);
}

TEST(Combat, SplashSparesWhomTheOrbHit) {
  TestArena arena;
  arena.add(-500, 0);
  arena.add(0, 0);
  arena.add(0, 40);
  arena.edit([](WorldState& state) {
    state.projectiles.push_back({.gadget = Gadget::kOrb,
                                 .owner = 0,
                                 .position = {-20, 0, 30},
                                 .velocity = {900, 0, 0},
                                 .left_ms = 10000});
  });
  const auto events = arena.frame();
  EXPECT_EQ(arena.lost(1), 100);
  EXPECT_EQ(arena.lost(2), 79) << "25 u from the burst to its box";
  EXPECT_EQ(count_of(events, WorldEvent::Kind::kHit), 2);
}

TEST(Combat, OnesOwnSplashTakesHalfAndPushesInFull) {
  TestArena arena;
  arena.add(1000 - kSurfaceClearance - kBoxHalfWidth, 0);
  burst_at(arena, 1000, kBoxHalfWidth + 60.1f, 40);
  EXPECT_EQ(arena.lost(0), 24);
  EXPECT_NEAR(length(arena.body(0).velocity), 5 * 49, 0.5f);
}

TEST(Combat, ABurstPushesAwayAndUp) {
  TestArena arena;
  arena.add(-500, 0);
  arena.add(1000 - kSurfaceClearance - kBoxHalfWidth, 0);
  burst_at(arena, 1000, -kBoxHalfWidth - 30, 24.125f);
  const Vec3 velocity = arena.body(1).velocity;
  EXPECT_NEAR(length(velocity), 5 * 75, 3.0f);
  EXPECT_GT(velocity.y, 0);
  // From the burst at its side to the middle of the body, 24 u added up.
  EXPECT_NEAR(velocity.z / velocity.y, 24.0f / 45.0f, 0.01f);
}

TEST(Combat, AnOrbBeginsWith50MsAndFlies900) {
  TestArena arena({.half_size = 3000});
  arena.add(-2900, 0);
  arena.give(0, Gadget::kOrb, 1);
  arena.action(0).fire = 1;
  arena.frame();
  ASSERT_EQ(arena.world.projectiles().size(), 1u);
  EXPECT_FLOAT_EQ(arena.world.projectiles()[0].position.x, -2900 + kMuzzleAhead + 45);
  arena.frames(100);
  EXPECT_NEAR(arena.world.projectiles()[0].position.x, -2900 + kMuzzleAhead + 45 + 1440, 0.1f);
}

TEST(Combat, AnOrbBurstsAfter15Seconds) {
  TestArena arena({.half_size = 8000});
  arena.add(-7900, 0);
  arena.give(0, Gadget::kOrb, 1);
  arena.action(0).fire = 1;
  arena.frames(937);
  EXPECT_EQ(arena.world.projectiles().size(), 1u);
  arena.frame();
  EXPECT_TRUE(arena.world.projectiles().empty());
  EXPECT_EQ(arena.world.effects().back().kind, Effect::Kind::kExplosion);
}

TEST(Combat, AnOrbVanishesInTheOpenSky) {
  TestArena arena;
  arena.add(0, 0);
  arena.edit([](WorldState& state) {
    state.projectiles.push_back(
        {.owner = 0, .position = {0, 0, 180}, .velocity = {0, 0, 900}, .left_ms = 10000});
  });
  arena.frames(2);
  EXPECT_TRUE(arena.world.projectiles().empty());
  EXPECT_TRUE(arena.world.effects().empty());
  EXPECT_EQ(arena.lost(0), 0);
}

TEST(Combat, AnOrbDoesNotHitItsOwner) {
  TestArena arena;
  arena.add(0, 0);
  arena.edit([](WorldState& state) {
    state.projectiles.push_back(
        {.owner = 0, .position = {-100, 0, 30}, .velocity = {900, 0, 0}, .left_ms = 10000});
  });
  arena.frames(20);
  EXPECT_EQ(arena.lost(0), 0);
}

TEST(Combat, WhatIsInTheAirIsStillItsOwnersAfterItsDeath) {
  TestArena arena;
  arena.add(-500, 0);
  arena.add(0, 0);
  arena.edit([](WorldState& state) {
    state.fighters[0].alive = false;
    state.fighters[0].health = 0;
    state.fighters[1].health = 50;
    state.projectiles.push_back(
        {.owner = 0, .position = {-30, 0, 30}, .velocity = {900, 0, 0}, .left_ms = 10000});
  });
  arena.frame();
  const auto events = arena.frame();
  ASSERT_EQ(count_of(events, WorldEvent::Kind::kDied), 1);
  EXPECT_EQ(events.back().player, 1);
  EXPECT_EQ(events.back().by, 0);
}

TEST(Combat, TheDeadAreNotHit) {
  TestArena arena;
  arena.add(-200, 0);
  arena.add(0, 0);
  arena.add(200, 0);
  arena.give(0, Gadget::kBeam, 100);
  arena.edit([](WorldState& state) {
    state.fighters[1].alive = false;
    state.fighters[1].health = 0;
  });
  arena.action(0).fire = 1;
  const auto events = arena.frame();
  ASSERT_EQ(count_of(events, WorldEvent::Kind::kHit), 1);
  EXPECT_EQ(events[1].player, 2);
}

TEST(Combat, EffectsStayForTheirTime) {
  const std::vector<std::pair<Effect::Kind, int>> frames = {
      {Effect::Kind::kBeam, 4},     {Effect::Kind::kDisc, 25},      {Effect::Kind::kRapid, 7},
      {Effect::Kind::kImpulse, 13}, {Effect::Kind::kExplosion, 32}, {Effect::Kind::kTeleport, 32}};
  for (const auto& [kind, count] : frames) {
    TestArena arena;
    arena.add(0, 0);
    arena.edit([&, kind = kind](WorldState& state) { state.add({.kind = kind}); });
    int seen = 1;
    for (arena.frame(); !arena.world.effects().empty() && seen < 1000; arena.frame()) ++seen;
    EXPECT_EQ(seen, count) << static_cast<int>(kind);
  }
}

TEST(Combat, TheOldestEffectGoesWhereThereIsNoRoom) {
  TestArena arena;
  arena.add(0, 0);
  arena.edit([](WorldState& state) {
    for (std::size_t i = 0; i < kEffectsPerPlayer + 3; ++i)
      state.add({.kind = Effect::Kind::kTeleport, .from = {static_cast<float>(i), 0, 0}});
  });
  ASSERT_EQ(arena.world.effects().size(), kEffectsPerPlayer);
  EXPECT_EQ(arena.world.effects()[0].from.x, 3);
}

}  // namespace
}  // namespace chrysalis
