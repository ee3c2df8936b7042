#include "chrysalis/core/memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace chrysalis {
namespace {

TEST(PeakResidentBytes, CountsMemoryThatWasTouchedAlsoAfterItsRelease) {
  const std::size_t before = peak_resident_bytes();
  EXPECT_GT(before, std::size_t{1} << 20);
  const std::size_t bytes = before + (std::size_t{32} << 20);
  {
    const std::vector<char> touched(bytes, 1);
    EXPECT_EQ(touched[bytes / 2], 1);
  }
  EXPECT_GE(peak_resident_bytes(), bytes);
}

}  // namespace
}  // namespace chrysalis
