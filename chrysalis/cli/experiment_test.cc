#include "chrysalis/cli/experiment.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

std::string text_of(RunConfig& config) {
  return to_toml(fields_of(config), /*comments=*/true);
}

TEST(Experiment, TheSameConfigChangesNothing) {
  RunConfig config;
  const auto changes = experiment_changes(text_of(config), "run", config);
  ASSERT_TRUE(changes.ok()) << changes.error().message;
  EXPECT_TRUE(changes->empty());
}

TEST(Experiment, HowItIsRunAndHowLongAreNoChange) {
  RunConfig config;
  const std::string before = text_of(config);
  config.train.workers = 7;
  config.train.agent_steps *= 2;
  config.learner.device = "cuda";
  config.compute.kernels = "torch";
  config.store.keep_checkpoints = 9;
  EXPECT_TRUE(experiment_changes(before, "run", config)->empty());
}

TEST(Experiment, WhatIsLearnedIsAChange) {
  RunConfig config;
  const std::string before = text_of(config);
  config.seed = 5;
  config.learner.entropy_cost = 0.5;
  EXPECT_EQ(experiment_changes(before, "run", config).value(),
            (std::vector<ConfigChange>{{"seed", "1", "5"}, {"learner.entropy_cost", "0.003", "0.5"}}));
}

TEST(Experiment, AKeyThatTheOldConfigLacksCountsAsItsDefault) {
  RunConfig config;
  config.train.stagger_episodes = false;
  EXPECT_TRUE(experiment_changes("seed = 1\n", "run", config)->empty());
  config.learner.unroll += 1;
  const auto changes = experiment_changes("seed = 1\n", "run", config);
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ(changes->front().path, "learner.unroll");
}

TEST(Experiment, ARunFromBeforeEpisodesWereStaggeredGoesOnWithoutAlone) {
  RunConfig config;
  EXPECT_EQ(experiment_changes("seed = 1\n", "run", config).value(),
            (std::vector<ConfigChange>{{"train.stagger_episodes", "false", "true"}}));
}

TEST(Experiment, AKeyThatIsNoSettingAnyMoreIsToldWithItsRun) {
  RunConfig config;
  const auto changes = experiment_changes("seed = 1\n[learner]\nmomentum = 0.5\n", "runs/a", config);
  ASSERT_FALSE(changes.ok());
  EXPECT_NE(changes.error().message.find("runs/a:3: unknown key 'learner.momentum'"), std::string::npos)
      << changes.error().message;
}

}  // namespace
}  // namespace chrysalis
