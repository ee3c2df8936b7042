#include "chrysalis/core/worker_team.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <system_error>
#include <thread>
#include <vector>

#include "chrysalis/core/allocation_count_test.h"
#include "chrysalis/core/thread_limit_test.h"

namespace chrysalis {
namespace {

TEST(WorkerTeam, CallsOnceForEachItem) {
  for (const int workers : {1, 2, 3, 8}) {
    WorkerTeam team(workers);
    EXPECT_EQ(team.workers(), workers);
    for (const int count : {0, 1, 2, 7, 64}) {
      std::vector<int> calls(static_cast<std::size_t>(count));
      // Plain integers: what a call wrote is there when for_each() returns.
      for (int round = 0; round < 20; ++round)
        team.for_each(count, [&](int item, int) { ++calls[static_cast<std::size_t>(item)]; });
      EXPECT_EQ(std::ranges::count(calls, 20), count) << workers << " workers";
    }
  }
}

TEST(WorkerTeam, KeepsCallsOfOneWorkerApart) {
  WorkerTeam team(4);
  std::vector<std::atomic<int>> running(4);
  std::atomic<bool> apart = true;
  team.for_each(200, [&](int, int worker) {
    if (running[static_cast<std::size_t>(worker)]++ != 0) apart = false;
    std::this_thread::yield();
    --running[static_cast<std::size_t>(worker)];
  });
  EXPECT_TRUE(apart);
}

TEST(WorkerTeam, EndsWhereTheSystemHasNoThreadLeft) {
  const ThreadLimit limit(2);
  EXPECT_THROW(WorkerTeam(64), std::system_error);
}

TEST(WorkerTeam, RunsItemsSideBySide) {
  WorkerTeam team(3);
  std::atomic<int> here = 0;
  // Each waits for the others: a team that took one item after another would stand still.
  team.for_each(3, [&](int, int) {
    ++here;
    while (here < 3) std::this_thread::yield();
  });
  EXPECT_EQ(here, 3);
}

TEST(WorkerTeam, TakesWhatASlowWorkerLeaves) {
  WorkerTeam team(2);
  std::atomic<int> done = 0;
  // Item 0 ends only when all others have, its own part's among them.
  team.for_each(10, [&](int item, int) {
    while (item == 0 && done < 9) std::this_thread::yield();
    ++done;
  });
  EXPECT_EQ(done, 10);
}

TEST(WorkerTeam, OneWorkerIsTheCaller) {
  WorkerTeam team(1);
  team.for_each(3, [caller = std::this_thread::get_id()](int, int worker) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(worker, 0);
  });
}

TEST(WorkerTeam, AllocatesNothingInALoop) {
  WorkerTeam team(2);
  std::atomic<int> sum = 0;
  int a = 1, b = 2, c = 3;
  const auto loop = [&] { team.for_each(8, [&](int item, int) { sum += item + a + b + c; }); };
  loop();
  const std::int64_t before = allocation_count;
  for (int i = 0; i < 10; ++i) loop();
  EXPECT_EQ(allocation_count, before);
}

TEST(WorkerTeam, LeavesSignalsToTheCallersThreads) {
  WorkerTeam team(2);
  std::atomic<int> here = 0;
  bool blocked = false;
  team.for_each(2, [&](int, int worker) {
    ++here;
    while (here < 2) std::this_thread::yield();
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    if (worker == 1) blocked = sigismember(&mask, SIGINT) == 1;
  });
  EXPECT_TRUE(blocked);
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGINT), 0);
}

TEST(WorkerTeam, GoesOnInAForkedChild) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer starts no threads after a fork";
#endif
  WorkerTeam team(3);
  std::atomic<int> sum = 0;
  const auto loop = [&] { team.for_each(10, [&](int item, int) { sum += item; }); };
  loop();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    WorkerTeam unused(2);
    loop();
    loop();
    _exit(sum == 3 * 45 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  loop();
  EXPECT_EQ(sum, 2 * 45);
}

TEST(WorkerTeam, IsForgottenByAForkedChildThatNeverUsesIt) {
  auto team = std::make_unique<WorkerTeam>(3);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    team.reset();
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(WorkerTeamDeathTest, NeedsSomeone) {
  EXPECT_DEATH(WorkerTeam team(0), "a team of 0");
}

}  // namespace
}  // namespace chrysalis
