// One member of a population, or the only one: a learner, its environments, and where they are. What to do
// next is asked under the trainer's lock; the work itself has none.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/core/tensor.h"
#include "chrysalis/env/environment.h"
#include "chrysalis/population/decision.h"
#include "chrysalis/rollout/actor.h"
#include "chrysalis/rollout/learner.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/train/schedule.h"

namespace chrysalis {

struct MemberConfig {
  std::uint64_t seed = 1;
  int member = 0;
  ScheduleConfig schedule;
  int unroll_steps = 100;
  bool bootstrap_on_time_limit = false;
  bool stagger_episodes = false;
  const std::vector<RawAction>* actions = nullptr;  // Outlives the member.
  // The return of each task that counts as 1 in a score; environment e plays task e modulo their number.
  std::vector<double> reference_scores = {1.0};
  std::size_t kept_scores = 30;  // The newest, which others compare it by.
};

// What a member is made of; each worker gets a policy of its own.
struct MemberParts {
  std::unique_ptr<Learner> learner;
  std::function<std::unique_ptr<Policy>()> make_policy;
  std::function<std::unique_ptr<Environment>(int environment)> make_environment;
  // Hyperparameters at first, in the order of population.tune, and how a learner takes them.
  std::vector<double> values = {};
  std::function<void(Learner& learner, std::span<const double> values)> tune = {};
  // A round of evaluation: the return of each task with these weights, in environments that are never trained
  // on. Error: an environment that cannot go on. Null: members are scored by their training episodes.
  std::function<Result<std::vector<double>>(const WeightsPtr& weights)> evaluate = {};
};

// Counters that a checkpoint holds, in this order.
struct MemberCounters {
  std::int64_t updates = 0;
  std::int64_t episodes = 0;          // Ended and told.
  std::int64_t decided_episodes = 0;  // Of them, at the last decision.
  std::int64_t decisions = 0;         // Made so far: the number of the next one.
  std::int64_t unrolls_dropped = 0;   // Rolled out for weights that a copy replaced.
  std::int64_t own_updates = 0;       // Since the last copy.
  std::int64_t milliseconds = 0;      // Of training, over all resumes.
};

class Member {
 public:
  Member(const MemberConfig& config, MemberParts parts);
  ~Member();

  // Under the trainer's lock. -------------------------------------------------------------------------------
  // Claims the next task, if one can run now.
  std::optional<Task> next() { return schedule_.next(); }
  // The weights that a claimed rollout acts with. Remembers its actor for a resume.
  WeightsPtr begin_rollout(const Task& task);
  void rollout_done(const Task& task);
  // True for the last shard of a batch: the caller now owns the update, up to settled().
  bool shard_done(const Task& task) { return schedule_.shard_done(task); }
  bool rolling_out() const { return running_rollouts_ > 0; }
  bool finished() const { return schedule_.finished(); }
  // What a resume needs, of the updates done.
  std::vector<NamedTensor> state() const;
  // Counts an update that apply() made, and its episodes.
  void count(std::span<const EpisodeRecord> episodes, std::int64_t milliseconds);
  // The next update may begin.
  void settled();

  // Work, without the lock. ---------------------------------------------------------------------------------
  // Error: an environment cannot go on; the task is not done then.
  Status roll_out(const Task& task, Policy& policy, const WeightsPtr& weights);
  void learn(const Task& task);
  // The learner's step after the last shard, and the episodes that ended in its batch.
  UpdateReport apply(std::vector<EpisodeRecord>& episodes);
  // A round of evaluation with the newest weights: the return of each task; counts its score.
  Result<std::vector<double>> evaluate();

  // While the caller owns the update and no rollout runs. ---------------------------------------------------
  void tune(std::span<const double> values);
  // Goes on from another's weights and optimizer at its own update, with these hyperparameters: what was
  // rolled out is dropped, and every environment begins a new episode with nothing remembered. state: of the
  // other's checkpoint. Answers how many unrolls were dropped; count_anew() must follow. Without the lock,
  // since many worlds take their time. Error: a state without a learner's tensors; then nothing has changed.
  Result<std::int64_t> take_over(std::vector<NamedTensor> state, std::span<const double> values);
  // Under the lock: what others see of a member that took over.
  void count_anew(std::int64_t unrolls_dropped);
  void decided();

  // Any time while nobody works on it. ----------------------------------------------------------------------
  Status restore(std::span<const NamedTensor> state);

  int number() const { return config_.member; }
  const MemberCounters& counters() const { return counters_; }
  std::int64_t agent_steps() const { return agent_steps(counters_.updates); }
  std::int64_t agent_steps(std::int64_t updates) const {
    return updates * config_.schedule.batch_unrolls * config_.unroll_steps;
  }
  std::int64_t episodes_since_decision() const { return counters_.episodes - counters_.decided_episodes; }
  std::span<const double> values() const { return parts_.values; }
  bool is_evaluated() const { return parts_.evaluate != nullptr; }
  // What others compare it by, since its last copy, newest last: scores of episodes or of rounds.
  std::vector<double> scores() const { return {scores_.begin(), scores_.end()}; }
  // Members whose copies diverged in this one's place since it last trained on to a publication.
  std::vector<std::int64_t> tried = {};
  // Raw returns of its newest 100 episodes since its last copy.
  const std::deque<double>& returns() const { return returns_; }
  const UnrollShape& unroll_shape() const { return actors_.front()->unroll_shape(); }
  WeightsPtr weights() const { return parts_.learner->weights(); }
  std::unique_ptr<Policy> make_policy() const { return parts_.make_policy(); }

 private:
  struct Snapshot {
    std::int64_t round = 0;
    std::vector<std::uint8_t> state;  // Of the actor before it.
  };
  Unroll& unroll_at(std::int64_t position);
  std::vector<std::uint8_t> actor_state(int group) const;
  std::int64_t unrolls_waiting() const;
  std::span<const std::int64_t> running_of(int group) const;
  // Older versions that rollouts may still ask for are the current weights.
  void forget_versions();
  Status restore_versions(std::span<const NamedTensor> state);
  Status restore_actors(std::span<const NamedTensor> state);

  // Constant after construction.
  MemberConfig config_;
  MemberParts parts_;  // But for `values`.

  // One task at a time each: the running rollout of the group, the running update.
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<std::unique_ptr<Unroll>> unrolls_;             // [capacity], at position % capacity.
  std::vector<std::vector<EpisodeRecord>> unroll_episodes_;  // [capacity], likewise.

  // Under the trainer's lock, or the owner's of the update.
  Schedule schedule_;
  int running_rollouts_ = 0;
  std::map<std::int64_t, WeightsPtr> versions_;  // That a rollout may still ask for.
  std::vector<std::deque<Snapshot>> snapshots_;  // [groups], of the rounds not yet consumed.
  MemberCounters counters_;
  std::vector<std::int64_t> running_;  // [environments], the episode after the last that was told.
  std::deque<double> scores_;
  std::deque<double> returns_;
};

// What a checkpoint's tensors show of a member: for others to compare with, and to copy.
Result<Published> published_of(std::span<const NamedTensor> state, std::int64_t member, std::int64_t update,
                               std::string checkpoint);

}  // namespace chrysalis
