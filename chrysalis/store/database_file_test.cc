// What a database makes of its file: as another program, another version, another process or a fault left it.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "chrysalis/core/random.h"
#include "chrysalis/store/child_process_test.h"
#include "chrysalis/store/database_rows_test.h"
#include "chrysalis/store/scratch_directory_test.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;
using Access = Sqlite::Access;

TEST(DatabaseFile, KeepsItsRowsWhenOpenedAgain) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_row(1), {}).ok());
  }
  for (const Access access : {Access::kReadWrite, Access::kReadOnly}) {
    auto database = Database::open(scratch / "run.sqlite", access);
    ASSERT_TRUE(database.ok()) << database.error().message;
    EXPECT_EQ(database->summary(0)->updates, 1);
  }
}

// What opening says; "" where it succeeds.
std::string database_fault(const fs::path& file, Access access) {
  const auto database = Database::open(file, access, 50);
  return database.ok() ? "" : database.error().message;
}

// Takes back what version 3 brought, so that the file is one of version 2.
void make_version_2(const fs::path& file) {
  auto sqlite = Sqlite::open(file, Access::kReadWrite, 50);
  CHRYSALIS_CHECK(sqlite.ok());
  const Status status =
      sqlite->execute("ALTER TABLE updates DROP COLUMN unrolls_lost; PRAGMA user_version = 2;", "test");
  CHRYSALIS_CHECK(status.ok(), "{}", status.error().message);
}

// And what version 2 brought.
void make_version_1(const fs::path& file) {
  make_version_2(file);
  auto sqlite = Sqlite::open(file, Access::kReadWrite, 50);
  CHRYSALIS_CHECK(sqlite.ok());
  std::string back = "DROP TABLE decisions; DROP TABLE scores; PRAGMA user_version = 1;";
  for (const char* column : {"alpha", "learning_rate", "entropy_cost", "transfer_loss", "simple_entropy",
                             "complex_entropy", "simple_mass"})
    back += fmt::format("ALTER TABLE updates DROP COLUMN {};", column);
  const Status status = sqlite->execute(back, "test");
  CHRYSALIS_CHECK(status.ok(), "{}", status.error().message);
}

// Tables, columns and indices, as SQLite knows them.
std::vector<std::string> schema_of(const fs::path& file) {
  auto sqlite = Sqlite::open(file, Access::kReadOnly, 50);
  CHRYSALIS_CHECK(sqlite.ok());
  auto get = sqlite->prepare(
      "SELECT m.type || ' ' || m.name || '.' || c.name || ' ' || c.type || ' '"
      " || c.\"notnull\" || ' ' || c.pk FROM sqlite_schema m, pragma_table_info(m.name) c"
      " UNION ALL SELECT 'version ' || user_version FROM pragma_user_version ORDER BY 1",
      "test");
  CHRYSALIS_CHECK(get.ok(), "{}", get.error().message);
  std::vector<std::string> lines;
  while (get->step().value()) lines.push_back(get->text(0));
  return lines;
}

TEST(DatabaseFile, AnOldOneIsBroughtUpByAWriterAndKeepsItsRows) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_row(1), std::vector{episode_row(0, 0, 1)}).ok());
  }
  const auto newest = schema_of(scratch / "run.sqlite");
  make_version_1(scratch / "run.sqlite");
  ASSERT_NE(schema_of(scratch / "run.sqlite"), newest);
  auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_EQ(schema_of(scratch / "run.sqlite"), newest);
  ASSERT_EQ(database->updates(0)->size(), 1U);
  EXPECT_EQ(database->updates(0)->front().loss, 1);
  EXPECT_TRUE(std::isnan(database->updates(0)->front().alpha));
  EXPECT_EQ(database->episodes(0)->size(), 1U);
  EXPECT_TRUE(database->record(update_row(2), {}).ok());
  EXPECT_TRUE(database->put_decision(checkpoint_row("c0", 2), decision_row(0, 2)).ok());
}

TEST(DatabaseFile, AnOldOneIsReadWithoutChangingIt) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_row(1), std::vector{episode_row(0, 0, 1)}).ok());
    ASSERT_TRUE(database.put_checkpoint(checkpoint_row("a", 1)).ok());
  }
  make_version_1(scratch / "run.sqlite");
  const auto before = bytes_of_file(scratch / "run.sqlite");
  auto database = Database::open(scratch / "run.sqlite", Access::kReadOnly, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  ASSERT_EQ(database->updates(0)->size(), 1U);
  EXPECT_EQ(database->updates(0)->front().max_lag, 10);
  EXPECT_TRUE(std::isnan(database->updates(0)->front().simple_mass));
  EXPECT_EQ(database->summary(0)->updates, 1);
  EXPECT_EQ(database->checkpoints()->size(), 1U);
  EXPECT_TRUE(database->decisions()->empty());
  EXPECT_TRUE(database->scores(0)->empty());
  EXPECT_FALSE(database->record(update_row(2), {}).ok());
  EXPECT_EQ(bytes_of_file(scratch / "run.sqlite"), before);
}

TEST(DatabaseFile, OneOfVersion2IsReadAsIfNothingWasLostAndBroughtUp) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    ASSERT_TRUE(database.record(update_row(1), std::vector{episode_row(0, 0, 1)}).ok());
    ASSERT_TRUE(database.put_decision(checkpoint_row("c0", 1), decision_row(0, 1)).ok());
  }
  const auto newest = schema_of(scratch / "run.sqlite");
  make_version_2(scratch / "run.sqlite");
  {
    auto database = Database::open(scratch / "run.sqlite", Access::kReadOnly, 50);
    ASSERT_TRUE(database.ok()) << database.error().message;
    ASSERT_EQ(database->updates(0)->size(), 1U);
    EXPECT_EQ(database->updates(0)->front().max_lag, 10);
    EXPECT_EQ(database->updates(0)->front().unrolls_lost, 0);
    EXPECT_EQ(database->decisions()->size(), 1U);
  }
  auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_EQ(schema_of(scratch / "run.sqlite"), newest);
  EXPECT_EQ(database->updates(0)->front().unrolls_lost, 0);
}

TEST(DatabaseFile, ABringingUpThatFailsLeavesTheOldOne) {
  const ScratchDirectory scratch;
  { open_new(scratch / "run.sqlite"); }
  make_version_1(scratch / "run.sqlite");
  {
    // In the way of the last step.
    auto sqlite = Sqlite::open(scratch / "run.sqlite", Access::kReadWrite, 50);
    ASSERT_TRUE(sqlite.ok() && sqlite->execute("CREATE TABLE scores (x)", "test").ok());
  }
  const auto before = schema_of(scratch / "run.sqlite");
  EXPECT_NE(database_fault(scratch / "run.sqlite", Access::kReadWrite)
                .find("run.sqlite: cannot bring the tables up to date: table scores already exists"),
            std::string::npos);
  EXPECT_EQ(schema_of(scratch / "run.sqlite"), before);
}

TEST(DatabaseFile, ANewerOneIsRefusedByItsVersion) {
  const ScratchDirectory scratch;
  { open_new(scratch / "run.sqlite"); }
  {
    auto sqlite = Sqlite::open(scratch / "run.sqlite", Access::kReadWrite, 50);
    ASSERT_TRUE(sqlite.ok() && sqlite->execute("PRAGMA user_version = 7", "test").ok());
  }
  for (const Access access : {Access::kReadWrite, Access::kReadOnly})
    EXPECT_NE(database_fault(scratch / "run.sqlite", access)
                  .find("run.sqlite: written by a newer program: its tables have version 7, this program "
                        "knows up to 3"),
              std::string::npos);
}

TEST(DatabaseFile, AnotherProgramsDatabaseIsRefusedAndNotTouched) {
  const ScratchDirectory scratch;
  {
    auto sqlite = Sqlite::open(scratch / "other.sqlite", Access::kReadWrite, 50);
    ASSERT_TRUE(sqlite.ok() && sqlite->execute("CREATE TABLE t (x)", "test").ok());
  }
  const auto before = bytes_of_file(scratch / "other.sqlite");
  for (const Access access : {Access::kReadWrite, Access::kReadOnly})
    EXPECT_NE(database_fault(scratch / "other.sqlite", access).find("not the database of a run"),
              std::string::npos);
  EXPECT_EQ(bytes_of_file(scratch / "other.sqlite"), before);
}

TEST(DatabaseFile, AnEmptyOneIsFilledByAWriterAndNoRunForAReader) {
  const ScratchDirectory scratch;
  put_text(scratch / "run.sqlite", "");
  EXPECT_NE(database_fault(scratch / "run.sqlite", Access::kReadOnly).find("not the database of a run"),
            std::string::npos);
  EXPECT_EQ(database_fault(scratch / "run.sqlite", Access::kReadWrite), "");
  EXPECT_EQ(database_fault(scratch / "run.sqlite", Access::kReadOnly), "");
}

TEST(DatabaseFile, WhatIsNoDatabaseIsToldByName) {
  const ScratchDirectory scratch;
  put_text(scratch / "run.sqlite", std::string(4096, 'x'));
  for (const Access access : {Access::kReadWrite, Access::kReadOnly})
    EXPECT_NE(database_fault(scratch / "run.sqlite", access)
                  .find("run.sqlite: cannot open the database: the file is damaged or no database"),
              std::string::npos)
        << database_fault(scratch / "run.sqlite", access);
  EXPECT_NE(
      database_fault(scratch / "no.sqlite", Access::kReadOnly).find("no.sqlite: cannot open the database"),
      std::string::npos);
  EXPECT_NE(database_fault(scratch.path(), Access::kReadWrite).find("cannot open the database"),
            std::string::npos);
  EXPECT_NE(database_fault("/proc/run.sqlite", Access::kReadWrite)
                .find("/proc/run.sqlite: cannot open the database"),
            std::string::npos);
}

// A page of the tables is overwritten: what was read is an error that names the file, never a crash.
TEST(DatabaseFile, ADamagedPageIsAnErrorThatNamesTheFile) {
  const ScratchDirectory scratch;
  {
    Database database = open_new(scratch / "run.sqlite");
    for (std::int64_t i = 0; i < 300; ++i)
      ASSERT_TRUE(database.record(update_row(i + 1), std::vector{episode_row(0, i, i + 1)}).ok());
  }
  const auto good = bytes_of_file(scratch / "run.sqlite");
  RandomStream random{RandomKey(11)};
  int refused = 0;
  for (int trial = 0; trial < 40; ++trial) {
    auto bytes = good;
    const std::size_t page = random.below(bytes.size() / 4096) * 4096;
    for (std::size_t i = 0; i < 64; ++i) bytes[page + i] = static_cast<std::uint8_t>(random.next());
    put_file(scratch / "run.sqlite", bytes);
    auto database = Database::open(scratch / "run.sqlite", Access::kReadOnly, 50);
    const auto updates =
        database.ok() ? database->updates(0) : Result<std::vector<UpdateRow>>(database.error());
    const auto episodes =
        database.ok() ? database->episodes(0) : Result<std::vector<EpisodeRow>>(database.error());
    if (updates.ok() && episodes.ok()) continue;
    const Error& error = updates.ok() ? episodes.error() : updates.error();
    EXPECT_NE(error.message.find("run.sqlite: "), std::string::npos) << error.message;
    ++refused;
  }
  EXPECT_GT(refused, 20);
}

TEST(DatabaseFile, AnotherWriterIsWaitedForAndThenTold) {
  const ScratchDirectory scratch;
  Database database = open_new(scratch / "run.sqlite");
  auto other = Sqlite::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(other.ok());
  {
    auto transaction = SqliteTransaction::begin(*other, "test");
    ASSERT_TRUE(transaction.ok());
    const Status locked = database.record(update_row(1), {});
    ASSERT_FALSE(locked.ok());
    EXPECT_EQ(locked.error().code, ErrorCode::kIo);
    EXPECT_NE(locked.error().message.find("run.sqlite: cannot record an update: locked by another"),
              std::string::npos);
  }
  EXPECT_TRUE(database.record(update_row(1), {}).ok());
}

TEST(DatabaseFile, AReaderCannotWrite) {
  const ScratchDirectory scratch;
  Database writer = open_new(scratch / "run.sqlite");
  auto reader = Database::open(scratch / "run.sqlite", Access::kReadOnly);
  ASSERT_TRUE(reader.ok());
  const Status status = reader->set_meta("a", "b");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("cannot record the run's a: the file or its directory is read-only"),
            std::string::npos)
      << status.error().message;
}

TEST(DatabaseFile, AFullDiskIsOneClearLineAndLosesNothing) {
  const ScratchDirectory scratch;
  { open_new(scratch / "run.sqlite"); }
  const int status = in_child([&] {
    auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
    if (!database.ok()) return false;
    // As a disk that is full at 256 KiB in every file.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{256 * 1024, 256 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (std::int64_t i = 0; i < 10000; ++i) {
      const Status recorded = database->record(update_row(i + 1), std::vector{episode_row(0, i, i + 1)});
      if (recorded.ok()) continue;
      return recorded.error().code == ErrorCode::kIo &&
             recorded.error().message.find("run.sqlite: cannot record an update: ") != std::string::npos;
    }
    return false;
  });
  EXPECT_EQ(status, 0);
  auto database = Database::open(scratch / "run.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(database.ok()) << database.error().message;
  const auto summary = database->summary(0);
  EXPECT_GT(summary->updates, 10);
  EXPECT_EQ(summary->updates, summary->last_update);
  EXPECT_EQ(summary->updates, summary->episodes);
  EXPECT_TRUE(database->record(update_row(summary->last_update + 1), {}).ok());
}

TEST(DatabaseFile, SqlitesOwnFullIsADiskThatIsFull) {
  const ScratchDirectory scratch;
  auto sqlite = Sqlite::open(scratch / "a.sqlite", Access::kReadWrite, 50);
  ASSERT_TRUE(sqlite.ok());
  ASSERT_TRUE(sqlite->execute("CREATE TABLE t (x); PRAGMA max_page_count = 3", "test").ok());
  const Status status = sqlite->execute("INSERT INTO t VALUES (zeroblob(100000))", "write much");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("a.sqlite: cannot write much: the disk is full"), std::string::npos);
}

TEST(DatabaseFile, AReadOnlyDirectoryCanBeReadAndNotWritten) {
  const ScratchDirectory scratch;
  const fs::path file = scratch / "run.sqlite";
  {
    Database database = open_new(file);
    ASSERT_TRUE(database.record(update_row(1), {}).ok());
  }
  fs::permissions(file, static_cast<fs::perms>(0444));
  fs::permissions(scratch.path(), static_cast<fs::perms>(0555));
  const int status = in_child([&] {
    // Permissions do not bind root; anybody else may read it here.
    if (::geteuid() == 0 && ::setuid(65534) != 0) return false;
    auto reader = Database::open(file, Access::kReadOnly, 50);
    const auto summary = reader.ok() ? reader->summary(0) : Result<MemberSummary>(reader.error());
    if (!summary.ok() || summary->updates != 1) return false;
    auto writer = Database::open(file, Access::kReadWrite, 50);
    const Status status = writer.ok() ? writer->set_meta("a", "b") : Status(writer.error());
    return !status.ok() && status.error().code == ErrorCode::kIo &&
           status.error().message.find("run.sqlite: cannot ") != std::string::npos;
  });
  fs::permissions(scratch.path(), fs::perms::owner_all);
  EXPECT_EQ(status, 0);
}

TEST(DatabaseFile, AReaderBesideTheWriterSeesWholeTransactions) {
  const ScratchDirectory scratch;
  Database writer = open_new(scratch / "run.sqlite");
  constexpr std::int64_t kUpdates = 400;
  std::jthread writing([&] {
    for (std::int64_t i = 0; i < kUpdates; ++i) {
      const std::vector episodes{episode_row(0, i, i + 1), episode_row(1, i, i + 1),
                                 episode_row(2, i, i + 1)};
      CHRYSALIS_CHECK(writer.record(update_row(i + 1), episodes).ok());
    }
  });
  auto reader = Database::open(scratch / "run.sqlite", Access::kReadOnly);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  std::int64_t seen = 0;
  while (seen < kUpdates) {
    const auto summary = reader->summary(0);
    ASSERT_TRUE(summary.ok()) << summary.error().message;
    ASSERT_EQ(summary->episodes, 3 * summary->updates);
    ASSERT_EQ(summary->last_update, summary->updates);
    ASSERT_GE(summary->updates, seen);
    seen = summary->updates;
  }
}

}  // namespace
}  // namespace chrysalis
