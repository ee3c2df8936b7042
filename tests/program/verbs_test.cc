// Each verb does what its help says.
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "chrysalis/media/png.h"
#include "chrysalis/store/scratch_directory_test.h"
#include "program.h"

namespace chrysalis {
namespace {

std::set<std::string> keys_of(const Json& json) {
  std::set<std::string> keys;
  for (const auto& item : json.items()) keys.insert(item.key());
  return keys;
}
using Keys = std::set<std::string>;

// What a run that must succeed printed.
std::string answer(const Arguments& arguments, const std::filesystem::path& directory) {
  const ProgramOutcome outcome = run(arguments, directory);
  EXPECT_EQ(outcome.exit_code, 0) << arguments[0] << ": " << outcome.err;
  return outcome.out;
}

TEST(Verbs, HelpNamesTheOptionsAndHasAnExample) {
  const ScratchDirectory scratch;
  const std::vector<std::pair<std::string, std::vector<std::string>>> verbs = {
      {"levels", {"--json"}},
      {"train", {"--run", "--set", "--device", "--fresh", "configs/seek_apples.toml"}},
      {"eval", {"--policy", "--level", "--checkpoint", "--seed", "--set", "--episodes", "--json"}},
      {"record", {"--policy", "--level", "--out", "--agent-steps", "--scale", "--frames", ".mp4", ".png"}},
      {"render", {"--level", "--seed", "--out", "--size", "--top-down", "--sheet", "--scale", "--set"}},
      {"play",
       {"level", "--seed", "--record", "--frames", "--width", "--height", "--scale", "--sensitivity", "--set",
        "Esc", "chrysalis replay --actions mine.csv"}},
      {"replay",
       {"--level", "--seed", "--actions", "--out", "--set", "frame,x,y,z,yaw,pitch,vx,vy,vz,reward"}},
      {"inspect", {"--json", "--curve", "--member"}},
      {"lineage", {"--out", ".svg"}},
      {"compare", {"--label", "--out", "--over", "--line", "--points", "--json", ".svg"}},
      {"bench", {"--json", "--seconds", "--set", "--axes", "--out", "profile", "scaling"}},
      {"doctor", {"--json", "--dmlab", "--level", "--out", "--set"}},
      {"config", {"--set", "--markdown"}},
  };
  std::vector<Arguments> all;
  for (const auto& [verb, options] : verbs) all.push_back({verb, "--help"});
  auto outcomes = run_all({{"--help"}, {"--version"}}, scratch.path(), Start::kExec);
  const auto of_verbs = run_all(all, scratch.path());
  outcomes.insert(outcomes.end(), of_verbs.begin(), of_verbs.end());
  for (const ProgramOutcome& outcome : outcomes) {
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
  }
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    const auto& [verb, options] = verbs[i];
    EXPECT_NE(outcomes[0].out.find("  " + verb), std::string::npos) << verb;
    const std::string& help = outcomes[i + 2].out;
    EXPECT_NE(help.find("Examples:\n  chrysalis " + verb), std::string::npos) << help;
    for (const std::string& option : options)
      EXPECT_NE(help.find(option), std::string::npos) << option << help;
  }
  EXPECT_TRUE(outcomes[1].out.starts_with("0.")) << outcomes[1].out;
}

TEST(Verbs, LevelsAreListed) {
  const ScratchDirectory scratch;
  const Json levels = Json::parse(answer({"levels", "--json"}, scratch.path()));
  std::set<std::string> names;
  for (const Json& level : levels) {
    EXPECT_EQ(keys_of(level), (Keys{"name", "summary", "episode_frames", "frame_reward"}));
    names.insert(level["name"]);
  }
  EXPECT_TRUE(names.contains("seek_apples") && names.contains("explore_object_locations_small") &&
              names.contains("nav_maze_static_01"));
  const std::string text = answer({"levels"}, scratch.path());
  for (const std::string& name : names) EXPECT_NE(text.find(name), std::string::npos);
  EXPECT_NE(text.find("map:FILE"), std::string::npos);
}

TEST(Verbs, TheResolvedConfigReadsBackAsItself) {
  const ScratchDirectory scratch;
  const std::string resolved = answer(
      {"config", "--set", "learner.unroll=7", "--set", "level.name=nav_maze_static_01"}, scratch.path());
  EXPECT_NE(resolved.find("\nunroll = 7\n"), std::string::npos);
  put_text(scratch / "resolved.toml", resolved);
  EXPECT_EQ(answer({"config", "resolved.toml"}, scratch.path()), resolved);
}

TEST(Verbs, TheSettingsPageIsWhatTheProgramSays) {
  const ScratchDirectory scratch;
  const auto page = std::filesystem::path(CHRYSALIS_SOURCE_DIR) / "docs" / "config.md";
  EXPECT_EQ(text_of_file(page), answer({"config", "--markdown"}, scratch.path()))
      << "write it anew: chrysalis config --markdown > docs/config.md";
}

TEST(Verbs, EvalOfTheRandomPolicyIsTheSameForTheSameSeed) {
  const ScratchDirectory scratch;
  const Arguments eval =
      Arguments{"eval",   "--policy",   "random", "--level", "explore_object_locations_small",
                "--json", "--episodes", "5",      "--seed"};
  const Arguments small = {"--set", "environment.width=20",    "--set", "environment.height=20",
                           "--set", "level.episode_seconds=30"};
  const auto outcomes =
      run_all({eval + Arguments{"3"} + small, eval + Arguments{"3"} + small, eval + Arguments{"4"} + small},
              scratch.path());
  EXPECT_EQ(outcomes[0].out, outcomes[1].out);
  EXPECT_NE(outcomes[0].out, outcomes[2].out);
  const Json result = Json::parse(outcomes[0].out);
  EXPECT_EQ(keys_of(result), (Keys{"level", "policy", "episodes", "mean_return", "ci95", "returns"}));
  EXPECT_EQ(result["level"], "explore_object_locations_small");
  EXPECT_EQ(result["policy"], "random");
  EXPECT_EQ(result["episodes"], 5);
  ASSERT_EQ(result["returns"].size(), 5u);
  double sum = 0;
  for (const Json& value : result["returns"]) sum += value.get<double>();
  EXPECT_DOUBLE_EQ(result["mean_return"].get<double>(), sum / 5);
  EXPECT_LE(result["ci95"][0], result["mean_return"]);
  EXPECT_GE(result["ci95"][1], result["mean_return"]);
}

TEST(Verbs, RenderDrawsEachLevelTheSameEveryTime) {
  const ScratchDirectory scratch;
  const std::vector<std::string> levels = {"seek_apples",        "explore_object_locations_small",
                                           "nav_maze_static_01", "nav_maze_static_02",
                                           "lt_horseshoe_color", "lt_chasm"};
  std::vector<Arguments> all;
  for (const std::string& level : levels)
    for (const char* copy : {"1", "2"})
      all.push_back(
          {"render", "--level", level, "--seed", "3", "--size", "64x48", "--out", level + copy + ".png"});
  all.push_back({"render", "--level", levels[0], "--seed", "3", "--out", "plain.png"});
  all.push_back({"render", "--level", levels[0], "--out", "top.png", "--top-down", "--scale", "2", "--set",
                 "environment.width=40"});
  for (const ProgramOutcome& outcome : run_all(all, scratch.path()))
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  std::set<std::string> pictures;
  for (const std::string& level : levels) {
    const std::string bytes = text_of_file(scratch / (level + "1.png"));
    EXPECT_EQ(bytes, text_of_file(scratch / (level + "2.png")));
    pictures.insert(bytes);
    const auto image = read_png(scratch / (level + "1.png"));
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ(image->width, 64);
    EXPECT_EQ(image->height, 48);
    EXPECT_GT((std::set<std::uint8_t>(image->rgb.begin(), image->rgb.end())).size(), 10u);
  }
  EXPECT_EQ(pictures.size(), levels.size());
  EXPECT_EQ(read_png(scratch / "plain.png")->width, 96);
  EXPECT_EQ(read_png(scratch / "plain.png")->height, 72);
  EXPECT_EQ(read_png(scratch / "top.png")->width, 80);
}

TEST(Verbs, RenderLaysAnEpisodeOutAsAContactSheet) {
  const ScratchDirectory scratch;
  const Arguments sheet = {
      "render",  "--level", "lt_chasm", "--size", "16x12", "--set", "level.episode_seconds=9",
      "--sheet", "3",       "--out"};
  std::vector<Arguments> all = {sheet, sheet, sheet};
  all[0].push_back("one.png");
  all[1].push_back("two.png");
  all[2].insert(all[2].end(), {"top.png", "--top-down", "--scale", "2"});
  for (const ProgramOutcome& outcome : run_all(all, scratch.path()))
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(text_of_file(scratch / "one.png"), text_of_file(scratch / "two.png"));
  const auto image = read_png(scratch / "one.png");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->width, 3 * 16 + 4 * 6);
  EXPECT_EQ(image->height, 12 + 2 * 6);
  EXPECT_EQ(read_png(scratch / "top.png")->width, 3 * 32 + 4 * 6);
}

// Turns from where the episode of a hall begins towards east, then runs.
TEST(Verbs, ReplayGivesTheKnownPhysics) {
  const ScratchDirectory scratch;
  std::string hall = "chrysalis map 1\ngrid\n";
  const std::string wall(40, '#');
  hall += wall + "\n#" + std::string(38, '.') + "#\n#S" + std::string(37, '.') + "#\n#" +
          std::string(38, '.') + "#\n" + wall + "\n";
  put_text(scratch / "hall.map", hall);
  const auto replay = [&](const std::string& actions) {
    put_text(scratch / "in.csv", actions);
    answer({"replay", "--level", "map:hall.map", "--seed", "5", "--actions", "in.csv", "--out", "out.csv"},
           scratch.path());
    std::stringstream out(text_of_file(scratch / "out.csv"));
    std::string line;
    std::getline(out, line);
    EXPECT_EQ(line, "frame,x,y,z,yaw,pitch,vx,vy,vz,reward");
    std::vector<std::vector<double>> rows;
    while (std::getline(out, line)) {
      std::vector<double> row;
      std::stringstream cells(line);
      for (std::string cell; std::getline(cells, cell, ',');) row.push_back(std::stod(cell));
      EXPECT_EQ(row.size(), 10u) << line;
      EXPECT_EQ(row[0], static_cast<double>(rows.size() + 1));
      rows.push_back(row);
    }
    return rows;
  };
  constexpr double kDegreesAUnit = 0.1056;  // 0.0066 degrees for each of 16 ms.
  const double yaw = std::remainder(replay("0,0,0,0,0,0,0\n").back()[4], 360.0);
  std::string actions;
  int frames = 0;
  for (int units = static_cast<int>(std::lround(yaw / kDegreesAUnit)); units != 0; ++frames) {
    const int turn = std::clamp(units, -512, 512);
    actions += std::to_string(turn) + ",0,0,0,0,0,0\n";
    units -= turn;
  }
  for (int i = 0; i < 10; ++i) actions += " 0 , 0, 0, 1, 0, 0, 0\r\n";
  const auto rows = replay(actions);
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(frames + 10));
  EXPECT_LT(std::abs(std::remainder(rows.back()[4], 360.0)), kDegreesAUnit);
  double before = 0;
  for (std::size_t i = static_cast<std::size_t>(frames); i < rows.size(); ++i) {
    EXPECT_GT(rows[i][6], before) << i;
    EXPECT_EQ(rows[i][6], std::round(rows[i][6]));
    before = rows[i][6];
  }
  EXPECT_LT(rows[rows.size() - 2][6], 319);
  EXPECT_NEAR(rows.back()[6], 320, 1);
  EXPECT_NEAR(rows.back()[1] - rows[0][1], 34, 1.5);
}

TEST(Verbs, RecordFilmsAndLaysOut) {
  const ScratchDirectory scratch;
  const Arguments record = Arguments{"record", "--policy", "random", "--agent-steps", "30"} + kTinySettings +
                           Arguments{"--set", "level.episode_seconds=10", "--scale", "3", "--out"};
  const auto outcomes =
      run_all({record + Arguments{"film.mp4"}, record + Arguments{"sheet.png"}}, scratch.path());
  for (const ProgramOutcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcomes[0].out.find("film.mp4: 30 observations at 15 a second"), std::string::npos)
      << outcomes[0].out;
  const auto film = bytes_of_file(scratch / "film.mp4");
  ASSERT_GT(film.size(), 1000u);
  EXPECT_EQ(std::string(film.begin() + 4, film.begin() + 8), "ftyp");
  const auto sheet = read_png(scratch / "sheet.png");
  ASSERT_TRUE(sheet.ok()) << sheet.error().message;
  EXPECT_GE(sheet->width, 6 * 20);  // Six in a row.
  EXPECT_GE(sheet->height, 4 * 20);
  EXPECT_EQ(listing(scratch.path()).size(), 2u);  // No part of a file is left.
}

TEST(Verbs, DoctorFindsWhatThereIs) {
  const ScratchDirectory scratch;
  const auto outcomes = run_all({{"doctor", "--json"}, {"doctor"}}, scratch.path());
  std::set<std::string> found;
  for (const Json& finding : Json::parse(outcomes[0].out)) {
    EXPECT_EQ(keys_of(finding), (Keys{"what", "found", "ok", "mend"}));
    EXPECT_NE(finding["found"], "");
    found.insert(finding["what"]);
  }
  for (const char* what : {"Compiler", "CPU features", "BLAS", "LibTorch", "Cores", "Disk here"}) {
    EXPECT_TRUE(found.contains(what)) << what;
    EXPECT_NE(outcomes[1].out.find(what), std::string::npos) << what;
  }
}

TEST(Verbs, BenchMeasuresEverything) {
  const ScratchDirectory scratch;
  const Arguments bench = Arguments{"bench"} + kTinySettings;
  const auto outcomes =
      run_all({{"bench", "sgemm", "--json"}, bench + Arguments{"all", "--seconds", "0.01", "--json"}},
              scratch.path());
  for (const ProgramOutcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Keys of_sgemm = {"sgemm_gflops_per_core", "cores", "blas", "kernels", "sgemm"};
  EXPECT_EQ(keys_of(Json::parse(outcomes[0].out)), of_sgemm);
  const Json all = Json::parse(outcomes[1].out);
  Keys of_all = of_sgemm;
  of_all.insert({"render", "env", "act", "learn", "train"});
  EXPECT_EQ(keys_of(all), of_all);
  const Keys levels = {"seek_apples", "explore_object_locations_small", "nav_maze_static_01"};
  for (const std::string& level : levels) {
    EXPECT_EQ(keys_of(all["render"][level]), (Keys{"observations_per_s_per_core"}));
    EXPECT_EQ(keys_of(all["env"][level]), (Keys{"environments", "agent_steps_per_s_per_core", "reset_ms",
                                                "world_share", "bots_share", "draw_share"}));
    EXPECT_EQ(all["env"][level]["environments"], 1);
  }
  EXPECT_EQ(keys_of(all["act"]),
            (Keys{"batch", "agent_steps_per_s_per_core", "gflops_per_core", "fraction_of_sgemm"}));
  EXPECT_EQ(keys_of(all["learn"]), (Keys{"unrolls", "unroll", "agent_steps_per_s_per_core", "gflops_per_core",
                                         "fraction_of_sgemm"}));
  EXPECT_EQ(keys_of(all["train"]), (Keys{"level", "cores", "agent_steps_per_s", "gflops", "fraction_of_sgemm",
                                         "cpu_of_busy_time", "peak_resident_mib", "members", "unrolls_mib"}));
  EXPECT_GT(all["train"]["agent_steps_per_s"], 0);
}

TEST(Verbs, BenchStepsAsManyEnvironmentsInTurnAsItIsTold) {
  const ScratchDirectory scratch;
  const auto outcomes = run_all(
      {Arguments{"bench", "env", "--environments", "3", "--seconds", "0.01", "--json"} + kTinySettings,
       {"bench", "train", "--environments", "3"},
       {"bench", "env", "--environments", "0"},
       {"bench", "env", "--environments", "2", "--set", "level.name=dmlab:lt_chasm"}},
      scratch.path());
  ASSERT_EQ(outcomes[0].exit_code, 0) << outcomes[0].err;
  EXPECT_EQ(Json::parse(outcomes[0].out)["env"]["lt_chasm"]["environments"], 3);
  const std::string_view refused[] = {
      "error: --environments 3: bench train has train.environments; expected bench env\n",
      "error: chrysalis bench: --environments: Value 0 not in range 1 to 10000; see chrysalis bench --help\n",
      "error: --environments 2: dmlab:lt_chasm is measured one at a time; expected 1\n"};
  for (std::size_t i = 0; i < std::size(refused); ++i) {
    EXPECT_EQ(outcomes[i + 1].exit_code, 2);
    EXPECT_EQ(outcomes[i + 1].err, refused[i]);
  }
}

// TMPDIR for the programs that are run while it lives.
class TemporaryDirectorySetting {
 public:
  explicit TemporaryDirectorySetting(const std::filesystem::path& path) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", path.c_str(), 1);
  }
  ~TemporaryDirectorySetting() {
    if (before_)
      ::setenv("TMPDIR", before_->c_str(), 1);
    else
      ::unsetenv("TMPDIR");
  }

 private:
  std::optional<std::string> before_;
};

TEST(Verbs, BenchProfileSaysWhereTheTimeGoes) {
  const ScratchDirectory scratch;
  const TemporaryDirectorySetting temporary(scratch.path());
  const Arguments profile =
      Arguments{"bench", "profile", "--seconds", "0.05", "--set", "train.workers=2"} + kTinySettings;
  const auto outcomes = run_all({profile + Arguments{"--json"}, profile}, scratch.path());
  for (const ProgramOutcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json json = Json::parse(outcomes[0].out)["profile"];
  EXPECT_EQ(keys_of(json), (Keys{"level", "seconds", "agent_steps_per_s", "cpu_of_busy_time", "stages", "all",
                                 "bottleneck"}));
  std::vector<double> sums(2);
  Keys stages;
  for (const Json& row : json["stages"]) {
    EXPECT_EQ(keys_of(row), (Keys{"stage", "share", "share_of_each_core", "us_per_agent_step", "gflops",
                                  "fraction_of_sgemm"}));
    stages.insert(row["stage"]);
    for (int core = 0; core < 2; ++core) sums[core] += row["share_of_each_core"][core].get<double>();
    if (row["stage"] == "act conv1") {
      EXPECT_GT(row["gflops"], 0);
    }
    if (row["stage"] == "draw") {
      EXPECT_TRUE(row["gflops"].is_null());
    }
  }
  for (const double sum : sums) EXPECT_NEAR(sum, 1, 1e-6);
  for (const char* stage :
       {"wait",          "schedule",      "snapshot",     "pack",           "rollout",
        "world",         "reset",         "draw",         "sample",         "act conv1",
        "act conv2",     "act linear",    "act lstm",     "act heads",      "learn",
        "batch",         "forward conv1", "forward lstm", "backward conv1", "backward linear",
        "backward lstm", "loss",          "statistics",   "optimizer",      "publish",
        "store"})
    EXPECT_TRUE(stages.contains(stage)) << stage;
  for (const char* words : {"SGEMM ", "core 0", "core 1", "us/step", "act conv1", "\nBottleneck: "})
    EXPECT_NE(outcomes[1].out.find(words), std::string::npos) << words;
  EXPECT_EQ(listing(scratch.path()), std::vector<std::string>{}) << "the run is removed";
}

TEST(Verbs, BenchScalingTabulatesAndDraws) {
  const ScratchDirectory scratch;
  const TemporaryDirectorySetting temporary(scratch.path());
  const Arguments scaling = Arguments{"bench", "scaling", "--seconds", "0.01"} + kTinySettings;
  const auto outcomes = run_all({scaling + Arguments{"--axes", "cores,batch", "--out", "a.svg", "--json"},
                                 scaling + Arguments{"--axes", "unroll,members"}},
                                scratch.path());
  for (const ProgramOutcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json json = Json::parse(outcomes[0].out)["scaling"];
  EXPECT_EQ(keys_of(json), (Keys{"level", "cores", "batch"}));
  ASSERT_EQ(json["batch"].size(), 4u);
  EXPECT_EQ(json["batch"][0]["value"], 8);
  EXPECT_EQ(json["cores"][0]["value"], 1);
  for (const Json& point : json["batch"]) {
    EXPECT_EQ(keys_of(point),
              (Keys{"value", "agent_steps_per_s", "least", "most", "fraction_of_sgemm", "cpu_of_busy_time"}));
    EXPECT_GT(point["least"], 0);
    EXPECT_LE(point["least"], point["agent_steps_per_s"]);
    EXPECT_GE(point["most"], point["agent_steps_per_s"]);
  }
  const std::string svg = text_of_file(scratch / "a.svg");
  EXPECT_NE(svg.find("Training against cores"), std::string::npos);
  EXPECT_NE(svg.find("Training against batch"), std::string::npos);
  EXPECT_EQ(svg.find("Training against unroll"), std::string::npos);
  EXPECT_NE(outcomes[1].out.find("unroll"), std::string::npos);
  EXPECT_EQ(listing(scratch.path()).size(), 1u) << "nothing but the picture stays";
}

TEST(Verbs, BenchLeavesNothingBehindWhenItIsInterrupted) {
  const ScratchDirectory scratch;
  const TemporaryDirectorySetting temporary(scratch.path());
  Program program(Arguments{"bench", "train", "--seconds", "600", "--json"} + kTinySettings, scratch.path());
  ASSERT_TRUE(program.wait_for([&] { return !listing(scratch.path()).empty(); })) << program.err();
  program.send(SIGINT);
  const ProgramOutcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 1) << "signal " << outcome.signal;
  EXPECT_EQ(outcome.err, "error: interrupted\n");
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(listing(scratch.path()), std::vector<std::string>{});
}

TEST(Verbs, BenchSaysWhereItCannotKeepItsRun) {
  const ScratchDirectory scratch;
  const TemporaryDirectorySetting temporary(scratch / "none");
  const auto outcomes = run_all({Arguments{"bench", "train", "--json"} + kTinySettings}, scratch.path());
  EXPECT_EQ(outcomes[0].exit_code, 1);
  EXPECT_EQ(outcomes[0].out, "");
  EXPECT_NE(outcomes[0].err.find("cannot make a directory in "), std::string::npos) << outcomes[0].err;
  EXPECT_NE(outcomes[0].err.find("TMPDIR"), std::string::npos);
}

}  // namespace
}  // namespace chrysalis
