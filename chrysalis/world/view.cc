#include "chrysalis/world/view.h"

namespace chrysalis {

Eye view_of(const World& world, int player) {
  return eye_of(world.players()[static_cast<std::size_t>(player)]);
}

}  // namespace chrysalis
