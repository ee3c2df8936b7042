// Both doors at once: the adapter that plays DM Lab's levels (env/dmlab_environment.h), over the library that
// shows ours as DM Lab's, against the environment without either.
#include <gtest/gtest.h>

#include <cmath>

#include "chrysalis/core/random.h"
#include "chrysalis/dmlab/client_test.h"
#include "chrysalis/env/dmlab_environment.h"
#include "chrysalis/env/native_environment.h"
#include "chrysalis/levels/catalog.h"

namespace chrysalis {
namespace {

class Adapter : public testing::TestWithParam<std::string> {};

std::vector<std::uint8_t> picture_of(Environment& environment) {
  std::vector<std::uint8_t> rgb(environment.spec().observation_bytes());
  environment.observe(rgb);
  return rgb;
}

TEST_P(Adapter, GivesTheRewardsAndPixelsOfTheNativeEnvironmentToTheBit) {
  const EnvironmentConfig picture = {.width = 64, .height = 48, .action_repeat = 7};  // Does not divide.
  DmlabConfig dmlab;
  dmlab.library = CHRYSALIS_SHARED_LIBRARY;
  const auto native = NativeEnvironment::create({.name = GetParam(), .episode_seconds = 12}, picture).value();
  const auto adapted =
      DmlabEnvironment::create({.name = "dmlab:" + GetParam(), .episode_seconds = 12}, dmlab, picture)
          .value();
  RandomStream random{RandomKey(11)};
  double rewards = 0;  // Of either sign.
  for (const std::uint64_t seed : {std::uint64_t{3}, std::uint64_t{0xFFFFFFFF00000005}}) {
    native->reset(seed & 0x7FFFFFFF);
    adapted->reset(seed);
    ASSERT_TRUE(adapted->status().ok()) << adapted->status().error().message;
    EXPECT_EQ(picture_of(*adapted), picture_of(*native));
    bool ended = false;
    for (int step = 0; !ended; ++step) {
      const RawAction action = {.look_right = static_cast<int>(random.below(121)) - 60,
                                .look_down = static_cast<int>(random.below(21)) - 10,
                                .strafe_right = static_cast<int>(random.below(3)) - 1,
                                .move_forward = step % 8 == 0 ? -1 : 1,
                                .fire = static_cast<int>(random.below(2)),
                                .jump = static_cast<int>(random.below(5)) == 0 ? 1 : 0};
      const StepResult expected = native->step(action);
      const StepResult result = adapted->step(action);
      ASSERT_EQ(result.reward, expected.reward) << step;
      ASSERT_EQ(result.frames, expected.frames) << step;
      ASSERT_EQ(result.ended, expected.ended) << step;
      ASSERT_EQ(result.truncated, expected.truncated) << step;
      ASSERT_EQ(picture_of(*adapted), picture_of(*native)) << step;
      rewards += std::abs(result.reward);
      ended = result.ended;
    }
  }
  EXPECT_EQ(adapted->faults(), 0);
  EXPECT_TRUE(rewards > 0 || GetParam() != "seek_apples") << "no reward was compared";
}

INSTANTIATE_TEST_SUITE_P(EveryLevel, Adapter, testing::ValuesIn(dmlab::level_names()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace chrysalis
