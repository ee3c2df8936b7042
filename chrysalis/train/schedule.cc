#include "chrysalis/train/schedule.h"

#include <algorithm>

#include "chrysalis/core/check.h"

namespace chrysalis {

Schedule::Schedule(const ScheduleConfig& config, std::int64_t updates_done)
    : config_(config), updates_done_(updates_done) {
  CHRYSALIS_CHECK(config.environments >= 1 && config.group_environments >= 1 && config.batch_unrolls >= 1 &&
                  config.batches_ahead >= 0 && config.shards >= 1 && config.updates >= updates_done);
  config_.group_environments = std::min(config.group_environments, config.environments);
  for (int first = 0; first < config.environments; first += config_.group_environments)
    groups_.push_back(
        {.first = first, .size = std::min(config_.group_environments, config.environments - first)});
  for (int g = 0; g < group_count(); ++g)
    groups_[g].next_round = groups_[g].rounds_done = resume_round(g, updates_done);
}

std::int64_t Schedule::required_version(const Group& group, std::int64_t round) const {
  const std::int64_t beyond = position(round, group.first) + group.size - window();
  return beyond <= 0 ? 0 : (beyond + config_.batch_unrolls - 1) / config_.batch_unrolls;
}

std::int64_t Schedule::resume_round(int group, std::int64_t updates) const {
  // Smallest i >= 0 with position(i, first + size) > batch_begin(updates).
  const std::int64_t beyond = batch_begin(updates) - groups_[group].first - groups_[group].size;
  return beyond < 0 ? 0 : beyond / config_.environments + 1;
}

std::int64_t Schedule::oldest_version_needed(std::int64_t updates) const {
  std::int64_t oldest = updates;
  for (int g = 0; g < group_count(); ++g)
    oldest = std::min(oldest, required_version(groups_[g], resume_round(g, updates)));
  return oldest;
}

bool Schedule::batch_complete() const {
  const std::int64_t begin = batch_begin(updates_done_);
  const std::int64_t end = begin + config_.batch_unrolls;
  for (const Group& group : groups_) {
    // Positions of the group that are finished: all before this one in its own sequence.
    const std::int64_t open = position(group.rounds_done, group.first);
    if (open < end) return false;
  }
  return true;
}

std::optional<Task> Schedule::next() {
  if (finished()) return std::nullopt;
  if (!learning_ && batch_complete()) {
    learning_ = true;
    shards_begun_ = shards_done_ = 0;
  }
  if (learning_ && shards_begun_ < config_.shards)
    return Task{.kind = Task::Kind::kShard, .shard = shards_begun_++, .update = updates_done_};

  Group* behind = nullptr;
  for (Group& group : groups_) {
    if (group.running) continue;
    if (behind == nullptr ||
        position(group.next_round, group.first) < position(behind->next_round, behind->first))
      behind = &group;
  }
  if (behind == nullptr || position(behind->next_round, behind->first) >= batch_begin(config_.updates))
    return std::nullopt;
  const std::int64_t required = required_version(*behind, behind->next_round);
  if (required > updates_done_) return std::nullopt;
  behind->running = true;
  return Task{.kind = Task::Kind::kRollout,
              .group = static_cast<int>(behind - groups_.data()),
              .round = behind->next_round++,
              .weights_version = config_.deterministic ? required : updates_done_};
}

void Schedule::rollout_done(const Task& task) {
  Group& group = groups_[task.group];
  CHRYSALIS_CHECK(group.running && group.rounds_done == task.round);
  group.running = false;
  group.rounds_done = task.round + 1;
}

bool Schedule::shard_done(const Task& task) {
  CHRYSALIS_CHECK(learning_ && task.update == updates_done_);
  return ++shards_done_ == config_.shards;
}

void Schedule::update_applied() {
  CHRYSALIS_CHECK(learning_ && shards_done_ == config_.shards);
  ++updates_done_;
  learning_ = false;
}

}  // namespace chrysalis
