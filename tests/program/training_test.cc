// Training through the program: the same weights whatever the workers and the kills, and a run that survives
// all that befalls it.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <set>
#include <thread>

#include "chrysalis/core/random.h"
#include "chrysalis/store/run_directory.h"
#include "chrysalis/store/scratch_directory_test.h"
#include "program.h"

namespace chrysalis {
namespace {
namespace fs = std::filesystem;

class Training : public testing::Test {
 protected:
  Training() { put_text(scratch_ / "tiny.toml", kTinyConfig); }

  static Arguments train(const std::string& directory, const Arguments& more = {}) {
    return Arguments{"train", "tiny.toml", "--run", directory} + more;
  }
  static Arguments set(const std::string& assignment) { return {"--set", assignment}; }

  ProgramOutcome run_in_scratch(const Arguments& arguments) const { return run(arguments, scratch_.path()); }
  ProgramOutcome finished(const Arguments& arguments) const {
    const ProgramOutcome outcome = run_in_scratch(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << "signal " << outcome.signal << ": " << outcome.err;
    return outcome;
  }
  // The run's one member as inspect tells it.
  Json member(const std::string& directory) const {
    const ProgramOutcome outcome = finished({"inspect", directory, "--json", "--curve", "1000"});
    const Json json = Json::parse(outcome.out);
    EXPECT_EQ(json["members"].size(), 1u);
    return json["members"][0];
  }
  // Of what training computed: all but the time that it took, which is in the checkpoint too.
  Json result(const std::string& directory) const {
    Json json = member(directory);
    EXPECT_EQ(json["checkpoint_agent_steps"], json["agent_steps"]);
    json.erase("checkpoint");
    for (Json& point : json["curve"]) point.erase("seconds");
    return json;
  }
  static bool is_training(const Program& program) {
    return program.err().find(" agent steps (0 frames)") != std::string::npos ||
           program.err().find("checkpoint ") != std::string::npos;
  }
  // A run that does not end by itself, once it has its first checkpoint.
  std::unique_ptr<Program> endless(const std::string& directory) const {
    auto program =
        std::make_unique<Program>(train(directory, set("train.agent_steps=1000000000")), scratch_.path());
    EXPECT_TRUE(program->wait_for([&] {
      return program->err().find("info: checkpoint ") != std::string::npos;
    })) << program->err();
    return program;
  }
  fs::path state_of(const std::string& directory, const std::string& checkpoint) const {
    return scratch_.path() / directory / "checkpoints" / checkpoint / "state.safetensors";
  }
  static void expect_one_error(const ProgramOutcome& outcome, int exit_code, const std::string& says) {
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    const std::size_t at = outcome.err.find("error: ");
    ASSERT_NE(at, std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("error: ", at + 1), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n', at), outcome.err.size() - 1) << outcome.err;
    EXPECT_NE(outcome.err.find(says, at), std::string::npos) << outcome.err;
  }

  const ScratchDirectory scratch_;
};

TEST_F(Training, OneWorkerAndTwoGiveTheSameWeights) {
  finished(train("one", set("train.workers=1")));
  finished(train("two", set("train.workers=2")));
  const Json one = result("one");
  EXPECT_EQ(one, result("two"));
  EXPECT_EQ(one["weights_sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(one["agent_steps"], 1500);
  EXPECT_EQ(one["updates"], 75);
  EXPECT_GT(one["episodes"], 0);
  finished(train("other", set("seed=2")));
  EXPECT_NE(result("other")["weights_sha256"], one["weights_sha256"]);
}

TEST_F(Training, KilledAtTwentyRandomMomentsItEndsAsIfNothingHadHappened) {
  finished(train("whole"));
  const Json whole = result("whole");
  RandomStream moments{RandomKey(20)};
  int kills = 0;
  int resumes = 0;
  int runs = 1;
  const auto directory = [&] { return "killed" + std::to_string(runs); };
  while (kills < 20) {
    // A quarter of the kills fall on any moment from the start of the executable, a quarter on the first of
    // training, the rest on the time around and after a checkpoint.
    const bool from_start = kills % 4 == 0;
    Program program(train(directory()), scratch_.path(), 0, from_start ? Start::kExec : Start::kFork);
    if (!from_start)
      program.wait_for([&] {
        return kills % 4 == 1 ? is_training(program)
                              : program.err().find("info: checkpoint ") != std::string::npos;
      });
    std::this_thread::sleep_for(std::chrono::microseconds(moments.below(from_start ? 700'000 : 150'000)));
    program.send(SIGKILL);
    const ProgramOutcome outcome = program.wait();
    if (outcome.err.find("resuming from checkpoint") != std::string::npos) ++resumes;
    if (outcome.signal == SIGKILL) {
      ++kills;
      continue;
    }
    // It was done before its moment came: the next kills fall on a new run.
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(result(directory()), whole) << "after " << kills << " kills";
    ++runs;
  }
  finished(train(directory()));
  EXPECT_EQ(result(directory()), whole);
  EXPECT_GT(resumes, 3);
}

TEST_F(Training, CtrlCOnceStopsWithACheckpointAndTheSameCommandGoesOn) {
  const Arguments long_enough = set("train.agent_steps=4000");  // To be stopped before it ends.
  finished(train("whole", long_enough));
  Program program(train("stopped", long_enough), scratch_.path());
  ASSERT_TRUE(program.wait_for([&] { return is_training(program); }));
  program.send(SIGINT);
  const ProgramOutcome stopped = program.wait();
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
  EXPECT_NE(stopped.out.find("stopped; the same command resumes"), std::string::npos) << stopped.out;
  const Json at_stop = member("stopped");
  EXPECT_EQ(at_stop["checkpoint_agent_steps"], at_stop["agent_steps"]);
  const ProgramOutcome resumed = finished(train("stopped", long_enough));
  EXPECT_NE(resumed.out.find("stopped complete: 4,000 agent steps (16,000 frames)"), std::string::npos)
      << resumed.out;
  EXPECT_EQ(result("stopped"), result("whole"));
}

TEST_F(Training, CtrlCTwiceStopsAtOnce) {
  const auto program = endless("run");
  // Both reach it together, SIGTERM standing for the second: equal signals would count as one.
  program->send(SIGSTOP);
  program->send(SIGINT);
  program->send(SIGTERM);
  program->send(SIGCONT);
  EXPECT_EQ(program->wait().exit_code, 130);
  EXPECT_FALSE(member("run")["checkpoint"].is_null());
}

TEST_F(Training, APinnedCheckpointStaysUntilItIsGivenBack) {
  const Arguments one_kept = set("store.keep_checkpoints=1");
  finished(train("run", one_kept + set("train.agent_steps=100")));
  const std::string old = member("run")["checkpoint"];
  const Arguments inspect = {"inspect", "run"};
  EXPECT_NE(finished(inspect + Arguments{"--pin", old.substr(0, 8)}).out.find(old + " of member 0 at 100"),
            std::string::npos);
  finished(train("run", one_kept + set("train.agent_steps=200")));
  EXPECT_TRUE(fs::exists(state_of("run", old)));
  finished(inspect + Arguments{"--unpin", old});
  finished(train("run", one_kept + set("train.agent_steps=300")));
  EXPECT_FALSE(fs::exists(state_of("run", old)));
  expect_one_error(run_in_scratch(inspect + Arguments{"--pin", old}), 2, "store.keep_checkpoints");
  expect_one_error(run_in_scratch(inspect + Arguments{"--pin", "zz"}), 2, "run: no checkpoint 'zz'");
  expect_one_error(run_in_scratch(inspect + Arguments{"--pin", "a", "--unpin", "b"}), 2, "--unpin");
}

TEST_F(Training, ARunInUseIsReadButNotTrainedByAnother) {
  const auto program = endless("run");
  const auto outcomes = run_all({train("run", set("train.agent_steps=1000000000")),
                                 train("run", {"--fresh"}),
                                 {"eval", "run", "--episodes", "2", "--json"}},
                                scratch_.path());
  for (int i = 0; i < 2; ++i)
    expect_one_error(outcomes[static_cast<std::size_t>(i)], 1, "run: the run is in use by process ");
  EXPECT_EQ(outcomes[2].exit_code, 0) << outcomes[2].err;
  EXPECT_EQ(outcomes[2].err, "");
  EXPECT_TRUE(Json::parse(outcomes[2].out)["policy"].get<std::string>().starts_with("run@"));
  EXPECT_GT(member("run")["agent_steps"], 0);
  EXPECT_TRUE(program->running());
  program->send(SIGINT);
  EXPECT_EQ(program->wait().exit_code, 0);
}

TEST_F(Training, AFinishedRunSaysSoGoesOnWhenAskedAndBeginsAnewWhenTold) {
  finished(train("run"));
  const Json first = result("run");
  const ProgramOutcome again = finished(train("run"));
  EXPECT_NE(again.out.find("run is complete: 1,500 agent steps"), std::string::npos) << again.out;
  EXPECT_NE(again.out.find("--set train.agent_steps=N"), std::string::npos) << again.out;
  EXPECT_EQ(result("run"), first);

  // Fewer than it has: refused, and the run stays as it is.
  const ProgramOutcome fewer = run_in_scratch(train("run", set("train.agent_steps=100")));
  expect_one_error(fewer, 2, "train.agent_steps");
  EXPECT_NE(text_of_file(scratch_ / "run/config.toml").find("\nagent_steps = 1500\n"), std::string::npos);

  finished(train("run", set("train.agent_steps=2000")));
  const Json longer = result("run");
  EXPECT_EQ(longer["agent_steps"], 2000);
  finished(train("straight", set("train.agent_steps=2000")));
  EXPECT_EQ(longer, result("straight"));

  const ProgramOutcome fresh = finished(train("run", {"--fresh"}));
  EXPECT_NE(fresh.err.find("run.old-1"), std::string::npos) << fresh.err;
  EXPECT_EQ(result("run"), first);
  EXPECT_EQ(result("run.old-1"), longer);
}

TEST_F(Training, ARunOfAnotherConfigIsNotGoneOnWith) {
  finished(train("run", set("train.agent_steps=100")));
  const ProgramOutcome outcome =
      run_in_scratch(train("run", set("train.agent_steps=200") + set("learner.entropy_cost=0.5")));
  expect_one_error(outcome, 2, "run was begun with learner.entropy_cost = 0.003, now it is 0.5");
  EXPECT_NE(outcome.err.find("--fresh"), std::string::npos);
  EXPECT_EQ(member("run")["agent_steps"], 100);
}

// As a run looks that was begun before a setting was there.
TEST_F(Training, ARunBegunWithFewerSettingsGoesOn) {
  finished(train("run", set("train.agent_steps=1000")));
  {
    auto run = RunDirectory::open(scratch_ / "run", OpenMode::kResumeOrCreate);
    ASSERT_TRUE(run.ok()) << run.error().message;
    std::string config = run->config().value().value();
    const std::size_t at = config.find("gradient_clip = ");
    ASSERT_NE(at, std::string::npos);
    config.erase(at, config.find('\n', at) - at);
    ASSERT_TRUE(run->write_config(config).ok());
  }
  finished(train("run"));
  EXPECT_EQ(member("run")["agent_steps"], 1500);
  EXPECT_NE(text_of_file(scratch_ / "run/config.toml").find("\ngradient_clip = "), std::string::npos);
  expect_one_error(run_in_scratch(train("run", set("learner.gradient_clip=1"))), 2,
                   "run was begun with learner.gradient_clip = ");
}

TEST_F(Training, EvalAndRecordUseTheRun) {
  finished(train("run"));
  const std::string newest = member("run")["checkpoint"];
  const Arguments eval = {"eval", "run", "--episodes", "4", "--json"};
  const auto outcomes = run_all({eval,
                                 eval,
                                 eval + Arguments{"--checkpoint", newest.substr(0, 6)},
                                 eval + Arguments{"--checkpoint", "zz"},
                                 eval + set("agent.hidden=32"),
                                 {"record", "run", "--out", "sheet.png"},
                                 eval + set("environment.action_repeat=2")},
                                scratch_.path());
  const Json first = Json::parse(outcomes[0].out);
  EXPECT_EQ(first["policy"], "run@" + newest);
  EXPECT_EQ(first["returns"].size(), 4u);
  EXPECT_EQ(outcomes[1].out, outcomes[0].out);
  EXPECT_EQ(outcomes[2].out, outcomes[0].out);
  expect_one_error(outcomes[3], 2, "run: no checkpoint 'zz'");
  expect_one_error(outcomes[4], 2, "do not fit the agent");
  EXPECT_EQ(outcomes[5].exit_code, 0) << outcomes[5].err;
  EXPECT_TRUE(fs::exists(scratch_ / "sheet.png"));
  const Json run = Json::parse(finished({"inspect", "run", "--json"}).out);
  std::set<std::string> policies;
  for (const Json& evaluation : run["evaluations"]) policies.insert(evaluation["policy"]);
  EXPECT_EQ(run["evaluations"].size(), 4u);
  EXPECT_EQ(policies,
            (std::set<std::string>{"run@" + newest, "run@" + newest + ", environment.action_repeat=2"}));
  EXPECT_EQ(run["level"], "seek_apples");
  for (const char* key : {"id", "updates", "agent_steps", "episodes", "learning_rate", "entropy_cost",
                          "mean_return_30", "max_lag", "weights_sha256", "checkpoint", "curve"})
    EXPECT_TRUE(run["members"][0].contains(key)) << key;
  EXPECT_EQ(run["members"][0]["curve"].size(), 10u);
}

TEST_F(Training, ADamagedCheckpointIsNamedAndTheOneBeforeTaken) {
  finished(train("run", set("train.agent_steps=1000")));
  finished(train("run"));  // So there are two at the least.
  const Json whole = result("run");
  const std::string newest = member("run")["checkpoint"];
  flip_a_byte(state_of("run", newest));
  const ProgramOutcome played = finished({"eval", "run", "--episodes", "1", "--json"});
  EXPECT_NE(played.err.find("warning: "), std::string::npos) << played.err;
  EXPECT_NE(played.err.find(newest + "/state.safetensors: damaged"), std::string::npos) << played.err;
  EXPECT_NE(Json::parse(played.out)["policy"], "run@" + newest);
  const ProgramOutcome resumed = finished(train("run"));
  EXPECT_NE(resumed.err.find("warning: "), std::string::npos) << resumed.err;
  EXPECT_NE(resumed.err.find(newest + "/state.safetensors: damaged"), std::string::npos) << resumed.err;
  EXPECT_EQ(result("run"), whole);
}

TEST_F(Training, WhenNoCheckpointCanBeReadItSaysWhich) {
  finished(train("run", set("store.keep_checkpoints=1")));
  const std::string only = member("run")["checkpoint"];
  flip_a_byte(state_of("run", only));
  const auto outcomes = run_all({train("run"), {"eval", "run"}}, scratch_.path());
  for (const ProgramOutcome& outcome : outcomes)
    expect_one_error(outcome, 2, only + "/state.safetensors: damaged");
  // What was recorded can be seen nevertheless.
  const ProgramOutcome inspected = finished({"inspect", "run", "--json"});
  EXPECT_NE(inspected.err.find(only + "/state.safetensors: damaged"), std::string::npos) << inspected.err;
  EXPECT_EQ(Json::parse(inspected.out)["members"][0]["agent_steps"], 1500);
}

TEST_F(Training, DivergedNumbersStopItWithOneLineAndTheLastCheckpointStays) {
  Arguments wild = set("train.agent_steps=1000000000");
  for (const char* assignment :
       {"agent.core=feed_forward", "agent.head_init_scale=10", "learner.learning_rate=1",
        "learner.rmsprop_epsilon=1e-12", "learner.rmsprop_initial_mean_square=0", "learner.rmsprop_decay=1",
        "learner.gradient_clip=1e12", "learner.baseline_cost=100"})
    wild = wild + set(assignment);
  const ProgramOutcome outcome = run_in_scratch(train("run", wild));
  expect_one_error(outcome, 1, "member 0 diverged at update ");
  EXPECT_NE(text_of_file(scratch_ / "run/log.txt").find("error member 0 diverged"), std::string::npos);
  EXPECT_EQ(member("run")["weights_sha256"].get<std::string>().size(), 64u);
  // The checkpoint may be one of the updates that ran away: then eval warns, and still answers.
  const std::string told = finished({"eval", "run", "--episodes", "1"}).err;
  EXPECT_TRUE(told.empty() ||
              told.find("numbers that are not finite: it plays its first action") != std::string::npos)
      << told;
}

TEST_F(Training, OnAFullDiskItStopsWithOneLineAndGoesOnWhenThereIsRoom) {
  finished(train("whole"));
  // A little more than the files of a run that has just begun.
  std::size_t limit = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scratch_ / "whole/checkpoints"))
    if (entry.is_regular_file()) limit = std::max<std::size_t>(limit, entry.file_size());
  Program program(train("run"), scratch_.path(), limit + 100'000);
  expect_one_error(program.wait(), 1, "");
  finished(train("run"));
  EXPECT_EQ(result("run"), result("whole"));
}

}  // namespace
}  // namespace chrysalis
