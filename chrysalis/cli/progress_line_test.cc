#include "chrysalis/cli/progress_line.h"

#include <gtest/gtest.h>

#include <limits>

namespace chrysalis {
namespace {

TEST(ProgressLine, DigitsAreGroupedByThousands) {
  EXPECT_EQ(grouped_digits(0), "0");
  EXPECT_EQ(grouped_digits(999), "999");
  EXPECT_EQ(grouped_digits(1000), "1,000");
  EXPECT_EQ(grouped_digits(1234567), "1,234,567");
  EXPECT_EQ(grouped_digits(-1), "-1");
  EXPECT_EQ(grouped_digits(-999), "-999");
  EXPECT_EQ(grouped_digits(-1000), "-1,000");
  EXPECT_EQ(grouped_digits(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(ProgressLine, DurationsHaveTwoUnitsAtMost) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(59.4), "59s");
  EXPECT_EQ(duration_text(59.6), "1m00s");
  EXPECT_EQ(duration_text(187), "3m07s");
  EXPECT_EQ(duration_text(3599.4), "59m59s");
  EXPECT_EQ(duration_text(3600), "1h00m");
  EXPECT_EQ(duration_text(2 * 3600 + 5 * 60 + 59), "2h05m");
  EXPECT_EQ(duration_text(100 * 3600), "100h00m");
}

TEST(ProgressLine, BeforeTheFirstUpdateItSaysOnlyWhatIsKnown) {
  EXPECT_EQ(progress_text({.agent_steps_target = 2000, .report = {}}, 4), "0/2,000 agent steps (0 frames)");
}

TEST(ProgressLine, ItHoldsStepsFramesRateReturnLossLagAndTimeLeft) {
  const Progress progress{.updates = 3,
                          .agent_steps = 1500,
                          .agent_steps_target = 601'500,
                          .episodes = 12,
                          .seconds = 1,
                          .agent_steps_per_s = 2000,
                          .mean_return_100 = 2.345,
                          .returns = 12,
                          .report = {.version = 3, .loss = -12.34, .entropy = 2.197, .mean_lag = 1.25}};
  EXPECT_EQ(progress_text(progress, 4),
            "1,500/601,500 agent steps (6,000 frames)  2,000 steps/s  return 2.35 (12)  ETA 5m00s  "
            "loss -12.3  entropy 2.20  lag 1.2");
}

TEST(ProgressLine, APopulationShowsItsBestItsAlphasAndItsCopies) {
  Progress progress{.agent_steps = 1500, .agent_steps_target = 3000, .returns = 20, .report = {}};
  progress.mean_return_100 = 3;
  progress.copies = 2;
  progress.members = {{.alpha = 0.05, .mean_return = 2, .returns = 10},
                      {.alpha = 0.35, .mean_return = 4, .returns = 10},
                      {.alpha = 0.1, .mean_return = 0, .returns = 0}};
  EXPECT_EQ(progress_text(progress, 1),
            "1,500/3,000 agent steps (1,500 frames)  return 3.00 (20)  best 4.00  alpha 0.05-0.35  copies 2");
  progress.members.resize(1);
  EXPECT_EQ(progress_text(progress, 1),
            "1,500/3,000 agent steps (1,500 frames)  return 3.00 (20)  alpha 0.05");
}

TEST(ProgressLine, WithoutAFinishedEpisodeThereIsNoReturn) {
  const std::string text =
      progress_text({.updates = 1, .agent_steps = 20, .agent_steps_target = 40, .report = {.version = 1}}, 1);
  EXPECT_EQ(text, "20/40 agent steps (20 frames)  loss 0.0  entropy 0.00  lag 0.0");
}

TEST(ProgressLine, AResumeSaysNothingOfAnUpdateBeforeItsFirst) {
  const Progress resumed{.updates = 1, .agent_steps = 20, .agent_steps_target = 40, .report = {}};
  EXPECT_EQ(progress_text(resumed, 1), "20/40 agent steps (20 frames)");
}

}  // namespace
}  // namespace chrysalis
