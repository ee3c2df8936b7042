// Which frames of the world are due at which time: 60 a second of real time, however slowly they are drawn.
// Pure: whoever asks says what time it is.
#pragma once

#include <cstdint>

namespace chrysalis {

class FramePace {
 public:
  // Frames that may be due at once. Beyond them time is let go, not frames: a stopped process must not come
  // back to minutes played blindly.
  static constexpr int kDueMax = 15;

  // Times are ns of one clock that never goes back. The first frame is due 1/60 s after `now`.
  explicit FramePace(std::int64_t now) : start_(now) {}

  // Frames due by now that were not yet taken, up to kDueMax; they count as taken.
  int take(std::int64_t now);
  // When the next frame is due.
  std::int64_t next() const;

 private:
  std::int64_t start_;
  std::int64_t taken_ = 0;
};

}  // namespace chrysalis
