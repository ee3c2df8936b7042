// A player that is not the agent: what it perceives, wants and aims at, as the raw action that it holds for a
// frame. It sees the world through its own eyes and plays by the agent's rules.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "chrysalis/bots/navigation.h"
#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

inline constexpr int kBotProfileCount = 4;
inline constexpr double kBotSkillMin = 1.0, kBotSkillMax = 5.0;

// Belongs to one thread at a time; the graph is shared, read-only.
class Bot {
 public:
  // profile: 0 up to kBotProfileCount - 1. skill: 1 to 5, 4 being the profile's own figures.
  Bot(int profile, double skill, std::shared_ptr<const NavigationGraph> graph, RandomKey key);

  // Once a frame: what happened in the world's last step, then what to do in its next one, as player `self`.
  // Thinks every 100 engine ms, acts every 50; in the frames between, the last action is held. Allocates
  // nothing after the first call.
  void notice(const World& world, int self, std::span<const WorldEvent> events);
  RawAction act(const World& world, int self);

  void save(ByteWriter& out) const;
  Status restore(ByteReader& in);
};

}  // namespace chrysalis
