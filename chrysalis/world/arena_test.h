// What the tests of a fight share: an arena, players in it, and a way to put anything into its state.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "chrysalis/world/world.h"

namespace chrysalis {

struct ArenaMap {
  std::vector<Solid> solids{};  // Beside the floor, whose top is at z = 0, and the walls around it.
  std::vector<ItemPlacement> items{};
  std::vector<Solid> kill_volumes{};
  float half_size = 1000.0f;
  float wall_height = 192.0f;
};

inline std::shared_ptr<const Map> make_arena_map(ArenaMap from) {
  auto map = std::make_shared<Map>();
  map->name = "arena";
  const float inside = from.half_size, outside = from.half_size + 100.0f, top = from.wall_height;
  map->solids = {{{-outside, -outside, -16}, {outside, outside, 0}},
                 {{inside, -outside, 0}, {outside, outside, top}},
                 {{-outside, -outside, 0}, {-inside, outside, top}},
                 {{-inside, inside, 0}, {inside, outside, top}},
                 {{-inside, -outside, 0}, {inside, -inside, top}}};
  map->solids.insert(map->solids.end(), from.solids.begin(), from.solids.end());
  map->items = std::move(from.items);
  map->kill_volumes = std::move(from.kill_volumes);
  map->finish();
  return map;
}

// Changes anything in a world, as if it had been saved so.
inline void edit_world(World& world, const std::function<void(WorldState&)>& change) {
  ByteWriter saved;
  world.save(saved);
  ByteReader in(saved.bytes());
  WorldState state = restore_state(in, world.map()).value();
  change(state);
  ByteWriter changed;
  save_state(state, changed);
  ByteReader again(changed.bytes());
  const Status status = world.restore(again);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
}

class TestArena {
 public:
  explicit TestArena(ArenaMap map = {}) : world(make_arena_map(std::move(map))) { world.arm(RandomKey(1)); }

  // A player that holds still and, from the next frame on, may shoot at once.
  int add(float x, float y, float yaw_degrees = 0.0f, float floor = 0.0f) {
    const int player = world.add_player({{x, y, floor}}, yaw_degrees);
    actions.emplace_back();
    edit([&](WorldState& state) {
      state.fighters.back().trigger_locked = false;
      state.players.back().knockback_ms = 0;
      state.effects.clear();
    });
    return player;
  }

  // One frame of the actions that are held.
  std::vector<WorldEvent> frame() {
    const auto events = world.step(actions);
    world.check_invariants();
    return {events.begin(), events.end()};
  }
  void frames(int count) {
    for (int i = 0; i < count; ++i) frame();
  }
  // Frames until one has an event of the kind; 0 if none of so many has.
  int frames_until(WorldEvent::Kind kind, int at_most = 3000) {
    for (int count = 1; count <= at_most; ++count)
      for (const WorldEvent& event : frame())
        if (event.kind == kind) return count;
    return 0;
  }

  void edit(const std::function<void(WorldState&)>& change) { edit_world(world, change); }
  void give(int player, Gadget gadget, int rounds) {
    edit([&](WorldState& state) {
      Fighter& fighter = state.fighters[static_cast<std::size_t>(player)];
      fighter.owned = static_cast<std::uint8_t>(fighter.owned | 1u << static_cast<unsigned>(gadget));
      fighter.rounds[static_cast<std::size_t>(gadget)] = rounds;
      fighter.held = fighter.wanted = gadget;
      fighter.hand = Hand::kReady;
      fighter.hand_ms = 0;
    });
  }

  const Body& body(int player) const { return world.players()[static_cast<std::size_t>(player)]; }
  const Fighter& fighter(int player) const { return world.fighters()[static_cast<std::size_t>(player)]; }
  int rounds(int player, Gadget gadget) const {
    return fighter(player).rounds[static_cast<std::size_t>(gadget)];
  }
  // Health and armour that a player has lost since it came.
  int lost(int player) const { return kSpawnHealth - fighter(player).health - fighter(player).armour; }
  RawAction& action(int player) { return actions[static_cast<std::size_t>(player)]; }

  World world;
  std::vector<RawAction> actions;
};

inline int count_of(const std::vector<WorldEvent>& events, WorldEvent::Kind kind) {
  int count = 0;
  for (const WorldEvent& event : events) count += event.kind == kind ? 1 : 0;
  return count;
}

}  // namespace chrysalis
