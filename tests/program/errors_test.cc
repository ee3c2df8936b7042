// What a person may do wrong: one clear line on standard error, exit code 2 (1 where it is the machine's
// fault), nothing on standard output and nothing written.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "chrysalis/store/scratch_directory_test.h"
#include "program.h"

namespace chrysalis {
namespace {

struct Refusal {
  Arguments arguments;
  std::vector<std::string> says;
  int exit_code = 2;
};

std::string spelled(const Arguments& arguments) {
  std::string text = "chrysalis";
  for (const std::string& argument : arguments) text += " " + argument;
  return text;
}

void expect_refused(const ProgramOutcome& outcome, const Refusal& refusal) {
  SCOPED_TRACE(spelled(refusal.arguments));
  EXPECT_EQ(outcome.exit_code, refusal.exit_code) << "signal " << outcome.signal;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.starts_with("error: ")) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  for (const std::string& words : refusal.says)
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err << "says not: " << words;
}

void expect_all_refused(const std::vector<Refusal>& refusals, const std::filesystem::path& directory) {
  const auto before = listing(directory);
  std::vector<Arguments> all;
  for (const Refusal& refusal : refusals) all.push_back(refusal.arguments);
  const auto outcomes = run_all(all, directory);
  for (std::size_t i = 0; i < refusals.size(); ++i) expect_refused(outcomes[i], refusals[i]);
  EXPECT_EQ(listing(directory), before);
}

TEST(Errors, VerbsAndOptions) {
  const ScratchDirectory scratch;
  expect_all_refused(
      {
          {{}, {"no verb given", "chrysalis --help"}},
          {{"tran"}, {"unknown verb 'tran', did you mean 'train'?", "chrysalis --help"}},
          {{"zzzzzzzz"}, {"unknown verb 'zzzzzzzz'; "}},
          {{"train", "a.toml", "--freshh"},
           {"'--freshh', did you mean '--fresh'?", "chrysalis train --help"}},
          {{"eval", "--polcy=random"}, {"'--polcy=random', did you mean '--policy'?"}},
          {{"eval", "a", "b"}, {"does not take 'b'"}},
          {{"train"}, {"chrysalis train: config is required", "chrysalis train --help"}},
          {{"render", "--level", "seek_apples"}, {"chrysalis render: --out is required"}},
          {{"replay", "--level", "seek_apples", "--out", "x.csv"}, {"--actions is required"}},
          {{"inspect"}, {"run is required"}},
          {{"lineage"}, {"run is required"}},
          {{"compare"}, {"runs is required"}},
          {{"compare", "a", "--points", "1"}, {"--points"}},
          {{"eval", "--policy", "random", "--set"}, {"--set"}},
          {{"eval", "--policy", "random", "--seed", "x"}, {"--seed"}},
          {{"eval", "--policy", "random", "--seed", "-1"}, {"--seed"}},
          {{"eval", "--policy", "random", "--episodes", "0"}, {"--episodes", "1 to 1000000"}},
          {{"bench", "speed"}, {"unknown bench 'speed'; expected sgemm, render, ", "train", "all"}},
          {{"bench", "proflie"}, {"unknown bench 'proflie', did you mean 'profile'?", "sgemm, render, "}},
          {{"bench", "scaling", "--axes", "cores,unrol"},
           {"'unrol', did you mean 'unroll'?", "environments"}},
          {{"bench", "scaling", "--out", "x.png"}, {"x.png", ".svg"}},
          {{"bench", "scaling", "--out", "none/x.svg"}, {"none/x.svg", "there is no directory"}},
          {{"bench", "train", "--out", "x.svg"}, {"x.svg", "bench train draws no picture"}},
          {{"bench", "act", "--set", "environment.width=16"}, {"16 x 72", "at least 20 x 20"}},
          {{"bench", "--seconds", "0"}, {"--seconds"}},
      },
      scratch.path());
}

TEST(Errors, LevelsPoliciesAndSettings) {
  const ScratchDirectory scratch;
  put_text(scratch / "bad.map", "chrysalis map 1\ngrid\n###\n#x#\n###\n");
  put_text(scratch / "a.csv", "0,0,0,1,0,0,0\n");
  expect_all_refused(
      {
          {{"render", "--level", "seek_aples", "--out", "x.png"},
           {"unknown level 'seek_aples', did you mean 'seek_apples'?", "nav_maze_static_01", "map:FILE"}},
          {{"eval", "--policy", "random", "--level", "zzz"}, {"unknown level 'zzz'"}},
          {{"replay", "--level", "map:none.map", "--actions", "a.csv", "--out", "x.csv"}, {"none.map"}},
          {{"render", "--level", "map:bad.map", "--out", "x.png"}, {"bad.map:4:2", "expected"}},
          {{"eval", "--policy", "random", "--level", ""},
           {"--level is empty", "nothing at all for its default"}},
          {{"eval", "--policy", "rndom"}, {"unknown policy 'rndom'", "did you mean 'random'?"}},
          {{"eval"}, {"directory of a run or --policy random"}},
          {{"eval", "run", "--policy", "random"}, {"directory of a run or --policy random"}},
          {{"eval", "--policy", "random", "--checkpoint", "0123"}, {"--checkpoint needs", "run"}},
          {{"eval", "--policy", "random", "--set", "level.name"},
           {"--set level.name: expected KEY=VALUE, for example"}},
          {{"bench", "--set", "environment.widht=20"}, {"did you mean 'environment.width'?"}},
          {{"eval", "--policy", "random", "--set", "environment.width=18"},
           {"environment.width is 18: expected a multiple of 4"}},
          {{"eval", "--policy", "random", "--set", "level.maze_width=21"},
           {"level.maze_width is 21, but level 'seek_apples' does not use it"}},
          {{"render", "--level", "seek_apples", "--out", "x.png", "--size", "96"},
           {"--size 96: expected WIDTHxHEIGHT, for example 96x72"}},
          {{"render", "--level", "seek_apples", "--out", "x.png", "--size", "96x72x3"}, {"WIDTHxHEIGHT"}},
          {{"render", "--level", "seek_apples", "--out", "x.png", "--size", "95x72"},
           {"--size 95x72: environment.width is 95: expected a multiple of 4"}},
          {{"render", "--level", "seek_apples", "--out", "x.png", "--size", "96x4096"},
           {"--size 96x4096: environment.height is 4096", "4 to 2048"}},
      },
      scratch.path());
}

TEST(Errors, Configs) {
  const ScratchDirectory scratch;
  put_text(scratch / "empty.toml", "");
  put_text(scratch / "key.toml", "seed = 1\n[learner]\nlearnig_rate = 1e-3\n");
  put_text(scratch / "type.toml", "seed = \"one\"\n");
  put_text(scratch / "range.toml", "[learner]\n\nlearning_rate = 2.0\n");
  put_text(scratch / "table.toml", "[lerner]\n");
  put_text(scratch / "not.toml", "seed = 1\nlearning rate = 2\n");
  put_text(scratch / "tiny.toml", kTinyConfig);
  put_text(scratch / "file", "x");
  std::filesystem::create_directory(scratch / "full");
  put_text(scratch / "full/mine.txt", "x");
  expect_all_refused(
      {
          {{"train", "none.toml"}, {"cannot read config none.toml", "configs/seek_apples.toml"}},
          {{"train", "empty.toml"}, {"config empty.toml is empty"}},
          {{"train", "."}, {"config . is empty or not a readable file"}},
          {{"train", "key.toml"},
           {"key.toml:3: unknown key 'learner.learnig_rate', did you mean 'learner.learning_rate'?"}},
          {{"config", "type.toml"}, {"type.toml:1: seed is \"one\": expected a whole number"}},
          {{"train", "range.toml"},
           {"range.toml:3: learner.learning_rate is 2.0: expected a number, 0 to 1"}},
          {{"train", "table.toml"}, {"table.toml:1: unknown table [lerner], did you mean 'learner'?"}},
          {{"train", "not.toml"}, {"not.toml:2: not valid TOML"}},
          {{"train", "tiny.toml", "--set", "train.agent_steps=0"},
           {"train.agent_steps is \"0\": expected a whole number, 1 to"}},
          {{"train", "tiny.toml", "--device", "gpu"},
           {"learner.device is \"gpu\": expected one of cpu, cuda"}},
          {{"train", "tiny.toml", "--kernels", "nativ"},
           {"compute.kernels is \"nativ\": expected one of native, torch"}},
          {{"train", "tiny.toml", "--kernels", "torch", "--set", "compute.precision=bf16"},
           {"compute.precision is bf16 and compute.kernels is torch", "needs native kernels"}},
          {{"train", "tiny.toml", "--device", "cuda", "--set", "compute.precision=bf16"},
           {"compute.precision is bf16 and learner.device is cuda", "needs the cpu"}},
          {{"train", "tiny.toml", "--set", "level.name=seek"}, {"unknown level 'seek'"}},
          {{"train", "tiny.toml", "--set", "environment.width=8"},
           {"observations are 8 x 20", "at least 20 x 20"}},
          {{"train", "tiny.toml", "--run", "file"}, {"file: expected the directory of a run, found a file"}},
          {{"train", "tiny.toml", "--run", "full"}, {"full: the directory is not empty and no run"}},
          {{"inspect", "none"}, {"none: no run there"}},
          {{"eval", "full"}, {"full: the directory is not empty and no run"}},
          {{"record", "none", "--out", "x.mp4"}, {"none: no run there"}},
      },
      scratch.path());
}

TEST(Errors, ActionsOfAReplay) {
  const ScratchDirectory scratch;
  const auto replay = [](const std::string& actions) {
    return Arguments{"replay",    "--level", "seek_apples",
                     "--actions", actions,   "--out",
                     "x.csv",     "--set",   "level.episode_seconds=1"};
  };
  put_text(scratch / "word.csv", "# a comment\n\n0,0,0,1,0,0,0\n0,0,left,1,0,0,0\n");
  put_text(scratch / "real.csv", "0,0,0,0.5,0,0,0\n");
  put_text(scratch / "few.csv", "0,0,0\n");
  put_text(scratch / "blank.csv", "0,0,0,,0,0,0\n");
  put_text(scratch / "many.csv", "0,0,0,1,0,0,0,0\n");
  put_text(scratch / "range.csv", "0,0,0,1,0,0,0\n0,513,0,1,0,0,0\n");
  put_text(scratch / "huge.csv", "99999999999,0,0,1,0,0,0\n");
  put_text(scratch / "none.csv", "# nothing\n");
  std::string long_text;
  for (int frame = 0; frame < 61; ++frame) long_text += "0,0,0,1,0,0,0\n";
  put_text(scratch / "long.csv", long_text);
  expect_all_refused(
      {
          {replay("word.csv"),
           {"word.csv:4: 'left' in place 3: expected a whole number for STRAFE_LEFT_RIGHT"}},
          {replay("real.csv"),
           {"real.csv:1: '0.5' in place 4: expected a whole number for MOVE_BACK_FORWARD"}},
          {replay("few.csv"), {"few.csv:1: 3 numbers: expected seven"}},
          {replay("blank.csv"), {"blank.csv:1: '' in place 4"}},
          {replay("many.csv"), {"many.csv:1: more than seven numbers"}},
          {replay("range.csv"), {"range.csv:2: LOOK_DOWN_UP_PIXELS_PER_FRAME is 513, expected -512 to 512"}},
          {replay("huge.csv"), {"huge.csv:1: '99999999999' in place 1"}},
          {replay("long.csv"), {"long.csv:61: the episode of seek_apples ends after 60 frames"}},
          {replay("none.csv"), {"no action in none.csv"}},
          {replay("."), {"no action in ."}},
          {replay("nothing.csv"), {"cannot read nothing.csv"}},
      },
      scratch.path());
}

TEST(Errors, OutputsAreCheckedBeforeTheWork) {
  const ScratchDirectory scratch;
  put_text(scratch / "file", "x");
  put_text(scratch / "tiny.toml", kTinyConfig);
  put_text(scratch / "a.csv", "0,0,0,1,0,0,0\n");
  // Would take minutes if it began.
  const Arguments record = {"record", "--policy", "random", "--episodes", "1000", "--out"};
  const Arguments render = {"render", "--level", "seek_apples", "--out"};
  const Arguments replay = {"replay", "--level", "seek_apples", "--actions", "a.csv", "--out"};
  expect_all_refused(
      {
          {record + Arguments{"x.gif"}, {"--out x.gif: expected a name that ends in .mp4 or .png"}},
          {render + Arguments{"x.jpg"}, {"--out x.jpg: expected a name that ends in .png"}},
          {record + Arguments{"no/x.png"}, {"--out no/x.png: there is no directory no"}},
          {record + Arguments{"no/x.mp4"}, {"--out no/x.mp4: there is no directory no"}},
          {render + Arguments{"no/x.png"}, {"--out no/x.png: there is no directory no"}},
          {replay + Arguments{"no/x.csv"}, {"--out no/x.csv: there is no directory no"}},
          {replay + Arguments{"."}, {"--out .: expected the name of a file, found a directory"}},
          // The machine's faults.
          {record + Arguments{"file/x.mp4"}, {"file/x.mp4: cannot write there: Not a directory"}, 1},
          {render + Arguments{"file/x.png"}, {"file/x.png: cannot write there: Not a directory"}, 1},
          {render + Arguments{"/proc/x.png"}, {"/proc"}, 1},
          {replay + Arguments{"/proc/x.csv"}, {"/proc"}, 1},
          {{"train", "tiny.toml", "--run", "file/run"}, {"file/run", "Not a directory"}, 1},
          {{"train", "tiny.toml", "--run", "/proc/run"}, {"/proc/run: cannot create the directory"}, 1},
      },
      scratch.path());
}

TEST(Errors, AFullStandardOutputIsAnError) {
  const ScratchDirectory scratch;
  const Arguments short_answer = {"levels", "--json"};
  // Standard output is a file here, and no file may grow beyond 300 bytes.
  const ProgramOutcome outcome = Program(short_answer, scratch.path(), /*file_bytes=*/300).wait();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err.find("error: cannot write to standard output: "), 0u) << outcome.err;
}

TEST(Errors, UnknownInstructionsInTheEnvironmentAreRefused) {
  const ScratchDirectory scratch;
  ::setenv("CHRYSALIS_SIMD", "avx521", 1);
  const ProgramOutcome outcome = run({"levels"}, scratch.path());
  ::setenv("CHRYSALIS_SIMD", "scalar", 1);
  const ProgramOutcome scalar = run({"levels"}, scratch.path());
  ::unsetenv("CHRYSALIS_SIMD");
  expect_refused(outcome,
                 {{"levels"}, {"CHRYSALIS_SIMD: unknown instructions 'avx521'", "did you mean 'avx512'"}});
  EXPECT_EQ(scalar.exit_code, 0) << scalar.err;
}

TEST(Errors, CudaIsRefusedWhereThereIsNone) {
  const ScratchDirectory scratch;
  put_text(scratch / "tiny.toml", kTinyConfig);
  const ProgramOutcome doctor = run({"doctor", "--json"}, scratch.path());
  ASSERT_EQ(doctor.exit_code, 0) << doctor.err;
  const bool has_cuda = doctor.out.find("CUDA not available") == std::string::npos;
  const ProgramOutcome outcome = run({"train", "tiny.toml", "--device", "cuda"}, scratch.path());
  if (has_cuda) {
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return;
  }
  expect_refused(outcome, {{"train", "tiny.toml", "--device", "cuda"},
                           {"learner.device is cuda", "expected cpu, or a LibTorch with CUDA"}});
  EXPECT_FALSE(std::filesystem::exists(scratch / "runs"));
}

TEST(Errors, WhatNobodyCanReadChangesNoExitCode) {
  const ScratchDirectory scratch;
  put_text(scratch / "tiny.toml", kTinyConfig);
  const std::string in = fmt::format("cd '{}' && '{}' ", scratch.path().string(), CHRYSALIS_PROGRAM);
  for (const auto& [arguments, exit_code] : {std::pair{"inspect nope", 2},
                                             {"levels --bad", 2},
                                             {"train tiny.toml --run run --set train.agent_steps=100", 0}})
    for (const char* nowhere : {"2> /dev/full", "2>&-"}) {
      const int status = std::system((in + arguments + " > out " + nowhere).c_str());
      EXPECT_TRUE(WIFEXITED(status)) << arguments << nowhere;
      EXPECT_EQ(WEXITSTATUS(status), exit_code) << arguments << nowhere;
    }
}

// What acts must not load LibTorch, whose start takes longer than most verbs; what learns says where it
// should be.
TEST(Errors, WithoutLibTorchWhatLearnsIsRefusedAndAllElseRuns) {
  const ScratchDirectory scratch;
  put_text(scratch / "tiny.toml", kTinyConfig);
  std::filesystem::copy_file(CHRYSALIS_PROGRAM, scratch / "alone");
  const std::string in = "cd '" + scratch.path().string() + "' && ./alone ";
  EXPECT_EQ(std::system((in + "levels > levels 2>&1").c_str()), 0);
  EXPECT_EQ(std::system((in + "eval --policy random --episodes 1 > eval 2>&1").c_str()), 0);
  EXPECT_EQ(std::system((in + "doctor > doctor 2>&1").c_str()), 0);
  EXPECT_NE(text_of_file(scratch / "doctor").find("MEND LibTorch"), std::string::npos);
  for (const std::string verb : {"train tiny.toml", "bench sgemm", "bench act"}) {
    const int status = std::system((in + verb + " > out 2> err").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 1) << verb;
    EXPECT_EQ(text_of_file(scratch / "out"), "") << verb;
    EXPECT_EQ(text_of_file(scratch / "err"),
              "error: this needs LibTorch, and " + (scratch / "chrysalis-torch").string() +
                  " cannot be run: No such file or directory; `make build` builds it\n");
  }
  EXPECT_FALSE(std::filesystem::exists(scratch / "runs"));
  EXPECT_EQ(text_of_file(CHRYSALIS_PROGRAM).find("libtorch_cpu.so"), std::string::npos);
}

}  // namespace
}  // namespace chrysalis
