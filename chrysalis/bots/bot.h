// A player that is not the agent: what it perceives, wants and aims at, as the raw action that it holds for a
// frame. It sees the world through its own eyes and plays by the agent's rules.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "chrysalis/bots/aim.h"
#include "chrysalis/bots/footwork.h"
#include "chrysalis/bots/goals.h"
#include "chrysalis/bots/navigation.h"
#include "chrysalis/bots/perception.h"
#include "chrysalis/bots/profile.h"
#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"
#include "chrysalis/core/result.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

// A value; belongs to one thread at a time; the graph is shared, read-only. Its world must be armed.
class Bot {
 public:
  // profile: 0 up to kBotProfileCount - 1, or kExpertProfile. skill: 1 to 5, 4 being the profile's own
  // figures.
  Bot(int profile, double skill, std::shared_ptr<const NavigationGraph> graph, RandomKey key);

  // Once a frame: what happened in the world's last step, then what to do in its next one, as player `self`.
  // Thinks and acts as often as the profile says; in the frames between, the last action is held. Allocates
  // nothing after the first call.
  void notice(const World& world, int self, std::span<const WorldEvent> events);
  RawAction act(const World& world, int self);

  // Everything but profile, skill and graph: restore() on a bot of the same three gives an equal bot. A state
  // that was cut short, or says what no bot on this graph can be in, is refused, and the bot stays as it was.
  void save(ByteWriter& out) const;
  Status restore(ByteReader& in);

 private:
  void think(const World& world, int self);
  void move(const World& world, int self);
  void fight(const World& world, int self);
  RawAction wait_for_respawn(const Fighter& fighter);
  RawAction make_action(const World& world, int self);

  // Constant after construction.
  std::shared_ptr<const NavigationGraph> graph_;
  BotProfile profile_;

  RandomStream random_;
  Perception perception_;
  Goals goals_;
  Footwork footwork_;
  Trigger trigger_;
  Look wanted_look_;
  bool shoots_ = false;
  bool dead_ = false;
  int respawn_ms_ = 0;     // After death, when it asks to come back.
  int think_left_ms_ = 0;  // Until the next.
  int act_left_ms_ = 0;
  RawAction action_;
};

}  // namespace chrysalis
