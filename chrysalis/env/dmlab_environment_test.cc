// The adapter over the test peer (tests/dmlab_peer): what it plays, every fault, and that nothing is left.
#include "chrysalis/env/dmlab_environment.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "chrysalis/env/belongings_test.h"
#include "chrysalis/env/dmlab_library.h"
#include "chrysalis/env/environment_group.h"
#include "chrysalis/env/environment_pool.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/env/temporary_folder.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

const EnvironmentConfig kSmall = {.width = 16, .height = 12};

// Environments over the peer, in a folder of its own, with all that they leave counted.
class DmlabEnvironments : public testing::Test {
 protected:
  DmlabEnvironments() : folder_(TemporaryFolder::create({}, "chrysalis-env-test").value()) {
    belongings_mark();
    config.library = CHRYSALIS_DMLAB_PEER;
    config.temporary_folder = (folder_.path() / "temporary").string();
    fs::create_directory(config.temporary_folder);
    before_ = belongings(config.temporary_folder);
  }

  void TearDown() override { EXPECT_EQ(belongings_once_as(before_, config.temporary_folder), before_); }

  // A folder of assets of that kind.
  std::string runfiles(const char* kind) const {
    const fs::path made = folder_.path() / kind;
    fs::create_directories(made);
    return made.string();
  }
  fs::path scratch(const char* name) const { return folder_.path() / name; }

  Result<std::unique_ptr<DmlabEnvironment>> make(const std::string& level) const {
    return DmlabEnvironment::create({.name = "dmlab:" + level}, config, kSmall);
  }
  // What it says after it was asked to begin an episode, and then for up to as many steps as an episode has.
  std::string fault_of(const std::string& level) const {
    const auto environment = make(level);
    if (!environment.ok()) return environment.error().message;
    for (int episode = 0; episode < 10; ++episode) {
      (*environment)->reset(1);
      for (int step = 0; step < 20; ++step)
        if ((*environment)->step({}).ended) break;
      if (!(*environment)->status().ok()) return (*environment)->status().error().message;
    }
    return "";
  }

  DmlabConfig config;

 private:
  TemporaryFolder folder_;
  Belongings before_;
};

std::vector<std::uint8_t> picture_of(Environment& environment) {
  std::vector<std::uint8_t> rgb(environment.spec().observation_bytes());
  environment.observe(rgb);
  return rgb;
}

pid_t engine_of(const DmlabEnvironment& environment) {
  const pid_t keeper = environment.process()->pid();
  const std::string path =
      "/proc/" + std::to_string(keeper) + "/task/" + std::to_string(keeper) + "/children";
  return std::atoi(contents_of(path).c_str());
}

// ---- What it plays.

TEST_F(DmlabEnvironments, PlayWhatTheLibraryPlaysToTheBit) {
  config.settings = "episode_frames=30";
  auto environment = make("plain").value();
  EXPECT_EQ(environment->spec().level, "dmlab:plain");
  EXPECT_EQ(environment->spec().observation_bytes(), 16u * 12 * 3);
  dmlab::Launch launch{.library = CHRYSALIS_DMLAB_PEER,
                       .runfiles = "/",
                       .level = "plain",
                       .width = 16,
                       .height = 12,
                       .settings = {{"episode_frames", "30"}},
                       .temporary_folder = scratch("").string()};
  const auto library = dmlab::Library::open(launch).value();
  std::vector<std::uint8_t> expected(16 * 12 * 3);
  RandomStream random{RandomKey(3)};
  for (int episode = 0; episode < 3; ++episode) {
    const std::uint64_t seed = 0xFEDCBA9876543210ULL + static_cast<std::uint64_t>(episode);
    environment->reset(seed);
    EXPECT_EQ(library->start(episode, static_cast<int>(seed & 0x7FFFFFFF)).value(), 30);
    ASSERT_TRUE(library->observe(expected).ok());
    EXPECT_EQ(picture_of(*environment), expected);
    for (int step = 0; step < 8; ++step) {
      const RawAction action = {.look_right = static_cast<int>(random.below(100)) - 50,
                                .strafe_right = static_cast<int>(random.below(3)) - 1,
                                .move_forward = 1,
                                .fire = step % 2};
      const StepResult result = environment->step(action);
      const dmlab::Library::Step same = library->step(action.parts(), 4).value();
      ASSERT_TRUE(library->observe(expected).ok());
      EXPECT_EQ(picture_of(*environment), expected);
      EXPECT_EQ(result.reward, same.reward);
      EXPECT_EQ(result.ended, step == 7);
      EXPECT_EQ(result.truncated, step == 7);
      EXPECT_FALSE(result.lost);
      EXPECT_EQ(result.frames, step == 7 ? 2 : 4);  // 30 frames in steps of 4.
    }
  }
  EXPECT_TRUE(environment->status().ok());
  EXPECT_EQ(environment->faults(), 0);
}

TEST_F(DmlabEnvironments, TellATimeLimitFromTheTasksOwnEnd) {
  const auto end_of = [&](const char* level) {
    auto environment = make(level).value();
    environment->reset(1);
    StepResult result;
    while (!result.ended) result = environment->step({});
    return result;
  };
  EXPECT_TRUE(end_of("plain").truncated);
  const StepResult by_rule = end_of("by_rule");
  EXPECT_FALSE(by_rule.truncated);
  EXPECT_EQ(by_rule.frames, 3);  // 15 frames in steps of 4.
  const StepResult without_clock = end_of("no_clock");
  EXPECT_FALSE(without_clock.truncated);
  EXPECT_EQ(without_clock.frames, 4);
}

TEST_F(DmlabEnvironments, WorkFromTheMomentThatAStepIsAnnounced) {
  auto environment = make("plain").value();
  environment->begin_reset(5);
  environment->reset(5);
  const auto before = picture_of(*environment);
  environment->begin_step({.fire = 1});
  // Nobody waits for it, and there it is.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (picture_of(*environment) == before && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_NE(picture_of(*environment), before);
  const StepResult result = environment->step({.fire = 1});
  EXPECT_EQ(result.frames, 4);
  // One that was announced and is not taken does not disturb the next episode.
  environment->begin_step({});
  environment->begin_reset(5);
  environment->reset(5);
  EXPECT_FALSE(environment->step({}).ended);
  EXPECT_EQ(environment->faults(), 0);
}

TEST_F(DmlabEnvironments, AreSteppedAndBegunTogetherInAGroup) {
  config.settings = "episode_frames=12";
  std::vector<std::unique_ptr<Environment>> environments;
  for (int i = 0; i < 5; ++i) environments.push_back(make("plain").value());
  EnvironmentGroup group({.run_seed = 2, .keep_final_observations = true}, std::move(environments));
  EXPECT_FALSE(group.can_save());
  std::vector<std::uint8_t> pixels(5 * group.spec().observation_bytes());
  std::vector<std::uint8_t*> rows;
  for (int i = 0; i < 5; ++i) rows.push_back(pixels.data() + i * group.spec().observation_bytes());
  const std::vector<RawAction> actions(5, {.move_forward = 1});
  for (int step = 0; step < 7; ++step) group.step(actions, rows);
  ASSERT_TRUE(group.status().ok());
  auto alone = make("plain").value();
  for (int episode = 0; episode < 3; ++episode)
    alone->reset(episode_seed(2, Purpose::kEpisode, 0, 3, episode));
  alone->step(actions[3]);
  EXPECT_TRUE(std::ranges::equal(picture_of(*alone), std::span(rows[3], group.spec().observation_bytes())));
  EXPECT_EQ(group.episode(3).index, 2);
  EXPECT_EQ(group.ended_episode(3).frames, 12);
}

TEST_F(DmlabEnvironments, AreSteppedAndBegunTogetherInAPool) {
  config.settings = "episode_frames=12";
  for (const Autoreset autoreset : {Autoreset::kNextStep, Autoreset::kSameStep}) {
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < 3; ++i) environments.push_back(make("plain").value());
    EnvironmentPool pool(autoreset, 1, std::move(environments));
    const std::size_t bytes = pool.spec().observation_bytes();
    std::vector<std::uint8_t> pixels(3 * bytes);
    pool.reset(std::vector<std::optional<std::uint64_t>>{5, 6, 7}, pixels);
    const std::vector<RawAction> actions(3, {.move_forward = 1});
    // Three steps an episode, and with kNextStep a fourth that begins the next.
    for (int step = 0; step < (autoreset == Autoreset::kNextStep ? 5 : 4); ++step) pool.step(actions, pixels);
    ASSERT_TRUE(pool.status().ok());
    auto alone = make("plain").value();
    for (int episode = 0; episode < 2; ++episode) alone->reset(evaluation_seed(7, episode));
    alone->step(actions[2]);
    EXPECT_TRUE(std::ranges::equal(picture_of(*alone), std::span(pixels).subspan(2 * bytes)));
    EXPECT_EQ(pool.ended_episode(2).frames, 12);
    // In the midst of an episode.
    pool.reset(std::vector<std::optional<std::uint64_t>>(3), pixels);
    EXPECT_TRUE(pool.status().ok());
  }
}

TEST_F(DmlabEnvironments, KeepNoStateThatCouldBeSaved) {
  auto environment = make("plain").value();
  EXPECT_FALSE(environment->can_save());
  ByteWriter saved;
  environment->save(saved);
  EXPECT_TRUE(saved.bytes().empty());
  ByteReader reader(saved.bytes());
  EXPECT_TRUE(environment->restore(reader).ok());
}

TEST_F(DmlabEnvironments, ThatTellTheirLengthAreStaggered) {
  config.settings = "episode_frames=40";
  const auto cut_after = [&](const char* level) {
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < 3; ++i) environments.push_back(make(level).value());
    EXPECT_EQ(environments[0]->spec().episode_frames, 0) << "before one has begun";
    EnvironmentGroup group({.staggered = true}, std::move(environments));
    std::vector<std::uint8_t> pixels(3 * group.spec().observation_bytes());
    std::vector<std::uint8_t*> rows;
    for (int i = 0; i < 3; ++i) rows.push_back(pixels.data() + i * group.spec().observation_bytes());
    std::vector<std::int64_t> steps(3);
    for (int step = 1; step <= 10; ++step) {
      group.step(std::vector<RawAction>(3), rows);
      for (int i = 0; i < 3; ++i)
        if (group.results()[i].ended) steps[i] = group.ended_episode(i).agent_steps;
    }
    return steps;
  };
  // Of ten steps the fractions of 1, 2 and 3 times the golden ratio: 0.62, 0.24 and 0.85.
  EXPECT_EQ(cut_after("plain"), (std::vector<std::int64_t>{7, 3, 9}));
  EXPECT_EQ(cut_after("no_clock"), (std::vector<std::int64_t>{10, 10, 10}));
}

// ---- What is refused, at once.

TEST_F(DmlabEnvironments, SayWhatIsWrongWithAConfigWithoutStartingAnything) {
  const auto fault = [&](LevelConfig level, DmlabConfig dmlab, EnvironmentConfig picture = kSmall) {
    const auto made = DmlabEnvironment::create(level, dmlab, picture);
    return made.ok() ? "" : made.error().message;
  };
  const LevelConfig plain = {.name = "dmlab:plain"};
  EXPECT_EQ(fault({.name = "dmlab:"}, config),
            "level.name is dmlab:: expected dmlab: and the name of a level of DM Lab's");
  EXPECT_EQ(fault({.name = "dmlab:plain", .maze_width = 21}, config),
            "level.maze_width is 21 and level.name is dmlab:plain: expected DM Lab's own settings in "
            "dmlab.settings");
  EXPECT_EQ(fault(plain, config, {.width = 18}), "environment.width is 18: expected a multiple of 4");
  DmlabConfig other = config;
  other.library = "";
  EXPECT_EQ(fault(plain, other), "dmlab.library is not set: expected the path of DM Lab's shared library");
  other.library = "/nowhere/libdmlab.so";
  EXPECT_EQ(fault(plain, other),
            "dmlab.library /nowhere/libdmlab.so is not there: expected DM Lab's shared library");
  other = config;
  other.runfiles = "/nowhere";
  EXPECT_EQ(fault(plain, other), "dmlab.runfiles /nowhere is no folder: expected that of DM Lab's assets");
  other = config;
  other.host = "/nowhere/host";
  EXPECT_EQ(fault(plain, other),
            "dmlab.host /nowhere/host is no file: expected the program chrysalis-dmlab-host");
  other = config;
  other.settings = "episodeLengthSeconds=9";
  EXPECT_EQ(fault({.name = "dmlab:plain", .episode_seconds = 8}, other),
            "dmlab.settings sets episodeLengthSeconds, and so does level.episode_seconds: expected one of "
            "them");
}

TEST_F(DmlabEnvironments, TakeTheLengthOfAnEpisodeFromTheLevelsConfig) {
  const auto environment =
      DmlabEnvironment::create({.name = "dmlab:plain", .episode_seconds = 8}, config, kSmall).value();
  EXPECT_EQ(environment->spec().episode_frames, 480);
}

TEST_F(DmlabEnvironments, RefuseWhatIsNoLibraryOfDmLabs) {
  config.library = scratch("text").string();
  std::ofstream(config.library) << "no library\n";
  EXPECT_EQ(fault_of("plain").find("dmlab.library " + config.library + " cannot be loaded: "), 0u)
      << fault_of("plain");
  Dl_info libc{};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&std::abort), &libc), 0);
  config.library = fs::canonical(libc.dli_fname).string();
  EXPECT_EQ(fault_of("plain"),
            "dmlab.library " + config.library + " has no dmlab_connect: expected DM Lab's shared library");
}

TEST_F(DmlabEnvironments, RefuseALibraryOfAnotherLayout) {
  const std::string library = std::string("dmlab.library ") + CHRYSALIS_DMLAB_PEER;
  config.runfiles = runfiles("short_layout");
  EXPECT_EQ(fault_of("plain"), library + " has an API of another layout: 28 functions, expected 29");
  config.runfiles = runfiles("long_layout");
  EXPECT_EQ(fault_of("plain"), library + " has an API of another layout: 30 functions, expected 29");
  config.runfiles = "";
  EXPECT_EQ(fault_of("few_actions"),
            "DM Lab has no action JUMP in this level: its actions are LOOK_LEFT_RIGHT_PIXELS_PER_FRAME, "
            "LOOK_DOWN_UP_PIXELS_PER_FRAME, STRAFE_LEFT_RIGHT, MOVE_BACK_FORWARD, FIRE");
  EXPECT_EQ(fault_of("no_picture"), "DM Lab has no observation RGB_INTERLEAVED in this level");
  EXPECT_EQ(fault_of("other_shape"),
            "DM Lab's observation RGB_INTERLEAVED is not of bytes [12, 16, 3]: its library has another "
            "layout");
}

TEST_F(DmlabEnvironments, RefuseAnInstallationWithoutAssets) {
  const std::string connects =
      std::string("dmlab.library ") + CHRYSALIS_DMLAB_PEER + " does not connect with dmlab.runfiles ";
  config.runfiles = runfiles("empty");
  EXPECT_EQ(fault_of("plain"), connects + config.runfiles + ": the runfiles are missing (4)");
  config.runfiles = runfiles("nobody_knows");
  EXPECT_EQ(fault_of("plain"), connects + config.runfiles + ": nobody knows why (99)");
  config.runfiles = "";
  EXPECT_EQ(fault_of("missing"), "DM Lab cannot make level missing ready: Level not found: missing");
  EXPECT_EQ(fault_of("silent"), "DM Lab cannot make level silent ready: it does not say why");
}

TEST_F(DmlabEnvironments, RefuseSettingsThatTheLibraryRefuses) {
  config.settings = "refused=1";
  EXPECT_EQ(fault_of("plain"), "DM Lab refuses the setting refused = \"1\": Invalid value for 'refused'");
  config.settings = "nonsense=1";
  EXPECT_EQ(fault_of("plain"), "DM Lab cannot make level plain ready: Invalid setting 'nonsense'");
  config.settings = "long=" + std::string(dmlab::kMaxLaunchBytes, 'x');
  EXPECT_NE(fault_of("plain").find("expected less than 65536"), std::string::npos) << fault_of("plain");
}

TEST_F(DmlabEnvironments, SayThatTheLevelCacheCannotBeMade) {
  std::ofstream(scratch("file")) << "in the way";
  config.level_cache = scratch("file").string();
  config.faults_in_a_row = 1;
  EXPECT_NE(fault_of("plain").find("cannot make the level cache"), std::string::npos) << fault_of("plain");
}

TEST_F(DmlabEnvironments, SayWhatTheSystemRefuses) {
  config.faults_in_a_row = 1;
  config.host = scratch("host").string();
  std::ofstream(config.host) << "may not be run";
  EXPECT_EQ(fault_of("plain"), "cannot run " + config.host + ": Permission denied");
  config.host = "";
  config.temporary_folder += "/nowhere";
  EXPECT_EQ(fault_of("plain").find("cannot make a temporary folder in "), 0u) << fault_of("plain");
  config.temporary_folder = fs::path(config.temporary_folder).parent_path().string();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // One descriptor more each time, until there are enough.
  std::set<std::string> said;
  for (rlim_t limit = 10; limit < 100; ++limit) {
    const rlimit few = {.rlim_cur = limit, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    const std::string fault = fault_of("plain");
    setrlimit(RLIMIT_NOFILE, &before);
    if (fault.empty()) break;
    said.insert(fault);
  }
  EXPECT_EQ(said,
            (std::set<std::string>{
                "no descriptor for a process of DM Lab: Too many open files",
                "no memory to share with a process of DM Lab: Too many open files",
                "no socket for a process of DM Lab: Invalid argument; each takes two descriptors, raise "
                "`ulimit -n`",
                "no socket for a process of DM Lab: Too many open files; each takes two descriptors, "
                "raise `ulimit -n`"}));
}

// ---- What falls.

struct Fall {
  const char* level;
  const char* said;  // Part of what the run stops with.
  friend std::ostream& operator<<(std::ostream& out, const Fall& fall) { return out << fall.level; }
};

class DmlabFaults : public DmlabEnvironments, public testing::WithParamInterface<Fall> {
 protected:
  static bool hangs() { return std::string_view(GetParam().level).starts_with("hang"); }
  DmlabFaults() {
    // What hangs is waited for; nothing else may come near the limit on a busy machine.
    if (hangs()) config.start_seconds = config.step_seconds = 1.5;
  }
};

TEST_P(DmlabFaults, OnceLoseTheEpisodeAndAreForgotten) {
  const bool in_episode = std::string(GetParam().level).find("in_init") == std::string::npos &&
                          std::string(GetParam().level).find("in_start") == std::string::npos;
  config.settings = "fault_once=" + scratch("once").string();
  auto environment = make(GetParam().level).value();
  environment->reset(7);
  ASSERT_TRUE(environment->status().ok()) << environment->status().error().message;
  StepResult result;
  int steps = 0;
  while (!result.ended) {
    result = environment->step({});
    ++steps;
  }
  EXPECT_EQ(result.lost, in_episode);
  if (in_episode) {
    EXPECT_EQ(steps, 3);  // Frame 10 is in the third step of four frames.
    EXPECT_EQ(result.frames, 0);
    EXPECT_EQ(environment->process(), nullptr);
    EXPECT_EQ(picture_of(*environment), std::vector<std::uint8_t>(16 * 12 * 3));
    environment->reset(8);
    for (result = {}; !result.ended;) result = environment->step({});
    EXPECT_FALSE(result.lost);
  }
  EXPECT_TRUE(result.truncated);
  EXPECT_GE(environment->faults(), 1);
  EXPECT_TRUE(hangs() || environment->faults() == 1);
}

TEST_P(DmlabFaults, InARowStopTheRunWithTheReason) {
  config.faults_in_a_row = 2;
  const std::string said = fault_of(GetParam().level);
  EXPECT_EQ(said.find(std::string("dmlab:") + GetParam().level +
                      ": 2 processes fell in a row (dmlab.faults_in_a_row), the last: "),
            0u)
      << said;
  EXPECT_NE(said.find(GetParam().said), std::string::npos) << said;
}

INSTANTIATE_TEST_SUITE_P(
    Each, DmlabFaults,
    testing::Values(Fall{"exit_in_init", "exited with code 3: \"ERROR: could not open baselab/vm/game.qvm\""},
                    Fall{"exit_in_start", "exited with code 3: \"ERROR: could not open"},
                    Fall{"exit_in_advance", "exited with code 3: \"ERROR: could not open"},
                    Fall{"abort_in_init", "was ended by signal 6 (Aborted)"},
                    Fall{"abort_in_start", "was ended by signal 6 (Aborted)"},
                    Fall{"abort_in_advance", "was ended by signal 6 (Aborted)"},
                    Fall{"crash_in_advance", "was ended by signal 11 (Segmentation fault)"},
                    Fall{"hang_in_init", "has not answered for 1.5 s"},
                    Fall{"hang_in_start", "has not answered for 1.5 s"},
                    Fall{"hang_in_advance", "has not answered for 1.5 s"},
                    Fall{"error_in_start",
                         "DM Lab cannot start an episode with seed 1: [string \"level.lua\"]:7: "
                         "attempt to index a nil value"},
                    Fall{"error_in_advance",
                         "DM Lab stopped in the midst of an episode (error): [string "
                         "\"level.lua\"]:9: attempt to call a nil value"}),
    [](const auto& name) { return name.param.level; });

TEST_F(DmlabEnvironments, StopWithWhatALibraryOfOtherMannersAnswers) {
  config.faults_in_a_row = 1;
  EXPECT_EQ(fault_of("interrupted"),
            "DM Lab stopped in the midst of an episode (interrupted): it does not say why");
  EXPECT_EQ(fault_of("odd_status"), "DM Lab answers 7 to a step: its library has another layout");
  EXPECT_EQ(fault_of("shrinking"), "DM Lab's picture is not [12, 16, 3] any more");
}

TEST_F(DmlabEnvironments, AreLostForGoodAfterTooManyFaultsAndSayBlackToEverything) {
  config.faults_in_a_row = 2;
  auto environment = make("exit_in_start").value();
  environment->reset(1);
  EXPECT_FALSE(environment->status().ok());
  EXPECT_TRUE(environment->step({}).lost);
  EXPECT_EQ(picture_of(*environment), std::vector<std::uint8_t>(16 * 12 * 3));
  environment->begin_reset(1);
  environment->reset(1);
  environment->begin_step({});
  EXPECT_TRUE(environment->step({}).lost);
  EXPECT_EQ(environment->faults(), 2);
}

// ---- What is killed.

TEST_F(DmlabEnvironments, ReplaceWhicheverOfTheirProcessesIsKilled) {
  auto environment = make("plain").value();
  for (const bool keeper : {false, true, false, true}) {
    environment->reset(1);
    environment->step({});
    const pid_t engine = engine_of(*environment);
    ASSERT_NE(engine, 0);
    kill(keeper ? environment->process()->pid() : engine, SIGKILL);
    while (std::ranges::count(marked_processes(), engine) > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    StepResult result = environment->step({});
    EXPECT_TRUE(result.lost && result.ended);
    environment->reset(2);
    for (result = {}; !result.ended;) result = environment->step({});
    EXPECT_FALSE(result.lost);
  }
  EXPECT_EQ(environment->faults(), 4);
}

TEST_F(DmlabEnvironments, EndWhatTheLibraryStarted) {
  auto environment = make("parent").value();
  environment->reset(1);
  EXPECT_EQ(marked_processes().size(), 3u);  // Keeper, engine, and the library's own.
}

// Runs `work` in a process of its own, which tells when it is where it should be and is then killed.
void run_and_kill(const std::function<void(const std::function<void()>& tell)>& work, pid_t* also = nullptr) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    work([&] {
      const pid_t number = also == nullptr ? 0 : *also;
      if (write(ready[1], &number, sizeof number) != sizeof number) _exit(1);
    });
    pause();
    _exit(0);
  }
  close(ready[1]);
  pid_t keeper = 0;
  EXPECT_EQ(read(ready[0], &keeper, sizeof keeper), static_cast<ssize_t>(sizeof keeper));
  close(ready[0]);
  if (keeper > 0) kill(keeper, SIGSTOP);  // So that it cannot do its work before it is killed too.
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  if (keeper > 0) kill(keeper, SIGKILL);
}

TEST_F(DmlabEnvironments, LeaveNothingWhereTheProgramIsKilled) {
  run_and_kill([&](const auto& tell) {
    auto environment = make("plain").value();
    environment->reset(1);
    environment->step({});
    tell();
    pause();
  });
}

TEST_F(DmlabEnvironments, LeaveNothingWhereTheProgramIsKilledWhileTheLibraryHangs) {
  run_and_kill([&](const auto& tell) {
    auto environment = make("hang_in_advance").value();
    environment->reset(1);
    environment->step({});
    environment->step({});
    environment->begin_step({});
    tell();
    environment->step({});
  });
}

TEST_F(DmlabEnvironments, LeaveNothingWhereTheProgramIsKilledWhileItStarts) {
  run_and_kill([&](const auto& tell) {
    auto environment = make("hang_in_init").value();
    environment->begin_reset(1);
    tell();
    environment->reset(1);
  });
}

// Only then nobody is left to remove the folder but whoever makes the next one.
TEST_F(DmlabEnvironments, LeaveAFolderWhereProgramAndKeeperAreKilledAtOnceWhichTheNextRemoves) {
  pid_t keeper = 0;
  run_and_kill(
      [&](const auto& tell) {
        auto environment = make("plain").value();
        environment->reset(1);
        keeper = environment->process()->pid();
        tell();
        pause();
      },
      &keeper);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!marked_processes().empty() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(marked_processes().empty());  // The engine went with its keeper.
  EXPECT_EQ(belongings(config.temporary_folder).files, 2);
  make("plain").value()->reset(1);
}

TEST_F(DmlabEnvironments, EndWithTheirOwnerWhileAForkedChildHasThemToo) {
  auto environment = make("plain").value();
  environment->reset(1);
  int stay[2];
  ASSERT_EQ(pipe(stay), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    close(stay[1]);
    _exit(read(stay[0], &byte, 1) == 0 ? 0 : 1);
  }
  environment.reset();
  EXPECT_TRUE(marked_processes().empty());
  EXPECT_EQ(belongings(config.temporary_folder).files, 0);
  EXPECT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "it is still there";
  close(stay[0]);
  close(stay[1]);
  waitpid(child, nullptr, 0);
}

TEST_F(DmlabEnvironments, DoNotEndWithAForkedChildThatLetsGoOfThem) {
  auto environment = make("plain").value();
  environment->reset(1);
  const pid_t child = fork();
  if (child == 0) {
    environment.reset();
    _exit(belongings(config.temporary_folder).files > 0 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_FALSE(environment->step({}).lost);
  EXPECT_EQ(environment->faults(), 0);
}

// ---- What proves an installation.

TEST_F(DmlabEnvironments, AreTriedOnceByWhoeverMakesMany) {
  const LevelConfig plain = {.name = "dmlab:plain"};
  EXPECT_TRUE(try_environment(plain, kSmall, config).ok());
  EXPECT_EQ(make_environment(plain, kSmall, config).value()->spec().level, "dmlab:plain");
  EXPECT_EQ(try_environment({.name = "dmlab:missing"}, kSmall, config).error().message,
            "DM Lab cannot make level missing ready: Level not found: missing");
  EXPECT_EQ(try_environment({.name = "dmlab:exit_in_start"}, kSmall, config).error().message.find("process "),
            0u);  // After one fault, and not after five.
  EXPECT_EQ(try_environment(plain, kSmall, {}).error().message,
            "dmlab.library is not set: expected the path of DM Lab's shared library");
  EXPECT_TRUE(try_environment({.name = "seek_apples"}, kSmall, {}).ok());
  EXPECT_FALSE(try_environment({.name = "seek_aples"}, kSmall, {}).ok());
}

TEST_F(DmlabEnvironments, ProveAnInstallation) {
  const auto proof = prove_dmlab({.name = "dmlab:plain"}, kSmall, config, 0.01);
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  EXPECT_EQ(proof->picture.size(), 16u * 12 * 3);
  EXPECT_NE(proof->picture, std::vector<std::uint8_t>(16 * 12 * 3));
  EXPECT_GT(proof->agent_steps, 0);
  EXPECT_GT(proof->agent_steps_per_s, 0);
  EXPECT_GT(proof->start_seconds, 0);
  EXPECT_GT(proof->restart_seconds, 0);
  EXPECT_EQ(prove_dmlab({.name = "dmlab:missing"}, kSmall, config, 0.01).error().message,
            "DM Lab cannot make level missing ready: Level not found: missing");
  EXPECT_NE(
      prove_dmlab({.name = "dmlab:abort_in_advance"}, kSmall, config, 1).error().message.find("signal 6"),
      std::string::npos);
}

TEST_F(DmlabEnvironments, FindCompiledMapsInTheirCache) {
  config.level_cache = scratch("maps").string();
  config.runfiles = runfiles("assets");
  std::ofstream(fs::path(config.runfiles) / "cached.map") << "walls";
  const auto first_reward = [&] {
    auto environment = make("cached").value();
    environment->reset(1);
    return environment->step({}).reward;
  };
  EXPECT_LT(first_reward(), 1000);
  EXPECT_GE(first_reward(), 1000);
  std::ofstream(fs::path(config.runfiles) / "cached.map") << "other walls";
  EXPECT_LT(first_reward(), 1000);
}

// ---- The host by itself.

TEST(DmlabHost, SaysWhatItIsWhereAPersonRunsIt) {
  const std::string command = find_dmlab_host("").value().string() + " 2>&1 3<&- 4<&- 5<&- 6<&-";
  FILE* run = popen(command.c_str(), "r");
  ASSERT_NE(run, nullptr);
  std::array<char, 200> line = {};
  EXPECT_NE(fgets(line.data(), line.size(), run), nullptr);
  EXPECT_EQ(WEXITSTATUS(pclose(run)), 2);
  EXPECT_STREQ(
      line.data(),
      "chrysalis-dmlab-host: this is the other half of chrysalis, which starts it where a level is DM "
      "Lab's\n");
}

TEST(DmlabHost, IsFoundInAnInstallation) {
  const TemporaryFolder scratch = TemporaryFolder::create({}, "chrysalis-host-test").value();
  const fs::path bin = scratch.path() / "bin", libexec = scratch.path() / "libexec" / "chrysalis";
  EXPECT_EQ(find_dmlab_host("", {bin}).error().message, "chrysalis-dmlab-host is neither in " + bin.string() +
                                                            " nor in " + libexec.string() +
                                                            ": expected its path in dmlab.host");
  fs::create_directories(libexec);
  std::ofstream(libexec / "chrysalis-dmlab-host") << "there";
  EXPECT_EQ(find_dmlab_host("", {scratch.path() / "elsewhere/bin", bin}).value(),
            libexec / "chrysalis-dmlab-host");
}

TEST(DmlabHost, IsFoundWhereItIsConfigured) {
  const auto beside = find_dmlab_host("");
  ASSERT_TRUE(beside.ok()) << beside.error().message;
  EXPECT_EQ(find_dmlab_host(beside->string()).value(), *beside);
}

TEST(DmlabLaunch, ReadsBackAsItWasWrittenAndNoOtherVersion) {
  const dmlab::Launch launch{.library = "l",
                             .runfiles = "r",
                             .hardware_renderer = true,
                             .level = "v",
                             .width = 4,
                             .height = 8,
                             .settings = {{"a", "b"}, {"c", ""}},
                             .level_cache = "c",
                             .level_cache_bytes = 5,
                             .temporary_folder = "t"};
  std::vector<std::uint8_t> bytes = launch.bytes();
  const auto read = dmlab::Launch::read(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->bytes(), bytes);
  EXPECT_EQ(read->settings, launch.settings);
  const auto cut = dmlab::Launch::read(std::span(bytes).first(bytes.size() - 1));
  EXPECT_EQ(cut.error().message, "chrysalis-dmlab-host was launched with a malformed message");
  bytes[0] = 77;
  EXPECT_EQ(dmlab::Launch::read(bytes).error().message,
            "chrysalis-dmlab-host is of another build than the program that started it: it speaks version 1, "
            "the program 77");
}

}  // namespace
}  // namespace chrysalis
