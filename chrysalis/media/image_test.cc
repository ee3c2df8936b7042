#include <gtest/gtest.h>

#include "chrysalis/media/contact_sheet.h"

namespace chrysalis {
namespace {

Image plain(int width, int height, std::uint8_t grey) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, grey)};
}

TEST(ImageTest, MagnifiedPixelsAreSquares) {
  const Image small{2, 1, {1, 2, 3, 4, 5, 6}};
  const Image expected{4, 2, {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}};
  EXPECT_EQ(magnified(small, 2), expected);
  EXPECT_EQ(magnified(small, 1), small);
}

TEST(ImageDeathTest, MagnifyingByNothingIsABug) {
  EXPECT_DEATH(magnified(plain(2, 2, 0), 0), "factor");
}

TEST(ContactSheetTest, FramesLieInReadingOrderWithinMargins) {
  const std::vector<Image> frames = {plain(2, 3, 10), plain(2, 3, 20), plain(2, 3, 30)};
  const Image sheet = contact_sheet(frames, {.columns = 2, .factor = 2, .margin = 1, .grey = 99});
  ASSERT_EQ(sheet.width, 1 + 4 + 1 + 4 + 1);
  ASSERT_EQ(sheet.height, 1 + 6 + 1 + 6 + 1);
  const auto at = [&](int x, int y) {
    return sheet.rgb[(static_cast<std::size_t>(y) * sheet.width + x) * 3];
  };
  EXPECT_EQ(at(0, 0), 99);
  EXPECT_EQ(at(1, 1), 10);
  EXPECT_EQ(at(4, 6), 10);
  EXPECT_EQ(at(5, 3), 99);
  EXPECT_EQ(at(6, 1), 20);
  EXPECT_EQ(at(1, 7), 99);
  EXPECT_EQ(at(1, 8), 30);
  EXPECT_EQ(at(6, 8), 99) << "no fourth frame";
}

TEST(ContactSheetTest, FewFramesMakeANarrowSheet) {
  EXPECT_EQ(contact_sheet(std::vector{plain(2, 2, 0)}, {.columns = 8, .factor = 1, .margin = 0}).width, 2);
}

TEST(ContactSheetDeathTest, FramesOfDifferentSizesAreABug) {
  const std::vector<Image> frames = {plain(2, 2, 0), plain(2, 4, 0)};
  EXPECT_DEATH(contact_sheet(frames), "frame 1 is 2 x 4, the first 2 x 2");
}

}  // namespace
}  // namespace chrysalis
