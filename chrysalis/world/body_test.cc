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

}  // namespace
}  // namespace chrysalis
