// What bodies do; the figures of how they move are in physics_test.cc.
#include "chrysalis/world/body.h"

#include <gtest/gtest.h>

#include "chrysalis/core/random.h"
#include "chrysalis/world/floor_test.h"

namespace chrysalis {
namespace {

TEST(Body, JumpAndCrouchCancel) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, {.move_forward = 1, .jump = 1, .crouch = 1}, 60);
  EXPECT_EQ(body.velocity, (Vec3{320, 0, 0}));
  EXPECT_TRUE(body.on_ground);
  EXPECT_FALSE(body.crouched);
}

TEST(Body, StaysCrouchedUnderALowCeiling) {
  const Map map = floor_with({{{100, -50, 44}, {200, 50, 100}}});
  Body body = standing_at(0, 0);
  const RawAction crouch{.move_forward = 1, .crouch = 1};
  frames_until(body, map, crouch, [](const Body& b) { return b.origin.x > 130; });
  move_body(body, {}, map, {});
  EXPECT_TRUE(body.crouched) << "no room to stand";
  run_frames(body, map, kForward, 200);
  EXPECT_GT(body.origin.x, 215.0f);
  EXPECT_FALSE(body.crouched);
}

TEST(Body, YawStaysWithinOneTurn) {
  const Map map = floor_with({});
  for (const int rate : {512, -512}) {
    Body body = standing_at(0, 0);
    for (int i = 0; i < 100; ++i) {
      move_body(body, {.look_right = rate}, map, {});
      EXPECT_GE(body.yaw_degrees, -180.0f);
      EXPECT_LT(body.yaw_degrees, 180.0f);
    }
  }
}

TEST(Body, FallsOffAnEdgeAndLands) {
  const Map map = floor_with({{{-100, -100, 0}, {100, 100, 60}}});
  Body body = standing_at(0, 0);
  body.origin.z += 60;
  const int frames = frames_until(body, map, kForward, [](const Body& b) { return !b.on_ground; });
  EXPECT_GT(frames, 0);
  EXPECT_GT(body.origin.x, 115.0f);
  frames_until(body, map, {}, [](const Body& b) { return b.on_ground; });
  EXPECT_LT(body.origin.z, 24.5f);
}

TEST(Body, VelocityIsWholeAfterEachFrame) {
  const Map map = floor_with({{{100, -500, 0}, {200, 500, 40}}});
  RandomStream random{RandomKey(7)};
  Body body = standing_at(0, 0);
  for (int i = 0; i < 2000; ++i) {
    const RawAction action{.look_right = random.between(-512, 512),
                           .strafe_right = random.between(-1, 1),
                           .move_forward = random.between(-1, 1),
                           .jump = random.between(0, 1),
                           .crouch = random.between(0, 1)};
    move_body(body, action, map, {});
    for (int axis = 0; axis < 3; ++axis) ASSERT_EQ(body.velocity[axis], std::nearbyint(body.velocity[axis]));
  }
}

TEST(Body, BodiesAreSolidToEachOther) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  const Body others[] = {standing_at(200, 10), standing_at(-500, 0)};
  for (int i = 0; i < 100; ++i) move_body(body, kForward, map, others);
  EXPECT_NEAR(body.origin.x, 200 - 30.125f, 1e-3f);
  // And can be stood on.
  Body above = standing_at(200, 10);
  above.origin.z += 100;
  above.on_ground = false;
  for (int i = 0; i < 100; ++i) move_body(above, {}, map, others);
  EXPECT_TRUE(above.on_ground);
  EXPECT_NEAR(above.origin.z, 24.125f + 32 + 24.125f, 0.01f);
}

TEST(Body, ManySolidsInOnePlaceAreAllMet) {
  // A wall of more solids than a frame's surroundings hold, the last one the nearest.
  std::vector<Solid> slices;
  for (int i = 0; i < 100; ++i) {
    const float x = 130.0f - 0.1f * static_cast<float>(i);
    slices.push_back({{x, -500, 0}, {x + 50, 500, 100}});
  }
  const Map map = floor_with(std::move(slices));
  Body body = standing_at(0, 0);
  run_frames(body, map, kForward, 100);
  EXPECT_NEAR(body.origin.x, 130.0f - 9.9f - 15.125f, 1e-2f);
}

TEST(Body, SlidesWithoutFrictionWhileItIsKnockedBack) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  body.velocity = {250, 0, 0};
  body.knockback_ms = 100;
  run_frames(body, map, {}, 6);
  EXPECT_EQ(body.knockback_ms, 4);
  EXPECT_GE(body.velocity.x, 250.0f);
  run_frames(body, map, {}, 1);
  EXPECT_NEAR(body.velocity.x, 250 * (1 - 0.096f), 3.0f);
}

TEST(Body, HasTheControlOfAirWhileItIsKnockedBack) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  body.velocity = {0, 300, 0};
  body.knockback_ms = 200;
  run_frames(body, map, kForward, 10);
  EXPECT_NEAR(body.velocity.x, 50, 1.0f) << "5.12 a frame, not 51.2";
  EXPECT_NEAR(body.velocity.y, 300, 3.0f);
}

TEST(Body, WallsDoNotTakeTheSpeedOfWhoIsKnockedBack) {
  const Map map = floor_with({{{100, -500, 0}, {200, 500, 100}}});
  for (const int knockback_ms : {0, 200}) {
    Body body = standing_at(84, 0);
    body.velocity = {400, 0, 0};
    body.knockback_ms = knockback_ms;
    run_frames(body, map, {}, 2);
    EXPECT_NEAR(body.origin.x, 84.875f, 0.01f);
    EXPECT_EQ(body.velocity.x > 390, knockback_ms > 0);
  }
}

TEST(Body, AHardLandingMakesAKnockBackLonger) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  body.origin.z += 40;
  body.velocity.z = -300;
  body.on_ground = false;
  body.knockback_ms = 200;
  ASSERT_GT(frames_until(body, map, {}, [](const Body& b) { return b.on_ground; }), 0);
  EXPECT_EQ(body.knockback_ms, kKnockbackMsMax);
  EXPECT_EQ(body.landing_ms, 250);
}

TEST(Body, SwaysBy6Point4AFrameWhileItRuns) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, kForward, 10);
  EXPECT_NEAR(body.sway, 64.0f, 1e-3f);
  run_frames(body, map, kForward, 35);
  EXPECT_NEAR(body.sway, 45 * 6.4f - kSwayCycle, 1e-3f);
  run_frames(body, map, {}, 30);
  EXPECT_EQ(body.sway, 0.0f) << "begins anew after a stand";
  run_frames(body, map, {.move_forward = 1, .crouch = 1}, 10);
  EXPECT_NEAR(body.sway, 80.0f, 1e-3f);
}

TEST(Body, KeepsItsSwayInTheAir) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, kForward, 10);
  move_body(body, {.move_forward = 1, .jump = 1}, map, {});
  const float before = body.sway;
  run_frames(body, map, kForward, 20);
  EXPECT_FALSE(body.on_ground);
  EXPECT_EQ(body.sway, before);
  frames_until(body, map, kForward, [](const Body& b) { return b.on_ground; });
  EXPECT_LE(body.sway, 6.4f) << "begins anew with a landing";
}

// From how high, and how deep the eye dips.
struct DipCase {
  float height;
  bool crouched;
  float dip;
};
class BodyAfterFall : public testing::TestWithParam<DipCase> {};

TEST_P(BodyAfterFall, DipsByHowHardItLands) {
  const Map map = floor_with({});
  const RawAction action{.crouch = GetParam().crouched ? 1 : 0};
  Body body = standing_at(0, 0);
  body.origin.z += GetParam().height;
  body.on_ground = false;
  ASSERT_GT(frames_until(body, map, action, [](const Body& b) { return b.on_ground; }), 0);
  EXPECT_EQ(body.dip, GetParam().dip);
  EXPECT_EQ(body.dip_ms, 0);
  run_frames(body, map, action, 28);
  EXPECT_EQ(body.dip_ms, GetParam().dip > 0 ? 28 * 16 : 0);
  run_frames(body, map, action, 1);
  EXPECT_EQ(body.dip, 0);
  EXPECT_EQ(body.dip_ms, 0);
}
// The jolt is 0.16 for each u of the fall, twice that crouched; its classes begin at 7, 40 and 60.
INSTANTIATE_TEST_SUITE_P(Heights, BodyAfterFall,
                         testing::Values(DipCase{40, false, 0}, DipCase{46, false, 8}, DipCase{240, false, 8},
                                         DipCase{260, false, 16}, DipCase{365, false, 16},
                                         DipCase{385, false, 24}, DipCase{40, true, 8},
                                         DipCase{130, true, 16}));

}  // namespace
}  // namespace chrysalis
