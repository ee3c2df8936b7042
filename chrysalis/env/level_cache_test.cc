#include "chrysalis/env/level_cache.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <set>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/env/belongings_test.h"
#include "chrysalis/env/temporary_folder.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

class LevelCaches : public testing::Test {
 protected:
  LevelCaches() : scratch_(TemporaryFolder::create({}, "chrysalis-cache-test").value()) {}

  fs::path at(const std::string& name) const { return scratch_.path() / name; }
  fs::path folder() const { return at("cache"); }
  LevelCache open(std::int64_t max_bytes = 1 << 20) const {
    return LevelCache::open(folder(), max_bytes).value();
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
  }
  // Takes a map of that text in; its source is a file with the contents `source`.
  bool store(LevelCache& cache, const std::string& key, const std::string& map,
             const std::string& source = "walls") const {
    write("map", map);
    write("source", source);
    const std::string path = at("source").string();
    return cache.store(key, std::array{path.c_str()}, at("map"));
  }
  // What it answers; "none" where there is none.
  std::string fetch(LevelCache& cache, const std::string& key, const std::string& source = "walls") const {
    write("source", source);
    fs::remove(at("fetched"));
    const std::string path = at("source").string();
    if (!cache.fetch(key, std::array{path.c_str()}, at("fetched"))) {
      EXPECT_FALSE(fs::exists(at("fetched")));
      return "none";
    }
    EXPECT_FALSE(fs::exists(at("fetched.part")));
    return contents_of(at("fetched"));
  }
  std::vector<fs::path> entries() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder()))
      if (entry.path().extension() == ".map") found.push_back(entry.path());
    return found;
  }
  // Used before all others.
  static void age(const fs::path& entry) {
    fs::last_write_time(entry, fs::last_write_time(entry) - std::chrono::hours(1));
  }

 private:
  TemporaryFolder scratch_;
};

TEST_F(LevelCaches, ServeWhatWasStoredForTheSameKeyAndContents) {
  LevelCache cache = open();
  EXPECT_EQ(fetch(cache, "maze"), "none");
  EXPECT_TRUE(store(cache, "maze", std::string("compiled\0map", 12)));
  EXPECT_EQ(fetch(cache, "maze"), std::string("compiled\0map", 12));
  EXPECT_EQ(fetch(cache, "other"), "none");
  EXPECT_EQ(fetch(cache, "maze", "other walls"), "none");
  LevelCache another = open();
  EXPECT_EQ(fetch(another, "maze"), std::string("compiled\0map", 12));
  EXPECT_TRUE(store(cache, "maze", "compiled again"));
  EXPECT_EQ(fetch(cache, "maze"), "compiled again");
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(LevelCaches, TellSourcesApartThatRunIntoOneAnother) {
  LevelCache cache = open();
  write("map", "m");
  write("a", "12");
  write("b", "3");
  write("c", "1");
  write("d", "23");
  const std::string a = at("a").string(), b = at("b").string(), c = at("c").string(), d = at("d").string();
  ASSERT_TRUE(cache.store("k", std::array{a.c_str(), b.c_str()}, at("map")));
  EXPECT_FALSE(cache.fetch("k", std::array{c.c_str(), d.c_str()}, at("fetched")));
  EXPECT_FALSE(cache.fetch("k", std::array{b.c_str(), a.c_str()}, at("fetched")));
  EXPECT_FALSE(cache.fetch("k", {}, at("fetched")));
  EXPECT_TRUE(cache.fetch("k", std::array{a.c_str(), b.c_str()}, at("fetched")));
}

TEST_F(LevelCaches, RemoveADamagedEntryInsteadOfServingIt) {
  LevelCache cache = open();
  const std::string map(1000, 'x');
  ASSERT_TRUE(store(cache, "maze", map));
  const fs::path entry = entries().front();
  const std::string whole = contents_of(entry);
  std::vector<std::string> damaged = {"", "short", whole.substr(0, whole.size() - 1), whole + "x"};
  for (const std::size_t place :
       {std::size_t{0}, std::size_t{9}, std::size_t{25}, std::size_t{33}, whole.size() / 2})
    (damaged.emplace_back(whole))[place] ^= 1;
  for (const std::string& bytes : damaged) {
    std::ofstream(entry, std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_EQ(fetch(cache, "maze"), "none");
    EXPECT_FALSE(fs::exists(entry));
  }
  ASSERT_TRUE(store(cache, "maze", map));
  EXPECT_EQ(fetch(cache, "maze"), map);
  // Another's, under this one's name.
  ASSERT_TRUE(store(cache, "other", "other map"));
  for (const fs::path& path : entries())
    if (path != entry) fs::rename(path, entry);
  EXPECT_EQ(fetch(cache, "maze"), "none");
}

TEST_F(LevelCaches, StayWithinTheirSizeAndLetGoOfWhatWasUsedLongestAgo) {
  LevelCache cache = open(3500);
  const std::string map(1000, 'x');
  std::set<fs::path> known;
  std::vector<fs::path> in_order;
  for (const char* key : {"one", "two", "three"}) {
    ASSERT_TRUE(store(cache, key, map));
    for (const fs::path& entry : entries())
      if (known.insert(entry).second) in_order.push_back(entry);
  }
  ASSERT_EQ(in_order.size(), 3u);
  for (const fs::path& entry : in_order) age(entry);
  age(in_order[0]);
  EXPECT_EQ(fetch(cache, "one"), map);  // Used now.
  age(in_order[1]);
  ASSERT_TRUE(store(cache, "four", map));
  EXPECT_EQ(fetch(cache, "one"), map);
  EXPECT_EQ(fetch(cache, "two"), "none");
  EXPECT_EQ(fetch(cache, "three"), map);
  EXPECT_EQ(fetch(cache, "four"), map);
  EXPECT_FALSE(store(cache, "large", std::string(4000, 'x')));
  EXPECT_EQ(entries().size(), 3u);  // Nothing went for what does not fit.
}

TEST_F(LevelCaches, GoWithoutWhatTheyCannotDo) {
  LevelCache cache = open();
  EXPECT_FALSE(cache.store("k", {}, at("no such map")));
  EXPECT_FALSE(store(cache, "k", ""));
  ASSERT_TRUE(store(cache, "k", "map"));
  const std::string source = at("source").string();
  EXPECT_FALSE(cache.fetch("k", std::array{source.c_str()}, at("nowhere/fetched")));
  fs::create_directory(at("fetched"));
  EXPECT_FALSE(cache.fetch("k", std::array{source.c_str()}, at("fetched")));
  EXPECT_FALSE(fs::exists(at("fetched.part")));
  fs::remove(at("fetched"));
  // Half an entry of a writer that was killed is nobody's, and is written over.
  std::ofstream(folder() / "writing.part") << "half";
  EXPECT_TRUE(store(cache, "other", "map"));
  EXPECT_FALSE(fs::exists(folder() / "writing.part"));
  fs::create_directory(folder() / "writing.part");
  EXPECT_FALSE(store(cache, "third", "map"));
  fs::remove_all(folder());
  EXPECT_FALSE(store(cache, "k", "map"));
  EXPECT_EQ(fetch(cache, "k"), "none");
}

TEST_F(LevelCaches, SayWhyTheyCannotBeOpened) {
  write("file", "in the way");
  const auto below_a_file = LevelCache::open(at("file/cache"), 1);
  ASSERT_FALSE(below_a_file.ok());
  EXPECT_EQ(below_a_file.error().message.find("cannot make the level cache " + at("file/cache").string()),
            0u);
  fs::create_directories(folder() / "lock");
  const auto not_written = LevelCache::open(folder(), 1);
  ASSERT_FALSE(not_written.ok());
  EXPECT_EQ(not_written.error().message.find("cannot write to the level cache " + folder().string()), 0u);
}

// Four processes store and fetch the same few maps in a cache that holds half of them.
TEST_F(LevelCaches, AreSafeWithManyProcessesAtOnce) {
  const auto map_of = [](std::uint64_t key) {
    return std::string(4000 + key * 100, static_cast<char>('a' + key));
  };
  const auto play = [&](std::uint64_t player) {
    LevelCache cache = open(20'000);
    RandomStream random{RandomKey(player)};
    int served = 0;
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t key = random.below(8);
      const std::string name = std::to_string(key);
      const fs::path mine = at("player" + std::to_string(player));
      if (cache.fetch(name, {}, mine)) {
        if (contents_of(mine) != map_of(key)) return 1;
        ++served;
      } else {
        std::ofstream(mine, std::ios::binary) << map_of(key);
        if (!cache.store(name, {}, mine)) return 2;
      }
    }
    return served > 0 ? 0 : 3;
  };
  std::vector<pid_t> players;
  for (std::uint64_t player = 0; player < 4; ++player) {
    const pid_t child = fork();
    if (child == 0) _exit(play(player));
    players.push_back(child);
  }
  for (const pid_t player : players) {
    int status = -1;
    waitpid(player, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::uintmax_t total = 0;
  for (const fs::path& entry : entries()) total += fs::file_size(entry);
  EXPECT_LE(total, 20'000u);
  EXPECT_GT(total, 0u);
}

}  // namespace
}  // namespace chrysalis
