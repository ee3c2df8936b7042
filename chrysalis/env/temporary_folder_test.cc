#include "chrysalis/env/temporary_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

class TemporaryFolders : public testing::Test {
 protected:
  TemporaryFolders() : base_(TemporaryFolder::create({}, "chrysalis-folder-test").value()) {}
  const fs::path& base() const { return base_.path(); }
  Result<TemporaryFolder> create() const { return TemporaryFolder::create(base(), "held"); }

 private:
  TemporaryFolder base_;
};

TEST_F(TemporaryFolders, GoWithAllThatIsInThem) {
  fs::path path;
  {
    TemporaryFolder folder = create().value();
    path = folder.path();
    EXPECT_EQ(path.parent_path(), base());
    fs::create_directories(path / "deep" / "er");
    std::ofstream(path / "deep" / "file") << "text";
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(TemporaryFolders, MoveAndAreRemovedOnce) {
  std::optional<TemporaryFolder> first = create().value();
  const fs::path path = first->path();
  TemporaryFolder second = std::move(*first);
  first.reset();
  EXPECT_TRUE(fs::exists(path));
  second = create().value();  // The one before goes with the temporary that it is swapped into.
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(second.path()));
  EXPECT_TRUE(second.remove());
  EXPECT_TRUE(second.remove());
}

TEST_F(TemporaryFolders, AreNotRemovedByWhoForgetsThem) {
  fs::path path;
  {
    TemporaryFolder folder = create().value();
    path = folder.path();
    folder.forget();
  }
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(TemporaryFolders, LieWhereTmpdirSays) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", base().c_str(), 1);
  EXPECT_EQ(TemporaryFolder::create({}, "held").value().path().parent_path(), base());
  setenv("TMPDIR", "", 1);
  EXPECT_EQ(TemporaryFolder::create({}, "chrysalis-held").value().path().parent_path(), "/tmp");
  if (before == nullptr) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", kept.c_str(), 1);
  }
}

// A child that holds a folder, until it is killed.
TEST_F(TemporaryFolders, StayWhileAnybodyHoldsThemAndAreSweptAfterwards) {
  TemporaryFolder folder = create().value();
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const fs::path path = folder.path();
  EXPECT_FALSE(folder.remove(0.05));
  const fs::path other = create().value().path();
  EXPECT_TRUE(fs::exists(path));  // Making another one sweeps, but not this.
  EXPECT_FALSE(fs::exists(other));
  fs::create_directory(base() / "unrelated");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(path));
  static_cast<void>(create().value());
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(base() / "unrelated"));
}

TEST_F(TemporaryFolders, SayWhereTheyCannotBeMade) {
  const auto nowhere = TemporaryFolder::create(base() / "nowhere", "held");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().message, "cannot make a temporary folder in " + (base() / "nowhere").string() +
                                         ": No such file or directory");
}

}  // namespace
}  // namespace chrysalis
