// Gathering apples and finding goals on a map: the rules of seek_apples, of the explore levels, of the
// navigation mazes and of users' text maps, which differ only in their maps and in these numbers.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "chrysalis/levels/level.h"

namespace chrysalis {

struct ForageRules {
  int apple_reward = 1;
  int goal_reward = 10;
  int death_reward = 0;   // For feet in a volume that kills; the agent then goes to a spawn.
  int taken_at_once = 1;  // Items of a map, at most: they lie so near to each other.
  // When the last apple of a map is taken, the map restarts; otherwise nothing more happens.
  bool apples_return = true;
  bool new_map_at_restart = false;
};

// A restart brings all items back, or makes the map anew, and moves the agent to a spawn drawn anew. A goal
// always restarts its map.
class ForageLevel final : public Level {
 public:
  // The map of an episode: a function of the stream alone. A fixed level returns its one map.
  using MakeMap = std::function<std::shared_ptr<const Map>(RandomStream& random)>;

  // The spec's bounds on rewards are filled in here.
  ForageLevel(LevelSpec spec, ForageRules rules, MakeMap make_map);

  const LevelSpec& spec() const override { return spec_; }
  void start(RandomKey episode_key) override;
  int step(const RawAction& action) override;
  Placed placed() const override { return placed_; }
  const World& world() const override;
  void save(ByteWriter& out) const override;
  Status restore(ByteReader& in) override;

 private:
  struct Place {
    Spawn spawn;
    float yaw_degrees;
  };
  Place draw_place();
  void put_at_spawn();
  // Begins with the map of map_key_ and the agent in it.
  void begin();
  void restart();

  LevelSpec spec_;
  ForageRules rules_;
  MakeMap make_map_;
  std::uint64_t map_key_ = 0;  // The stream that the map was made from: enough to make it again.
  RandomStream places_{0, 0};  // Where the agent is put.
  Placed placed_ = Placed::kNot;
  std::optional<World> world_;
};

}  // namespace chrysalis
