#include "chrysalis/train/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace chrysalis {
namespace {

// Runs a schedule with `workers` that finish their tasks in a random order, and records every task.
struct History {
  std::vector<Task> tasks;
  std::map<std::int64_t, std::int64_t> version_of_position;
  std::int64_t most_alive = 0;
  std::int64_t longest_lag = 0;
};

History simulate(const ScheduleConfig& config, int workers, std::uint64_t seed) {
  Schedule schedule(config);
  std::mt19937_64 random(seed);
  std::vector<Task> running;
  History history;
  while (!schedule.finished()) {
    while (static_cast<int>(running.size()) < workers) {
      const auto task = schedule.next();
      if (!task) break;
      running.push_back(*task);
      history.tasks.push_back(*task);
      if (task->kind == Task::Kind::kRollout) {
        const int first = schedule.group_first(task->group);
        for (int e = first; e < first + schedule.group_size(task->group); ++e)
          history.version_of_position[schedule.position(task->round, e)] = task->weights_version;
        history.most_alive = std::max(history.most_alive, schedule.position(task->round, first) +
                                                              schedule.group_size(task->group) -
                                                              schedule.batch_begin(schedule.updates_done()));
      }
    }
    EXPECT_FALSE(running.empty()) << "deadlock";
    if (running.empty()) break;
    const std::size_t pick = random() % running.size();
    const Task task = running[pick];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(pick));
    if (task.kind == Task::Kind::kRollout) {
      schedule.rollout_done(task);
    } else if (schedule.shard_done(task)) {
      for (std::int64_t p = schedule.batch_begin(task.update); p < schedule.batch_begin(task.update + 1);
           ++p) {
        EXPECT_TRUE(history.version_of_position.contains(p))
            << "update " << task.update << " lacks unroll " << p;
        history.longest_lag = std::max(history.longest_lag, task.update - history.version_of_position[p]);
      }
      schedule.update_applied();
    }
  }
  return history;
}

constexpr ScheduleConfig kConfigs[] = {
    {.environments = 100,
     .group_environments = 25,
     .batch_unrolls = 32,
     .batches_ahead = 1,
     .shards = 4,
     .updates = 40},
    {.environments = 7,
     .group_environments = 3,
     .batch_unrolls = 5,
     .batches_ahead = 0,
     .shards = 2,
     .updates = 30},
    {.environments = 1,
     .group_environments = 1,
     .batch_unrolls = 4,
     .batches_ahead = 2,
     .shards = 1,
     .updates = 20},
    {.environments = 32,
     .group_environments = 64,
     .batch_unrolls = 16,
     .batches_ahead = 1,
     .shards = 16,
     .updates = 20},
};

TEST(Schedule, ReachesItsEndWithAnyNumberOfWorkersInAnyOrder) {
  for (const ScheduleConfig& config : kConfigs)
    for (const int workers : {1, 2, 5, 64})
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const History history = simulate(config, workers, seed);
        const auto shards = std::ranges::count(history.tasks, Task::Kind::kShard, &Task::kind);
        EXPECT_EQ(shards, config.updates * config.shards);
      }
}

TEST(Schedule, BoundsUnrollsInFlightAndPolicyLag) {
  for (ScheduleConfig config : kConfigs) {
    const History history = simulate(config, 64, 3);
    const int group = std::min(config.group_environments, config.environments);
    const std::int64_t window = group + (1 + config.batches_ahead) * config.batch_unrolls;
    EXPECT_LE(history.most_alive, window);
    EXPECT_LE(history.longest_lag, (window + config.batch_unrolls - 1) / config.batch_unrolls);
  }
}

TEST(Schedule, UsesTheSameVersionsWhateverTheWorkersWhenDeterministic) {
  for (ScheduleConfig config : kConfigs) {
    config.deterministic = true;
    const History one = simulate(config, 1, 0);
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
      History many = simulate(config, 8, seed);
      for (const auto& [position, version] : one.version_of_position)
        if (many.version_of_position.contains(position)) {
          EXPECT_EQ(many.version_of_position[position], version);
        }
    }
  }
}

TEST(Schedule, ResumesWhereEveryUnconsumedUnrollIsRolledOutAgainWithTheSameVersion) {
  for (ScheduleConfig config : kConfigs) {
    config.deterministic = true;
    History whole = simulate(config, 2, 1);
    for (std::int64_t updates = 0; updates < config.updates; ++updates) {
      Schedule resumed(config, updates);
      std::set<std::int64_t> open;
      for (std::int64_t p = resumed.batch_begin(updates); p < resumed.batch_begin(updates + 1); ++p)
        open.insert(p);
      while (const auto task = resumed.next()) {
        if (task->kind == Task::Kind::kShard) break;
        EXPECT_GE(task->weights_version, resumed.oldest_version_needed(updates));
        const int first = resumed.group_first(task->group);
        for (int e = first; e < first + resumed.group_size(task->group); ++e) {
          open.erase(resumed.position(task->round, e));
          EXPECT_EQ(whole.version_of_position[resumed.position(task->round, e)], task->weights_version);
        }
        resumed.rollout_done(*task);
      }
      EXPECT_TRUE(open.empty()) << "update " << updates;
    }
  }
}

}  // namespace
}  // namespace chrysalis
