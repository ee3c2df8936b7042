#include "chrysalis/cli/window.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

TEST(FittedArea, KeepsThePicturesSidesAsTheyAreToEachOther) {
  EXPECT_EQ(fitted_area(640, 480, 1280, 960), (WindowArea{0, 0, 1280, 960}));
  EXPECT_EQ(fitted_area(640, 480, 1600, 960), (WindowArea{160, 0, 1280, 960}));
  EXPECT_EQ(fitted_area(640, 480, 1280, 1000), (WindowArea{0, 20, 1280, 960}));
  EXPECT_EQ(fitted_area(640, 480, 320, 400), (WindowArea{0, 80, 320, 240}));
}

TEST(FittedArea, IsNeverEmpty) {
  EXPECT_EQ(fitted_area(640, 4, 1, 1), (WindowArea{0, 0, 1, 1}));
  EXPECT_EQ(fitted_area(4, 2048, 32767, 1), (WindowArea{16383, 0, 1, 1}));
  EXPECT_EQ(fitted_area(2048, 2048, 32767, 32767), (WindowArea{0, 0, 32767, 32767}));
}

}  // namespace
}  // namespace chrysalis
