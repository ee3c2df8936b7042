#include "chrysalis/world/view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace chrysalis {
namespace {

std::shared_ptr<Map> make_plain() {
  auto map = std::make_shared<Map>();
  map->name = "plain";
  map->solids = {{{-5000, -5000, -16}, {5000, 5000, 0}}};
  map->finish();
  return map;
}
World one_player(float yaw = 0) {
  World world(make_plain());
  world.add_player({{0, 0, 0}}, yaw);
  return world;
}
void step(World& world, const RawAction& action, int frames = 1) {
  std::vector<RawAction> actions(world.players().size());
  actions[0] = action;
  for (int i = 0; i < frames; ++i) world.step(actions);
}

// What a view adds to the eye of its body.
struct Motion {
  float rise, pitch, roll;
};
Motion motion(const World& world, int player = 0) {
  const Eye still = eye_of(world.players()[static_cast<std::size_t>(player)]);
  const Eye view = view_of(world, player);
  EXPECT_EQ(view.position.x, still.position.x);
  EXPECT_EQ(view.position.y, still.position.y);
  EXPECT_EQ(view.yaw_degrees, still.yaw_degrees);
  return {view.position.z - still.position.z, view.pitch_degrees - still.pitch_degrees, view.roll_degrees};
}

// The motions of a player who has done `action` for long, over more than a cycle of its sway.
std::vector<Motion> motions(World& world, const RawAction& action) {
  step(world, action, 60);
  std::vector<Motion> all;
  for (int i = 0; i < 120; ++i) {
    step(world, action);
    all.push_back(motion(world));
  }
  return all;
}
template <typename Of>
void expect_between(const std::vector<Motion>& all, Of of, double low, double high) {
  const auto [least, most] =
      std::minmax_element(all.begin(), all.end(), [&](auto& a, auto& b) { return of(a) < of(b); });
  EXPECT_NEAR(of(*least), low, 0.03);
  EXPECT_NEAR(of(*most), high, 0.03);
}

TEST(ViewTest, OneWhoStandsSeesFromItsEye) {
  World world = one_player(30);
  step(world, {.look_down = 100}, 3);
  const Motion still = motion(world);
  EXPECT_EQ(still.rise, 0);
  EXPECT_EQ(still.pitch, 0);
  EXPECT_EQ(still.roll, 0);
  EXPECT_EQ(view_of(world, 0).position.z, world.players()[0].origin.z + 26);
}

TEST(ViewTest, ARunSwaysAndLeansAhead) {
  World world = one_player(120);
  const std::vector<Motion> all = motions(world, {.move_forward = 1});
  // At 320 u/s: 1.6 u up, 0.64 degrees to either side and down, on 0.64 degrees of leaning ahead.
  expect_between(
      all, [](const Motion& m) { return m.rise; }, 0, 1.6);
  expect_between(
      all, [](const Motion& m) { return m.pitch; }, 0.64, 1.28);
  expect_between(
      all, [](const Motion& m) { return m.roll; }, -0.64, 0.64);
  for (const Motion& m : all) {
    EXPECT_NEAR(m.pitch - 0.64, std::abs(m.roll), 0.01);
    EXPECT_NEAR(m.rise, std::abs(m.roll) * 2.5, 0.01);
  }
}

TEST(ViewTest, ARunBackwardsLeansBack) {
  World world = one_player();
  expect_between(
      motions(world, {.move_forward = -1}), [](const Motion& m) { return m.pitch; }, -0.64, 0);
}

TEST(ViewTest, ARunToTheSideLeansThere) {
  World world = one_player(-45);
  expect_between(
      motions(world, {.strafe_right = 1}), [](const Motion& m) { return m.roll; }, 1.6 - 0.64, 1.6 + 0.64);
  World other = one_player(-45);
  const auto left = motions(other, {.strafe_right = -1});
  expect_between(
      left, [](const Motion& m) { return m.roll; }, -1.6 - 0.64, -1.6 + 0.64);
  expect_between(
      left, [](const Motion& m) { return m.pitch; }, 0, 0.64);
}

TEST(ViewTest, ACrouchedWalkSwaysMore) {
  World world = one_player();
  const auto all = motions(world, {.move_forward = 1, .crouch = 1});
  // At 80 u/s, as if at 200, three times.
  expect_between(
      all, [](const Motion& m) { return m.roll; }, -1.2, 1.2);
  expect_between(
      all, [](const Motion& m) { return m.rise; }, 0, 0.4);
  EXPECT_EQ(eye_of(world.players()[0]).position.z, world.players()[0].origin.z + 12);
}

TEST(ViewTest, TheHeadDipsAfterALanding) {
  World world = one_player();
  step(world, {.jump = 1});
  int flown = 1;
  for (; !world.players()[0].on_ground; ++flown) step(world, {});
  const float dip = world.players()[0].dip;
  ASSERT_GT(dip, 0);
  std::vector<float> depths;
  for (int i = 0; i < 40; ++i) {
    depths.push_back(-motion(world).rise);
    step(world, {});
  }
  const auto deepest = std::max_element(depths.begin(), depths.end());
  EXPECT_NEAR(*deepest, dip, 0.06 * dip);
  EXPECT_NEAR(static_cast<double>(deepest - depths.begin()) * kFrameMilliseconds, 150, 16);
  EXPECT_TRUE(std::is_sorted(depths.begin(), deepest));
  EXPECT_TRUE(std::is_sorted(deepest, depths.end(), std::greater<>()));
  for (std::size_t i = 0; i < depths.size(); ++i)
    EXPECT_EQ(depths[i] > 0.01f * dip, i > 0 && i * 16 < 447) << i;
}

// A duel: player 1 shoots player 0, who looks along +x, once, from `at`.
World make_duel(Vec3 at, float yaw) {
  World world(make_plain());
  world.arm(RandomKey(1));
  world.add_player({{0, 0, 0}}, 0);
  world.add_player({at}, yaw);
  const RawAction nothing[2] = {};
  const RawAction fire[2] = {{}, {.fire = 1}};
  for (int i = 0; i < 40; ++i) world.step(nothing);
  world.step(fire);
  EXPECT_GT(world.fighters()[0].kick_ms, 0);
  return world;
}

TEST(ViewTest, AHitFromAheadJoltsTheViewUpForHalfASecond) {
  World world = make_duel({200, 0, 0}, 180);
  float last = 0;
  for (int ms = world.fighters()[0].kick_ms; ms > 0; ms = world.fighters()[0].kick_ms) {
    const float share = std::min(static_cast<float>(500 - ms) / 100, static_cast<float>(ms) / 400);
    last = motion(world).pitch;
    EXPECT_NEAR(last, -5 * share, 0.15) << ms;  // It slides back a little, too.
    EXPECT_NEAR(motion(world).roll, 0, 0.2);
    step(world, {});
  }
  EXPECT_NEAR(motion(world).pitch, 0, 0.05);
}

TEST(ViewTest, AHitFromTheSideTiltsTheView) {
  World world = make_duel({0, -200, 0}, 90);  // From the right: away to the left.
  step(world, {}, 6);
  EXPECT_NEAR(motion(world).roll, -5, 0.3);
  EXPECT_NEAR(motion(world).pitch, 0, 0.3);
}

TEST(ViewTest, TheDeadLieTilted) {
  auto map = make_plain();
  map->kill_volumes = {{{-20, -20, -10}, {20, 20, 10}}};
  World world(map);
  world.arm(RandomKey(1));
  world.add_player({{0, 0, 0}}, 75);
  step(world, {.look_down = 300, .move_forward = 1});
  ASSERT_FALSE(world.fighters()[0].alive);
  for (int i = 0; i < 30; ++i) {
    const Eye view = view_of(world, 0);
    EXPECT_EQ(view.pitch_degrees, -15);
    EXPECT_EQ(view.roll_degrees, 40);
    EXPECT_EQ(view.yaw_degrees, 75);
    EXPECT_EQ(view.position, (world.players()[0].origin + Vec3{0, 0, -16}));
    step(world, {});
  }
}

}  // namespace
}  // namespace chrysalis
