#include "chrysalis/bots/footwork.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "chrysalis/bots/aim.h"
#include "chrysalis/bots/arenas_test.h"
#include "chrysalis/bots/ground.h"

namespace chrysalis {
namespace {

constexpr int kThinkMs = 100, kActMs = 50;

// A body on a map, whose legs do what its footwork wishes, as exactly as its eyes can turn.
class Walker {
 public:
  Walker(Map map, Vec3 floor) : arena_(arena_on(std::move(map))) { put(floor); }
  void put(Vec3 floor) {
    body = {};
    body.origin = floor + Vec3{0, 0, kOriginAboveFloor + kSurfaceClearance};
    body.on_ground = true;
    alive = true;
  }
  Stand stand() const { return stand_of(*arena_.map, *arena_.graph, body); }
  const NavigationGraph& graph() const { return *arena_.graph; }
  Vec3 feet() const { return body.origin - Vec3{0, 0, kOriginAboveFloor}; }

  // Thinks and acts as a bot does for so many frames, or until `done`.
  int run(
      int frames, const std::function<void()>& think,
      const std::function<bool()>& done = [] { return false; }) {
    int think_left = 0, act_left = 0;
    for (int frame = 0; frame < frames; ++frame) {
      if (done()) return frame;
      if ((think_left -= kFrameMilliseconds) <= 0) {
        think_left += kThinkMs;
        footwork.pass(kThinkMs);
        think();
      }
      if ((act_left -= kFrameMilliseconds) <= 0) {
        act_left += kActMs;
        const Footwork::Wish wish = footwork.step(stand(), kActMs);
        action_ = {.move_forward = wish.heading == Vec3{} ? 0 : 1,
                   .jump = wish.jump ? 1 : 0,
                   .crouch = wish.crouch ? 1 : 0};
        if (wish.heading != Vec3{}) body.yaw_degrees = look_along(wish.heading).yaw_degrees;
        hops += wish.jump ? 1 : 0;
      }
      if (!alive) continue;
      move_body(body, action_, *arena_.map, {});
      alive = !kills(*arena_.map, feet());
    }
    return frames;
  }

 private:
  TestArena arena_;
  RawAction action_;

 public:
  Body body;
  Footwork footwork;
  RandomStream random{RandomKey(9)};
  bool alive = true;
  int hops = 0;
};

float level_distance(Vec3 a, Vec3 b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

TEST(Footwork, WalksAroundAWallToWhereItIsSent) {
  Walker walker(hall(320, {{{-10, -320, 0}, {10, 200, 192}}}), {-200, -200, 0});
  const Vec3 goal{205, -190, 0};
  const int node = walker.graph().nearest(goal);
  const int frames = walker.run(
      600, [&] { walker.footwork.go_to(walker.stand(), node, goal, 1, walker.random); },
      [&] { return level_distance(walker.feet(), goal) < 16; });
  EXPECT_LT(frames, 260) << "900 u at 5.12 a frame, and some";
  walker.run(100, [&] { walker.footwork.go_to(walker.stand(), node, goal, 1, walker.random); });
  EXPECT_LT(level_distance(walker.feet(), goal), 40) << "and stays";
}

TEST(Footwork, StandsWhereThereIsNoWay) {
  Walker walker(chasm(230), {0, -250, 0});
  const int node = walker.graph().nearest({0, 250, 0});
  walker.run(200, [&] { walker.footwork.go_to(walker.stand(), node, {0, 250, 0}, 1, walker.random); });
  EXPECT_LT(level_distance(walker.feet(), {0, -250, 0}), 1);
  walker.run(200, [&] { walker.footwork.go_to(walker.stand(), kNowhere, {}, 1, walker.random); });
  EXPECT_LT(level_distance(walker.feet(), {0, -250, 0}), 1);
}

TEST(Footwork, CrossesAChasmFromAnywhereWhenItIsCareful) {
  Walker walker(chasm(), {});
  for (const float x : {-250.0f, -40.0f, 0.0f, 130.0f, 280.0f}) {
    for (const float y : {-300.0f, -180.0f, -80.0f, -66.0f}) {
      walker.footwork.wake();
      walker.put({x, y, 0});
      const Vec3 goal{0, 200, 0};
      const int node = walker.graph().nearest(goal);
      walker.run(
          600, [&] { walker.footwork.go_to(walker.stand(), node, goal, 1, walker.random); },
          [&] { return level_distance(walker.feet(), goal) < 32; });
      EXPECT_TRUE(walker.alive) << x << ", " << y;
      EXPECT_LT(level_distance(walker.feet(), goal), 32) << x << ", " << y;
    }
  }
}

TEST(Footwork, LeapsAsItIsTold) {
  Walker walker(chasm(), {-200, -200, 0});
  const int leap = walker.graph().access()[0].leaps[0];
  const Leap& way = walker.graph().leaps()[static_cast<std::size_t>(leap)];
  bool flew = false;
  walker.run(
      600,
      [&] {
        walker.footwork.leap(walker.stand(), leap, 1, walker.random);
        flew = flew || walker.footwork.leaps();
      },
      [&] { return walker.feet().y * way.take_off.y < -64 * 64; });
  EXPECT_TRUE(flew);
  EXPECT_TRUE(walker.alive);
  EXPECT_LT(walker.feet().y * way.take_off.y, 0);
}

TEST(Footwork, CarelessLeapsFail) {
  Walker walker(chasm(), {});
  int falls = 0;
  constexpr int kTries = 60;
  for (int i = 0; i < kTries; ++i) {
    walker.footwork.wake();
    walker.put({-200.0f + 7 * static_cast<float>(i), -150, 0});
    const Vec3 goal{0, 200, 0};
    const int node = walker.graph().nearest(goal);
    walker.run(300, [&] { walker.footwork.go_to(walker.stand(), node, goal, 0, walker.random); });
    falls += walker.alive ? 0 : 1;
  }
  EXPECT_GT(falls, kTries / 2);
  EXPECT_LT(falls, kTries);
}

TEST(Footwork, CirclesAtAnIdealDistance) {
  Walker walker(hall(1000), {-200, 0, 0});
  const BotProfile profile = bot_profile(3, 4);
  const Vec3 enemy{0, 0, kOriginAboveFloor};
  walker.run(250, [&] { walker.footwork.circle(walker.stand(), enemy, profile, walker.random); });
  float nearest = 1000, farthest = 0, swept = 0;
  float last = std::atan2(walker.body.origin.y, walker.body.origin.x);
  int changes = 0;
  float last_step = 0;
  for (int i = 0; i < 500; ++i) {
    walker.run(4, [&] { walker.footwork.circle(walker.stand(), enemy, profile, walker.random); });
    const float distance = level_distance(walker.body.origin, {});
    nearest = std::min(nearest, distance);
    farthest = std::max(farthest, distance);
    const float now = std::atan2(walker.body.origin.y, walker.body.origin.x);
    const float step = std::remainder(now - last, 6.2831853f);
    swept += std::abs(step);
    changes += step * last_step < 0 ? 1 : 0;
    if (step != 0) last_step = step;
    last = now;
  }
  EXPECT_GT(nearest, 60);
  EXPECT_LT(farthest, 380) << "what hops carry it";
  EXPECT_GT(swept, 3 * 6.28f) << "around and around";
  EXPECT_GT(changes, 5) << "to one side and the other";
}

TEST(Footwork, HopsAtMostOnceASecondAndCrouchesForItsTime) {
  BotProfile profile = bot_profile(0, 4);
  Walker hopper(hall(1000), {-140, 0, 0});
  const Vec3 enemy{0, 0, kOriginAboveFloor};
  hopper.run(625, [&] { hopper.footwork.circle(hopper.stand(), enemy, profile, hopper.random); });
  EXPECT_GE(hopper.hops, 8);
  EXPECT_LE(hopper.hops, 11) << "ten engine seconds";

  profile.hop = 0;
  profile.crouch = 0.2f;
  Walker croucher(hall(1000), {-140, 0, 0});
  int crouched = 0, longest = 0, spell = 0;
  for (int frame = 0; frame < 1250; ++frame) {
    croucher.run(1, [&] { croucher.footwork.circle(croucher.stand(), enemy, profile, croucher.random); });
    spell = croucher.body.crouched ? spell + 1 : 0;
    crouched += croucher.body.crouched ? 1 : 0;
    longest = std::max(longest, spell);
  }
  EXPECT_EQ(croucher.hops, 0);
  EXPECT_GT(crouched, 0);
  EXPECT_LE(longest, 20) << "a second of thoughts, each of which comes in a frame here";
}

TEST(Footwork, DoesNotStrafeOffAnEdge) {
  Walker walker(chasm(), {0, -80, 0});
  const BotProfile profile = bot_profile(2, 4);
  // Enemies all around it, so that every way along, off and over the rim is tried.
  for (int i = 0; i < 200 && walker.alive; ++i) {
    const float angle = 0.7f * static_cast<float>(i);
    const Vec3 enemy = walker.body.origin + Vec3{120 * std::cos(angle), 120 * std::sin(angle), 0};
    walker.run(30, [&] { walker.footwork.circle(walker.stand(), enemy, profile, walker.random); });
    ASSERT_TRUE(walker.alive) << "pass " << i;
    if (!walker.footwork.leaps() && i % 5 == 0 && walker.body.on_ground) {
      walker.footwork.wake();
      walker.put({walker.body.origin.x, std::copysign(78.0f, walker.body.origin.y), 0});
    }
  }
}

TEST(Footwork, StopsBeforeAnEdgeThatItIsDrivenTo) {
  Walker walker(chasm(), {0, -100, 0});
  walker.body.velocity = {0, 250, 0};
  walker.run(60, [&] { walker.footwork.stand(); });
  EXPECT_TRUE(walker.alive);
  EXPECT_LT(walker.feet().y, -49);
}

}  // namespace
}  // namespace chrysalis
