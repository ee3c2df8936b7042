#include "chrysalis/bots/aim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chrysalis/bots/arenas_test.h"

namespace chrysalis {
namespace {

constexpr float kStanding = kOriginAboveFloor + kSurfaceClearance;

Map finished(Map map) {
  map.finish();
  return map;
}

Body body_at(float x, float y, float yaw_degrees = 0, float pitch_degrees = 0) {
  Body body;
  body.origin = {x, y, kStanding};
  body.yaw_degrees = yaw_degrees;
  body.pitch_degrees = pitch_degrees;
  return body;
}

Sighting target_at(float x, float y, Vec3 velocity = {}) {
  Sighting target;
  target.visible = true;
  target.position = {x, y, kStanding};
  target.velocity = velocity;
  return target;
}

float angle_between(Look look, Vec3 way) {
  const Look other = look_along(way);
  return std::hypot(turned(look.yaw_degrees - other.yaw_degrees), look.pitch_degrees - other.pitch_degrees);
}

TEST(Aim, LooksAlongAWay) {
  EXPECT_NEAR(look_along({1, 1, 0}).yaw_degrees, 45, 1e-4f);
  EXPECT_NEAR(look_along({0, -5, 0}).yaw_degrees, -90, 1e-4f);
  EXPECT_NEAR(look_along({3, 0, -3}).pitch_degrees, 45, 1e-4f) << "positive looks down";
  EXPECT_EQ(turned(190), -170);
  EXPECT_EQ(turned(-181), 179);
  EXPECT_EQ(turned(30), 30);
}

TEST(Aim, IsAtTheMiddleAnd8UpWhenItIsPerfect) {
  const Map map = finished(hall(2000));
  const Body body = body_at(0, 0);
  RandomStream random{RandomKey(1)};
  for (const Gadget gadget : {Gadget::kRapid, Gadget::kBeam, Gadget::kDisc}) {
    const Aim aim = aim_at(map, body, target_at(300, 100), gadget, 1, random);
    EXPECT_EQ(aim.target, (Vec3{300, 100, kStanding + 8}));
    EXPECT_LT(angle_between(aim.look, aim.target - eye_of(body).position), 1e-3f);
  }
}

TEST(Aim, ErrsByAsMuchAsAccuracyFallsShort) {
  const Map map = finished(hall(2000));
  const Body body = body_at(0, 0);
  RandomStream random{RandomKey(2)};
  float most_aside = 0, most_up = 0;
  for (int i = 0; i < 1000; ++i) {
    const Aim aim = aim_at(map, body, target_at(400, 0), Gadget::kRapid, 0.9f, random);
    most_aside = std::max({most_aside, std::abs(aim.target.x - 400), std::abs(aim.target.y)});
    most_up = std::max(most_up, std::abs(aim.target.z - kStanding - 8));
    ASSERT_LT(angle_between(aim.look, aim.target - eye_of(body).position), 1e-3f) << "no more than that";
  }
  EXPECT_LE(most_aside, 2.001f);
  EXPECT_GT(most_aside, 1.9f);
  EXPECT_LE(most_up, 1.001f);
  EXPECT_GT(most_up, 0.9f);
}

TEST(Aim, StraysBelow80PercentAndMoreSoCloseBy) {
  const Map map = finished(hall(2000));
  const Body body = body_at(0, 0);
  RandomStream random{RandomKey(3)};
  const auto most = [&](float distance, float accuracy, Gadget gadget) {
    float stray = 0;
    for (int i = 0; i < 2000; ++i) {
      const Aim aim = aim_at(map, body, target_at(distance, 0), gadget, accuracy, random);
      const Vec3 way = aim.target - eye_of(body).position;
      stray = std::max(stray, std::abs(turned(aim.look.yaw_degrees - look_along(way).yaw_degrees)));
    }
    return stray;
  };
  EXPECT_LT(most(400, 0.8f, Gadget::kRapid), 1e-3f);
  // 0.3 * 0.5 of a unit vector to each side: 8.5 degrees, more if it goes back too.
  EXPECT_NEAR(most(400, 0.5f, Gadget::kRapid), 9.3f, 0.8f);
  // Close by an accuracy of 0.9 counts for no more than 0.9 * (0.6 + 0.4 * 60 / 150).
  EXPECT_GT(most(60, 0.9f, Gadget::kRapid), 4);
  EXPECT_LT(most(60, 0.9f, Gadget::kOrb), 1e-3f) << "only of what hits at once";
}

TEST(Aim, LeadsOrbsAndBurstsThemOnTheFloor) {
  const Map map = finished(hall(2000));
  const Body body = body_at(0, 0);
  RandomStream random{RandomKey(4)};
  const Aim still = aim_at(map, body, target_at(450, 0), Gadget::kOrb, 1, random);
  EXPECT_NEAR(still.target.x, 450, 0.01f);
  EXPECT_NEAR(still.target.z, 1, 0.01f);
  const Aim moving = aim_at(map, body, target_at(450, 0, {0, 320, 0}), Gadget::kOrb, 1, random);
  EXPECT_NEAR(moving.target.y, 320 * std::hypot(450.0f, 170.0f) / 900, 5) << "where it will be";
  EXPECT_NEAR(moving.target.z, 1, 0.01f);
}

TEST(Aim, ThrowsOrbsAtWhoHasNoFloorOrHidesTheOneItHas) {
  RandomStream random{RandomKey(5)};
  const Map gap = finished(chasm());
  EXPECT_NEAR(aim_at(gap, body_at(0, -200, 90), target_at(0, 0), Gadget::kOrb, 1, random).target.z, kStanding,
              0.01f);
  const Map low = finished(hall(2000, {{{200, -200, 0}, {210, 200, 30}}}));
  EXPECT_NEAR(aim_at(low, body_at(0, 0), target_at(260, 0), Gadget::kOrb, 1, random).target.z, kStanding,
              0.01f);
}

TEST(Aim, ShootsWithin25DegreesAnd60CloseBy) {
  const Map map = finished(hall(2000));
  const auto may = [&](float distance, float yaw, float pitch) {
    const Body body = body_at(0, 0, yaw, pitch);
    return may_shoot(map, body, {distance, 0, eye_of(body).position.z}, Gadget::kRapid);
  };
  EXPECT_TRUE(may(300, 24, 0));
  EXPECT_FALSE(may(300, 26, 0));
  EXPECT_FALSE(may(300, -26, 0));
  EXPECT_TRUE(may(300, 0, 24));
  EXPECT_FALSE(may(300, 0, 26));
  EXPECT_TRUE(may(95, 59, 0));
  EXPECT_FALSE(may(95, 61, 0));
  EXPECT_FALSE(may(105, 59, 0));
}

TEST(Aim, ShootsNeitherAtWallsNorBeyondItsRange) {
  const Map map = finished(hall(2000, {{{400, -50, 0}, {410, 50, 192}}}));
  const Body body = body_at(0, 0);
  EXPECT_TRUE(may_shoot(map, body, {390, 0, 40}, Gadget::kRapid));
  EXPECT_FALSE(may_shoot(map, body, {450, 0, 40}, Gadget::kRapid));
  const Body aside = body_at(0, 300);
  EXPECT_TRUE(may_shoot(map, aside, {760, 300, 40}, Gadget::kBeam));
  EXPECT_FALSE(may_shoot(map, aside, {780, 300, 40}, Gadget::kBeam)) << "768 u";
  EXPECT_TRUE(may_shoot(map, aside, {1900, 300, 40}, Gadget::kDisc));
  EXPECT_TRUE(may_shoot(map, aside, {1900, 300, 40}, Gadget::kOrb));
  EXPECT_TRUE(may_shoot(map, aside, {55, 300, 40}, Gadget::kImpulse));
  EXPECT_FALSE(may_shoot(map, aside, {70, 300, 40}, Gadget::kImpulse));
}

TEST(Aim, KeepsItsOwnBurstsAway) {
  // It looks at the edge of a wall close by, past which the target stands: another gadget would shoot.
  const Map map = finished(hall(2000, {{{60, 5, 0}, {70, 300, 192}}}));
  const Body body = body_at(0, 0, 20);
  const Vec3 target{400, 0, 40};
  EXPECT_TRUE(may_shoot(map, body, target, Gadget::kRapid));
  EXPECT_FALSE(may_shoot(map, body, target, Gadget::kOrb));
  EXPECT_TRUE(may_shoot(map, body_at(0, 0, -5), target, Gadget::kOrb));
  // Nor at whom the burst would hurt less than the bot.
  EXPECT_FALSE(may_shoot(map, body_at(0, 0, -45), {40, -40, 40}, Gadget::kOrb));
  EXPECT_TRUE(may_shoot(map, body_at(0, 0, -45), {40, -40, 40}, Gadget::kRapid));
  EXPECT_TRUE(may_shoot(map, body_at(0, 0, -45), {50, -50, 40}, Gadget::kOrb));
}

TEST(Trigger, ShootsAllTheTimeUnthrottled) {
  Trigger trigger;
  RandomStream random{RandomKey(1)};
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(trigger.pull(1, random));
    trigger.pass(100);
  }
}

TEST(Trigger, ShootsForOneLessTheThrottleAndPausesForTheThrottle) {
  // At 0.7: with chance 0.7 three thoughts of shooting, else seven of pause.
  Trigger trigger;
  RandomStream random{RandomKey(2)};
  int run = 0, shots = 0;
  bool last = trigger.pull(0.7f, random);
  for (int i = 0; i < 5000; ++i) {
    ++run;
    shots += last ? 1 : 0;
    trigger.pass(100);
    const bool pulled = trigger.pull(0.7f, random);
    if (pulled == last) continue;
    EXPECT_EQ(run % (last ? 3 : 7), 0);
    last = pulled;
    run = 0;
  }
  EXPECT_NEAR(shots / 5000.0, 0.7 * 3 / (0.7 * 3 + 0.3 * 7), 0.05);
}

}  // namespace
}  // namespace chrysalis
