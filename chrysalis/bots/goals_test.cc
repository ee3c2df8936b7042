#include "chrysalis/bots/goals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "chrysalis/bots/arenas_test.h"

namespace chrysalis {
namespace {

Fighter armed_with(Gadget gadget, int rounds) {
  Fighter fighter;
  fighter.health = kFullHealth;
  fighter.owned = static_cast<std::uint8_t>(1U << static_cast<unsigned>(Gadget::kRapid) |
                                            1U << static_cast<unsigned>(gadget));
  fighter.rounds[static_cast<std::size_t>(Gadget::kRapid)] = 100;
  fighter.rounds[static_cast<std::size_t>(gadget)] = rounds;
  return fighter;
}

TEST(Goals, StrengthTakesMoreThan50BeamsOr5OrbsOr5Discs) {
  EXPECT_FALSE(is_strong(armed_with(Gadget::kRapid, 200)));
  EXPECT_FALSE(is_strong(armed_with(Gadget::kBeam, 50)));
  EXPECT_TRUE(is_strong(armed_with(Gadget::kBeam, 51)));
  EXPECT_FALSE(is_strong(armed_with(Gadget::kOrb, 5)));
  EXPECT_TRUE(is_strong(armed_with(Gadget::kOrb, 6)));
  EXPECT_FALSE(is_strong(armed_with(Gadget::kDisc, 5)));
  EXPECT_TRUE(is_strong(armed_with(Gadget::kDisc, 6)));
}

TEST(Goals, RetreatsWhenItIsWeakOrHurt) {
  Fighter fighter = armed_with(Gadget::kOrb, 10);
  EXPECT_FALSE(wants_to_retreat(fighter));
  EXPECT_TRUE(wants_to_retreat(armed_with(Gadget::kRapid, 100)));
  fighter.health = 79;
  EXPECT_TRUE(wants_to_retreat(fighter));
  fighter.armour = 40;
  EXPECT_FALSE(wants_to_retreat(fighter));
  fighter.health = 59;
  fighter.armour = 200;
  EXPECT_TRUE(wants_to_retreat(fighter));
}

TEST(Goals, ThingsAreWorthWhatTheyAreNeededFor) {
  Fighter fighter = armed_with(Gadget::kOrb, 10);
  EXPECT_LT(worth(ItemKind::kOrb, fighter), worth(ItemKind::kDisc, fighter));
  EXPECT_GT(worth(ItemKind::kOrb, armed_with(Gadget::kOrb, 3)), worth(ItemKind::kDisc, fighter));
  EXPECT_EQ(worth(ItemKind::kHealth, fighter), 0);
  fighter.health = 50;
  EXPECT_GT(worth(ItemKind::kHealth, fighter), 0);
  EXPECT_GT(worth(ItemKind::kArmour, fighter), 0);
  fighter.armour = kArmourMax;
  EXPECT_EQ(worth(ItemKind::kArmour, fighter), 0);
  EXPECT_EQ(worth(ItemKind::kApple, fighter), 0);
  EXPECT_EQ(worth(ItemKind::kGoal, fighter), 0);
}

// One player in an armed world, and its goals.
class GoalsScene {
 public:
  GoalsScene(Map map, Vec3 floor) : arena_(arena_on(std::move(map))), world(arena_.map) {
    world.arm(RandomKey(1));
    world.add_player({floor}, 0);
    profile.think_ms = 100;
    profile.daring = 1;
  }
  void update() { goals.update(world, *arena_.graph, 0, arena_.graph->nearest(feet()), profile, random_); }
  Vec3 feet() const { return world.players()[0].origin - Vec3{0, 0, kOriginAboveFloor}; }
  const NavigationGraph& graph() const { return *arena_.graph; }

 private:
  TestArena arena_;

 public:
  World world;
  Goals goals;
  BotProfile profile;

 private:
  RandomStream random_{RandomKey(3)};
};

TEST(Goals, GoesForWhatIsNearAndPresent) {
  Map map = horseshoe();
  GoalsScene scene(map, {500, 192, 0});
  scene.update();
  EXPECT_EQ(scene.goals.current().item, 0) << "the orb beside it";
  EXPECT_EQ(scene.goals.current().node, scene.graph().access()[0].node);
  EXPECT_EQ(scene.goals.current().position, map.items[0].position);
  scene.world.set_item_present(0, false);
  scene.update();
  EXPECT_GT(scene.goals.current().item, 0) << "somebody else took it";
}

TEST(Goals, StaysWithAGoalForAWhile) {
  GoalsScene scene(horseshoe(), {500, 192, 0});
  scene.update();
  const int item = scene.goals.current().item;
  scene.world.respawn(0, {{1248, 1056, 0}}, 0);
  for (int i = 0; i < 70; ++i) scene.update();
  EXPECT_EQ(scene.goals.current().item, item);
  for (int i = 0; i < 12; ++i) scene.update();
  EXPECT_NE(scene.goals.current().item, item) << "out of patience";
}

TEST(Goals, RoamsBetweenSpawnsWhereThereIsNothingToFetch) {
  GoalsScene scene(hall(320), {0, 0, 0});
  std::set<int> places;
  for (int i = 0; i < 40; ++i) {
    scene.update();
    ASSERT_EQ(scene.goals.current().item, -1);
    const int node = scene.goals.current().node;
    ASSERT_NE(std::find(scene.graph().spawn_nodes().begin(), scene.graph().spawn_nodes().end(), node),
              scene.graph().spawn_nodes().end());
    places.insert(node);
    scene.world.respawn(0, {scene.graph().position(node)}, 0);
  }
  EXPECT_GE(places.size(), 3u);
}

TEST(Goals, CampersStayWhereThereIsNothingToFetch) {
  for (const float camper : {0.0f, 1.0f}) {
    GoalsScene scene(hall(320), {0, 0, 0});
    scene.profile.camper = camper;
    int stays = 0;
    for (int i = 0; i < 400; ++i) {
      scene.update();
      stays += scene.goals.camps() ? 1 : 0;
      if (!scene.goals.camps())
        scene.world.respawn(0, {scene.graph().position(scene.goals.current().node)}, 0);
    }
    EXPECT_EQ(stays > 100, camper > 0) << stays;
    EXPECT_TRUE(camper > 0 || stays == 0);
  }
}

TEST(Goals, GoesForWhatHangsOverAGapOnlyWhenItDares) {
  for (const float daring : {0.0f, 1.0f}) {
    GoalsScene scene(chasm(), {0, 200, 0});
    scene.profile.daring = daring;
    scene.update();
    const Goal& goal = scene.goals.current();
    EXPECT_EQ(goal.item >= 0, daring > 0);
    EXPECT_EQ(goal.leap != kNowhere, daring > 0);
    ASSERT_TRUE(goal.leap == kNowhere ||
                scene.graph().leaps()[static_cast<std::size_t>(goal.leap)].take_off.y > 0)
        << "from the bank where it is";
  }
}

TEST(Goals, HasNoneWhereItStandsNowhere) {
  Map map = hall(320);
  GoalsScene scene(map, {0, 0, 0});
  RandomStream random{RandomKey(1)};
  scene.goals.update(scene.world, scene.graph(), 0, kNowhere, scene.profile, random);
  EXPECT_TRUE(scene.goals.current().none());
}

TEST(Goals, GoesForWhatOthersDropped) {
  // The other one takes the orb where it stands, and dies in a volume on its way west.
  Map map = hall(320);
  map.items = {{ItemKind::kOrb, {200, 0, 15}}};
  map.kill_volumes = {{{100, -40, -8}, {116, 40, 8}}};
  GoalsScene scene(map, {-200, 0, 0});
  scene.world.add_player({{200, 0, 0}}, 180);
  for (int frame = 0; frame < 100; ++frame) {
    const RawAction actions[] = {{}, {.move_forward = frame > 60 ? 1 : 0}};
    scene.world.step(actions);
  }
  ASSERT_FALSE(scene.world.fighters()[1].alive);
  ASSERT_EQ(scene.world.items().size(), 2u);
  scene.update();
  EXPECT_EQ(scene.goals.current().item, 1);
  EXPECT_NE(scene.goals.current().node, kNowhere);
  EXPECT_EQ(scene.goals.current().position, scene.world.items()[1].position);
}

}  // namespace
}  // namespace chrysalis
