#include "chrysalis/cli/frame_pace.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

constexpr std::int64_t kStart = 987'654'321;
constexpr std::int64_t kSecond = 1'000'000'000;

TEST(FramePace, SixtyFramesASecondAndNoneAtTheStart) {
  FramePace pace(kStart);
  EXPECT_EQ(pace.take(kStart), 0);
  EXPECT_EQ(pace.next(), kStart + 16'666'667);
  EXPECT_EQ(pace.take(kStart + 16'666'666), 0);
  EXPECT_EQ(pace.take(kStart + 16'666'667), 1);
  EXPECT_EQ(pace.take(kStart + 16'666'667), 0);
  EXPECT_EQ(pace.next(), kStart + 33'333'334);
}

TEST(FramePace, WaitingForTheNextFrameAlwaysBringsOne) {
  FramePace pace(kStart);
  for (int frame = 0; frame < 36'000; ++frame) {
    const std::int64_t next = pace.next();
    ASSERT_EQ(pace.take(next - 1), 0) << frame;
    ASSERT_EQ(pace.take(next), 1) << frame;
  }
  EXPECT_EQ(pace.next() - kStart, 600 * kSecond + 16'666'667);  // Ten minutes later no ns is lost.
}

TEST(FramePace, SlowDrawingDropsNoFrame) {
  FramePace pace(kStart);
  int frames = 0;
  for (int picture = 1; picture <= 7; ++picture) frames += pace.take(kStart + picture * kSecond / 7);
  EXPECT_EQ(frames, 60);
}

TEST(FramePace, AStopIsNotCaughtUpWith) {
  FramePace pace(kStart);
  const std::int64_t later = kStart + 3600 * kSecond;
  EXPECT_EQ(pace.take(later), FramePace::kDueMax);
  EXPECT_EQ(pace.take(later), 0);
  EXPECT_EQ(pace.next(), later + 16'666'667);
  EXPECT_EQ(pace.take(later + kSecond / 4), 15);
}

}  // namespace
}  // namespace chrysalis
