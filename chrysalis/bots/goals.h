// What a bot is after when it does not fight: things to take, by what it needs, and places to look around.
#pragma once

#include "chrysalis/bots/bounded_reader.h"
#include "chrysalis/bots/navigation.h"
#include "chrysalis/bots/profile.h"
#include "chrysalis/core/random.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

// Rounds enough for a gadget that is worth a fight.
bool is_strong(const Fighter& fighter);
// Whether it rather collects: low on health, or holding nothing strong.
bool wants_to_retreat(const Fighter& fighter);
// What taking a thing of this kind is worth to a player; 0: nothing.
float worth(ItemKind kind, const Fighter& fighter);

struct Goal {
  int item = -1;        // In the world's order, where the goal is one.
  int node = kNowhere;  // To go to, or
  int leap = kNowhere;  // to leap, which goes past it. Both kNowhere: no goal.
  Vec3 position;        // Of the item, or the node.

  bool none() const { return node == kNowhere && leap == kNowhere; }
};

class Goals {
 public:
  const Goal& current() const { return goal_; }
  void drop() { goal_ = {}; }
  // Once a thought: drops what was reached, is gone or takes too long, and chooses anew where there is no
  // goal: what is worth most for the way there, within a third more or less; where nothing is worth anything,
  // the nearer of two spawns of the map. `here`: the node where the player is.
  void update(const World& world, const NavigationGraph& graph, int self, int here, const BotProfile& profile,
              RandomStream& random);
  // Whether the goal is to stay for a while.
  bool camps() const { return camp_ms_ > 0; }

  void save(ByteWriter& out) const;
  void restore(BoundedReader& in, const NavigationGraph& graph);

 private:
  void choose(const World& world, const NavigationGraph& graph, int self, int here, float daring,
              RandomStream& random);
  bool over(const World& world, int self) const;

  Goal goal_;
  int age_ms_ = 0;
  int camp_ms_ = 0;
};

}  // namespace chrysalis
