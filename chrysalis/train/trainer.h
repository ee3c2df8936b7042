// Trains one member: workers take tasks (roll out a group of environments for one unroll; learn a shard of a
// batch) in the order that Schedule allows. Every task is single-threaded, so nothing waits inside one, and
// one worker or sixty-four run the same program.
//
// Threads: run() starts the workers and returns when they are done; progress() may be called from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/core/tensor.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/rollout/actor.h"
#include "chrysalis/rollout/learner.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/train/schedule.h"

namespace chrysalis {

struct TrainerConfig {
  std::uint64_t seed = 1;
  int member = 0;
  ScheduleConfig schedule;
  int unroll_steps = 100;
  bool bootstrap_on_time_limit = false;
  const std::vector<RawAction>* actions = nullptr;  // Outlives the trainer.
  int workers = 1;
  double checkpoint_seconds = 60;     // Between checkpoints; also one at the end and at a stop.
  StageClock* stage_clock = nullptr;  // Counts the workers' time; outlives the trainer.
};

// The pixels and numbers that may wait for the learner at once: what grows with batch and environments. What
// the network and its gradient need besides is the learner's.
std::size_t unroll_ring_bytes(const ScheduleConfig& schedule, const UnrollShape& shape);

// What the trainer is made of; each worker gets a policy of its own.
struct TrainerParts {
  std::unique_ptr<Learner> learner;
  std::function<std::unique_ptr<Policy>()> make_policy;
  std::function<std::unique_ptr<Environment>(int environment)> make_environment;
};

// Where the results go. Called by one worker at a time; an error stops training and is what run() returns.
class TrainingSink {
 public:
  virtual ~TrainingSink() = default;
  // After each update: what it was like, and the episodes that ended in its unrolls.
  virtual Status update(const UpdateReport& report, std::span<const EpisodeRecord> episodes,
                        std::int64_t agent_steps, double seconds) = 0;
  // Everything that a resume needs, as of `updates`.
  virtual Status checkpoint(std::int64_t updates, std::int64_t agent_steps,
                            std::span<const NamedTensor> state) = 0;
};

// Where training stands, for people.
struct Progress {
  std::int64_t updates = 0;
  std::int64_t agent_steps = 0;  // Consumed by the learner.
  std::int64_t agent_steps_target = 0;
  std::int64_t episodes = 0;
  double seconds = 0;            // Of training, over all resumes.
  double agent_steps_per_s = 0;  // Of the last stretch.
  double mean_return_100 = 0;    // Of the last 100 episodes.
  int returns = 0;               // How many there are of them, up to 100.
  UpdateReport report;           // Of the last update.
};

class Trainer {
 public:
  Trainer(const TrainerConfig& config, TrainerParts parts, TrainingSink& sink);
  ~Trainer();

  // Takes up where the state of a checkpoint was. Before run(), at most once.
  Status restore(std::span<const NamedTensor> state);

  // Trains until done, or until `stop` is set (then to the end of the running tasks), with a checkpoint at
  // the end. Diverged numbers are an error of code kDiverged; the checkpoints before stay.
  Status run(const std::atomic<bool>& stop);

  Progress progress() const;
  bool finished() const;
  // The shape of the unrolls that the learner gets.
  const UnrollShape& unroll_shape() const { return actors_.front()->unroll_shape(); }
  // Of the weights after the last update.
  WeightsPtr weights() const { return parts_.learner->weights(); }

 private:
  struct Worker {
    std::unique_ptr<Policy> policy;
    std::int64_t loaded_version = -1;
  };
  struct Snapshot {
    std::int64_t round = 0;
    std::vector<std::uint8_t> state;  // Of the actor before it.
  };
  void work(Worker& worker, const std::atomic<bool>& stop);
  Snapshot snapshot(const Task& task) const;
  static void load(Worker& worker, const WeightsPtr& weights);
  void roll_out(const Task& task, Worker& worker);
  void learn(const Task& task);
  void apply(std::unique_lock<std::mutex>& lock);
  Status store(const UpdateReport& report, std::span<const EpisodeRecord> episodes, double seconds);
  Status store_checkpoint(std::int64_t updates, std::span<const NamedTensor> state);
  void note_progress(const UpdateReport& report, std::span<const EpisodeRecord> episodes);
  void fail(Error error);
  std::vector<NamedTensor> state(std::int64_t updates) const;
  std::int64_t agent_steps(std::int64_t updates) const;
  double seconds_now() const;
  Unroll& unroll_at(std::int64_t position);

  // Constant after construction.
  TrainerConfig config_;
  TrainerParts parts_;
  TrainingSink& sink_;

  // One task at a time each: the running rollout of the group, the running update.
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<std::unique_ptr<Unroll>> unrolls_;             // [capacity], at position % capacity.
  std::vector<std::vector<EpisodeRecord>> unroll_episodes_;  // [capacity], likewise.

  mutable std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  Schedule schedule_;
  std::map<std::int64_t, WeightsPtr> versions_;  // That a rollout may still ask for.
  std::vector<std::deque<Snapshot>> snapshots_;  // [groups], of the rounds not yet consumed.
  std::optional<Error> error_;
  Progress progress_;
  std::deque<double> last_returns_;
  double seconds_before_ = 0;  // Trained before the last resume.
  std::int64_t started_ns_ = 0;
  std::int64_t checkpoint_ns_ = 0;
  std::int64_t checkpoint_updates_ = -1;                     // Of the last checkpoint.
  std::deque<std::pair<double, std::int64_t>> rate_window_;  // (seconds, agent steps) of late updates.
};

}  // namespace chrysalis
