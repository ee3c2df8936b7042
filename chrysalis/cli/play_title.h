// What a person who plays reads above the picture.
#pragma once

#include <cstdint>
#include <string>

#include "chrysalis/world/fighter.h"

namespace chrysalis {

struct PlayTitle {
  std::string level;
  std::int64_t frames_left = 0;
  std::int64_t episode_return = 0;
  const Fighter* fighter = nullptr;  // Of the person; null where the world is unarmed.
  bool paused = false;
};

// Level, time left, return, and what a fighter has or, tagged, can do.
std::string play_title(const PlayTitle& title);

}  // namespace chrysalis
