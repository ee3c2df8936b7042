// Every verb that takes a level takes one of DM Lab's, over the stand-in for its library.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "chrysalis/env/belongings_test.h"
#include "chrysalis/media/png.h"
#include "chrysalis/store/scratch_directory_test.h"
#include "program.h"

namespace chrysalis {
namespace {

class DmlabProgram : public testing::Test {
 protected:
  DmlabProgram() {
    belongings_mark();
    before_ = belongings({});
    std::ofstream(scratch_ / "tiny.toml") << kTinyConfig;
  }
  void TearDown() override { EXPECT_EQ(belongings_once_as(before_, {}), before_); }

  Arguments peer(const std::string& settings = "episode_frames=40") const {
    return {"--set", "dmlab.library=" CHRYSALIS_DMLAB_PEER,
            "--set", "dmlab.settings=" + settings,
            "--set", "dmlab.host=" CHRYSALIS_DMLAB_HOST,
            "--set", "dmlab.temporary_folder=" + scratch_.path().string()};
  }
  ProgramOutcome finished(const Arguments& arguments) const {
    const ProgramOutcome outcome = run(arguments, scratch_.path());
    EXPECT_EQ(outcome.exit_code, 0) << arguments[0] << ": " << outcome.err;
    return outcome;
  }
  const ScratchDirectory scratch_;

 private:
  Belongings before_;
};

TEST_F(DmlabProgram, DoctorProvesAnInstallationOrSaysWhatIsMissing) {
  const Arguments doctor = {"doctor", "--dmlab", "--seconds", "0.05", "--out", "frame.png"};
  const ProgramOutcome proof = finished(doctor + Arguments{"--level", "dmlab:plain", "--json"} + peer());
  const Json json = Json::parse(proof.out);
  ASSERT_EQ(json.size(), 5u);
  EXPECT_EQ(json[2]["what"], "Level");
  EXPECT_EQ(read_png(scratch_ / "frame.png").value().width, 96);
  for (const auto& [arguments, said] :
       {std::pair{doctor + Arguments{"--level", "dmlab:missing"} + peer(),
                  "error: DM Lab cannot make level missing ready: Level not found: missing\n"},
        {doctor, "error: dmlab.library is not set: expected the path of DM Lab's shared library\n"},
        {doctor + Arguments{"--level", "lt_chasm"},
         "error: --level lt_chasm: expected dmlab: and the name of a level of DM Lab's\n"}}) {
    const ProgramOutcome outcome = run(arguments, scratch_.path());
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.err, said);
  }
}

TEST_F(DmlabProgram, EvalRecordRenderAndBenchTakeItsLevels) {
  const Arguments random = Arguments{"--policy", "random", "--level", "dmlab:plain"} + peer();
  const ProgramOutcome eval = finished(Arguments{"eval", "--episodes", "6", "--json"} + random);
  EXPECT_EQ(Json::parse(eval.out)["returns"].size(), 6u);
  finished(Arguments{"record", "--out", "sheet.png"} + random);
  EXPECT_TRUE(std::filesystem::exists(scratch_ / "sheet.png"));
  finished(Arguments{"render", "--level", "dmlab:plain", "--out", "frame.png"} + peer());
  EXPECT_EQ(read_png(scratch_ / "frame.png").value().width, 96);
  const ProgramOutcome bench = finished(
      Arguments{"bench", "env", "--seconds", "0.05", "--json", "--set", "level.name=dmlab:plain"} + peer());
  EXPECT_TRUE(Json::parse(bench.out)["env"].contains("dmlab:plain"));
  const ProgramOutcome told =
      finished(Arguments{"bench", "env", "--seconds", "0.05", "--set", "level.name=dmlab:plain"} + peer());
  EXPECT_NE(told.out.find("env     dmlab:plain"), std::string::npos) << told.out;
  const ProgramOutcome above =
      run(Arguments{"render", "--level", "dmlab:plain", "--top-down", "--out", "above.png"} + peer(),
          scratch_.path());
  EXPECT_EQ(above.exit_code, 2);
  EXPECT_EQ(above.err.find("error: --top-down: level dmlab:plain is DM Lab's"), 0u) << above.err;
}

TEST_F(DmlabProgram, TrainingGoesOnWhereAProcessFallsAndAfterAResume) {
  const std::string once = "episode_frames=40; fault_once=" + (scratch_ / "once").string();
  const Arguments train =
      Arguments{"train", "tiny.toml",           "--run", "run",
                "--set", "deterministic=false", "--set", "level.name=dmlab:exit_in_advance"} +
      peer(once);
  const ProgramOutcome trained = finished(train);
  EXPECT_NE(trained.err.find("an episode is lost, its process is replaced"), std::string::npos)
      << trained.err;
  const Json lost = Json::parse(finished({"inspect", "run", "--json"}).out)["members"][0]["unrolls_lost"];
  EXPECT_EQ(lost, 1);
  finished(train + Arguments{"--set", "train.agent_steps=3000"});
}

TEST_F(DmlabProgram, TrainingIsRefusedWhereItCannotBe) {
  const Arguments train =
      Arguments{"train", "tiny.toml", "--run", "run", "--set", "level.name=dmlab:missing"} + peer();
  const ProgramOutcome deterministic = run(train, scratch_.path());
  EXPECT_EQ(deterministic.exit_code, 2);
  EXPECT_EQ(deterministic.err.find("error: deterministic is true and dmlab:missing is a level of DM Lab's"),
            0u)
      << deterministic.err;
  const ProgramOutcome missing = run(train + Arguments{"--set", "deterministic=false"}, scratch_.path());
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.err, "error: DM Lab cannot make level missing ready: Level not found: missing\n");
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "run"));
}

}  // namespace
}  // namespace chrysalis
