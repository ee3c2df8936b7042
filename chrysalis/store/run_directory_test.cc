#include "chrysalis/store/run_directory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>

#include "chrysalis/core/random.h"
#include "chrysalis/store/child_process_test.h"
#include "chrysalis/store/scratch_directory_test.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

std::vector<NamedTensor> tensors_of(float value) {
  const std::vector<float> values(64, value);
  return {make_tensor("w", {64}, std::span<const float>(values))};
}

RunDirectory open_run(const fs::path& path, OpenMode mode = OpenMode::kResumeOrCreate,
                      StoreConfig config = {}) {
  auto run = RunDirectory::open(path, mode, config);
  CHRYSALIS_CHECK(run.ok(), "{}", run.error().message);
  return std::move(run).value();
}

// What opening says; "" where it succeeds.
std::string opening_fault(const fs::path& path, OpenMode mode = OpenMode::kResumeOrCreate) {
  const auto run = RunDirectory::open(path, mode);
  return run.ok() ? "" : run.error().message;
}

std::string save(RunDirectory& run, std::int64_t update, std::int64_t member = 0) {
  const auto row = run.save_checkpoint({.member = member, .update = update, .agent_steps = update * 100},
                                       tensors_of(static_cast<float>(update)));
  CHRYSALIS_CHECK(row.ok(), "{}", row.error().message);
  return row->name;
}

std::int64_t latest_update(RunDirectory& run, std::int64_t member = 0) {
  const auto latest = run.latest_checkpoint(member);
  CHRYSALIS_CHECK(latest.ok(), "{}", latest.error().message);
  return latest->has_value() ? (*latest)->info.position.update : -1;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(RunDirectoryOpen, CreatesThenResumes) {
  const ScratchDirectory scratch;
  const fs::path path = scratch / "runs/a";
  {
    RunDirectory run = open_run(path);
    EXPECT_FALSE(run.resumed());
    EXPECT_EQ(run.config().value(), std::nullopt);
    ASSERT_TRUE(run.write_config("[a]\nb = 1\n").ok());
    save(run, 1);
  }
  RunDirectory run = open_run(path.string() + "/");
  EXPECT_TRUE(run.resumed());
  EXPECT_EQ(run.path(), path);
  EXPECT_EQ(run.config().value(), "[a]\nb = 1\n");
  EXPECT_EQ(text_of_file(run.config_path()), "[a]\nb = 1\n");
  EXPECT_EQ(latest_update(run), 1);
}

TEST(RunDirectoryOpen, FreshMovesTheOldRunAside) {
  const ScratchDirectory scratch;
  const fs::path path = scratch / "a";
  {
    RunDirectory run = open_run(path, OpenMode::kFresh);
    EXPECT_EQ(run.moved_aside(), fs::path());
    save(run, 1);
  }
  {
    RunDirectory run = open_run(path.string() + "/", OpenMode::kFresh);
    EXPECT_FALSE(run.resumed());
    EXPECT_EQ(run.moved_aside(), scratch / "a.old-1");
    EXPECT_EQ(latest_update(run), -1);
    save(run, 2);
  }
  EXPECT_EQ(open_run(path, OpenMode::kFresh).moved_aside(), scratch / "a.old-2");
  RunDirectory first = open_run(scratch / "a.old-1");
  RunDirectory second = open_run(scratch / "a.old-2");
  EXPECT_EQ(latest_update(first), 1);
  EXPECT_EQ(latest_update(second), 2);
}

TEST(RunDirectoryOpen, WhatIsNoRunIsRefusedAndLeftAlone) {
  const ScratchDirectory scratch;
  fs::create_directories(scratch / "photos");
  put_text(scratch / "photos" / "cat.jpg", "cat");
  put_text(scratch / "file", "x");
  for (const OpenMode mode : {OpenMode::kResumeOrCreate, OpenMode::kFresh, OpenMode::kReadOnly}) {
    EXPECT_TRUE(
        has(opening_fault(scratch / "photos", mode), "photos: the directory is not empty and no run"));
    EXPECT_TRUE(
        has(opening_fault(scratch / "file", mode), "file: expected the directory of a run, found a file"));
    EXPECT_NE(opening_fault("", mode), "");
  }
  EXPECT_FALSE(fs::exists(scratch / "photos" / "lock"));
  EXPECT_TRUE(has(opening_fault(scratch / "none", OpenMode::kReadOnly), "none: no run there"));
  EXPECT_FALSE(fs::exists(scratch / "none"));
  EXPECT_TRUE(has(opening_fault(scratch / "file" / "a"), "cannot create the directory: Not a directory"));
  EXPECT_TRUE(has(opening_fault("/proc/a"), "/proc/a: cannot create the directory"));
  fs::create_directories(scratch / "broken");
  put_text(scratch / "broken" / "run.sqlite", "no database, certainly, but long enough to be looked at");
  EXPECT_TRUE(
      has(opening_fault(scratch / "broken"), "run.sqlite: cannot open the database: the file is damaged"));
  fs::create_directories(scratch / "odd" / "lock");
  EXPECT_TRUE(has(opening_fault(scratch / "odd"), "odd/lock: cannot open the lock: Is a directory"));
}

TEST(RunDirectoryOpen, AnEmptyDirectoryOrAKilledStartBecomesARun) {
  const ScratchDirectory scratch;
  fs::create_directories(scratch / "empty");
  EXPECT_FALSE(open_run(scratch / "empty").resumed());
  fs::create_directories(scratch / "started");
  put_text(scratch / "started" / "lock", "123\n");
  EXPECT_FALSE(open_run(scratch / "started").resumed());
  fs::create_directories(scratch / "touched");
  put_text(scratch / "touched" / "run.sqlite", "");
  RunDirectory run = open_run(scratch / "touched");
  save(run, 1);
  EXPECT_EQ(latest_update(run), 1);
}

TEST(RunDirectoryOpen, ARunInUseIsRefusedWithItsProcess) {
  const ScratchDirectory scratch;
  std::array<int, 2> ready{};
  std::array<int, 2> hold{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  ASSERT_EQ(::pipe(hold.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto run = RunDirectory::open(scratch / "a", OpenMode::kResumeOrCreate);
    char byte = run.ok() ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    if (::read(hold[0], &byte, 1) < 0) ::_exit(1);
    ::_exit(0);
  }
  char opened = 0;
  ASSERT_EQ(::read(ready[0], &opened, 1), 1);
  ASSERT_EQ(opened, 'y');
  for (const OpenMode mode : {OpenMode::kResumeOrCreate, OpenMode::kFresh})
    EXPECT_TRUE(
        has(opening_fault(scratch / "a", mode), fmt::format("a: the run is in use by process {}: ", child)))
        << opening_fault(scratch / "a", mode);
  EXPECT_FALSE(fs::exists(scratch / "a.old-1"));
  EXPECT_EQ(opening_fault(scratch / "a", OpenMode::kReadOnly), "");
  // The lock dies with its process, however that ends.
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(opening_fault(scratch / "a"), "");
  for (const int fd : {ready[0], ready[1], hold[0], hold[1]}) ::close(fd);
}

TEST(RunDirectoryOpen, AReaderStandsBesideTheWriter) {
  const ScratchDirectory scratch;
  RunDirectory writer = open_run(scratch / "a");
  save(writer, 1);
  RunDirectory reader = open_run(scratch / "a", OpenMode::kReadOnly);
  EXPECT_EQ(latest_update(reader), 1);
  save(writer, 2);
  EXPECT_EQ(latest_update(reader), 2);
}

TEST(RunDirectoryDeathTest, AReaderThatWritesIsOurBug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const ScratchDirectory scratch;
  { open_run(scratch / "a"); }
  RunDirectory reader = open_run(scratch / "a", OpenMode::kReadOnly);
  EXPECT_DEATH(static_cast<void>(reader.save_checkpoint({}, {})), "kReadOnly");
  EXPECT_DEATH(static_cast<void>(reader.save_decision({}, {}, {})), "kReadOnly");
  EXPECT_DEATH(static_cast<void>(reader.write_config("")), "kReadOnly");
  EXPECT_DEATH(static_cast<void>(reader.truncate_after({}, 0)), "kReadOnly");
}

TEST(RunDirectoryCheckpoints, RetentionKeepsTheNewestAndThePinned) {
  const ScratchDirectory scratch;
  StoreConfig config;
  config.keep_checkpoints = 2;
  RunDirectory run = open_run(scratch / "a", OpenMode::kResumeOrCreate, config);
  const std::string first = save(run, 1);
  ASSERT_TRUE(run.database().set_checkpoint_pinned(first, true).ok());
  const std::string other = save(run, 1, 7);
  std::vector<std::string> names;
  for (std::int64_t update = 2; update <= 5; ++update) names.push_back(save(run, update));
  std::vector<std::string> there;
  for (const auto& entry : fs::directory_iterator(run.checkpoints_path()))
    there.push_back(entry.path().filename());
  std::ranges::sort(there);
  std::vector<std::string> expected{first, other, names[2], names[3]};
  std::ranges::sort(expected);
  EXPECT_EQ(there, expected);
  EXPECT_TRUE(run.take_warnings().empty());

  EXPECT_EQ(run.checkpoint(first)->info.position.update, 1);
  EXPECT_EQ(run.checkpoint(first.substr(0, 9))->info.position.update, 1);
  EXPECT_TRUE(has(run.checkpoint(names[0]).error().message,
                  "was removed, as store.keep_checkpoints of the run says"));
  EXPECT_TRUE(has(run.checkpoint("xyz").error().message, "no checkpoint 'xyz'"));
  EXPECT_TRUE(has(run.checkpoint("").error().message, "no checkpoint ''"));
  EXPECT_TRUE(has(run.database().set_checkpoint_pinned("xyz", true).error().message, "no checkpoint 'xyz'"));
  // Given back to retention, it goes with the next save.
  ASSERT_TRUE(run.database().set_checkpoint_pinned(first, false).ok());
  save(run, 6);
  EXPECT_FALSE(fs::exists(run.checkpoints_path() / first));
}

TEST(RunDirectoryCheckpoints, RetentionLeavesWhatSomeoneMayStillNeed) {
  const ScratchDirectory scratch;
  StoreConfig config;
  config.keep_checkpoints = 1;
  RunDirectory run = open_run(scratch / "a", OpenMode::kResumeOrCreate, config);
  const auto kept_updates = [&](std::int64_t member) {
    std::vector<std::int64_t> updates;
    const auto rows = run.database().checkpoints(member);
    for (const CheckpointRow& row : *rows)
      if (row.state == CheckpointState::kKept) updates.push_back(row.position.update);
    return updates;
  };
  run.keep_from_update(3);
  for (std::int64_t update = 1; update <= 5; ++update)
    for (const std::int64_t member : {0, 1}) save(run, update, member);
  for (const std::int64_t member : {0, 1})
    EXPECT_EQ(kept_updates(member), (std::vector<std::int64_t>{5, 4, 3}));
  run.keep_from_update(5);
  save(run, 6);
  EXPECT_EQ(kept_updates(0), (std::vector<std::int64_t>{6, 5}));
  EXPECT_EQ(std::distance(fs::directory_iterator(run.checkpoints_path()), fs::directory_iterator()), 5);
}

TEST(RunDirectoryCheckpoints, ADamagedOneIsNamedAndTheOneBeforeIsTaken) {
  const ScratchDirectory scratch;
  RunDirectory run = open_run(scratch / "a");
  save(run, 1);
  const std::string second = save(run, 2);
  const std::string third = save(run, 3);
  EXPECT_EQ(latest_update(run), 3);
  auto state = bytes_of_file(run.checkpoints_path() / third / "state.safetensors");
  state[state.size() / 2] ^= 4;
  put_file(run.checkpoints_path() / third / "state.safetensors", state);
  fs::remove_all(run.checkpoints_path() / second);
  EXPECT_EQ(latest_update(run), 1);
  const auto warnings = run.take_warnings();
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_TRUE(has(warnings[0], third + "/state.safetensors: damaged")) << warnings[0];
  EXPECT_TRUE(has(warnings[1], second + "/checkpoint.json: cannot open the file")) << warnings[1];
  EXPECT_TRUE(run.take_warnings().empty());
}

TEST(RunDirectoryCheckpoints, WithoutAGoodOneThatIsAnErrorAndWithoutAnyItIsNot) {
  const ScratchDirectory scratch;
  RunDirectory run = open_run(scratch / "a");
  EXPECT_EQ(latest_update(run), -1);
  const std::string name = save(run, 1);
  EXPECT_EQ(latest_update(run, 5), -1);
  // The whole directory of another checkpoint under this name.
  const std::string other = save(run, 2);
  fs::remove_all(run.checkpoints_path() / name);
  fs::rename(run.checkpoints_path() / other, run.checkpoints_path() / name);
  const auto latest = run.latest_checkpoint(0);
  ASSERT_FALSE(latest.ok());
  EXPECT_TRUE(has(latest.error().message, "no checkpoint of member 0 can be read: "))
      << latest.error().message;
  EXPECT_TRUE(has(latest.error().message, name + ": not the checkpoint of that name"))
      << latest.error().message;
}

TEST(RunDirectoryCheckpoints, AWholeOneWithoutItsRowIsAdopted) {
  const ScratchDirectory scratch;
  fs::path checkpoints;
  {
    RunDirectory run = open_run(scratch / "a");
    checkpoints = run.checkpoints_path();
    save(run, 1);
  }
  // As a writer leaves them that was killed after the rename, and in the middle of writing.
  const auto orphan =
      write_checkpoint(checkpoints, {.member = 3, .update = 2, .agent_steps = 9}, tensors_of(2), {});
  ASSERT_TRUE(orphan.ok());
  fs::create_directories(checkpoints / ".tmp-1-1");
  fs::create_directories(checkpoints / "0123456789abcdef");
  RunDirectory run = open_run(scratch / "a");
  EXPECT_EQ(latest_update(run, 3), 2);
  EXPECT_EQ(latest_update(run), 1);
  EXPECT_FALSE(fs::exists(checkpoints / ".tmp-1-1"));
  const auto warnings = run.take_warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(has(warnings[0], "0123456789abcdef/checkpoint.json: cannot open")) << warnings[0];
}

TEST(RunDirectoryCheckpoints, ADatabaseThatKnowsNoneOfThemIsTold) {
  const ScratchDirectory scratch;
  {
    RunDirectory run = open_run(scratch / "a");
    save(run, 1);
    save(run, 2);
  }
  std::ofstream(scratch / "a/run.sqlite", std::ios::trunc);
  RunDirectory run = open_run(scratch / "a");
  EXPECT_EQ(latest_update(run), 2);
  const auto warnings = run.take_warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(
      has(warnings[0], "run.sqlite knows none of the 2 checkpoints beside it: what it recorded is lost"))
      << warnings[0];
}

DecisionRow kept_decision(std::int64_t number, std::int64_t update) {
  return {.member = 0,
          .number = number,
          .update = update,
          .agent_steps = update * 100,
          .outcome = "kept",
          .reason = "no better partner"};
}

// The checkpoint's name.
std::string decide(RunDirectory& run, std::int64_t number, std::int64_t update) {
  const auto row = run.save_decision({.member = 0, .update = update, .agent_steps = update * 100},
                                     tensors_of(static_cast<float>(number) + 0.5F),
                                     kept_decision(number, update), {{"mine", "1"}});
  CHRYSALIS_CHECK(row.ok(), "{}", row.error().message);
  return row->name;
}

TEST(RunDirectoryDecisions, ADecisionNamesItsCheckpointWhichKnowsIts) {
  const ScratchDirectory scratch;
  RunDirectory run = open_run(scratch / "a");
  save(run, 5);
  const std::string name = decide(run, 3, 5);
  const auto decisions = run.database().decisions();
  ASSERT_EQ(decisions->size(), 1U);
  EXPECT_EQ(decisions->front().checkpoint, name);
  const auto latest = run.latest_checkpoint(0);
  ASSERT_TRUE(latest.ok() && latest->has_value());
  EXPECT_EQ((*latest)->info.name(), name);
  EXPECT_EQ((*latest)->metadata, (TensorMetadata{{"mine", "1"}, {"decision", "3"}}));
  // The same number again is an error, and its checkpoint is then none.
  const auto twice =
      run.save_decision({.member = 0, .update = 6, .agent_steps = 600}, tensors_of(9), kept_decision(3, 6));
  ASSERT_FALSE(twice.ok());
  EXPECT_TRUE(has(twice.error().message, "cannot record a decision: UNIQUE")) << twice.error().message;
  EXPECT_EQ(latest_update(run), 5);
}

TEST(RunDirectoryDecisions, KilledBetweenDirectoryAndRowItHasNotHappened) {
  const ScratchDirectory scratch;
  fs::path checkpoints;
  {
    RunDirectory run = open_run(scratch / "a");
    checkpoints = run.checkpoints_path();
    save(run, 1);
  }
  const auto orphan = write_checkpoint(checkpoints, {.member = 0, .update = 1, .agent_steps = 100},
                                       tensors_of(0.5F), {{"mine", "1"}, {"decision", "0"}});
  ASSERT_TRUE(orphan.ok());
  {
    RunDirectory reader = open_run(scratch / "a", OpenMode::kReadOnly);
    EXPECT_TRUE(fs::exists(checkpoints / orphan->name()));
  }
  RunDirectory run = open_run(scratch / "a");
  EXPECT_FALSE(fs::exists(checkpoints / orphan->name()));
  EXPECT_TRUE(run.take_warnings().empty());
  EXPECT_EQ(run.database().checkpoints()->size(), 1U);
  // Taken anew, it is the same checkpoint, and there for good.
  EXPECT_EQ(decide(run, 0, 1), orphan->name());
  EXPECT_EQ(run.database().decisions()->front().checkpoint, orphan->name());
}

// Decides until it is killed, going on from what is there; a byte for each decision.
[[noreturn]] void decide_until_killed(const fs::path& path, int ready) {
  RunDirectory run = open_run(path);
  const auto latest = run.latest_checkpoint(0);
  CHRYSALIS_CHECK(latest.ok());
  std::int64_t update = latest->has_value() ? (*latest)->info.position.update : 0;
  std::int64_t number = static_cast<std::int64_t>(run.database().decisions(0)->size());
  const TrainingPosition position{.member = 0, .update = update, .agent_steps = update * 100};
  CHRYSALIS_CHECK(run.truncate_after(position, number).ok());
  while (true) {
    ++update;
    if (update % 2 == 0) save(run, update);
    decide(run, number++, update);
    CHRYSALIS_CHECK(::write(ready, "d", 1) == 1);
  }
}

TEST(RunDirectoryDecisions, KilledAtAnyMomentADecisionIsThereExactlyIfItsCheckpointIs) {
  const ScratchDirectory scratch;
  const fs::path path = scratch / "a";
  RandomStream random{RandomKey(21)};
  std::size_t reached = 0;
  std::size_t told = 0;
  for (int kill = 0; kill < 20; ++kill) {
    // Every fourth is killed while it opens the run or decides for the first time, the others later.
    const bool waits = kill % 4 != 3;
    told += waits ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(
        kill_in_child(waits, random, [&](int ready) { decide_until_killed(path, ready); }));

    RunDirectory run = open_run(path);
    for (const auto& warning : run.take_warnings()) ADD_FAILURE() << warning;
    const auto decisions = run.database().decisions(0).value();
    const auto rows = run.database().checkpoints(0).value();
    // None missing, none twice; each with a row of its update.
    ASSERT_GE(decisions.size(), std::max(reached, told));  // What was told is there.
    reached = decisions.size();
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      ASSERT_EQ(decisions[i].number, static_cast<std::int64_t>(i));
      const auto row = std::ranges::find(rows, decisions[i].checkpoint, &CheckpointRow::name);
      ASSERT_NE(row, rows.end());
      ASSERT_EQ(row->position.update, decisions[i].update);
    }
    // Every directory that is a decision's has it in the table.
    for (const auto& entry : fs::directory_iterator(run.checkpoints_path())) {
      const auto checkpoint = read_checkpoint(entry.path());
      ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
      const auto number = checkpoint->metadata.find(kDecisionKey);
      if (number == checkpoint->metadata.end() || entry.path().extension() == ".abandoned") continue;
      ASSERT_LT(std::stoul(number->second), decisions.size());
      ASSERT_EQ(decisions[std::stoul(number->second)].checkpoint, checkpoint->info.name());
    }
  }
}

TEST(RunDirectoryCheckpoints, ARemovalThatWasCutShortIsFinished) {
  const ScratchDirectory scratch;
  std::string name;
  {
    RunDirectory run = open_run(scratch / "a");
    name = save(run, 1);
    save(run, 2);
    ASSERT_TRUE(run.database().set_checkpoint_state(name, CheckpointState::kDeleted).ok());
  }
  RunDirectory run = open_run(scratch / "a");
  EXPECT_FALSE(fs::exists(run.checkpoints_path() / name));
  EXPECT_EQ(latest_update(run), 2);
}

TEST(RunDirectoryCheckpoints, WhatATruncationGaveUpIsMovedAside) {
  const ScratchDirectory scratch;
  RunDirectory run = open_run(scratch / "a");
  save(run, 1);
  const std::string second = save(run, 2);
  ASSERT_TRUE(run.truncate_after({.member = 0, .update = 1, .agent_steps = 100}, 0).ok());
  EXPECT_EQ(latest_update(run), 1);
  EXPECT_TRUE(run.take_warnings().empty());
  EXPECT_TRUE(fs::exists(run.checkpoints_path() / (second + ".abandoned")));
  EXPECT_EQ(run.checkpoint(second)->info.position.update, 2);
  // The same training comes to the same checkpoint again, and gives it up again.
  EXPECT_EQ(save(run, 2), second);
  EXPECT_EQ(latest_update(run), 2);
  ASSERT_TRUE(run.truncate_after({.member = 0, .update = 1, .agent_steps = 100}, 0).ok());
  EXPECT_EQ(latest_update(run), 1);
}

TEST(RunDirectoryCheckpoints, AFullDiskKeepsTheCheckpointBefore) {
  const ScratchDirectory scratch;
  { open_run(scratch / "a"); }
  const int status = in_child([&] {
    RunDirectory run = open_run(scratch / "a");
    save(run, 1);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100 * 1024, 100 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::vector<float> much(100'000, 1.0F);
    const auto row =
        run.save_checkpoint({.member = 0, .update = 2, .agent_steps = 200},
                            std::vector{make_tensor("w", {100'000}, std::span<const float>(much))});
    return !row.ok() && row.error().code == ErrorCode::kIo &&
           has(row.error().message, "state.safetensors: cannot write the file: ") && latest_update(run) == 1;
  });
  EXPECT_EQ(status, 0);
  RunDirectory run = open_run(scratch / "a");
  EXPECT_EQ(latest_update(run), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(run.checkpoints_path()), fs::directory_iterator()), 1);
}

TEST(RunDirectoryCheckpoints, ADirectoryThatTurnedReadOnlyIsOneClearLine) {
  const ScratchDirectory scratch;
  RunDirectory run = open_run(scratch / "a");
  save(run, 1);
  // A file in its place refuses writes as a read-only directory does, to root too.
  fs::rename(run.checkpoints_path(), scratch / "elsewhere");
  put_text(run.checkpoints_path(), "");
  const auto row = run.save_checkpoint({.member = 0, .update = 2, .agent_steps = 2}, tensors_of(2));
  ASSERT_FALSE(row.ok());
  EXPECT_EQ(row.error().code, ErrorCode::kIo);
  EXPECT_TRUE(has(row.error().message, "checkpoints/")) << row.error().message;
  fs::remove(run.checkpoints_path());
  fs::rename(scratch / "elsewhere", run.checkpoints_path());
  EXPECT_EQ(latest_update(run), 1);
  fs::remove_all(run.config_path());
  fs::create_directories(run.config_path() / "in_the_way");
  const Status config = run.write_config("a = 1\n");
  ASSERT_FALSE(config.ok());
  EXPECT_TRUE(has(config.error().message, "config.toml")) << config.error().message;
}

// Writes updates, episodes and checkpoints until it is killed.
[[noreturn]] void train_until_killed(const fs::path& path, int ready) {
  RunDirectory run = open_run(path);
  auto latest = run.latest_checkpoint(0);
  CHRYSALIS_CHECK(latest.ok());
  std::int64_t update = latest->has_value() ? (*latest)->info.position.update : 0;
  CHRYSALIS_CHECK(run.database().add_member({.member = 0, .created = 1, .config = ""}).ok());
  CHRYSALIS_CHECK(run.truncate_after({.member = 0, .update = update, .agent_steps = update * 100}, 0).ok());
  CHRYSALIS_CHECK(::write(ready, "r", 1) == 1);
  while (true) {
    const std::array<EpisodeRow, 2> episodes{
        {{.environment = 0, .episode = update, .level = "l", .ended_at_update = update + 1},
         {.environment = 1, .episode = update, .level = "l", .ended_at_update = update + 1}}};
    ++update;
    CHRYSALIS_CHECK(run.database().record({.update = update, .agent_steps = update * 100}, episodes).ok());
    if (update % 3 == 0) save(run, update);
  }
}

TEST(RunDirectoryKilled, AtAnyMomentTheRunGoesOnFromAValidCheckpoint) {
  const ScratchDirectory scratch;
  const fs::path path = scratch / "a";
  RandomStream random{RandomKey(20)};
  std::int64_t reached = 0;
  for (int kill = 0; kill < 20; ++kill) {
    // Every fourth is killed while it opens the run, the others while they write.
    ASSERT_NO_FATAL_FAILURE(
        kill_in_child(kill % 4 != 3, random, [&](int ready) { train_until_killed(path, ready); }));

    RunDirectory run = open_run(path);
    const std::int64_t checkpoint = std::max<std::int64_t>(latest_update(run), 0);
    ASSERT_GE(checkpoint, reached);
    reached = checkpoint;
    for (const auto& warning : run.take_warnings()) ADD_FAILURE() << warning;
    const auto updates = run.database().updates(0);
    const auto episodes = run.database().episodes(0);
    ASSERT_TRUE(updates.ok() && episodes.ok());
    // Updates 1, 2, …, none missing and none twice, and the two episodes of each.
    ASSERT_GE(static_cast<std::int64_t>(updates->size()), checkpoint);
    ASSERT_EQ(episodes->size(), 2 * updates->size());
    for (std::size_t i = 0; i < updates->size(); ++i) {
      ASSERT_EQ((*updates)[i].update, static_cast<std::int64_t>(i) + 1);
      for (const std::size_t environment : {0, 1}) {
        const EpisodeRow& row = (*episodes)[2 * i + environment];
        ASSERT_EQ(row.ended_at_update, static_cast<std::int64_t>(i) + 1);
        ASSERT_EQ(row.episode, static_cast<std::int64_t>(i));
        ASSERT_EQ(row.environment, static_cast<std::int64_t>(environment));
      }
    }
    // Nothing but checkpoints, whole ones, is left of the killed writer.
    for (const auto& entry : fs::directory_iterator(run.checkpoints_path())) {
      const std::string name = entry.path().filename();
      ASSERT_TRUE(name.ends_with(".abandoned") || read_checkpoint(entry.path()).ok()) << name;
    }
  }
  EXPECT_GT(reached, 0);
}

TEST(ConfigChanges, ListEachKeyThatDiffers) {
  const std::string before =
      "seed = 1\n\n[a]\n# About x, seconds; 1 to 2\nx = 1.5\ny = \"p = q # r\"\nz = true\n";
  EXPECT_TRUE(config_changes(before, before).empty());
  EXPECT_TRUE(config_changes(before, "seed = 1\n[a]\nx = 1.5\ny = \"p = q # r\"\nz = true").empty());
  EXPECT_EQ(
      config_changes(before, "seed = 2\n\n[a]\nx = 1.5\ny = \"p\"\n[b]\nx = 3\n"),
      (std::vector<ConfigChange>{
          {"seed", "1", "2"}, {"a.y", "\"p = q # r\"", "\"p\""}, {"a.z", "true", ""}, {"b.x", "", "3"}}));
}

TEST(StoreConfigFields, AreCheckedAndNamed) {
  StoreConfig config;
  EXPECT_EQ(to_toml(fields_of(config), false),
            "\n[store]\ncheckpoint_seconds = 60.0\nkeep_checkpoints = 3\n");
  EXPECT_FALSE(set_field_text(fields_of(config), "store.keep_checkpoints", "0").ok());
  EXPECT_FALSE(set_field_text(fields_of(config), "store.checkpoint_seconds", "0").ok());
  ASSERT_TRUE(set_field_text(fields_of(config), "store.keep_checkpoints", "5").ok());
  EXPECT_EQ(config.keep_checkpoints, 5);
}

}  // namespace
}  // namespace chrysalis
