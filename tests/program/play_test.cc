// A person at the window: what keys and mouse do, what is on the screen, what a recording keeps, and that its
// replay is the same to the bit.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "chrysalis/cli/recording.h"
#include "chrysalis/cli/window.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/render/renderer.h"
#include "chrysalis/store/scratch_directory_test.h"
#include "chrysalis/world/view.h"
#include "program.h"
#include "virtual_display.h"

namespace chrysalis {
namespace {

constexpr int kWidth = 160;
constexpr int kHeight = 120;
constexpr int kScale = 2;
const Arguments kPlay = {"play",     "seek_apples",
                         "--seed",   "3",
                         "--set",    "level.episode_seconds=300",
                         "--width",  std::to_string(kWidth),
                         "--scale",  std::to_string(kScale),
                         "--height", std::to_string(kHeight)};

// SDL's driver without a screen, a keyboard or a mouse.
class Blind {
 public:
  Blind() { ::setenv("SDL_VIDEODRIVER", "dummy", 1); }
  Blind(const Blind&) = delete;
  ~Blind() { ::unsetenv("SDL_VIDEODRIVER"); }
};

Recording recording_at(const std::filesystem::path& path) {
  std::ifstream in(path);
  auto recording = read_recording(in, path);
  EXPECT_TRUE(recording.ok()) << recording.error().message;
  return recording.ok() ? *recording : Recording();
}

// The sum of a part over all frames.
std::int64_t sum_of(const Recording& recording, int RawAction::*part) {
  std::int64_t sum = 0;
  for (const Recording::Frame& frame : recording.frames) sum += frame.action.*part;
  return sum;
}

// The number of frames in what `play` and `replay` say of seed 3.
std::size_t told_frames(const std::string& out) {
  const std::string begin = "seek_apples, seed 3: ";
  EXPECT_TRUE(out.starts_with(begin)) << out;
  std::size_t frames = 0;
  for (const char c : out.substr(std::min(begin.size(), out.size()))) {
    if (c == ' ') break;
    if (c != ',') frames = 10 * frames + static_cast<std::size_t>(c - '0');
  }
  return frames;
}

bool any_frame(const Recording& recording, const RawAction& action) {
  return std::ranges::any_of(recording.frames,
                             [&](const Recording::Frame& frame) { return frame.action == action; });
}

bool is_playing(VirtualDisplay& display) {
  const std::string title = display.title();
  return title.find(" left") != std::string::npos && title.find("paused") == std::string::npos;
}

bool is_paused(VirtualDisplay& display) {
  return display.title().find("paused: P goes on") != std::string::npos;
}

// What the window shows after the recording's last frame.
std::vector<std::uint8_t> last_picture(const Recording& recording) {
  LevelConfig config{.name = "seek_apples", .episode_seconds = 300};
  const auto level = make_level(config).value();
  level->start(RandomKey(3));
  for (const Recording::Frame& frame : recording.frames) level->step(frame.action);
  Renderer renderer(kWidth, kHeight);
  std::vector<std::uint8_t> rgb(renderer.picture_bytes());
  renderer.render(level->world(), view_of(level->world(), 0), rgb);
  return rgb;
}

// The picture that fills a window.
std::vector<std::uint8_t> picture_on(const Screenshot& screen) {
  std::vector<std::uint8_t> rgb;
  for (int row = 0; row < kHeight; ++row)
    for (int column = 0; column < kWidth; ++column)
      for (int channel = 0; channel < 3; ++channel)
        rgb.push_back(screen.rgb.at(
            static_cast<std::size_t>((row * kScale * screen.width + column * kScale) * 3 + channel)));
  return rgb;
}

// The picture magnified in the middle of a window, black around it.
Screenshot screen_of(const std::vector<std::uint8_t>& picture, int width, int height) {
  Screenshot screen{.width = width, .height = height, .rgb = {}};
  const int left = (width - kWidth * kScale) / 2;
  const int top = (height - kHeight * kScale) / 2;
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const int x = column - left;
      const int y = row - top;
      const bool inside = x >= 0 && y >= 0 && x < kWidth * kScale && y < kHeight * kScale;
      for (int channel = 0; channel < 3; ++channel)
        screen.rgb.push_back(
            inside ? picture[static_cast<std::size_t>((y / kScale * kWidth + x / kScale) * 3 + channel)] : 0);
    }
  }
  return screen;
}

TEST(Play, KeysAndMouseAreTheRawActionsThatReplayRepeats) {
  const ScratchDirectory scratch;
  VirtualDisplay display;
  Program program(kPlay + Arguments{"--record", "a.csv"}, scratch.path());
  const auto recorded = [&](const RawAction& action) {
    return program.wait_for([&] { return any_frame(recording_at(scratch / "a.csv.part"), action); });
  };
  ASSERT_TRUE(program.wait_for([&] { return is_playing(display); })) << program.err();
  EXPECT_TRUE(display.title().starts_with("seek_apples   ")) << display.title();

  const std::vector<std::pair<std::string, RawAction>> keys = {
      {"w", {.move_forward = 1}},     {"Down", {.move_forward = -1}}, {"a", {.strafe_right = -1}},
      {"Right", {.strafe_right = 1}}, {"space", {.jump = 1}},         {"Control_L", {.crouch = 1}},
      {"c", {.crouch = 1}},
  };
  for (const auto& [key, action] : keys) {
    display.press(key);
    EXPECT_TRUE(recorded(action)) << key << program.err();
    display.release(key);
  }
  display.press_left_button();
  EXPECT_TRUE(recorded({.fire = 1})) << program.err();
  display.release_left_button();
  display.press("w");
  display.press("d");
  EXPECT_TRUE(recorded({.strafe_right = 1, .move_forward = 1})) << program.err();
  display.release("d");
  // More than a frame can turn, and more than the screen is wide.
  // Each other than the one before: SDL takes two of one kind in one ms for one.
  for (int i = 0; i < 10; ++i) display.move_mouse(160 + i, -3);
  EXPECT_TRUE(program.wait_for([&] {
    return sum_of(recording_at(scratch / "a.csv.part"), &RawAction::look_right) == 1645;
  })) << program.err();
  display.release("w");
  display.tap("Escape");

  const ProgramOutcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const Recording recording = recording_at(scratch / "a.csv");
  EXPECT_EQ(sum_of(recording, &RawAction::look_right), 1645);
  EXPECT_EQ(sum_of(recording, &RawAction::look_down), -30);
  EXPECT_FALSE(std::filesystem::exists(scratch / "a.csv.part"));
  EXPECT_EQ(told_frames(outcome.out), recording.frames.size());
  EXPECT_NE(outcome.out.find("\na.csv: play it again with chrysalis replay --actions a.csv\n"),
            std::string::npos)
      << outcome.out;

  const ProgramOutcome replayed = run({"replay", "--actions", "a.csv", "--out", "b.csv"}, scratch.path());
  EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
  EXPECT_NE(replayed.out.find(fmt::format("all {} hashes as recorded", recording.hashes.size())),
            std::string::npos)
      << replayed.out;
  // The same level, frames and return.
  EXPECT_EQ(told_frames(replayed.out), recording.frames.size());
  const auto return_in = [](const std::string& text) {
    return std::stoi(text.substr(text.find("return ") + 7));
  };
  EXPECT_EQ(return_in(replayed.out), return_in(outcome.out));
}

TEST(Play, TheScreenShowsTheWorldAlsoInAPauseAndInAnotherSize) {
  const ScratchDirectory scratch;
  VirtualDisplay display;
  Program program(kPlay + Arguments{"--record", "a.csv"}, scratch.path());
  ASSERT_TRUE(program.wait_for([&] { return is_playing(display); })) << program.err();
  display.move_mouse(333, 20);
  ASSERT_TRUE(program.wait_for(
      [&] { return sum_of(recording_at(scratch / "a.csv.part"), &RawAction::look_right) == 333; }));
  display.tap("p");
  ASSERT_TRUE(program.wait_for([&] { return is_paused(display); })) << program.err();
  const std::string title = display.title();
  const Screenshot first = display.screenshot();
  EXPECT_TRUE(first == screen_of(picture_on(first), kWidth * kScale, kHeight * kScale));
  // Nothing that is done in a pause reaches the world.
  display.tap("w");
  display.move_mouse(100, 100);
  display.tap("space");
  display.resize(400, 240);
  const Screenshot resized = screen_of(picture_on(first), 400, 240);
  EXPECT_TRUE(program.wait_for([&] { return display.screenshot() == resized; }));
  EXPECT_EQ(display.title(), title);
  display.tap("Escape");
  ASSERT_EQ(program.wait().exit_code, 0);

  const Recording recording = recording_at(scratch / "a.csv");
  EXPECT_EQ(sum_of(recording, &RawAction::look_right), 333);
  EXPECT_EQ(sum_of(recording, &RawAction::move_forward) + sum_of(recording, &RawAction::jump), 0);
  EXPECT_TRUE(picture_on(first) == last_picture(recording));
}

TEST(Play, APauseEndsWhereItBeganAndLosingTheKeysIsOne) {
  const ScratchDirectory scratch;
  VirtualDisplay display;
  Program program(kPlay + Arguments{"--record", "a.csv"}, scratch.path());
  ASSERT_TRUE(program.wait_for([&] { return is_playing(display); })) << program.err();
  display.press("w");
  display.tap("p");
  ASSERT_TRUE(program.wait_for([&] { return is_paused(display); }));
  display.tap("p");
  ASSERT_TRUE(program.wait_for([&] { return is_playing(display); }));
  display.look_away();
  ASSERT_TRUE(program.wait_for([&] { return is_paused(display); }));
  display.ask_to_close();
  const ProgramOutcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(run({"replay", "--actions", "a.csv"}, scratch.path()).exit_code, 0);
}

TEST(Play, ClosingTheWindowKeepsEveryFrame) {
  const ScratchDirectory scratch;
  VirtualDisplay display;
  Program program(kPlay + Arguments{"--record", "a.csv"}, scratch.path());
  ASSERT_TRUE(program.wait_for([&] { return is_playing(display); })) << program.err();
  ASSERT_TRUE(program.wait_for([&] { return !recording_at(scratch / "a.csv.part").frames.empty(); }));
  display.ask_to_close();
  const ProgramOutcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const Recording recording = recording_at(scratch / "a.csv");
  EXPECT_EQ(told_frames(outcome.out), recording.frames.size());
  EXPECT_EQ(recording.hashes.back().frame, static_cast<std::int64_t>(recording.frames.size()));
}

TEST(Play, AMouseOfAnotherSensitivityTurnsOtherwise) {
  const ScratchDirectory scratch;
  VirtualDisplay display;
  Program program(kPlay + Arguments{"--record", "a.csv", "--sensitivity", "0.5"}, scratch.path());
  ASSERT_TRUE(program.wait_for([&] { return is_playing(display); })) << program.err();
  display.move_mouse(60, 0);
  EXPECT_TRUE(program.wait_for(
      [&] { return sum_of(recording_at(scratch / "a.csv.part"), &RawAction::look_right) == 30; }));
}

TEST(Play, ACrosshairMarksTheMiddle) {
  VirtualDisplay display;
  auto window = Window::open(
      {.title = "x", .picture_width = kWidth, .picture_height = kHeight, .scale = kScale, .crosshair = true});
  ASSERT_TRUE(window.ok()) << window.error().message;
  const std::vector<std::uint8_t> picture(kWidth * kHeight * 3, 100);
  ASSERT_TRUE(window->show(picture).ok());
  const Screenshot plain = screen_of(picture, kWidth * kScale, kHeight * kScale);
  Screenshot shot = display.screenshot();
  ASSERT_EQ(shot.rgb.size(), plain.rgb.size());
  std::int64_t column_sum = 0;
  std::int64_t row_sum = 0;
  std::int64_t marked = 0;
  for (int row = 0; row < shot.height; ++row) {
    for (int column = 0; column < shot.width; ++column) {
      const std::uint8_t level = shot.rgb[static_cast<std::size_t>((row * shot.width + column) * 3)];
      if (level == 100) continue;
      EXPECT_EQ(level, 255);
      ++marked;
      column_sum += 2 * column + 1 - shot.width;
      row_sum += 2 * row + 1 - shot.height;
    }
  }
  EXPECT_EQ(marked, 2 * 8 * 2 - 2 * 2);
  EXPECT_EQ(column_sum, 0);
  EXPECT_EQ(row_sum, 0);
}

TEST(Play, EndsWithTheEpisodeOrAfterTheFramesThatWereAsked) {
  const ScratchDirectory scratch;
  const Blind blind;
  const Arguments second = {"--set", "level.episode_seconds=1"};
  const auto outcomes =
      run_all({kPlay + second + Arguments{"--record", "a.csv"},
               kPlay + second + Arguments{"--record", "b.csv", "--frames", "1000"},
               kPlay + Arguments{"--record", "c.csv", "--frames", "7"}, kPlay + Arguments{"--frames", "7"}},
              scratch.path());
  const std::vector<std::string> told = {
      "seek_apples, seed 3: 60 of 60 frames, return 0\na.csv: play it again with chrysalis replay --actions "
      "a.csv\n",
      "seek_apples, seed 3: 60 of 60 frames, return 0\nb.csv: play it again with chrysalis replay --actions "
      "b.csv\n",
      "seek_apples, seed 3: 7 of 18,000 frames, return 0\nc.csv: play it again with chrysalis replay "
      "--actions c.csv\n",
      "seek_apples, seed 3: 7 of 18,000 frames, return 0\n"};
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(outcomes[i].exit_code, 0) << outcomes[i].err;
    EXPECT_EQ(outcomes[i].out, told[i]);
  }
  EXPECT_EQ(recording_at(scratch / "a.csv").frames.size(), 60u);
  EXPECT_EQ(recording_at(scratch / "c.csv").frames.size(), 7u);
  EXPECT_EQ(listing(scratch.path()).size(), 3u);
}

TEST(Play, AnInterruptEndsItWithEveryFrame) {
  const ScratchDirectory scratch;
  const Blind blind;
  for (const int signal : {SIGINT, SIGTERM}) {
    Program program(kPlay + Arguments{"--record", "a.csv"}, scratch.path());
    ASSERT_TRUE(program.wait_for([&] {
      std::error_code none_yet;
      return std::filesystem::exists(scratch / "a.csv.part", none_yet) &&
             !recording_at(scratch / "a.csv.part").frames.empty();
    })) << program.err();
    program.send(signal);
    const ProgramOutcome outcome = program.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const Recording recording = recording_at(scratch / "a.csv");
    EXPECT_EQ(told_frames(outcome.out), recording.frames.size());
    const ProgramOutcome replayed = run({"replay", "--actions", "a.csv"}, scratch.path());
    EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
    EXPECT_EQ(listing(scratch.path()).size(), 1u);
  }
}

TEST(Play, AKilledPlayLeavesWhatReplayTakes) {
  const ScratchDirectory scratch;
  const Blind blind;
  Program program(kPlay + Arguments{"--record", "a.csv"}, scratch.path());
  ASSERT_TRUE(program.wait_for([&] {
    std::error_code none_yet;
    return std::filesystem::exists(scratch / "a.csv.part", none_yet) &&
           !recording_at(scratch / "a.csv.part").frames.empty();
  })) << program.err();
  program.send(SIGKILL);
  EXPECT_EQ(program.wait().signal, SIGKILL);
  const ProgramOutcome replayed = run({"replay", "--actions", "a.csv.part"}, scratch.path());
  EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
  EXPECT_NE(replayed.out.find(" hashes as recorded"), std::string::npos) << replayed.out;
}

TEST(Play, AFullDiskEndsItWithAnErrorAndKeepsTheWholeSeconds) {
  const ScratchDirectory scratch;
  const Blind blind;
  const ProgramOutcome outcome =
      Program(kPlay + Arguments{"--record", "a.csv", "--frames", "600"}, scratch.path(), /*file_bytes=*/2500)
          .wait();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "error: a.csv.part: cannot write the file: File too large\n");
  const Recording recording = recording_at(scratch / "a.csv.part");
  EXPECT_GE(recording.frames.size(), 60u);
  EXPECT_EQ(recording.frames.size() % 60, 0u);
  EXPECT_EQ(run({"replay", "--actions", "a.csv.part"}, scratch.path()).exit_code, 0);
}

TEST(Play, AReplayTakesWhatTheRecordingSaysAndRefusesToContradictIt) {
  const ScratchDirectory scratch;
  const Blind blind;
  ASSERT_EQ(run(kPlay + Arguments{"--record", "a.csv", "--frames", "65"}, scratch.path()).exit_code, 0);
  const auto replay = [&](const Arguments& more) {
    return run(Arguments{"replay", "--actions", "a.csv"} + more, scratch.path());
  };
  // What the options repeat is no contradiction.
  const ProgramOutcome same =
      replay({"--level", "seek_apples", "--seed", "3", "--set", "level.episode_seconds=300", "--set",
              "environment.width=20", "--out", "out.csv"});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_EQ(same.out, "seek_apples, seed 3: 65 frames, return 0, all 3 hashes as recorded\n");
  std::stringstream rows(text_of_file(scratch / "out.csv"));
  std::string row;
  std::int64_t count = 0;
  while (std::getline(rows, row)) ++count;
  EXPECT_EQ(count, 66);
  const std::vector<std::pair<Arguments, std::string>> refused = {
      {{"--level", "nav_maze_static_01"},
       "error: a.csv is a recording of level.name=seek_apples, and level.name=nav_maze_static_01 is asked "
       "for: "
       "leave the option out\n"},
      {{"--seed", "4"},
       "error: a.csv is a recording of seed 3, and seed 4 is asked for: leave the option out\n"},
      {{"--set", "level.episode_seconds=30"},
       "error: a.csv is a recording of level.episode_seconds=300, and level.episode_seconds=30 is asked for: "
       "leave the option out\n"},
  };
  for (const auto& [more, told] : refused) {
    const ProgramOutcome outcome = replay(more + Arguments{"--out", "none.csv"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.err, told);
  }
  const std::string recorded = text_of_file(scratch / "a.csv");
  const ProgramOutcome itself = replay({"--out", "./a.csv"});
  EXPECT_EQ(itself.exit_code, 2);
  EXPECT_EQ(itself.err, "error: --out ./a.csv is the file of --actions: expected another\n");
  EXPECT_EQ(text_of_file(scratch / "a.csv"), recorded);
  EXPECT_FALSE(std::filesystem::exists(scratch / "none.csv"));
}

TEST(Play, AReplayFindsTheFirstFrameThatIsNotAsRecorded) {
  const ScratchDirectory scratch;
  const Blind blind;
  ASSERT_EQ(run(kPlay + Arguments{"--record", "a.csv", "--frames", "130"}, scratch.path()).exit_code, 0);
  const std::string text = text_of_file(scratch / "a.csv");
  const auto replay = [&](const std::string& from, const std::string& to, std::size_t begin = 0) {
    std::string changed = text;
    const std::size_t at = changed.find(from, begin);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) changed.replace(at, from.size(), to);
    put_text(scratch / "b.csv", changed);
    return run({"replay", "--actions", "b.csv", "--out", "none.csv"}, scratch.path());
  };
  // Lines: 5 of the header, the hash of frame 0, frames 1 to 60, the hash of frame 60.
  const std::size_t after_60 = text.find("# hash 60 ");
  const ProgramOutcome early = replay("\n0,0,0,0,0,0,0\n", "\n1,0,0,0,0,0,0\n");
  EXPECT_EQ(early.exit_code, 2);
  EXPECT_EQ(early.out, "");
  EXPECT_TRUE(early.err.starts_with("error: b.csv:67: at frame 60 the world's hash is ")) << early.err;
  EXPECT_TRUE(early.err.ends_with(": the actions, the level or the program changed\n")) << early.err;
  const ProgramOutcome late = replay("\n0,0,0,0,0,0,0\n", "\n0,0,0,1,0,0,0\n", after_60);
  EXPECT_EQ(late.exit_code, 2);
  EXPECT_TRUE(late.err.starts_with("error: b.csv:128: at frame 120 ")) << late.err;
  const ProgramOutcome seed = replay("# seed 3", "# seed 4");
  EXPECT_EQ(seed.exit_code, 2);
  EXPECT_TRUE(seed.err.starts_with("error: b.csv:6: at frame 0 ")) << seed.err;
  const ProgramOutcome missing = replay("\n0,0,0,0,0,0,0\n", "\n");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_EQ(missing.err,
            "error: b.csv:66: the hash of frame 60 stands after frame 59: lines are missing or were added\n");
  const ProgramOutcome setting = replay("# set level.episode_seconds=300", "# set level.episode_second=300");
  EXPECT_EQ(setting.exit_code, 2);
  EXPECT_TRUE(setting.err.starts_with("error: b.csv: unknown key 'level.episode_second', ")) << setting.err;
  EXPECT_FALSE(std::filesystem::exists(scratch / "none.csv"));
}

TEST(Play, RefusesBeforeAWindowOpens) {
  const ScratchDirectory scratch;
  const Blind blind;
  put_text(scratch / "file", "x");
  put_text(scratch / "left.csv.part", "x");
  put_text(scratch / "plain.csv", "# level seek_apples\n0,0,0,0,0,0,0\n");
  const auto before = listing(scratch.path());
  const Arguments record = {"play", "seek_apples", "--record"};
  const std::vector<std::pair<Arguments, std::string>> refused = {
      {{"play", "seek_aples"}, "unknown level 'seek_aples', did you mean 'seek_apples'?"},
      {{"play"}, "chrysalis play: level is required"},
      {{"play", "seek_apples", "--recrod", "x.csv"}, "'--recrod', did you mean '--record'?"},
      {{"play", "seek_apples", "--frames", "0"}, "--frames"},
      {{"play", "seek_apples", "--scale", "9"}, "--scale"},
      {{"play", "seek_apples", "--sensitivity", "0"}, "--sensitivity"},
      {{"play", "seek_apples", "--seed", "-1"}, "--seed"},
      {{"play", "seek_apples", "--width", "638"}, "environment.width is 638: expected a multiple of 4"},
      {{"play", "seek_apples", "--height", "4096"},
       "environment.height is \"4096\": expected a whole number"},
      {{"play", "seek_apples", "--set", "level.maze_width=21"}, "level 'seek_apples' does not use it"},
      {record + Arguments{"no/x.csv"}, "--record no/x.csv: there is no directory no: create it first"},
      {record + Arguments{"."}, "--record .: expected the name of a file, found a directory"},
      {record + Arguments{"left.csv"}, "left.csv.part: left by a recording that was cut short"},
      {{"replay", "--actions", "plain.csv"}, "plain.csv does not say which level it is of: expected --level"},
  };
  std::vector<Arguments> all;
  for (const auto& [arguments, told] : refused) all.push_back(arguments);
  const auto outcomes = run_all(all, scratch.path());
  for (std::size_t i = 0; i < refused.size(); ++i) {
    EXPECT_EQ(outcomes[i].exit_code, 2) << refused[i].second;
    EXPECT_EQ(outcomes[i].out, "");
    EXPECT_TRUE(outcomes[i].err.starts_with("error: ")) << outcomes[i].err;
    EXPECT_EQ(outcomes[i].err.find('\n'), outcomes[i].err.size() - 1) << outcomes[i].err;
    EXPECT_NE(outcomes[i].err.find(refused[i].second), std::string::npos) << outcomes[i].err;
  }
  const ProgramOutcome machine = run(record + Arguments{"file/x.csv"}, scratch.path());
  EXPECT_EQ(machine.exit_code, 1);
  EXPECT_EQ(machine.err, "error: --record file/x.csv: cannot write there: Not a directory\n");
  EXPECT_EQ(listing(scratch.path()), before);
}

TEST(Play, WithoutADisplaySdlsReasonIsTold) {
  const ScratchDirectory scratch;
  const auto play = [&](const char* driver) {
    ::setenv("SDL_VIDEODRIVER", driver, 1);
    ::setenv("DISPLAY", ":60999", 1);
    const ProgramOutcome outcome = run(kPlay + Arguments{"--record", "a.csv"}, scratch.path());
    ::unsetenv("SDL_VIDEODRIVER");
    ::unsetenv("DISPLAY");
    return outcome;
  };
  const std::string mend =
      "; chrysalis play needs a screen: run it on a desktop, with DISPLAY or WAYLAND_DISPLAY set\n";
  const ProgramOutcome none = play("x11");
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.err, "error: cannot open a window: SDL says 'x11 not available'" + mend);
  const ProgramOutcome unknown = play("x12");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(unknown.err, "error: cannot open a window: SDL says 'x12 not available'" + mend);
  EXPECT_EQ(listing(scratch.path()), std::vector<std::string>{});
}

}  // namespace
}  // namespace chrysalis
