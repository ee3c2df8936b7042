#include "chrysalis/train/saved_agent.h"

#include <gtest/gtest.h>

#include "chrysalis/store/scratch_directory_test.h"
#include "chrysalis/train/saved_run_test.h"

namespace chrysalis {
namespace {

constexpr std::string_view kTiny =
    "[agent]\nconv1_filters = 2\nconv2_filters = 2\nhidden = 4\ncore_width = 4\n";

std::string error_of(const SavedAgentOptions& options) {
  const auto agent = load_saved_agent(options);
  return agent.ok() ? "" : agent.error().message;
}

TEST(SavedAgent, IsTheMemberThatIsAskedForOrTheBest) {
  const ScratchDirectory scratch;
  const std::string run = scratch / "run";
  write_saved_run(run, kTiny, 3);
  const SavedAgent best = load_saved_agent({.run = run}).value();
  EXPECT_EQ(best.checkpoint.position.member, 2);
  EXPECT_EQ(best.weights->version, 1);
  EXPECT_EQ(best.task, 0);
  const SavedAgent first = load_saved_agent({.run = run, .member = 0}).value();
  EXPECT_EQ(first.checkpoint.position.member, 0);
  EXPECT_NE(first.weights->values, best.weights->values);
  const SavedAgent named =
      load_saved_agent({.run = run, .checkpoint = first.checkpoint.name().substr(0, 8)}).value();
  EXPECT_EQ(named.weights->values, first.weights->values);
}

TEST(SavedAgent, ActsWhereItIsTold) {
  const ScratchDirectory scratch;
  const std::string run = scratch / "run";
  write_saved_run(run, kTiny, 1);
  EXPECT_EQ(load_saved_agent({.run = run}).value().config.level.name, "seek_apples");
  const SavedAgent elsewhere =
      load_saved_agent(
          {.run = run, .level = "nav_maze_static_01", .assignments = {"environment.action_repeat=2"}})
          .value();
  EXPECT_EQ(elsewhere.config.level.name, "nav_maze_static_01");
  EXPECT_EQ(elsewhere.config.environment.action_repeat, 2);
}

TEST(SavedAgent, KnowsItsTaskAmongMany) {
  const ScratchDirectory scratch;
  const std::string run = scratch / "run";
  write_saved_run(run,
                  std::string(kTiny) +
                      "[curriculum]\nname = \"multitask\"\ntasks = \"seek_apples, nav_maze_static_01\"\n"
                      "reference_scores = \"10, 20\"\n",
                  1);
  EXPECT_EQ(load_saved_agent({.run = run}).value().config.level.name, "seek_apples");
  EXPECT_EQ(load_saved_agent({.run = run, .level = "nav_maze_static_01"}).value().task, 1);
  EXPECT_EQ(load_saved_agent({.run = run, .assignments = {"level.name=nav_maze_static_01"}}).value().task, 1);
  EXPECT_EQ(load_saved_agent({.run = run, .alpha = 1.0, .level = "lt_chasm"}).value().task, 0);
  EXPECT_EQ(
      error_of({.run = run, .level = "nav_maze_static_02"}),
      "nav_maze_static_02 is none of the agent's tasks, seek_apples, nav_maze_static_01: expected one of "
      "them, or alpha 1 for the policy that has one head for all, did you mean 'nav_maze_static_01'?");
}

TEST(SavedAgent, SaysWhyThereIsNone) {
  const ScratchDirectory scratch;
  const std::string run = scratch / "run";
  write_saved_run(run, kTiny, 2);
  EXPECT_EQ(error_of({.run = run, .member = 2}), run + " has no member 2: expected 0 to 1");
  EXPECT_EQ(error_of({.run = run, .checkpoint = "0123", .member = 0}),
            "member and checkpoint: expected one of the two, a checkpoint is of one member");
  EXPECT_EQ(error_of({.run = run, .alpha = 1.5}), "alpha is 1.5: expected a number, 0 to 1");
  EXPECT_EQ(error_of({.run = run, .alpha = 0.5}),
            "alpha is 0.5, and " + run + " has one policy: expected a run of a curriculum");
  EXPECT_NE(error_of({.run = run, .checkpoint = "nothing"}), "");
  EXPECT_NE(error_of({.run = scratch / "nowhere"}), "");
  EXPECT_EQ(error_of({.run = run, .assignments = {"agent.hiden=8"}}),
            "unknown key 'agent.hiden', did you mean 'agent.hidden'?");
  EXPECT_NE(error_of({.run = run, .assignments = {"agent.hidden=8"}}), "") << "weights of another shape";

  const std::string bare = scratch / "bare";
  { ASSERT_TRUE(RunDirectory::open(bare, OpenMode::kResumeOrCreate).ok()); }
  EXPECT_EQ(error_of({.run = bare}), bare + " has no config yet: train first");
  write_saved_run(bare, kTiny, 0);
  EXPECT_EQ(error_of({.run = bare}), bare + " has no checkpoint yet: let `chrysalis train` reach one");
}

}  // namespace
}  // namespace chrysalis
