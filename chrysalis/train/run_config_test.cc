#include "chrysalis/train/run_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "chrysalis/store/scratch_directory_test.h"

namespace chrysalis {
namespace {

std::string fault_of(const Result<RunConfig>& config) {
  if (config.ok()) return "";
  EXPECT_EQ(config.error().exit_code(), 2);
  EXPECT_EQ(config.error().message.find('\n'), std::string::npos) << config.error().message;
  return config.error().message;
}
std::string fault_in(std::string_view text, const std::vector<std::string>& assignments = {}) {
  return fault_of(run_config_from_text(text, "a.toml", assignments));
}

TEST(RunConfig, AFileChangesWhatItNamesAndNothingElse) {
  const auto config = run_config_from_text(
      "seed = 7\ndeterministic = false\n[learner]\nlearning_rate = 1\nunroll = 20\n[level]\nname = 'x'\n",
      "a.toml", {});
  ASSERT_TRUE(config.ok()) << config.error().message;
  RunConfig expected;
  expected.seed = 7;
  expected.deterministic = false;
  expected.learner.learning_rate = 1;  // A whole number where a number is wanted.
  expected.learner.unroll = 20;
  expected.level.name = "x";
  RunConfig got = *config;
  EXPECT_EQ(to_toml(fields_of(got), false), to_toml(fields_of(expected), false));
}

TEST(RunConfig, AssignmentsComeAfterTheFileAndTheLastOneCounts) {
  const auto config =
      run_config_from_text("seed = 7\n", "a.toml", {"seed=8", "seed=9", "level.name=map:a=b"});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->seed, 9);
  EXPECT_EQ(config->level.name, "map:a=b");
}

TEST(RunConfig, TheResolvedConfigReadsBackEqual) {
  RunConfig config;
  config.seed = 9'000'000'000'000'000;
  config.deterministic = false;
  config.level.name = "map:odd \"name\"\\ \n\x01";
  config.level.reward_density = 0.1;
  config.learner.learning_rate = 1e-300;
  config.learner.rmsprop_epsilon = 0.30000000000000004;
  config.agent.core = "feed_forward";
  config.store.checkpoint_seconds = 0.1;
  for (const bool comments : {false, true}) {
    const std::string text = to_toml(fields_of(config), comments);
    auto again = run_config_from_text(text, "resolved", {});
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(to_toml(fields_of(*again), comments), text);
    EXPECT_EQ(again->learner.learning_rate, 1e-300);
    EXPECT_EQ(again->level.name, config.level.name);
  }
}

TEST(RunConfig, AMistakeInAFileIsToldWithLineKeyAndNearestName) {
  EXPECT_EQ(fault_in("\nsead = 1\n"), "a.toml:2: unknown key 'sead', did you mean 'seed'?");
  EXPECT_EQ(fault_in("[learner]\n\nlearning_rat = 1\n"),
            "a.toml:3: unknown key 'learner.learning_rat', did you mean 'learner.learning_rate'?");
  EXPECT_EQ(fault_in("seed = 1.5\n"),
            "a.toml:1: seed is 1.5: expected a whole number, 0 to 9000000000000000");
  EXPECT_EQ(fault_in("seed = -1\n"), "a.toml:1: seed is -1: expected a whole number, 0 to 9000000000000000");
  EXPECT_EQ(fault_in("[learner]\nlearning_rate = \"fast\"\n"),
            "a.toml:2: learner.learning_rate is \"fast\": expected a number, 0 to 1");
  EXPECT_EQ(fault_in("[learner]\nlearning_rate = nan\n"),
            "a.toml:2: learner.learning_rate is nan: expected a number, 0 to 1");
  EXPECT_EQ(fault_in("[learner]\nunroll = 0\n"),
            "a.toml:2: learner.unroll is 0: expected a whole number, 1 to 10000 (agent steps)");
  EXPECT_EQ(fault_in("deterministic = 1\n"), "a.toml:1: deterministic is 1: expected true or false");
  EXPECT_EQ(fault_in("[level]\nname = 3\n"), "a.toml:2: level.name is 3: expected text in quotes");
  EXPECT_EQ(fault_in("[agent]\nactions = \"smal\"\n"),
            "a.toml:2: agent.actions is \"smal\": expected one of small, big, did you mean 'small'?");
  for (const char* value : {"[1]", "1979-05-27", "07:32:00"})
    EXPECT_EQ(fault_in(fmt::format("seed = {}\n", value)),
              "a.toml:1: seed is a list or a date: expected a number, true or false, or text");
}

TEST(RunConfig, TablesAndKeysAreNotTakenForEachOther) {
  EXPECT_EQ(fault_in("\n[lerner]\n"), "a.toml:2: unknown table [lerner], did you mean 'learner'?");
  EXPECT_EQ(fault_in("[lerner]\nunroll = 2\n"), "a.toml:1: unknown table [lerner], did you mean 'learner'?");
  EXPECT_EQ(fault_in("[seed]\n"), "a.toml:1: seed is a table: expected one value, integer");
  EXPECT_EQ(fault_in("level = \"seek_apples\"\n"),
            "a.toml:1: level is a table: expected [level] and its keys below");
  EXPECT_EQ(fault_in("[[level]]\nname = \"x\"\n"),
            "a.toml:1: level is a table: expected [level] and its keys below");
  EXPECT_EQ(fault_in("[level.name]\n"), "a.toml:1: level.name is a table: expected one value, text");
  EXPECT_EQ(fault_in("level = { name = \"x\" }\nlearner.unroll = 2\n"), "");
}

TEST(RunConfig, WhatIsNoTomlIsToldWithItsLine) {
  EXPECT_TRUE(fault_in("seed = 1\nseed = = 2\n").starts_with("a.toml:2: not valid TOML: "));
  EXPECT_TRUE(fault_in("seed = 1\nseed = 2\n").starts_with("a.toml:2: not valid TOML: "));
  EXPECT_TRUE(fault_in("[learner\n").starts_with("a.toml:1: not valid TOML: "));
  EXPECT_TRUE(fault_in("seed = 99999999999999999999\n").starts_with("a.toml:1: not valid TOML: "));
  EXPECT_TRUE(fault_in(std::string_view("seed = \0\n", 9)).starts_with("a.toml:1: not valid TOML: "));
}

TEST(RunConfig, AWrongAssignmentIsToldAsItWasWritten) {
  EXPECT_EQ(fault_in("", {"seed"}), "--set seed: expected KEY=VALUE, for example learner.learning_rate=3e-4");
  EXPECT_EQ(fault_in("", {"=1"}), "--set =1: expected KEY=VALUE, for example learner.learning_rate=3e-4");
  EXPECT_EQ(fault_in("", {"seed="}), "seed is \"\": expected a whole number, 0 to 9000000000000000");
  EXPECT_EQ(fault_in("", {"learner.unrol=3"}), "unknown key 'learner.unrol', did you mean 'learner.unroll'?");
  EXPECT_EQ(fault_in("", {"unroll=3"}), "unknown key 'unroll', did you mean 'learner.unroll'?");
  EXPECT_EQ(fault_in("", {"learner.unroll=3x"}),
            "learner.unroll is \"3x\": expected a whole number, 1 to 10000 "
            "(agent steps)");
}

TEST(RunConfig, FieldsThatMustFitEachOtherAreChecked) {
  EXPECT_EQ(fault_in("[environment]\nwidth = 98\n"), "environment.width is 98: expected a multiple of 4");
  EXPECT_EQ(fault_in("", {"environment.height=73"}), "environment.height is 73: expected a multiple of 4");
  EXPECT_EQ(fault_in("", {"learner.batch_unrolls=2", "learner.shards=3"}),
            "learner.shards is 3: expected at most learner.batch_unrolls, 2");
  EXPECT_EQ(fault_in("", {"learner.batch_unrolls=3", "learner.shards=3"}), "");
}

TEST(RunConfig, LevelsOfDmLabsCannotBeTrainedOnReproducibly) {
  RunConfig config = default_run_config({"level.name=dmlab:lt_chasm", "dmlab.library=/lab.so"}).value();
  EXPECT_EQ(config.dmlab.library, "/lab.so");
  EXPECT_EQ(check_reproducible(config).error().message,
            "deterministic is true and dmlab:lt_chasm is a level of DM Lab's, whose episodes depend on those "
            "before them in their process: expected deterministic = false");
  config.deterministic = false;
  EXPECT_TRUE(check_reproducible(config).ok());
  EXPECT_TRUE(check_reproducible(RunConfig()).ok());
}

TEST(RunConfig, AFileThatCannotBeReadIsNamed) {
  const ScratchDirectory scratch;
  const std::string none = scratch / "none.toml";
  const std::string empty = scratch / "empty.toml";
  put_text(empty, "");
  EXPECT_EQ(
      fault_of(load_run_config(none, {})),
      fmt::format("cannot read config {}: expected a TOML file such as configs/seek_apples.toml", none));
  EXPECT_EQ(fault_of(load_run_config(empty, {})),
            fmt::format("config {} is empty or not a readable file", empty));
  EXPECT_EQ(fault_of(load_run_config(scratch.path(), {})),
            fmt::format("config {} is empty or not a readable file", scratch.path().string()));
}

TEST(RunConfig, EveryConfigThatShipsIsGood) {
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(CHRYSALIS_SOURCE_DIR) / "configs")) {
    if (entry.is_directory()) continue;
    const auto config = load_run_config(entry.path(), {});
    EXPECT_TRUE(config.ok()) << config.error().message;
    ++count;
  }
  EXPECT_GE(count, 9);
}

TEST(RunConfig, TheTrainerLearnsWholeUpdatesOnEveryCore) {
  const auto config = default_run_config(
      {"seed=5", "learner.unroll=5", "learner.batch_unrolls=4", "learner.shards=2", "train.environments=8",
       "train.group_environments=3", "train.agent_steps=41", "store.checkpoint_seconds=2"});
  ASSERT_TRUE(config.ok()) << config.error().message;
  const TrainerConfig trainer = trainer_config(*config);
  EXPECT_EQ(trainer.schedule.updates, 3);  // 41 steps at 20 an update.
  EXPECT_EQ(trainer.schedule.environments, 8);
  EXPECT_EQ(trainer.schedule.group_environments, 3);
  EXPECT_EQ(trainer.schedule.batch_unrolls, 4);
  EXPECT_EQ(trainer.schedule.shards, 2);
  EXPECT_TRUE(trainer.schedule.deterministic);
  EXPECT_EQ(trainer.unroll_steps, 5);
  EXPECT_EQ(trainer.seed, 5u);
  EXPECT_EQ(trainer.checkpoint_seconds, 2);
  EXPECT_EQ(trainer.actions->size(), 9u);
  EXPECT_EQ(trainer.workers, std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
  RunConfig three = *config;
  three.train.workers = 3;
  EXPECT_EQ(trainer_config(three).workers, 3);
}

TEST(RunConfig, UnrollsOfAHundredEnvironmentsTakeUnder300MiB) {
  const RunConfig config = default_run_config({"train.environments=100", "learner.batch_unrolls=32"}).value();
  const TrainerConfig trainer = trainer_config(config);
  const UnrollShape shape = {
      .steps = trainer.unroll_steps, .observation_bytes = 96 * 72 * 3, .core_state_size = 2 * 256};
  EXPECT_EQ(trainer.unroll_steps, 100);
  const std::size_t bytes = unroll_ring_bytes(trainer.schedule, shape);
  EXPECT_LT(bytes, std::size_t{300} << 20);
  // At least what rollouts and learner hold at once: two batches and a group.
  EXPECT_GE(bytes, (2 * 32 + 25) * unroll_bytes(shape));
}

}  // namespace
}  // namespace chrysalis
