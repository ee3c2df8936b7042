#include "chrysalis/cli/frame_pace.h"

#include "chrysalis/world/world.h"

namespace chrysalis {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// From a start to the end of a frame; from the start each time, so that thirds of a ns do not add up.
std::int64_t time_of(std::int64_t frame) {
  return (frame * kSecond + kFramesPerSecond - 1) / kFramesPerSecond;
}

}  // namespace

int FramePace::take(std::int64_t now) {
  const std::int64_t due = (now - start_) * kFramesPerSecond / kSecond - taken_;
  if (due <= kDueMax) {
    taken_ += due;
    return static_cast<int>(due);
  }
  start_ = now;
  taken_ = 0;
  return kDueMax;
}

std::int64_t FramePace::next() const {
  return start_ + time_of(taken_ + 1);
}

}  // namespace chrysalis
