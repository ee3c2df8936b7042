#include "chrysalis/media/chart_axis.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

using Ticks = std::vector<double>;

void expect_ticks(const ChartAxis& axis, const Ticks& ticks) {
  ASSERT_EQ(axis.ticks.size(), ticks.size()) << testing::PrintToString(axis.ticks);
  for (std::size_t i = 0; i < ticks.size(); ++i) EXPECT_NEAR(axis.ticks[i], ticks[i], 1e-9 * axis.high);
}

TEST(chart_axis, widens_to_round_numbers) {
  const ChartAxis axis = linear_axis(0, 5730, 6, true);
  expect_ticks(axis, {0, 2000, 4000, 6000});
  EXPECT_EQ(axis.low, 0);
  EXPECT_EQ(axis.high, 6000);
  expect_ticks(linear_axis(-0.3, 0.9, 6, true), {-0.5, 0, 0.5, 1});
}

TEST(chart_axis, keeps_to_the_data_where_it_is_not_widened) {
  const ChartAxis axis = linear_axis(3, 97, 6, false);
  EXPECT_EQ(axis.low, 3);
  EXPECT_EQ(axis.high, 97);
  expect_ticks(axis, {20, 40, 60, 80});
}

TEST(chart_axis, never_has_more_ticks_than_asked_and_never_fewer_than_two_when_widened) {
  for (int most = 2; most <= 12; ++most)
    for (double low = -7.3; low < 5; low += 1.7)
      for (double range = 1e-3; range < 1e7; range *= 3.7) {
        const ChartAxis axis = linear_axis(low, low + range, most < 3 ? 3 : most, true);
        ASSERT_LE(axis.ticks.size(), static_cast<std::size_t>(most < 3 ? 3 : most));
        ASSERT_GE(axis.ticks.size(), 2u);
        ASSERT_LE(axis.low, low + 1e-9 * range);
        ASSERT_GE(axis.high, low + range * (1 - 1e-9));
      }
}

TEST(chart_axis, makes_room_around_a_single_number) {
  EXPECT_LT(linear_axis(0, 0, 5, true).low, linear_axis(0, 0, 5, true).high);
  for (const double value : {7.0, -7.0}) {
    const ChartAxis axis = linear_axis(value, value, 5, false);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
  }
  const ChartAxis axis = logarithmic_axis(10, 10, 5);
  EXPECT_NEAR(axis.fraction(10), 0.5, 1e-12);
}

TEST(chart_axis, a_logarithmic_one_steps_by_ones_twos_and_fives_or_by_powers) {
  expect_ticks(logarithmic_axis(8, 400, 7), {10, 20, 50, 100, 200});
  expect_ticks(logarithmic_axis(1, 2, 7), {1, 2});
  expect_ticks(logarithmic_axis(1, 1e6, 8), {1, 10, 100, 1e3, 1e4, 1e5, 1e6});
  expect_ticks(logarithmic_axis(1, 1e6, 4), {1, 100, 1e4, 1e6});
}

TEST(chart_axis, fractions_run_from_low_to_high) {
  EXPECT_EQ(linear_axis(10, 30, 5, false).fraction(15), 0.25);
  const ChartAxis axis = logarithmic_axis(1, 100, 5);
  EXPECT_EQ(axis.fraction(1), 0);
  EXPECT_NEAR(axis.fraction(10), 0.5, 1e-12);
  EXPECT_NEAR(axis.fraction(100), 1, 1e-12);
}

TEST(chart_axis, ticks_are_spelled_short) {
  EXPECT_EQ(tick_text(0), "0");
  EXPECT_EQ(tick_text(0.25), "0.25");
  EXPECT_EQ(tick_text(-800), "-800");
  EXPECT_EQ(tick_text(1500), "1.5k");
  EXPECT_EQ(tick_text(2e7), "20M");
  EXPECT_EQ(tick_text(-3e9), "-3G");
}

TEST(ChartAxisDeathTest, nonsense_is_our_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(linear_axis(1, 0, 5, true), "1 to 0");
  EXPECT_DEATH(logarithmic_axis(0, 1, 5), "0 to 1");
}

}  // namespace
}  // namespace chrysalis
