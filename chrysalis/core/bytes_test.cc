#include "chrysalis/core/bytes.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

enum class Colour : std::uint16_t { kRed = 1, kBlue = 500 };

ByteWriter some_state() {
  ByteWriter out;
  out.number<std::int32_t>(-7);
  out.number(2.5);
  out.number(true);
  out.number(Colour::kBlue);
  out.numbers(std::span<const float>(std::vector<float>{1, 2, 3}));
  out.text("apple");
  out.numbers(std::span<const std::int64_t>());
  return out;
}

TEST(bytes, come_back_as_they_were_written) {
  const ByteWriter out = some_state();
  EXPECT_EQ(out.bytes().size(), 4u + 8 + 1 + 2 + (8 + 12) + (8 + 5) + 8);
  ByteReader in(out.bytes());
  EXPECT_EQ(in.number<std::int32_t>(), -7);
  double real = 0;
  in.number(real);
  EXPECT_EQ(real, 2.5);
  EXPECT_TRUE(in.number<bool>());
  EXPECT_EQ(in.number<Colour>(), Colour::kBlue);
  std::vector<float> floats;
  in.numbers(floats);
  EXPECT_EQ(floats, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(in.text(), "apple");
  std::vector<std::int64_t> none = {1};
  in.numbers(none);
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(in.at_end());
  EXPECT_FALSE(in.failed());
}

TEST(bytes, cut_anywhere_fail_and_read_as_zero) {
  const ByteWriter whole = some_state();
  for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
    // A copy of the exact size, so that AddressSanitizer sees any step past the end.
    const std::vector<std::uint8_t> cut(whole.bytes().begin(), whole.bytes().begin() + size);
    ByteReader in(cut);
    in.number<std::int32_t>();
    in.number<double>();
    in.number<bool>();
    in.number<Colour>();
    std::vector<float> floats;
    in.numbers(floats);
    in.text();
    std::vector<std::int64_t> none;
    in.numbers(none);
    EXPECT_TRUE(in.failed()) << size;
    EXPECT_EQ(in.number<std::uint8_t>(), 0) << size;
  }
}

TEST(bytes, with_a_length_beyond_their_end_fail_without_allocating_it) {
  ByteWriter out;
  out.number<std::uint64_t>(0x2000000000000001ULL);  // Times 8 overflows to 8.
  out.number<std::uint64_t>(1);
  ByteReader in(out.bytes());
  std::vector<std::uint64_t> values = {9};
  in.numbers(values);
  EXPECT_TRUE(in.failed());
  EXPECT_TRUE(values.empty());
  EXPECT_EQ(in.number<std::uint8_t>(), 0);
}

TEST(bytes, that_are_no_bool_fail) {
  const std::vector<std::uint8_t> bytes = {2};
  ByteReader in(bytes);
  EXPECT_FALSE(in.number<bool>());
  EXPECT_TRUE(in.failed());
}

TEST(bytes, are_taken_once) {
  ByteWriter out = some_state();
  const std::vector<std::uint8_t> copy = out.bytes();
  EXPECT_EQ(out.take(), copy);
  out.clear();
  EXPECT_TRUE(out.bytes().empty());
}

TEST(hash64, is_fnv_1a) {
  // The published values for "", "a" and "foobar".
  const auto hash = [](std::string_view text) {
    return hash64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  EXPECT_EQ(hash(""), 0xCBF29CE484222325ULL);
  EXPECT_EQ(hash("a"), 0xAF63DC4C8601EC8CULL);
  EXPECT_EQ(hash("foobar"), 0x85944171F73967E8ULL);
}

}  // namespace
}  // namespace chrysalis
