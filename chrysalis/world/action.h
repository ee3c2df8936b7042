// The raw action: seven integers held for each frame they are applied to. Names, order and ranges as DM Lab
// has them; a range stands only here.
#pragma once

#include <array>
#include <string_view>

#include "chrysalis/core/result.h"

namespace chrysalis {

struct RawActionPart {
  std::string_view name;
  int min;
  int max;
};
inline constexpr std::array<RawActionPart, 7> kRawActionParts = {{
    {"LOOK_LEFT_RIGHT_PIXELS_PER_FRAME", -512, 512},  // + turns right.
    {"LOOK_DOWN_UP_PIXELS_PER_FRAME", -512, 512},     // + looks down.
    {"STRAFE_LEFT_RIGHT", -1, 1},                     // + moves right.
    {"MOVE_BACK_FORWARD", -1, 1},
    {"FIRE", 0, 1},
    {"JUMP", 0, 1},
    {"CROUCH", 0, 1},
}};

struct RawAction {
  int look_right = 0;
  int look_down = 0;
  int strafe_right = 0;
  int move_forward = 0;
  int fire = 0;
  int jump = 0;
  int crouch = 0;
  friend constexpr bool operator==(const RawAction&, const RawAction&) = default;
  constexpr std::array<int, 7> parts() const {
    return {look_right, look_down, strafe_right, move_forward, fire, jump, crouch};
  }
};

// The action of seven integers in the order above; the error names the part that is out of its range.
Result<RawAction> make_raw_action(const std::array<int, 7>& parts);

}  // namespace chrysalis
