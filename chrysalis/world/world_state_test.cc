// What is saved, and what is refused.
#include "chrysalis/world/world_state.h"

#include <gtest/gtest.h>

#include <limits>

#include "chrysalis/world/arena_test.h"

namespace chrysalis {
namespace {

// A world with one of everything in it.
TestArena full_arena() {
  TestArena arena({.items = {{ItemKind::kOrb, {300, 0, 15}}}});
  arena.add(0, 0);
  arena.add(200, 0);
  arena.give(0, Gadget::kOrb, 5);
  arena.action(0).fire = 1;
  arena.frame();
  arena.edit([](WorldState& state) {
    state.items.push_back({.kind = ItemKind::kDisc, .position = {-300, 0, 15}, .left_ms = 1000});
  });
  arena.world.respawn(0, {{195, 10, 0}}, 0);
  return arena;
}

struct Damage {
  const char* fault;  // What is said of it.
  void (*damage)(WorldState& state);
};
void PrintTo(const Damage& damage, std::ostream* out) {
  *out << damage.fault;
}
class DamagedState : public testing::TestWithParam<Damage> {};

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST_P(DamagedState, IsRefusedAndChangesNothing) {
  TestArena arena = full_arena();
  ASSERT_EQ(arena.world.projectiles().size(), 1u);
  ASSERT_EQ(arena.world.effects().size(), 2u);
  const std::uint64_t before = arena.world.hash();
  ByteWriter saved;
  arena.world.save(saved);
  ByteReader in(saved.bytes());
  WorldState state = restore_state(in, arena.world.map()).value();
  ASSERT_EQ(state.pending.size(), 1u) << "a player was in the way of another";
  GetParam().damage(state);
  ByteWriter damaged;
  save_state(state, damaged);
  ByteReader again(damaged.bytes());
  const Status status = arena.world.restore(again);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, std::string("world state has ") + GetParam().fault);
  EXPECT_EQ(arena.world.hash(), before);
}
INSTANTIATE_TEST_SUITE_P(
    Everywhere, DamagedState,
    testing::Values(
        Damage{"frame -1", [](WorldState& s) { s.frame = -1; }},
        Damage{"1 fighters, expected 2", [](WorldState& s) { s.fighters.pop_back(); }},
        Damage{"0 items, map 'arena' has 1", [](WorldState& s) { s.items.clear(); }},
        Damage{"42 items, map 'arena' has 1", [](WorldState& s) { s.items.resize(42, s.items.back()); }},
        Damage{"50 orbs, expected at most 40", [](WorldState& s) { s.projectiles.resize(50); }},
        Damage{"20 effects, expected at most 16", [](WorldState& s) { s.effects.resize(20); }},
        Damage{"player 1 with place out of range", [](WorldState& s) { s.players[1].origin.y = kNan; }},
        Damage{"player 0 with place out of range", [](WorldState& s) { s.players[0].origin.x = 2e9f; }},
        Damage{"player 0 with velocity out of range",
               [](WorldState& s) { s.players[0].velocity.z = -INFINITY; }},
        Damage{"player 0 with velocity out of range", [](WorldState& s) { s.players[0].velocity.x = 2e6f; }},
        Damage{"player 0 in a wall at 195, 10, 20", [](WorldState& s) { s.players[0].origin.z = 20; }},
        Damage{"player 0 in a wall at 990, 0, 24.125",
               [](WorldState& s) {
                 s.players[0].origin = {990, 0, 24.125f};
               }},
        Damage{"players 0 and 1 in one place",
               [](WorldState& s) {
                 s.pending.clear();
                 s.fighters[1].alive = true;
                 s.fighters[1].health = 1;
               }},
        Damage{"player 0 with yaw out of range", [](WorldState& s) { s.players[0].yaw_degrees = kNan; }},
        Damage{"player 0 with pitch out of range", [](WorldState& s) { s.players[0].pitch_degrees = 91; }},
        Damage{"player 0 with landing time out of range",
               [](WorldState& s) { s.players[0].landing_ms = 251; }},
        Damage{"player 0 with knock-back time out of range",
               [](WorldState& s) { s.players[0].knockback_ms = -1; }},
        Damage{"player 0 with sway out of range", [](WorldState& s) { s.players[0].sway = kSwayCycle; }},
        Damage{"player 0 with dip out of range", [](WorldState& s) { s.players[0].dip = kNan; }},
        Damage{"player 0 with dip out of range", [](WorldState& s) { s.players[0].dip_ms = kDipMs + 1; }},
        Damage{"player 1 with health out of range", [](WorldState& s) { s.fighters[1].health = 126; }},
        Damage{"player 0 with health out of range", [](WorldState& s) { s.fighters[0].health = 0; }},
        Damage{"player 0 with health out of range", [](WorldState& s) { s.fighters[0].alive = false; }},
        Damage{"player 0 with armour out of range", [](WorldState& s) { s.fighters[0].armour = 201; }},
        Damage{"player 0 with decay time out of range", [](WorldState& s) { s.fighters[0].decay_ms = 1000; }},
        Damage{"player 0 with death time out of range", [](WorldState& s) { s.fighters[0].dead_ms = -16; }},
        Damage{"player 0 with rounds out of range", [](WorldState& s) { s.fighters[0].rounds[1] = 201; }},
        Damage{"player 0 with gadgets out of range", [](WorldState& s) { s.fighters[0].owned = 0x23; }},
        Damage{"player 0 with gadget held out of range",
               [](WorldState& s) { s.fighters[0].held = Gadget{5}; }},
        Damage{"player 0 with gadget held out of range",
               [](WorldState& s) { s.fighters[0].held = Gadget::kDisc; }},
        Damage{"player 0 with gadget wanted out of range",
               [](WorldState& s) { s.fighters[0].wanted = Gadget{200}; }},
        Damage{"player 0 with hand out of range", [](WorldState& s) { s.fighters[0].hand = Hand{4}; }},
        Damage{"player 0 with hand's time out of range", [](WorldState& s) { s.fighters[0].hand_ms = -16; }},
        Damage{"player 0 with kick out of range",
               [](WorldState& s) { s.fighters[0].kick_roll_degrees = kNan; }},
        Damage{"player 0 with kick out of range", [](WorldState& s) { s.fighters[0].kick_ms = 501; }},
        Damage{"item 1 with kind out of range", [](WorldState& s) { s.items[1].kind = ItemKind{7}; }},
        Damage{"item 1 with kind out of range", [](WorldState& s) { s.items[1].kind = ItemKind::kApple; }},
        Damage{"item 1 with place out of range", [](WorldState& s) { s.items[1].position.x = kNan; }},
        Damage{"item 0 with time out of range", [](WorldState& s) { s.items[0].left_ms = 5001; }},
        Damage{"item 1 with time out of range", [](WorldState& s) { s.items[1].left_ms = 30001; }},
        Damage{"item 0 with time out of range", [](WorldState& s) { s.items[0].left_ms = 16; }},
        Damage{"item 1 with time out of range", [](WorldState& s) { s.items[1].left_ms = 0; }},
        Damage{"another item 0 than map 'arena'", [](WorldState& s) { s.items[0].position.x += 1; }},
        Damage{"orb 0 with gadget out of range",
               [](WorldState& s) { s.projectiles[0].gadget = Gadget::kBeam; }},
        Damage{"orb 0 with owner out of range", [](WorldState& s) { s.projectiles[0].owner = 2; }},
        Damage{"orb 0 with place out of range", [](WorldState& s) { s.projectiles[0].position.z = kNan; }},
        Damage{"orb 0 with velocity out of range",
               [](WorldState& s) { s.projectiles[0].velocity.x = INFINITY; }},
        Damage{"orb 0 with time left out of range", [](WorldState& s) { s.projectiles[0].left_ms = 15001; }},
        Damage{"effect 0 with kind out of range", [](WorldState& s) { s.effects[0].kind = Effect::Kind{6}; }},
        Damage{"effect 0 with player out of range", [](WorldState& s) { s.effects[0].player = -1; }},
        Damage{"effect 0 with place out of range", [](WorldState& s) { s.effects[0].to.x = kNan; }},
        Damage{"effect 0 with age out of range", [](WorldState& s) { s.effects[0].age_ms = 500; }},
        Damage{"event 0 with kind out of range",
               [](WorldState& s) { s.pending[0].kind = WorldEvent::Kind::kShot; }},
        Damage{"event 0 with player out of range", [](WorldState& s) { s.pending[0].player = 2; }},
        Damage{"event 0 with tagger out of range", [](WorldState& s) { s.pending[0].by = -2; }},
        Damage{"event 0 with gadget out of range", [](WorldState& s) { s.pending[0].gadget = Gadget{5}; }}));

TEST(WorldState, AnUnarmedWorldHasNoDrops) {
  World world(make_arena_map({}));
  world.add_player({{0, 0, 0}}, 0);
  ByteWriter saved;
  world.save(saved);
  ByteReader in(saved.bytes());
  WorldState state = restore_state(in, world.map()).value();
  state.items.push_back({.kind = ItemKind::kOrb, .position = {0, 0, 15}});
  ByteWriter damaged;
  save_state(state, damaged);
  ByteReader again(damaged.bytes());
  const Status status = world.restore(again);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "world state has 1 items, map 'arena' has 0");
}

TEST(WorldState, AFlagIsOneOfTwo) {
  TestArena arena = full_arena();
  ByteWriter saved;
  arena.world.save(saved);
  std::vector<std::uint8_t> bytes = saved.bytes();
  bytes[8] = 2;  // Behind the frame: whether it is armed.
  ByteReader in(bytes);
  const Status status = arena.world.restore(in);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "world state has a flag that is neither 0 nor 1");
}

TEST(WorldState, CutShortAnywhereIsRefused) {
  TestArena arena = full_arena();
  const std::uint64_t before = arena.world.hash();
  ByteWriter saved;
  arena.world.save(saved);
  for (std::size_t size = 0; size < saved.bytes().size(); ++size) {
    ByteReader in(std::span(saved.bytes()).first(size));
    const Status status = arena.world.restore(in);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "world state is cut short");
  }
  EXPECT_EQ(arena.world.hash(), before);
}

// Whatever a byte becomes: refused, or a world that can go on.
TEST(WorldState, AnyChangedByteIsSafe) {
  TestArena arena = full_arena();
  ByteWriter saved;
  arena.world.save(saved);
  RandomStream random{RandomKey(11)};
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> bytes = saved.bytes();
    bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.below(256));
    World world(arena.world.shared_map());
    ByteReader in(bytes);
    if (!world.restore(in).ok()) continue;
    ++accepted;
    const std::vector<RawAction> actions(world.players().size());
    for (int frame = 0; frame < 3; ++frame) {
      world.step(actions);
      world.check_invariants();
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 2900);
}

}  // namespace
}  // namespace chrysalis
