#include "chrysalis/cli/bench_training.h"

#include <gtest/gtest.h>

#include "chrysalis/cli/bench.h"

namespace chrysalis {
namespace {

// An update of 100 agent steps each second, then each half second.
std::vector<TrainingMark> marks_of(int slow, int quick) {
  std::vector<TrainingMark> marks = {{.seconds = 50, .agent_steps = 300}};
  const auto add = [&marks](double seconds) {
    marks.push_back(
        {.seconds = marks.back().seconds + seconds, .agent_steps = marks.back().agent_steps + 100});
  };
  for (int i = 0; i < slow; ++i) add(1.0);
  for (int i = 0; i < quick; ++i) add(0.5);
  return marks;
}

TEST(window_rates, count_from_the_first_mark_on) {
  EXPECT_EQ(window_rates(marks_of(5, 0), 5), std::vector<double>(5, 100.0));
}

TEST(window_rates, windows_are_of_equally_many_updates_and_leave_none_out) {
  EXPECT_EQ(window_rates(marks_of(4, 4), 2), (std::vector<double>{100, 200}));
  EXPECT_EQ(window_rates(marks_of(3, 4), 2), (std::vector<double>{100, 200}));
  EXPECT_EQ(window_rates(marks_of(4, 3), 2).size(), 2u);
}

TEST(WindowRatesDeathTest, more_windows_than_updates_are_our_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(window_rates(marks_of(4, 0), 5), "5 marks for 5 windows");
}

TEST(median, is_the_middle_sample) {
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({4, 1, 2, 3}), 3);
}

}  // namespace
}  // namespace chrysalis
