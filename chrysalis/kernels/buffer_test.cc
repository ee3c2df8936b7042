#include "chrysalis/kernels/buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace chrysalis {
namespace {

constexpr std::size_t kLine = 64, kHugePage = std::size_t{2} << 20;

bool zeros(const Buffer& buffer, std::size_t count) {
  const auto* bytes = buffer.as<unsigned char>();
  for (std::size_t i = 0; i < count; ++i)
    if (bytes[i] != 0) return false;
  return true;
}

TEST(Buffer, IsAlignedToLinesAndWhereLargeToHugePages) {
  for (const std::size_t bytes :
       {std::size_t{1}, kLine - 1, kLine, kLine + 1, std::size_t{5000}, kHugePage - 1}) {
    const Buffer buffer(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.as<void>()) % kLine, 0U) << bytes;
    EXPECT_EQ(buffer.bytes(), bytes);
  }
  for (const std::size_t bytes : {kHugePage, kHugePage + 1, 3 * kHugePage}) {
    const Buffer buffer(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.as<void>()) % kHugePage, 0U) << bytes;
  }
}

TEST(Buffer, BeginsAsZerosWithALineOfThemBehind) {
  for (const std::size_t bytes :
       {std::size_t{1}, kLine - 1, kLine, 3 * kLine, kHugePage - kLine, kHugePage}) {
    // Memory that was used for something else before.
    { std::memset(Buffer(bytes + kLine).as<void>(), 0xff, bytes + kLine); }
    const Buffer buffer(bytes);
    EXPECT_TRUE(zeros(buffer, bytes + kLine)) << bytes;
  }
}

TEST(Buffer, KeepsItsMemoryAndWhatIsInItWhileLessIsAsked) {
  Buffer buffer(100);
  *buffer.as<int>() = 7;
  const void* memory = buffer.as<void>();
  buffer.reserve(100);
  buffer.reserve(10);
  buffer.reserve(0);
  EXPECT_EQ(buffer.as<void>(), memory);
  EXPECT_EQ(*buffer.as<int>(), 7);
  EXPECT_EQ(buffer.bytes(), 100U);
}

TEST(Buffer, GrowsToZeros) {
  Buffer buffer(100);
  std::memset(buffer.as<void>(), 0xff, 100);
  buffer.reserve(5000);
  EXPECT_EQ(buffer.bytes(), 5000U);
  EXPECT_TRUE(zeros(buffer, 5000 + kLine));
}

TEST(Buffer, IsEmptyOnceMovedFromAndMayBeUsedAgain) {
  Buffer first(100);
  *first.as<int>() = 7;
  Buffer second(std::move(first));
  EXPECT_EQ(*second.as<int>(), 7);
  EXPECT_EQ(second.bytes(), 100U);
  EXPECT_EQ(first.bytes(), 0U);  // NOLINT: what it is after the move is tested.
  first.reserve(50);
  ASSERT_NE(first.as<int>(), nullptr);
  *first.as<int>() = 8;
  first = std::move(second);
  EXPECT_EQ(*first.as<int>(), 7);
  EXPECT_EQ(first.bytes(), 100U);
  EXPECT_EQ(second.bytes(), 0U);  // NOLINT
}

TEST(OddLines, AreAtLeastWhatIsAskedAndOdd) {
  for (std::size_t bytes = 0; bytes < 1000; ++bytes) {
    EXPECT_GE(odd_lines(bytes), bytes);
    EXPECT_LT(odd_lines(bytes), bytes + 2 * kLine + 1);
    EXPECT_EQ(odd_lines(bytes) % kLine, 0U);
    EXPECT_EQ(odd_lines(bytes) / kLine % 2, 1U);
  }
}

}  // namespace
}  // namespace chrysalis
