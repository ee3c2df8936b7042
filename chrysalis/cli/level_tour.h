// Somebody who plays a level for people to look at: a bot without limits where there are bots to fight,
// elsewhere one who runs to where the way is free.
#pragma once

#include <cstdint>
#include <optional>

#include "chrysalis/bots/bot.h"
#include "chrysalis/core/random.h"
#include "chrysalis/levels/level.h"

namespace chrysalis {

class LevelTour {
 public:
  // Begins the episode. `level` must outlive *this; what is shown depends on it and the key alone.
  LevelTour(Level& level, RandomKey episode_key);

  // Plays so many frames.
  void play(std::int64_t frames);

 private:
  RawAction wander();
  float free_way(float yaw_degrees) const;

  Level& level_;
  RandomStream random_;
  std::optional<Bot> bot_;
  float wander_yaw_degrees_ = 0.0f;  // Where the wanderer wants to go.
};

}  // namespace chrysalis
