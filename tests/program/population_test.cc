// Populations and curricula through the program: what a kill may not change, what each arm does, what a
// person is told.
#include <gtest/gtest.h>
#include <signal.h>

#include <fmt/format.h>

#include <chrono>
#include <set>
#include <thread>

#include "chrysalis/core/random.h"
#include "chrysalis/store/scratch_directory_test.h"
#include "program.h"

namespace chrysalis {
namespace {

// Episodes of 15 agent steps, a decision every 6 of them: some fifteen for each member.
constexpr const char* kPopulation = R"(
[curriculum]
name = "action_space"
[population]
size = 3
ready_episodes = 6
compare_episodes = 4
significance = 0.5
explore_probability = 0.5
publish_updates = 10
)";

class PopulationProgram : public testing::Test {
 protected:
  PopulationProgram() {
    std::string text = kTinyConfig;
    const std::string from = "[agent]\n", to = "[agent]\nactions = \"big\"\n";
    text.replace(text.find(from), from.size(), to);
    put_text(scratch_ / "tiny.toml", text + kPopulation);
  }

  ProgramOutcome run_in_scratch(const Arguments& arguments) const { return run(arguments, scratch_.path()); }
  Arguments train(const std::string& directory, const Arguments& more = {}) const {
    return Arguments{"train", "tiny.toml", "--run", directory} + more;
  }
  static Arguments set(const std::string& assignment) { return {"--set", assignment}; }
  ProgramOutcome finished(const Arguments& arguments) const {
    const ProgramOutcome outcome = run_in_scratch(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << "signal " << outcome.signal << ": " << outcome.err;
    return outcome;
  }
  Json inspected(const std::string& directory) const {
    return Json::parse(finished({"inspect", directory, "--json", "--curve", "5"}).out);
  }
  // All that training computed, without what the clock says: times, and how many unrolls were in flight,
  // which are in the checkpoints and so in their names too.
  Json result(const std::string& directory) const {
    Json json = inspected(directory);
    json.erase("run");
    for (Json& member : json["members"]) {
      for (const char* key : {"checkpoint", "parent_checkpoint", "unrolls_dropped"}) member.erase(key);
      for (Json& point : member["curve"]) point.erase("seconds");
    }
    for (Json& decision : json["decisions"])
      for (const char* key : {"checkpoint", "parent", "time", "unrolls_dropped"}) decision.erase(key);
    return json;
  }

  const ScratchDirectory scratch_;
};

TEST_F(PopulationProgram, TenRandomKillsChangeNoDecisionAndNoWeight) {
  finished(train("whole", set("train.workers=1")));
  const Json whole = result("whole");
  ASSERT_EQ(whole["members"].size(), 3u);
  EXPECT_GT(whole["decisions"].size(), 12u);
  std::set<std::string> outcomes;
  for (const Json& decision : whole["decisions"]) outcomes.insert(decision["outcome"]);
  EXPECT_TRUE(outcomes.contains("copied"));
  EXPECT_TRUE(outcomes.contains("kept"));

  RandomStream moments{RandomKey(7)};
  int kills = 0, runs = 1;
  const auto directory = [&] { return "killed" + std::to_string(runs); };
  while (kills < 10) {
    Program program(train(directory()), scratch_.path());
    program.wait_for([&] { return program.err().find("checkpoint ") != std::string::npos; });
    std::this_thread::sleep_for(std::chrono::microseconds(moments.below(400'000)));
    program.send(SIGKILL);
    const ProgramOutcome outcome = program.wait();
    if (outcome.signal == SIGKILL) {
      ++kills;
      continue;
    }
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(result(directory()), whole) << "after " << kills << " kills";
    ++runs;
  }
  finished(train(directory()));
  EXPECT_EQ(result(directory()), whole);
}

TEST_F(PopulationProgram, ADecisionWhoseCheckpointIsDamagedIsMadeAgain) {
  finished(train("whole", set("train.workers=1")));
  const Json whole = result("whole");
  // From the newest decision on nothing of that member can be read: it goes on from before.
  const Json run = inspected("whole");
  const Json last = run["decisions"].back();
  const auto damage = [&](const std::string& checkpoint) {
    flip_a_byte(scratch_ / "whole/checkpoints" / checkpoint / "state.safetensors");
  };
  damage(last["checkpoint"]);
  const std::string newest = run["members"].at(last["member"].get<std::size_t>())["checkpoint"];
  if (newest != last["checkpoint"]) damage(newest);
  const ProgramOutcome resumed = finished(train("whole"));
  EXPECT_NE(resumed.err.find("damaged"), std::string::npos) << resumed.err;
  EXPECT_EQ(result("whole"), whole);
}

TEST_F(PopulationProgram, AFreeRunNeedsNoOlderCheckpointThanTheNewestToGoOn) {
  const Arguments freely = set("deterministic=false");
  finished(train("free", freely + set("train.agent_steps=600")));
  std::set<std::string> newest;
  const Json inspection = inspected("free");
  for (const Json& member : inspection["members"]) newest.insert(member["checkpoint"]);
  int damaged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch_ / "free/checkpoints")) {
    if (newest.contains(entry.path().filename())) continue;
    flip_a_byte(entry.path() / "state.safetensors");
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  finished(train("free", freely + set("train.agent_steps=900")));
}

TEST_F(PopulationProgram, EveryArmOfEveryCurriculumRunsFromOneFile) {
  for (const Arguments& curriculum :
       {Arguments{}, set("curriculum.name=agent_core"),
        set("curriculum.name=multitask") + set("curriculum.tasks=seek_apples, nav_maze_static_01") +
            set("population.score=evaluation") + set("population.evaluation_updates=10"),
        set("agent.head=factored")})
    for (const char* arm :
         {"mix_and_match", "simple_only", "complex_only", "no_transfer", "linear_schedule"}) {
      const std::string directory =
          fmt::format("{}{}", curriculum.empty() ? "" : curriculum[1].substr(11), arm);
      finished(train(directory, curriculum + set(fmt::format("curriculum.arm={}", arm)) +
                                    set("curriculum.schedule_steps=500") + set("train.agent_steps=600")));
      const Json inspection = inspected(directory);
      for (const Json& member : inspection["members"]) {
        EXPECT_EQ(member["agent_steps"], 600);
        const double alpha = member["alpha"];
        const std::string name = arm;
        if (name == "simple_only") {
          EXPECT_EQ(alpha, 0) << directory;
        } else if (name == "complex_only" || name == "linear_schedule") {
          EXPECT_EQ(alpha, 1) << directory;
        } else {
          EXPECT_LT(alpha, 1) << directory;
        }
      }
    }
}

TEST_F(PopulationProgram, EvaluationActsByTheMixtureOrByEitherPolicyOfAnyMember) {
  finished(train("run", set("train.agent_steps=600")));
  const auto played = [&](const Arguments& more) {
    return Json::parse(finished(Arguments{"eval", "run", "--episodes", "3", "--json"} + more).out);
  };
  EXPECT_EQ(played({"--member", "2"})["member"], 2);
  const Json complex = played({"--alpha", "1"});
  EXPECT_EQ(complex["alpha"], 1);
  EXPECT_TRUE(complex["policy"].get<std::string>().ends_with(", alpha 1"));
  EXPECT_EQ(played({"--alpha", "0"})["alpha"], 0);
  EXPECT_LT(played({})["alpha"], 1);
  finished({"record", "run", "--member", "1", "--out", "sheet.png"});

  const auto refused = [&](const Arguments& arguments, const std::string& says) {
    const ProgramOutcome outcome = run_in_scratch(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
  };
  refused({"eval", "run", "--member", "3"}, "run has no member 3: expected 0 to 2");
  refused({"eval", "run", "--member", "1", "--checkpoint", "0123"}, "--member and --checkpoint");
  refused({"eval", "--policy", "random", "--alpha", "1"}, "--alpha needs the directory of a run");
  refused({"eval", "--policy", "random", "--member", "1"}, "--member needs the directory of a run");
  refused({"eval", "run", "--alpha", "1.5"}, "--alpha");
}

TEST_F(PopulationProgram, AnAgentOfManyTasksIsPlayedOnEach) {
  finished(train("run", set("curriculum.name=multitask") +
                            set("curriculum.tasks=seek_apples, nav_maze_static_01") +
                            set("train.agent_steps=200")));
  EXPECT_EQ(Json::parse(finished({"eval", "run", "--episodes", "2", "--json"}).out)["level"], "seek_apples");
  EXPECT_EQ(
      Json::parse(finished({"eval", "run", "--level", "nav_maze_static_01", "--episodes", "2", "--json"})
                      .out)["level"],
      "nav_maze_static_01");
  const Arguments other = {"eval", "run", "--level", "explore_object_locations_small", "--episodes", "1"};
  const ProgramOutcome refused = run_in_scratch(other);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("none of the agent's tasks"), std::string::npos) << refused.err;
  finished(other + Arguments{"--alpha", "1"});
}

TEST_F(PopulationProgram, WhatAConfigCannotHaveIsSaidBeforeARunIsMade) {
  const auto refused = [&](const Arguments& settings, const std::string& says) {
    const ProgramOutcome outcome = run_in_scratch(train("none", settings));
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "none"));
  };
  refused(set("agent.actions=small"), "curriculum.simple_actions is small and agent.actions small");
  refused(set("agent.head=factored") + set("curriculum.name=none") + set("agent.actions=small"),
          "agent.head is factored and agent.actions small");
  refused(set("curriculum.arm=mix_and_mach"), "mix_and_match");
  refused(set("curriculum.name=agent_core") + set("agent.core=feed_forward"), "expected lstm");
  refused(set("curriculum.name=multitask"), "curriculum.tasks is empty");
  refused(set("curriculum.name=multitask") + set("curriculum.tasks=seek_apples, seek_aples"), "seek_apples");
  refused(set("curriculum.name=multitask") +
              set("curriculum.tasks=seek_apples, nav_maze_static_01, explore_object_locations_small") +
              set("train.environments=2"),
          "train.environments is 2: expected at least one for each of the 3 tasks");
  refused(set("population.tune=learner.learning_rat config keep"), "learner.learning_rate");
}

}  // namespace
}  // namespace chrysalis
