#include "chrysalis/world/action.h"

namespace chrysalis {

Result<RawAction> make_raw_action(const std::array<int, 7>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const RawActionPart& part = kRawActionParts[i];
    if (parts[i] < part.min || parts[i] > part.max)
      return invalid_input("{} is {}, expected {} to {}", part.name, parts[i], part.min, part.max);
  }
  return RawAction{.look_right = parts[0],
                   .look_down = parts[1],
                   .strafe_right = parts[2],
                   .move_forward = parts[3],
                   .fire = parts[4],
                   .jump = parts[5],
                   .crouch = parts[6]};
}

}  // namespace chrysalis
