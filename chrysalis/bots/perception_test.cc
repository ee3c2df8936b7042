#include "chrysalis/bots/perception.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chrysalis/bots/arenas_test.h"

namespace chrysalis {
namespace {

constexpr int kThought = 100;
constexpr float kRadians = 0.01745329f;

// A world without a graph: player 0 in the middle, looking along +x, and others around it.
class PerceptionScene {
 public:
  explicit PerceptionScene(Map map = hall(2400)) : world_(finished(std::move(map))) {
    world_.arm(RandomKey(1));
    world_.add_player({}, 0);
  }
  // `degrees` to the left of where player 0 looks.
  int add(float distance, float degrees) { return world_.add_player(at(distance, degrees), 0); }
  void put(int player, float distance, float degrees) { world_.respawn(player, at(distance, degrees), 0); }
  void look() {
    const std::vector<RawAction> still(world_.players().size());
    const auto events = world_.step(still);
    perception.notice(0, world_.players().size(), events);
    perception.look(world_, 0, kThought);
  }
  void look(int times) {
    for (int i = 0; i < times; ++i) look();
  }
  void happens(const WorldEvent& event) { perception.notice(0, world_.players().size(), {&event, 1}); }
  World& world() { return world_; }

  Perception perception;

 private:
  static std::shared_ptr<const Map> finished(Map map) {
    // Who stands here dies.
    map.kill_volumes.push_back({{-2300, -2300, -8}, {-2200, -2200, 8}});
    map.finish();
    return std::make_shared<const Map>(std::move(map));
  }
  static Spawn at(float distance, float degrees) {
    return {{distance * std::cos(degrees * kRadians), distance * std::sin(degrees * kRadians), 0}};
  }
  World world_;
};

bool noticed(float distance, float degrees) {
  PerceptionScene scene;
  const int other = scene.add(distance, degrees);
  scene.look();
  return scene.perception.enemy() == other;
}

TEST(Perception, ViewWidensFrom90To180Degrees) {
  EXPECT_EQ(field_of_view(0), 90);
  EXPECT_GT(field_of_view(600), field_of_view(300));
  EXPECT_EQ(field_of_view(810), 180);
  EXPECT_EQ(field_of_view(3000), 180);
}

TEST(Perception, NoticesWhoStandsInItsView) {
  EXPECT_TRUE(noticed(100, 0));
  EXPECT_TRUE(noticed(100, 40));
  EXPECT_FALSE(noticed(100, 60));
  EXPECT_FALSE(noticed(100, -60));
  EXPECT_TRUE(noticed(1000, 85));
  EXPECT_TRUE(noticed(1000, -85));
  EXPECT_FALSE(noticed(1000, 95));
  EXPECT_FALSE(noticed(100, 180));
}

TEST(Perception, NoticesNobodyBeyondItsRange) {
  for (const float distance : {4800.0f, 5000.0f}) {
    PerceptionScene scene(hall(6000));
    scene.add(distance, 0);
    scene.look();
    EXPECT_EQ(scene.perception.enemy() != kNobody, distance < 4900) << distance;
  }
}

TEST(Perception, NoticesWhoShootsBehindItAndAnyoneWhenItIsHit) {
  PerceptionScene scene;
  const int other = scene.add(200, 180);
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), kNobody);
  scene.happens({.kind = WorldEvent::Kind::kHit, .player = other, .by = 0});
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), kNobody) << "somebody else was hit";
  scene.happens({.kind = WorldEvent::Kind::kHit, .player = 0, .by = kNobody});
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), other);
  scene.perception.forget();
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), kNobody) << "only until the next look";

  scene.happens({.kind = WorldEvent::Kind::kShot, .player = other, .gadget = Gadget::kRapid});
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), other);
  scene.perception.forget();
  scene.look(4);
  scene.perception.forget();
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), kNobody) << "the shot was long ago";
}

TEST(Perception, ItsOwnOrbDoesNotMakeItLookAround) {
  PerceptionScene scene;
  scene.add(200, 180);
  scene.happens({.kind = WorldEvent::Kind::kHit, .player = 0, .by = 0});
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), kNobody);
}

TEST(Perception, SeesThroughNoWall) {
  PerceptionScene scene(hall(2400, {{{100, -200, 0}, {110, 200, 192}}}));
  const int other = scene.add(200, 0);
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), kNobody);
  scene.put(other, 80, 0);
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), other);
  // Over a low wall the top of a head is seen.
  PerceptionScene low(hall(2400, {{{100, -200, 0}, {110, 200, 49}}}));
  low.add(200, 0);
  low.look();
  EXPECT_NE(low.perception.enemy(), kNobody);
}

TEST(Perception, FightsTheNearestAndChangesOnlyToWhoIsNearer) {
  PerceptionScene scene;
  const int far = scene.add(500, 10), near = scene.add(300, -10);
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), near);
  scene.put(far, 290, 100);
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), near) << "the other one is out of view";
  scene.put(far, 310, 10);
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), near);
  scene.put(far, 250, 10);
  scene.look();
  EXPECT_EQ(scene.perception.enemy(), far);
}

TEST(Perception, KeepsAnEyeOnItsEnemyWhereverThatGoes) {
  PerceptionScene scene;
  const int other = scene.add(200, 0);
  scene.look();
  scene.put(other, 200, 180);
  scene.look();
  EXPECT_TRUE(scene.perception.sighting().visible);
}

TEST(Perception, RemembersWhereSomebodyWasLastSeen) {
  PerceptionScene scene(hall(2400, {{{100, 50, 0}, {110, 2000, 192}}}));
  const int other = scene.add(200, 0);
  scene.look();
  const Vec3 seen = scene.perception.sighting().position;
  EXPECT_NEAR(seen.x, 200, 0.01f);
  scene.put(other, 1000, 45);
  scene.look(5);
  ASSERT_EQ(scene.perception.enemy(), other);
  EXPECT_FALSE(scene.perception.sighting().visible);
  EXPECT_EQ(scene.perception.sighting().position, seen);
  EXPECT_EQ(scene.perception.sighting().unseen_ms, 5 * kThought);
}

TEST(Perception, KnowsSinceTheFirstSightUntilItForgets) {
  PerceptionScene scene(hall(2400, {{{100, 50, 0}, {110, 2000, 192}}}));
  const int other = scene.add(200, 0);
  scene.look();
  EXPECT_EQ(scene.perception.sighting().known_ms, 0);
  scene.look(5);
  EXPECT_EQ(scene.perception.sighting().known_ms, 5 * kThought);
  scene.put(other, 1000, 45);
  scene.look(20);
  scene.put(other, 200, 0);
  scene.look();
  EXPECT_EQ(scene.perception.sighting().known_ms, 26 * kThought) << "out of sight for a moment";
  scene.put(other, 1000, 45);
  scene.look(31);
  scene.put(other, 200, 0);
  scene.look();
  EXPECT_EQ(scene.perception.sighting().known_ms, 0);
}

TEST(Perception, LeavesTheDeadAfterAMoment) {
  PerceptionScene scene;
  const int other = scene.add(200, 0), third = scene.add(600, 0);
  scene.look();
  ASSERT_EQ(scene.perception.enemy(), other);
  const Spawn deadly{{-2250, -2250, 0}};
  scene.world().respawn(other, deadly, 0);
  scene.look();
  ASSERT_FALSE(scene.world().fighters()[static_cast<std::size_t>(other)].alive);
  EXPECT_EQ(scene.perception.enemy(), other);
  EXPECT_FALSE(scene.perception.sighting().visible);
  scene.look(6);
  EXPECT_EQ(scene.perception.enemy(), other);
  scene.look(2);
  EXPECT_EQ(scene.perception.enemy(), third);
}

TEST(Perception, BeginsAnewAfterDeath) {
  PerceptionScene scene;
  scene.add(200, 0);
  scene.look(10);
  scene.perception.wake();
  EXPECT_EQ(scene.perception.enemy(), kNobody);
  scene.look();
  EXPECT_EQ(scene.perception.sighting().known_ms, 0);
}

}  // namespace
}  // namespace chrysalis
