// Laser tag, everyone against everyone: the agent and bots in an arena. The world holds the rules of the
// fight; this counts the tags and says where who comes back.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "chrysalis/bots/bot.h"
#include "chrysalis/levels/level.h"
#include "chrysalis/levels/level_config.h"

namespace chrysalis {

inline constexpr int kLaserTagSeconds = 600;  // Of an episode, where nobody says otherwise.

// Where it is played, shared read-only by all levels on it.
struct Arena {
  std::shared_ptr<const Map> map;
  std::shared_ptr<const NavigationGraph> graph;  // Of the map.
  int bot_count = 0;                             // Where nobody says otherwise.
  double skill = 4.0;                            // Likewise.
  std::vector<int> bot_profiles;                 // Bots take turns; none: all that there are, in order.
  std::optional<Outfit> bot_outfit;              // None: of a hue that is drawn for each episode.
};

struct LaserTagSettings {
  int bot_count = 0;                 // Fewer than the arena has spawns.
  double skill = 4.0;                // Of every bot.
  std::optional<Outfit> bot_outfit;  // None: of a hue that is drawn for each episode.
};

// Of a config, and of the arena where that has the default; the error names a setting that the arena has no
// room for.
Result<LaserTagSettings> laser_tag_settings(const Arena& arena, const LevelConfig& config);

// The three regions in hue, hue + 120 and hue + 240 degrees, each as colourful and bright as can be.
// hue: 0 to 359.
Outfit outfit_of_hue(int hue);

// What a player's death is worth to the agent, who is player 0: +1 for tagging another, -1 for dying by its
// own hand or by the world's, nothing for being tagged, nor for what others do to each other.
int reward_of_death(const WorldEvent& death);

// Bots are the players after the agent. All of them come back at a spawn drawn uniformly among those that are
// free, facing anywhere.
class LaserTagLevel final : public Level {
 public:
  // The spec's bounds on rewards are filled in here.
  LaserTagLevel(LevelSpec spec, Arena arena, LaserTagSettings settings);

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
  Place draw_place(int player);
  int profile_of(int bot) const;
  Bot make_bot(int index, RandomKey key) const;
  // Hash of what an episode depends on and does not hold itself.
  std::uint64_t content() const;

  LevelSpec spec_;
  Arena arena_;
  LaserTagSettings settings_;
  RandomStream places_{0, 0};  // Where players are put.
  Placed placed_ = Placed::kNot;
  std::optional<World> world_;
  std::vector<Bot> bots_;  // Bot i is player i + 1.
  std::vector<RawAction> actions_;
};

}  // namespace chrysalis
