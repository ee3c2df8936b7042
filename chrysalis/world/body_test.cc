// The movement rules against figures measured on the original engine. Its frames last 14 or 17 engine ms
// where ours last 16, so distances are held to what 16 ms gives, within half a unit, and speeds exactly where
// it is exact.
#include "chrysalis/world/body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

constexpr RawAction kForward{.move_forward = 1};

// An empty floor at z = 0, and solids on it.
Map floor_with(std::vector<Solid> solids, float half_size = 4000.0f) {
  Map map;
  map.name = "floor";
  map.solids = std::move(solids);
  map.solids.push_back({{-half_size, -half_size, -16}, {half_size, half_size, 0}});
  map.finish();
  return map;
}

Body standing_at(float x, float y, float yaw_degrees = 0.0f) {
  Body body;
  body.origin = {x, y, kOriginAboveFloor + kSurfaceClearance};
  body.yaw_degrees = yaw_degrees;
  body.on_ground = true;
  return body;
}

float level_speed(const Body& body) {
  return std::hypot(body.velocity.x, body.velocity.y);
}

void run_frames(Body& body, const Map& map, const RawAction& action, int frames) {
  for (int i = 0; i < frames; ++i) move_body(body, action, map, {});
}

int frames_until(Body& body, const Map& map, const RawAction& action, auto&& reached) {
  for (int frame = 1; frame <= 1000; ++frame) {
    move_body(body, action, map, {});
    if (reached(body)) return frame;
  }
  return -1;
}

TEST(Body, RunsAt320AfterTenFrames) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  EXPECT_EQ(frames_until(body, map, kForward, [](const Body& b) { return b.velocity.x >= 320; }), 10);
  EXPECT_NEAR(body.origin.x, 33.0f, 1.0f);  // Measured 32.7 and 34.
  run_frames(body, map, kForward, 100);
  EXPECT_EQ(body.velocity, (Vec3{320, 0, 0}));
  const float before = body.origin.x;
  move_body(body, kForward, map, {});
  EXPECT_NEAR(body.origin.x - before, 5.12f, 1e-3f);
}

TEST(Body, StopsIn22FramesAnd40Units) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, kForward, 60);
  const float before = body.origin.x;
  EXPECT_EQ(frames_until(body, map, {}, [](const Body& b) { return level_speed(b) == 0; }), 22);
  EXPECT_NEAR(body.origin.x - before, 40.25f, 0.75f);  // Measured 40 and 40.5.
}

TEST(Body, DiagonalsAreNoFaster) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, {.strafe_right = 1, .move_forward = 1}, 60);
  EXPECT_NEAR(level_speed(body), 320.0f, 1.0f);  // Whole numbers: 226 and 226.
  EXPECT_EQ(body.velocity.x, -body.velocity.y);
  Body back = standing_at(0, 0);
  run_frames(back, map, {.move_forward = -1}, 60);
  EXPECT_EQ(back.velocity.x, -320);
}

TEST(Body, JumpsAsHighLongAndFarAsMeasured) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, kForward, 60);
  const Vec3 start = body.origin;
  const RawAction jump{.move_forward = 1, .jump = 1};
  move_body(body, jump, map, {});
  EXPECT_EQ(body.velocity.z, 257);  // 270, less 13 in each frame.
  float apex = body.origin.z;
  int frames = 1;
  while (!body.on_ground && frames < 100) {
    move_body(body, kForward, map, {});
    apex = std::max(apex, body.origin.z);
    ++frames;
  }
  EXPECT_NEAR(apex - start.z, 44.9f, 0.1f);
  EXPECT_EQ(frames, 42);
  EXPECT_NEAR(body.origin.x - start.x, 214.0f, 1.5f);  // Measured 213 to 215.
  EXPECT_NEAR(body.origin.z, kOriginAboveFloor + kSurfaceClearance, 0.13f);
}

TEST(Body, JumpMustBeReleasedBetweenJumps) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  const RawAction jump{.jump = 1};
  move_body(body, jump, map, {});
  EXPECT_FALSE(body.on_ground);
  run_frames(body, map, jump, 60);
  EXPECT_TRUE(body.on_ground) << "held: no second jump";
  move_body(body, {}, map, {});
  move_body(body, jump, map, {});
  EXPECT_FALSE(body.on_ground);
}

TEST(Body, JumpHeldSlowsOnlyInTheAir) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  const RawAction jump{.move_forward = 1, .jump = 1};
  run_frames(body, map, jump, 200);
  EXPECT_EQ(body.velocity, (Vec3{320, 0, 0})) << "held on the ground after the landing";

  // Off the ground from rest, the legs push for 320 / sqrt(2) with the jump held, for 320 without.
  Body held = standing_at(0, 0), released = standing_at(0, 0);
  run_frames(held, map, jump, 30);
  move_body(released, jump, map, {});
  run_frames(released, map, kForward, 29);
  EXPECT_LT(held.velocity.x, released.velocity.x - 20);
}

TEST(Body, JumpAndCrouchCancel) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, {.move_forward = 1, .jump = 1, .crouch = 1}, 60);
  EXPECT_EQ(body.velocity, (Vec3{320, 0, 0}));
  EXPECT_TRUE(body.on_ground);
  EXPECT_FALSE(body.crouched);
}

TEST(Body, CrouchesAt80) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  const RawAction crouch{.move_forward = 1, .crouch = 1};
  const int frames = frames_until(body, map, crouch, [](const Body& b) { return b.velocity.x >= 80; });
  EXPECT_GE(frames, 20);
  EXPECT_LE(frames, 25);
  run_frames(body, map, crouch, 30);
  EXPECT_EQ(body.velocity.x, 80);
  EXPECT_TRUE(body.crouched);
  EXPECT_EQ(box_of(body).max.z - body.origin.z, kBoxAboveOriginCrouched);
  EXPECT_EQ(eye_of(body).position.z - body.origin.z, 12.0f);
  move_body(body, {}, map, {});
  EXPECT_FALSE(body.crouched);
  EXPECT_EQ(eye_of(body).position.z - body.origin.z, 26.0f);
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

TEST(Body, StopsAnEighthOfAUnitFromAWall) {
  const Map map = floor_with({{{200, -500, 0}, {300, 500, 100}}});
  Body body = standing_at(0, 0);
  run_frames(body, map, kForward, 200);
  EXPECT_NEAR(200.0f - body.origin.x, 15.125f, 1e-3f);
  EXPECT_NEAR(body.origin.z, 24.125f, 1e-4f);
}

// Degrees between the way that the body pushes and the wall, against its lasting speed along a wall without
// end. The original was measured at 134 (75 degrees) and 4 (85), and at 379 for a moment at 45 in its 17 ms
// frames, which is what lasts here, less what 16 ms frames take. Its other figures, 320 at 15 to 45 degrees
// and 289 at 60, are not what these rules come to (at 60: 51.2 * cos(60) gained against 0.096 of the speed
// lost in each frame, 262 to 266); what they were read off is not known.
struct WallCase {
  float degrees;
  float speed;
  float tolerance;
};
class BodyAlongWall : public testing::TestWithParam<WallCase> {};

TEST_P(BodyAlongWall, SlidesAtTheSpeedThatLasts) {
  const Map map = floor_with({{{-4000, 0, 0}, {4000, 100, 200}}});
  Body body = standing_at(-3900, -40, GetParam().degrees);
  run_frames(body, map, kForward, 600);
  EXPECT_NEAR(level_speed(body), GetParam().speed, GetParam().tolerance);
  EXPECT_EQ(body.velocity.y, 0);
  EXPECT_NEAR(body.origin.y, -15.125f, 0.01f);
}
INSTANTIATE_TEST_SUITE_P(Angles, BodyAlongWall,
                         testing::Values(WallCase{15, 329, 1}, WallCase{30, 358, 1}, WallCase{45, 372, 1},
                                         WallCase{60, 262, 1}, WallCase{75, 134, 1}, WallCase{85, 4, 1}));

TEST(Body, LooksAtTheRateOfTheAction) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  move_body(body, {.look_right = 10}, map, {});
  EXPECT_NEAR(body.yaw_degrees, -1.056f, 1e-4f) << "right is clockwise";
  move_body(body, {.look_right = -512}, map, {});
  EXPECT_NEAR(body.yaw_degrees, 54.0672f - 1.056f, 1e-4f);
  move_body(body, {.look_down = 20}, map, {});
  EXPECT_NEAR(body.pitch_degrees, 2.112f, 1e-4f) << "positive looks down";
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

TEST(Body, PitchStopsAt87Point9) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, {.look_down = 512}, 5);
  EXPECT_FLOAT_EQ(body.pitch_degrees, 87.9f);
  run_frames(body, map, {.look_down = -512}, 5);
  EXPECT_FLOAT_EQ(body.pitch_degrees, -87.9f);
  run_frames(body, map, kForward, 20);
  EXPECT_EQ(body.velocity.x, 320) << "where the eye looks does not slow the legs";
}

TEST(Body, ClimbsStepsOf18AndNot19) {
  for (const float height : {8.0f, 18.0f, 19.0f}) {
    const Map map = floor_with({{{200, -500, 0}, {600, 500, height}}});
    Body body = standing_at(0, 0);
    run_frames(body, map, kForward, 100);
    if (height <= 18.0f) {
      EXPECT_GT(body.origin.x, 215.0f) << height;
      EXPECT_NEAR(body.origin.z, height + 24.125f, 0.01f);
    } else {
      EXPECT_NEAR(body.origin.x, 200 - 15.125f, 1e-3f);
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

TEST(Body, LandsHardAfterAJump) {
  const Map map = floor_with({});
  Body body = standing_at(0, 0);
  run_frames(body, map, kForward, 20);
  move_body(body, {.move_forward = 1, .jump = 1}, map, {});
  ASSERT_GT(frames_until(body, map, kForward, [](const Body& b) { return b.on_ground; }), 0);
  EXPECT_EQ(body.landing_ms, 250);
  run_frames(body, map, kForward, 16);
  EXPECT_EQ(body.landing_ms, 0);
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

TEST(Body, EyeIs50AboveTheFloor) {
  Body body = standing_at(3, 4, 30);
  body.pitch_degrees = 5;
  const Eye eye = eye_of(body);
  EXPECT_NEAR(eye.position.z, 50.125f, 1e-4f);
  EXPECT_EQ(eye.position.x, 3);
  EXPECT_EQ(eye.yaw_degrees, 30);
  EXPECT_EQ(eye.pitch_degrees, 5);
  EXPECT_EQ(eye.roll_degrees, 0);
}

}  // namespace
}  // namespace chrysalis
