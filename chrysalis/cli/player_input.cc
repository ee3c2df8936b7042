#include "chrysalis/cli/player_input.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace chrysalis {
namespace {

std::uint32_t bit(Key key) {
  return std::uint32_t{1} << static_cast<unsigned>(key);
}

int take_units(double& units, const RawActionPart& range) {
  const double whole =
      std::clamp(std::trunc(units), static_cast<double>(range.min), static_cast<double>(range.max));
  units -= whole;
  return static_cast<int>(whole);
}

}  // namespace

void PlayerInput::press(Key key) {
  held_ |= bit(key);
  pressed_ |= bit(key);
}

void PlayerInput::release(Key key) {
  held_ &= ~bit(key);
}

void PlayerInput::move_mouse(int right, int down) {
  right_ += sensitivity_ * right;
  down_ += sensitivity_ * down;
}

void PlayerInput::clear() {
  *this = PlayerInput(sensitivity_);
}

RawAction PlayerInput::next_action() {
  const std::uint32_t keys = held_ | pressed_;
  pressed_ = 0;
  const auto any = [keys](std::initializer_list<Key> of) {
    return std::ranges::any_of(of, [keys](Key key) { return (keys & bit(key)) != 0; }) ? 1 : 0;
  };
  return {.look_right = take_units(right_, kRawActionParts[0]),
          .look_down = take_units(down_, kRawActionParts[1]),
          .strafe_right = any({Key::kD, Key::kRight}) - any({Key::kA, Key::kLeft}),
          .move_forward = any({Key::kW, Key::kUp}) - any({Key::kS, Key::kDown}),
          .fire = any({Key::kMouseLeft}),
          .jump = any({Key::kSpace}),
          .crouch = any({Key::kLeftControl, Key::kRightControl, Key::kC})};
}

}  // namespace chrysalis
