// A person's keys and mouse as the raw action of each frame. Knows no window and no clock.
#pragma once

#include <cstdint>

#include "chrysalis/world/action.h"

namespace chrysalis {

// Keys by where they lie on a keyboard, so that W A S D are one cross on any layout.
enum class Key : std::uint8_t {
  kW,
  kA,
  kS,
  kD,
  kUp,
  kLeft,
  kDown,
  kRight,
  kSpace,
  kLeftControl,
  kRightControl,
  kC,
  kMouseLeft,
  kP,
  kEscape,
};

class PlayerInput {
 public:
  // sensitivity: look units for each count of the mouse.
  explicit PlayerInput(double sensitivity) : sensitivity_(sensitivity) {}

  void press(Key key);
  void release(Key key);
  void move_mouse(int right, int down);
  // As if no key had been touched and the mouse not moved.
  void clear();

  // The action of the next frame. A key that was pressed since the last one counts even if it is up again; of
  // the mouse's way, what a frame cannot turn and fractions of a unit are left for the next.
  RawAction next_action();

 private:
  double sensitivity_;
  std::uint32_t held_ = 0;  // Bit k: Key k.
  std::uint32_t pressed_ = 0;
  double right_ = 0.0;  // Look units not yet turned.
  double down_ = 0.0;
};

}  // namespace chrysalis
