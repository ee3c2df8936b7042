#include "chrysalis/env/environment_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "chrysalis/core/allocation_count_test.h"
#include "chrysalis/env/fake_environment.h"

namespace chrysalis {
namespace {

constexpr int kEpisodeSteps = 7;

struct Pool {
  Pool(Autoreset autoreset, int workers, int count, FakeEnvironment::Config fake = {})
      : pool(autoreset, workers, environments_of(count, fake)),
        rgb(pool.spec().observation_bytes() * static_cast<std::size_t>(count)) {}

  static std::vector<std::unique_ptr<Environment>> environments_of(int count, FakeEnvironment::Config fake) {
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < count; ++i) environments.push_back(std::make_unique<FakeEnvironment>(fake));
    return environments;
  }
  // Environment i from seed + i.
  void reset(std::uint64_t seed) {
    std::vector<std::optional<std::uint64_t>> seeds;
    for (int i = 0; i < pool.size(); ++i) seeds.push_back(seed + static_cast<std::uint64_t>(i));
    pool.reset(seeds, rgb);
  }
  void step(int times = 1) {
    std::vector<RawAction> actions;
    for (int i = 0; i < pool.size(); ++i) actions.push_back({.look_right = i});
    for (int t = 0; t < times; ++t) pool.step(actions, rgb);
  }
  std::vector<std::uint8_t> seen_by(int i) const {
    const std::size_t bytes = pool.spec().observation_bytes();
    const auto first = rgb.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * bytes);
    return {first, first + static_cast<std::ptrdiff_t>(bytes)};
  }

  EnvironmentPool pool;
  std::vector<std::uint8_t> rgb;
};

// What environment i of a Pool sees that was reset with `seed`, after `steps` of episode `episode`.
std::vector<std::uint8_t> expected(std::uint64_t seed, int i, std::int64_t episode, int steps) {
  FakeEnvironment alone({});
  alone.reset(evaluation_seed(seed + static_cast<std::uint64_t>(i), episode));
  for (int t = 0; t < steps; ++t) alone.step({.look_right = i});
  std::vector<std::uint8_t> rgb(alone.spec().observation_bytes());
  alone.observe(rgb);
  return rgb;
}

TEST(EnvironmentPool, PlaysTheSameWhateverTheWorkers) {
  for (const int workers : {1, 2, 5, 9}) {
    Pool pool(Autoreset::kNextStep, workers, 5);
    EXPECT_EQ(pool.pool.workers(), std::min(workers, 5));
    pool.reset(10);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.seen_by(i), expected(10, i, 0, 0));
    pool.step(3);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.seen_by(i), expected(10, i, 0, 3)) << workers << " workers";
  }
}

TEST(EnvironmentPool, BeginsTheNextEpisodeInTheStepAfter) {
  Pool pool(Autoreset::kNextStep, 2, 2);
  pool.reset(1);
  pool.step(kEpisodeSteps);
  EXPECT_TRUE(pool.pool.results()[1].ended && pool.pool.results()[1].truncated);
  EXPECT_EQ(pool.seen_by(1), expected(1, 1, 0, kEpisodeSteps));
  pool.step();
  EXPECT_EQ(pool.pool.results()[1].frames, 0);
  EXPECT_EQ(pool.pool.results()[1].reward, 0);
  EXPECT_FALSE(pool.pool.results()[1].ended);
  EXPECT_EQ(pool.seen_by(1), expected(1, 1, 1, 0));
  pool.step(2);
  EXPECT_EQ(pool.seen_by(1), expected(1, 1, 1, 2));
}

TEST(EnvironmentPool, BeginsTheNextEpisodeInTheSameStep) {
  Pool pool(Autoreset::kSameStep, 2, 2);
  pool.reset(1);
  pool.step(kEpisodeSteps);
  EXPECT_TRUE(pool.pool.results()[1].ended);
  EXPECT_EQ(pool.seen_by(1), expected(1, 1, 1, 0));
  EXPECT_TRUE(std::ranges::equal(pool.pool.final_observation(1), expected(1, 1, 0, kEpisodeSteps)));
  pool.step(2);
  EXPECT_EQ(pool.seen_by(1), expected(1, 1, 1, 2));
}

// Tells when it is asked to begin, and when it is waited for.
class TellingEnvironment : public FakeEnvironment {
 public:
  explicit TellingEnvironment(std::string& told) : FakeEnvironment({}), told_(told) {}
  void begin_reset(std::uint64_t) override { told_ += "begin "; }
  void reset(std::uint64_t seed) override {
    told_ += "reset ";
    FakeEnvironment::reset(seed);
  }

 private:
  std::string& told_;
};

TEST(EnvironmentPool, AnnouncesAllEpisodesBeforeItWaitsForOne) {
  for (const Autoreset autoreset : {Autoreset::kNextStep, Autoreset::kSameStep}) {
    std::string told;
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < 3; ++i) environments.push_back(std::make_unique<TellingEnvironment>(told));
    EnvironmentPool pool(autoreset, 1, std::move(environments));
    std::vector<std::uint8_t> rgb(pool.spec().observation_bytes() * 3);
    pool.reset(std::vector<std::optional<std::uint64_t>>{1, 2, 3}, rgb);
    for (int t = 0; t < kEpisodeSteps + 1; ++t) pool.step(std::vector<RawAction>(3), rgb);
    const std::string all = "begin begin begin reset reset reset ";
    EXPECT_EQ(told, all + all);
  }
}

TEST(EnvironmentPool, TellsOfTheEpisodeThatEnded) {
  for (const Autoreset autoreset : {Autoreset::kNextStep, Autoreset::kSameStep}) {
    Pool pool(autoreset, 1, 1, {.by_rule = true});
    pool.reset(3);
    for (int episode = 0; episode < 2; ++episode) {
      double sum = 0;
      for (int t = 0; t < kEpisodeSteps; ++t) {
        pool.step();
        sum += pool.pool.results()[0].reward;
      }
      EXPECT_TRUE(pool.pool.results()[0].ended && !pool.pool.results()[0].truncated);
      EXPECT_EQ(pool.pool.ended_episode(0).index, episode);
      EXPECT_EQ(pool.pool.ended_episode(0).episode_return, sum);
      EXPECT_EQ(pool.pool.ended_episode(0).agent_steps, kEpisodeSteps);
      EXPECT_EQ(pool.pool.ended_episode(0).frames, 4 * kEpisodeSteps);
      if (autoreset == Autoreset::kNextStep) pool.step();
    }
  }
}

TEST(EnvironmentPool, AnEpisodeThatIsLostIsFollowedByTheNextUntilThereIsNoneAnyMore) {
  const std::vector<std::uint8_t> black(FakeEnvironment({}).spec().observation_bytes());
  const FakeEnvironment::Config falling = {.foreign = true, .falls_in = {2, 3}, .falls_at_most = 2};
  Pool next(Autoreset::kNextStep, 2, 3, falling);
  next.reset(1);
  next.step(3);
  EXPECT_TRUE(next.pool.results()[1].lost && next.pool.results()[1].ended);
  EXPECT_EQ(next.seen_by(1), black);
  EXPECT_EQ(next.pool.ended_episode(1).frames, 8);
  EXPECT_TRUE(next.pool.status().ok());
  next.step();
  EXPECT_FALSE(next.pool.results()[1].ended);
  EXPECT_EQ(next.seen_by(1), expected(1, 1, 1, 0));
  next.step();
  EXPECT_EQ(next.pool.status().error().message, "the fake environment fell 2 times");
  Pool same(Autoreset::kSameStep, 2, 3, falling);
  same.reset(1);
  same.step(3);
  EXPECT_TRUE(same.pool.results()[1].lost);
  EXPECT_TRUE(std::ranges::equal(same.pool.final_observation(1), black));
  EXPECT_EQ(same.seen_by(1), expected(1, 1, 1, 0));
}

TEST(EnvironmentPool, ResetWithoutASeedGoesOnToTheNextEpisode) {
  Pool pool(Autoreset::kNextStep, 2, 3);
  EXPECT_FALSE(pool.pool.has_begun());
  pool.reset(5);
  EXPECT_TRUE(pool.pool.has_begun());
  pool.step(2);
  const std::vector<std::optional<std::uint64_t>> seeds = {{}, 100, {}};
  pool.pool.reset(seeds, pool.rgb);
  EXPECT_EQ(pool.seen_by(0), expected(5, 0, 1, 0));
  EXPECT_EQ(pool.seen_by(1), expected(99, 1, 0, 0));
  // A reset takes the place of the autoreset that was due.
  pool.step(kEpisodeSteps);
  pool.pool.reset(std::vector<std::optional<std::uint64_t>>(3), pool.rgb);
  EXPECT_EQ(pool.seen_by(2), expected(5, 2, 2, 0));
  pool.step();
  EXPECT_EQ(pool.seen_by(2), expected(5, 2, 2, 1));
}

TEST(EnvironmentPool, AllocatesNothingInAStep) {
  for (const Autoreset autoreset : {Autoreset::kNextStep, Autoreset::kSameStep}) {
    Pool pool(autoreset, 1, 4);
    pool.reset(1);
    const std::vector<RawAction> actions(4);
    pool.pool.step(actions, pool.rgb);
    const std::int64_t before = allocation_count;
    for (int t = 0; t < 3 * kEpisodeSteps; ++t) pool.pool.step(actions, pool.rgb);
    EXPECT_EQ(allocation_count, before);
  }
}

TEST(EnvironmentPool, GoesOnInAForkedChild) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer starts no threads after a fork";
#endif
  Pool pool(Autoreset::kNextStep, 3, 3);
  pool.reset(1);
  pool.step(2);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    pool.step(2);
    _exit(pool.seen_by(2) == expected(1, 2, 0, 4) ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  pool.step();
  EXPECT_EQ(pool.seen_by(2), expected(1, 2, 0, 3));
}

TEST(EnvironmentPoolDeathTest, RefusesMisuse) {
  Pool pool(Autoreset::kNextStep, 1, 2);
  EXPECT_DEATH(pool.step(), "step\\(\\) before reset\\(\\)");
  EXPECT_DEATH(pool.pool.reset(std::vector<std::optional<std::uint64_t>>(2), pool.rgb), "without a seed");
  pool.reset(1);
  EXPECT_DEATH(pool.pool.step(std::vector<RawAction>(1), pool.rgb), "");
  EXPECT_DEATH(pool.pool.step(std::vector<RawAction>(2), std::span(pool.rgb).first(5)), "");
  EXPECT_DEATH((void)pool.pool.final_observation(0), "kSameStep");
}

}  // namespace
}  // namespace chrysalis
