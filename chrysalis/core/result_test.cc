#include "chrysalis/core/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace chrysalis {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return invalid_input("{} is odd: expected an even number", value);
  return value / 2;
}

Status check_half(int value) {
  CHRYSALIS_RETURN_IF_ERROR(half(value));
  return {};
}

Result<int> quarter(int value) {
  CHRYSALIS_ASSIGN_OR_RETURN(const int once, half(value));
  CHRYSALIS_ASSIGN_OR_RETURN(const int twice, half(once));
  return twice;
}

TEST(result, holds_a_value_or_says_why_not) {
  EXPECT_TRUE(half(4).ok());
  EXPECT_EQ(*half(4), 2);
  EXPECT_FALSE(half(3));
  EXPECT_EQ(half(3).error().message, "3 is odd: expected an even number");
}

TEST(result, passes_errors_on) {
  EXPECT_TRUE(check_half(4));
  EXPECT_EQ(check_half(5).error().message, "5 is odd: expected an even number");
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "3 is odd: expected an even number");
}

TEST(result, moves_what_cannot_be_copied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(result, tells_the_users_errors_from_the_disks) {
  EXPECT_EQ(invalid_input("x").exit_code(), 2);
  EXPECT_EQ(io_error("{} is full", "disk").exit_code(), 1);
  EXPECT_EQ(io_error("{} is full", "disk").message, "disk is full");
}

TEST(result, aborts_where_the_wrong_side_is_read) {
  const Result<int> wrong = half(3);
  EXPECT_DEATH(static_cast<void>(*wrong), "3 is odd");
  const Result<int> right = half(4);
  EXPECT_DEATH(static_cast<void>(right.error()), "check failed");
  const Status fine;
  EXPECT_DEATH(static_cast<void>(fine.error()), "check failed");
}

TEST(check, prints_place_condition_and_values) {
  const int apples = 3;
  EXPECT_DEATH(CHRYSALIS_CHECK(apples > 4), "result_test.cc:[0-9]+: check failed: apples > 4");
  EXPECT_DEATH(CHRYSALIS_CHECK(apples > 4, "{} left", apples), "apples > 4: 3 left");
  EXPECT_DEATH(CHRYSALIS_CHECK_EQ(apples, 4), "apples == 4: 3 against 4");
  CHRYSALIS_CHECK(apples == 3);
  CHRYSALIS_CHECK_EQ(apples, 3);
  CHRYSALIS_DCHECK(apples == 3);
  CHRYSALIS_DCHECK(apples == 3, "{} left", apples);
}

TEST(result, an_error_is_one_line_whatever_it_quotes) {
  EXPECT_EQ(invalid_input("found '{}'", "a\nb\x7f\x01 ü").message, "found 'a?b?? ü'");
  std::string cut(kMessageBytesMax, 'x');
  cut += "...";
  EXPECT_EQ(io_error("{}", std::string(5000, 'x')).message, cut);
}

}  // namespace
}  // namespace chrysalis
