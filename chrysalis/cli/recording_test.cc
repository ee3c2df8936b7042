#include "chrysalis/cli/recording.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <sstream>

#include "chrysalis/levels/catalog.h"
#include "chrysalis/store/scratch_directory_test.h"

namespace chrysalis {
namespace {

constexpr std::uint64_t kSeed = 18'446'744'073'709'551'615u;

Recording recording_of(const std::string& text) {
  std::istringstream in(text);
  auto recording = read_recording(in, "a.csv");
  EXPECT_TRUE(recording.ok()) << recording.error().message;
  return *recording;
}

std::string fault_of(const std::string& text) {
  std::istringstream in(text);
  const auto recording = read_recording(in, "a.csv");
  return recording.ok() ? "" : fmt::format("{} {}", recording.error().exit_code(), recording.error().message);
}

// Plays and records frames that differ from each other.
class Episode {
 public:
  explicit Episode(LevelConfig config = {.episode_seconds = 20, .decal_frequency = 0.1})
      : config(std::move(config)), level(make_level(this->config).value()) {
    level->start(RandomKey(kSeed));
  }
  Result<std::unique_ptr<RecordingWriter>> record(const std::filesystem::path& path) {
    return RecordingWriter::create(path, config, kSeed, level->world());
  }
  Status play(RecordingWriter& writer, int frames) {
    for (int i = 0; i < frames; ++i, ++frame) {
      level->step(action(frame));
      if (const Status status = writer.add(action(frame), level->world()); !status.ok()) return status;
    }
    return {};
  }
  static RawAction action(int frame) {
    return {.look_right = frame * 7 % 1025 - 512,
            .look_down = 512 - frame * 3 % 1025,
            .strafe_right = frame % 3 - 1,
            .move_forward = 1,
            .fire = frame % 2,
            .jump = frame / 2 % 2,
            .crouch = frame / 4 % 2};
  }

  LevelConfig config;
  std::unique_ptr<Level> level;
  int frame = 0;
};

void expect_episode(const Recording& recording, int frames) {
  ASSERT_EQ(recording.frames.size(), static_cast<std::size_t>(frames));
  for (int frame = 0; frame < frames; ++frame)
    EXPECT_EQ(recording.frames[static_cast<std::size_t>(frame)].action, Episode::action(frame)) << frame;
}

TEST(Recording, ReadsBackAsItWasWritten) {
  const ScratchDirectory scratch;
  Episode episode;
  put_text(scratch / "a.csv", "old");
  auto writer = episode.record(scratch / "a.csv");
  ASSERT_TRUE(writer.ok()) << writer.error().message;
  const std::uint64_t first_hash = episode.level->world().hash();
  ASSERT_TRUE(episode.play(**writer, 60).ok());
  const std::uint64_t second_hash = episode.level->world().hash();
  ASSERT_TRUE(episode.play(**writer, 31).ok());
  EXPECT_EQ(text_of_file(scratch / "a.csv"), "old");
  ASSERT_TRUE((*writer)->finish(episode.level->world()).ok());

  const Recording recording = recording_of(text_of_file(scratch / "a.csv"));
  EXPECT_EQ(recording.level, "seek_apples");
  EXPECT_EQ(recording.seed, kSeed);
  EXPECT_EQ(recording.assignments, std::vector<std::string>{"level.episode_seconds=20"});
  expect_episode(recording, 91);
  ASSERT_EQ(recording.hashes.size(), 3u);
  EXPECT_EQ(recording.hashes[0].frame, 0);
  EXPECT_EQ(recording.hashes[0].hash, first_hash);
  EXPECT_EQ(recording.hashes[1].frame, 60);
  EXPECT_EQ(recording.hashes[1].hash, second_hash);
  EXPECT_EQ(recording.hashes[2].frame, 91);
  EXPECT_EQ(recording.hashes[2].hash, episode.level->world().hash());
  EXPECT_FALSE(std::filesystem::exists(scratch / "a.csv.part"));
}

TEST(Recording, TheLastFrameIsHashedOnce) {
  const ScratchDirectory scratch;
  Episode episode;
  auto writer = episode.record(scratch / "a.csv");
  ASSERT_TRUE(episode.play(**writer, 120).ok());
  ASSERT_TRUE((*writer)->finish(episode.level->world()).ok());
  const Recording recording = recording_of(text_of_file(scratch / "a.csv"));
  ASSERT_EQ(recording.hashes.size(), 3u);
  EXPECT_EQ(recording.hashes[2].frame, 120);
}

TEST(Recording, WhatWasCutShortKeepsItsWholeSeconds) {
  const ScratchDirectory scratch;
  Episode episode;
  {
    auto writer = episode.record(scratch / "a.csv");
    ASSERT_TRUE(episode.play(**writer, 150).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(scratch / "a.csv"));
  const Recording recording = recording_of(text_of_file(scratch / "a.csv.part"));
  expect_episode(recording, 120);
  EXPECT_EQ(recording.hashes.back().frame, 120);

  // And it is not written over.
  Episode next;
  const auto writer = next.record(scratch / "a.csv");
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().exit_code(), 2);
  EXPECT_EQ(writer.error().message, fmt::format("{}: left by a recording that was cut short, or of one that "
                                                "goes on: rename it or take it away",
                                                (scratch / "a.csv.part").string()));
  expect_episode(recording_of(text_of_file(scratch / "a.csv.part")), 120);
}

TEST(Recording, AnEpisodeWithoutAFrameLeavesNothing) {
  const ScratchDirectory scratch;
  put_text(scratch / "b.csv", "old");
  Episode episode;
  {
    auto left = episode.record(scratch / "a.csv");
    ASSERT_TRUE(left.ok());
    auto finished = episode.record(scratch / "b.csv");
    EXPECT_TRUE((*finished)->finish(episode.level->world()).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(scratch / "a.csv.part"));
  EXPECT_FALSE(std::filesystem::exists(scratch / "b.csv.part"));
  EXPECT_EQ(text_of_file(scratch / "b.csv"), "old");
}

TEST(Recording, AFullDiskLosesNoFrame) {
  const ScratchDirectory scratch;
  Episode episode;
  auto writer = episode.record(scratch / "a.csv");
  ASSERT_TRUE(episode.play(**writer, 60).ok());
  const auto size = std::filesystem::file_size(scratch / "a.csv.part");

  std::signal(SIGXFSZ, SIG_IGN);
  rlimit whole{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &whole), 0);
  rlimit full = whole;
  full.rlim_cur = size + 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const Status status = episode.play(**writer, 61);
  const Status again = (*writer)->finish(episode.level->world());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &whole), 0);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().exit_code(), 1);
  EXPECT_EQ(status.error().message,
            fmt::format("{}: cannot write the file: File too large", (scratch / "a.csv.part").string()));
  EXPECT_FALSE(again.ok());
  EXPECT_EQ(std::filesystem::file_size(scratch / "a.csv.part"), size);
  expect_episode(recording_of(text_of_file(scratch / "a.csv.part")), 60);

  ASSERT_TRUE((*writer)->finish(episode.level->world()).ok());
  expect_episode(recording_of(text_of_file(scratch / "a.csv")), 120);
}

TEST(Recording, FilesThatCannotBeWrittenAreNamed) {
  const ScratchDirectory scratch;
  Episode episode;
  const auto writer = episode.record(scratch / "none/a.csv");
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().exit_code(), 1);
  EXPECT_EQ(writer.error().message, fmt::format("{}: cannot create the file: No such file or directory",
                                                (scratch / "none/a.csv.part").string()));
  // A name that turns into a directory while the episode is played.
  auto late = episode.record(scratch / "a.csv");
  ASSERT_TRUE(episode.play(**late, 1).ok());
  std::filesystem::create_directory(scratch / "a.csv");
  const Status status = (*late)->finish(episode.level->world());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("cannot rename it"), std::string::npos) << status.error().message;
  expect_episode(recording_of(text_of_file(scratch / "a.csv.part")), 1);
}

TEST(Recording, SettingsAreThoseThatAreNotTheirDefaults) {
  EXPECT_EQ(level_assignments({.name = "x"}), std::vector<std::string>{});
  EXPECT_EQ(level_assignments({.name = "x", .maze_width = 21, .reward_density = 0.1}),
            (std::vector<std::string>{"level.maze_width=21", "level.reward_density=0.1"}));
  const LevelSettings settings = level_settings({.name = "x"});
  ASSERT_FALSE(settings.empty());
  EXPECT_EQ(settings[0], (std::pair<std::string, std::string>{"level.name", "x"}));
}

TEST(Recording, WithoutAHeaderCommentsAreComments) {
  const Recording recording = recording_of(
      "# level x\n# seed y\n# hash z\n\n 1 ,\t-2, 0,1,0,1,0\r\n\r\n#chrysalis recording 1\n0,0,0,0,0,0,0\n");
  EXPECT_FALSE(recording.level || recording.seed);
  EXPECT_TRUE(recording.assignments.empty() && recording.hashes.empty());
  ASSERT_EQ(recording.frames.size(), 2u);
  EXPECT_EQ(recording.frames[0].action,
            (RawAction{.look_right = 1, .look_down = -2, .move_forward = 1, .jump = 1}));
  EXPECT_EQ(recording.frames[0].line, 5);
  EXPECT_EQ(recording.frames[1].line, 8);
}

TEST(Recording, AHeaderMayHaveOtherCommentsAndMapsWithBlanks) {
  const Recording recording = recording_of(
      "# chrysalis recording 1\r\n# level map:my maps/a.map\r\n#seed 7\n# levels of mine\n#\n"
      "# set level.episode_seconds=9\n# hash 0 00000000000000ff\n1,0,0,0,0,0,0\n# nice\n# hash 1 "
      "FFFFFFFFFFFFFFFF\n");
  EXPECT_EQ(recording.level, "map:my maps/a.map");
  EXPECT_EQ(recording.seed, 7u);
  EXPECT_EQ(recording.assignments, std::vector<std::string>{"level.episode_seconds=9"});
  ASSERT_EQ(recording.hashes.size(), 2u);
  EXPECT_EQ(recording.hashes[0].hash, 255u);
  EXPECT_EQ(recording.hashes[1].line, 10);
  EXPECT_EQ(recording.hashes[1].hash, ~std::uint64_t{0});
}

TEST(Recording, EachFaultOfAHeaderIsNamedWithItsLine) {
  const std::string head = "# chrysalis recording 1\n";
  EXPECT_EQ(fault_of("# chrysalis recording 2\n"),
            "2 a.csv:1: a recording of version '2': expected version 1");
  EXPECT_EQ(fault_of(head + "# level a\n# level a\n"),
            "2 a.csv:3: 'level a': the level stands above already");
  EXPECT_EQ(fault_of(head + "# seed 1\n# seed 2\n"), "2 a.csv:3: 'seed 2': the seed stands above already");
  EXPECT_EQ(fault_of(head + "# seed -1\n"), "2 a.csv:2: 'seed -1': expected a whole number, 0 or more");
  EXPECT_EQ(fault_of(head + "# seed\n"), "2 a.csv:2: 'seed': expected a whole number, 0 or more");
  EXPECT_EQ(fault_of(head + "0,0,0,0,0,0,0\n# set a=b\n"), "2 a.csv:3: 'set a=b' after the first action");
  for (const char* hash : {"", "0", "0 12", "x 0123456789abcdef", "0 0123456789abcdeg", "0 0123456789abcdef0",
                           "0 0123456789abcdef 1"})
    EXPECT_EQ(
        fault_of(head + "# hash " + hash + "\n"),
        fmt::format("2 a.csv:2: 'hash {}': expected a frame and a hash of 16 hexadecimal digits", hash));
  EXPECT_EQ(fault_of(head + "0,0,0,0,0,0,0\n# hash 2 0123456789abcdef\n"),
            "2 a.csv:3: the hash of frame 2 stands after frame 1: lines are missing or were added");
}

}  // namespace
}  // namespace chrysalis
