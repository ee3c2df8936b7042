#include "chrysalis/cli/play_title.h"

#include <fmt/format.h>

#include "chrysalis/world/world.h"

namespace chrysalis {
namespace {

std::string fighter_text(const Fighter& fighter) {
  if (!fighter.alive)
    return fighter.dead_ms < kRespawnMs ? "tagged: wait" : "tagged: the left button brings you back";
  const GadgetType& gadget = gadget_type(fighter.held);
  std::string text = fmt::format("health {}   armour {}   {}", fighter.health, fighter.armour, gadget.name);
  if (gadget.rounds > 0) text += fmt::format(" {}", fighter.rounds[static_cast<std::size_t>(fighter.held)]);
  return text;
}

}  // namespace

std::string play_title(const PlayTitle& title) {
  const std::int64_t seconds = (title.frames_left + kFramesPerSecond - 1) / kFramesPerSecond;
  std::string text = fmt::format("{}   {}:{:02} left   return {}", title.level, seconds / 60, seconds % 60,
                                 title.episode_return);
  if (title.fighter != nullptr) text += "   " + fighter_text(*title.fighter);
  if (title.paused) text += "   paused: P goes on";
  return text;
}

}  // namespace chrysalis
