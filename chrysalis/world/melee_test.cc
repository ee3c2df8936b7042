// A fight of seven, for what must hold whatever happens: the rules, the same bits again, no allocation.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chrysalis/core/allocations_test.h"
#include "chrysalis/world/arena_test.h"

namespace chrysalis {
namespace {

using Kind = WorldEvent::Kind;

// Seven players who run, jump and shoot at random among blocks and over a chasm, with pads of all kinds;
// every other turns to the next, the rest to anywhere. Who may come back does. All that happens depends on
// the seed.
class Melee {
 public:
  explicit Melee(std::uint64_t seed) : world(map()), random_(RandomKey(seed)) {
    world.arm(RandomKey(seed).split(1));
    for (int player = 0; player < kPlayers; ++player) {
      world.add_player(draw_spawn(), static_cast<float>(random_.uniform(-180, 180)));
      actions_.emplace_back();
    }
    // So that Impulse comes into play.
    edit_world(world, [](WorldState& state) {
      for (Fighter& fighter : state.fighters) fighter.rounds[static_cast<std::size_t>(Gadget::kRapid)] = 2;
    });
  }

  std::span<const WorldEvent> frame() {
    for (std::size_t player = 0; player < actions_.size(); ++player) {
      RawAction& action = actions_[player];
      if (random_.chance(0.1)) action = random_action(random_);
      if (player % 2 == 0) action.look_right = towards_the_next(player);
    }
    const auto events = world.step(actions_);
    for (const WorldEvent& event : events)
      if (event.kind == Kind::kMayRespawn) {
        world.respawn(event.player, draw_spawn(), static_cast<float>(random_.uniform(-180, 180)));
        // So that all gadgets come into play.
        world.set_item_present(random_.between(0, kItems - 1), true);
      }
    return events;
  }

  static constexpr int kPlayers = 7;
  static constexpr int kItems = 28;
  World world;

 private:
  static std::shared_ptr<const Map> map() {
    ArenaMap arena = chasm();
    arena.half_size = 320;
    for (int i = 0; i < 6; ++i) {
      const float x = i % 2 == 0 ? -200.0f : 200.0f, y = -250.0f + 80.0f * static_cast<float>(i);
      arena.solids.push_back({{x - 20, y - 20, 48}, {x + 20, y + 20, 48.0f + 15.0f * static_cast<float>(i)}});
    }
    for (int i = 0; i < kItems; ++i)
      arena.items.push_back({static_cast<ItemKind>(i % static_cast<int>(kItemKindCount)),
                             {i % 2 == 0 ? -150.0f : 150.0f, -300.0f + 22.0f * static_cast<float>(i), 63}});
    return make_arena_map(std::move(arena));
  }
  Spawn draw_spawn() {
    const float side = random_.chance(0.5) ? -1.0f : 1.0f;
    return {{side * static_cast<float>(random_.uniform(80, 165)),
             static_cast<float>(random_.uniform(-300, 300)), 48}};
  }

  int towards_the_next(std::size_t player) const {
    const Body& body = world.players()[player];
    const Vec3 way = world.players()[(player + 1) % kPlayers].origin - body.origin;
    const double turn = std::remainder(std::atan2(way.y, way.x) * 57.29577951 - body.yaw_degrees, 360.0);
    return std::clamp(static_cast<int>(-turn / kDegreesPerLookUnit), -200, 200);
  }

  RandomStream random_;
  std::vector<RawAction> actions_;
};

TEST(Melee, KeepsTheRules) {
  std::array<int, 5> events{};
  std::array<int, kGadgetCount> shots{}, hits{}, tags{};
  int falls = 0, own_tags = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Melee melee(seed);
    for (int frame = 0; frame < 3000; ++frame) {
      for (const WorldEvent& event : melee.frame()) {
        const auto gadget = static_cast<std::size_t>(event.gadget);
        ++events[static_cast<std::size_t>(event.kind)];
        if (event.kind == Kind::kShot) ++shots[gadget];
        if (event.kind == Kind::kHit) ++hits[gadget];
        if (event.kind != Kind::kDied) continue;
        if (event.by == kNobody) ++falls;
        if (event.by == event.player) ++own_tags;
        if (event.by != kNobody && event.by != event.player) ++tags[gadget];
      }
      melee.world.check_invariants();
    }
  }
  // And all of them come into play.
  for (const int count : events) EXPECT_GT(count, 100);
  for (std::size_t gadget = 0; gadget < kGadgetCount; ++gadget) {
    EXPECT_GT(shots[gadget], 0) << gadget;
    EXPECT_GT(hits[gadget], 0) << gadget;
    EXPECT_GT(tags[gadget], 0) << gadget;
  }
  EXPECT_GT(falls, 100);
  EXPECT_GT(own_tags, 0);
}

TEST(Melee, GoesOnAfterARestoreToTheLastBit) {
  Melee melee(3);
  for (int frame = 0; frame < 2000; ++frame) {
    melee.frame();
    if (frame % 100 != 0) continue;
    Melee other = melee;
    ByteWriter saved;
    other.world.save(saved);
    other.world = World(melee.world.shared_map());
    ByteReader in(saved.bytes());
    ASSERT_TRUE(other.world.restore(in));
    EXPECT_TRUE(in.at_end());
    Melee same = melee;
    for (int i = 0; i < 120; ++i) {
      const auto events = same.frame();
      ASSERT_EQ(events.size(), other.frame().size());
      ASSERT_EQ(same.world.hash(), other.world.hash()) << "frame " << frame << " and " << i;
    }
  }
}

TEST(Melee, AllocatesNothing) {
  Melee melee(4);
  const std::int64_t before = allocation_count;
  for (int frame = 0; frame < 5000; ++frame) melee.frame();
  EXPECT_EQ(allocation_count, before);
  Melee copy = melee;
  copy.frame();
  const std::int64_t after_first = allocation_count;
  for (int frame = 0; frame < 1000; ++frame) copy.frame();
  EXPECT_EQ(allocation_count, after_first);
}

TEST(Melee, DependsOnItsSeedAlone) {
  const auto run = [](std::uint64_t seed) {
    Melee melee(seed);
    for (int frame = 0; frame < 1000; ++frame) melee.frame();
    return melee.world.hash();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Melee, AWorldThatBeginsAgainIsAsANewOne) {
  Melee used(5);
  for (int frame = 0; frame < 1000; ++frame) used.frame();
  Melee fresh(6);
  used.world.begin(fresh.world.shared_map());
  EXPECT_EQ(used.world.hash(), World(fresh.world.shared_map()).hash());
  EXPECT_FALSE(used.world.armed());
}

}  // namespace
}  // namespace chrysalis
