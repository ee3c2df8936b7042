// Trains one learner or a population: workers take tasks (roll out a group of environments for one unroll;
// learn a shard of a batch; settle an update) of whichever member is furthest behind and has one. Every task
// is single-threaded, so nothing waits inside one: ten members on two cores and one on sixty-four are the
// same program. No member waits for another's work; see exchange.h for what `deterministic` asks.
//
// Threads: run() starts the workers and returns when they are done; progress() may be called from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/core/tensor.h"
#include "chrysalis/population/decision.h"
#include "chrysalis/population/population_config.h"
#include "chrysalis/rollout/actor.h"
#include "chrysalis/rollout/learner.h"
#include "chrysalis/train/exchange.h"
#include "chrysalis/train/member.h"
#include "chrysalis/train/schedule.h"

namespace chrysalis {

struct TrainerConfig {
  std::uint64_t seed = 1;
  ScheduleConfig schedule;  // Of each member.
  int unroll_steps = 100;
  bool bootstrap_on_time_limit = false;
  bool stagger_episodes = false;
  const std::vector<RawAction>* actions = nullptr;  // Outlives the trainer.
  std::vector<double> reference_scores = {1.0};     // Of each task.
  PopulationConfig population = {};
  std::vector<Tuned> tuned = {};  // Of population.tune, in the order of the members' values.
  int workers = 1;
  double checkpoint_seconds = 60;     // Between checkpoints of a member; also one at the end and at a stop.
  StageClock* stage_clock = nullptr;  // Counts the workers' time; outlives the trainer.
};

// The pixels and numbers that may wait for a learner at once: what grows with batch and environments. What
// the network and its gradient need besides is the learner's.
std::size_t unroll_ring_bytes(const ScheduleConfig& schedule, const UnrollShape& shape);

// Where a member is at a moment that is recorded.
struct MemberMoment {
  int member = 0;
  std::int64_t updates = 0;
  std::int64_t agent_steps = 0;
  std::int64_t episodes = 0;
  std::int64_t unrolls_dropped = 0;  // By this decision.
};

// Where the results go. Called by one worker at a time; an error stops training and is what run() returns.
class TrainingSink {
 public:
  virtual ~TrainingSink() = default;
  // After each update: what it was like, and the episodes that ended in its unrolls and are told.
  virtual Status update(int member, const UpdateReport& report, std::span<const EpisodeRecord> episodes,
                        std::int64_t agent_steps, double seconds) = 0;
  // A round of evaluation: the return of each task, and the score of them.
  virtual Status score(const MemberMoment& moment, std::span<const double> returns, double score) = 0;
  // Everything that a resume of the member needs. Answers the checkpoint's name.
  virtual Result<std::string> checkpoint(const MemberMoment& moment, std::span<const NamedTensor> state) = 0;
  // A decision and the state that it leads to, both or neither. Answers the checkpoint's name.
  virtual Result<std::string> decision(const MemberMoment& moment, const Decision& decision,
                                       std::span<const NamedTensor> state) = 0;
  // The state of a checkpoint that was answered before.
  virtual Result<std::vector<NamedTensor>> load(const std::string& checkpoint) = 0;
  // Checkpoints of this update and later ones must stay.
  virtual void keep_from(std::int64_t update) = 0;
};

// Where a member stands, for people.
struct MemberProgress {
  std::int64_t updates = 0;
  double alpha = 1;
  double mean_return = 0;  // Of the newest 100 episodes since its last copy.
  int returns = 0;         // How many there are of them.
};

// Where training stands, for people. Sums are over the members.
struct Progress {
  std::int64_t updates = 0;
  std::int64_t agent_steps = 0;  // Consumed by the learners.
  std::int64_t agent_steps_target = 0;
  std::int64_t episodes = 0;
  double seconds = 0;             // Of training, over all resumes.
  double agent_steps_per_s = 0;   // Of the last stretch.
  double mean_return_100 = 0;     // Of the newest 100 episodes of each member since its last copy.
  int returns = 0;                // How many there are of them, up to 100 a member.
  UpdateReport report;            // Of the last update.
  std::int64_t unrolls_lost = 0;  // With their environments' processes, of this process.
  std::int64_t copies = 0;        // Decisions that copied, of this process.
  std::vector<MemberProgress> members = {};
};

class Trainer {
 public:
  // One member's parts each; members.size() is population.size.
  Trainer(const TrainerConfig& config, std::vector<MemberParts> members, TrainingSink& sink);
  ~Trainer();

  // Takes up where the state of a member's checkpoint was. Before run(), at most once a member.
  Status restore(int member, std::span<const NamedTensor> state);
  // A checkpoint of a member that others may ask for. Before run(), by rising update.
  Status restore_published(int member, std::int64_t update, std::span<const NamedTensor> state,
                           const std::string& checkpoint);
  // Which checkpoints restore_published() wants, once every member is restored: from this update on, those
  // after which a member publishes. None: the newest of those alone.
  std::optional<std::int64_t> published_from() const;
  bool publishes_after(std::int64_t update) const;

  // Trains until done, or until `stop` is set (then to the end of the running tasks), with a checkpoint of
  // each member at the end. A diverged member becomes a copy of a healthy one; where there is none left it is
  // an error of code kDiverged. The checkpoints before stay.
  Status run(const std::atomic<bool>& stop);

  Progress progress() const;
  bool finished() const;
  int member_count() const { return static_cast<int>(members_.size()); }
  // The shape of the unrolls that the learners get.
  const UnrollShape& unroll_shape() const { return members_.front()->member->unroll_shape(); }
  // That a member has made, in all its resumes.
  std::int64_t decisions(int member) const {
    return members_[static_cast<std::size_t>(member)]->member->counters().decisions;
  }
  // Of a member's weights after its last update.
  WeightsPtr weights(int member = 0) const {
    return members_[static_cast<std::size_t>(member)]->member->weights();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  // What stands between an update and the next one.
  struct Unsettled {
    bool evaluation = false;
    bool decision = false;
    std::string divergence;  // Of an update that did not come about; empty: all is well.
    bool begun = false;      // A worker is at it.
    bool quiet() const { return decision || !divergence.empty(); }  // Needs that no rollout runs.
  };
  struct Entry {
    std::unique_ptr<Member> member;
    std::optional<Unsettled> unsettled;
    std::int64_t checkpoint_updates = -1;  // Of its last checkpoint.
    std::int64_t checkpoint_ns = 0;
    double alpha = 1;  // Of the weights behind its last update, for people.
  };
  struct Claim {
    Entry* entry = nullptr;
    std::optional<Task> task;  // None: settle the update.
  };
  struct Worker {
    std::vector<std::unique_ptr<Policy>> policies;  // One for each member that it acted for.
    std::vector<WeightsPtr> loaded;
  };

  bool all_finished() const;
  std::optional<Claim> claim();
  bool can_settle(const Entry& entry) const;
  Status work(int core, const std::atomic<bool>& stop);
  void roll_out(Entry& entry, const Task& task, Worker& worker, Lock& lock);
  void apply(Entry& entry, Lock& lock);
  void settle(Entry& entry, Lock& lock);
  Status evaluate(Entry& entry);
  Status decide(Entry& entry);
  Status replace(Entry& entry, const std::string& divergence);
  Status carry_out(Entry& entry, const Decision& decision, Lock& sink_lock);
  Status store_checkpoint(Entry& entry, Lock& lock);
  std::vector<Published> views(const Entry& entry, std::int64_t update) const;
  void note_stored(Entry& entry, const std::string& checkpoint, bool decided);
  void keep_needed();
  void note_progress(const UpdateReport& report);
  MemberMoment moment(const Entry& entry) const;
  DecisionInputs decision_inputs(const Member& member, std::span<const double> scores,
                                 std::span<const Published> published) const;
  bool is_population() const { return members_.size() > 1; }
  double seconds_now() const;
  void fail(Error error);

  // Constant after construction.
  TrainerConfig config_;
  TrainingSink& sink_;
  std::vector<std::unique_ptr<Entry>> members_;

  std::mutex sink_mu_;  // Held for calls of sink_; taken before mu_ where both are.
  mutable std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_, with what Member says.
  Exchange exchange_;
  std::optional<Error> error_;
  Progress progress_;
  double seconds_before_ = 0;  // Trained before the last resume.
  std::int64_t started_ns_ = 0;
  std::deque<std::pair<double, std::int64_t>> rate_window_;  // (seconds, agent steps) of late updates.
};

}  // namespace chrysalis
