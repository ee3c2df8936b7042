// Somebody who plays a level for people to look at: a bot without limits where there are bots to fight,
// elsewhere one who runs, and turns where it does not get on.
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

  Level& level_;
  RandomStream random_;
  std::optional<Bot> bot_;
  RawAction action_;
  int held_frames_ = 0;  // How long the wanderer holds its action yet.
};

}  // namespace chrysalis
