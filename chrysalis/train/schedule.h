// Who may compute what, when: the order of a member's tasks as pure decisions. No threads, clocks or arrays
// here; the trainer asks under its lock and does the work.
//
// Every unroll has a position: environment e's unroll of round i is number i * E + e. Update k learns from
// the unrolls k * B … k * B + B - 1, whoever finished first. A rollout of a group in a round may begin once
// the weights of its required version exist:
//
//   required(s, n) = max(0, ceil((s + n - W) / B)),   W = largest group + (1 + batches_ahead) * B
//
// with s its first position and n its environments. So at most W unrolls are in flight, which bounds both
// memory and policy lag, and the graph of tasks does not depend on timing. In deterministic mode a rollout
// acts with exactly the required version, otherwise with the newest: that is the whole difference.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace chrysalis {

struct ScheduleConfig {
  int environments = 1;        // E
  int group_environments = 1;  // The last group takes what is left.
  int batch_unrolls = 1;       // B
  int batches_ahead = 1;
  int shards = 1;
  std::int64_t updates = 1;  // Where training ends.
  bool deterministic = false;
};

struct Task {
  enum class Kind { kRollout, kShard };
  Kind kind = Kind::kRollout;
  int group = 0;                     // kRollout.
  std::int64_t round = 0;            // kRollout.
  std::int64_t weights_version = 0;  // kRollout: act with these.
  int shard = 0;                     // kShard.
  std::int64_t update = 0;           // kShard.
};

class Schedule {
 public:
  // updates_done: 0, or where a checkpoint was taken; groups then begin again at resume_round().
  explicit Schedule(const ScheduleConfig& config, std::int64_t updates_done = 0);

  // Claims the next task, if one can run now: shards of a complete batch first, then the rollout that is
  // furthest behind.
  std::optional<Task> next();
  void rollout_done(const Task& task);
  // True for the last shard of a batch: the caller now owns the update and calls update_applied() after it.
  bool shard_done(const Task& task);
  void update_applied();

  bool finished() const { return updates_done_ == config_.updates; }
  std::int64_t updates_done() const { return updates_done_; }

  int group_count() const { return static_cast<int>(groups_.size()); }
  int group_first(int group) const { return groups_[group].first; }  // Environment.
  int group_size(int group) const { return groups_[group].size; }
  // Unrolls that may be alive at once; positions modulo this are distinct.
  std::int64_t capacity() const { return window() + 2 * config_.group_environments; }
  // Position of environment e's unroll of a round.
  std::int64_t position(std::int64_t round, int environment) const {
    return round * config_.environments + environment;
  }
  std::int64_t batch_begin(std::int64_t update) const { return update * config_.batch_unrolls; }

  // The first round of which some of the group's unrolls are not consumed once `updates` are done: where the
  // group begins again after a resume.
  std::int64_t resume_round(int group, std::int64_t updates) const;
  // The oldest weights that a rollout may still ask for once `updates` are done, counting those of a resume.
  std::int64_t oldest_version_needed(std::int64_t updates) const;

 private:
  struct Group {
    int first = 0;
    int size = 0;
    std::int64_t next_round = 0;
    std::int64_t rounds_done = 0;
    bool running = false;
  };
  std::int64_t window() const {
    return config_.group_environments +
           (1 + static_cast<std::int64_t>(config_.batches_ahead)) * config_.batch_unrolls;
  }
  std::int64_t required_version(const Group& group, std::int64_t round) const;
  bool batch_complete() const;

  ScheduleConfig config_;
  std::vector<Group> groups_;
  std::int64_t updates_done_;
  bool learning_ = false;  // From the first shard of a batch to update_applied().
  int shards_begun_ = 0;
  int shards_done_ = 0;
};

}  // namespace chrysalis
