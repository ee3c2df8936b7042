#include "chrysalis/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

constexpr std::size_t kReturnWindow = 100;
constexpr double kRateWindowSeconds = 20;

}  // namespace

std::size_t unroll_ring_bytes(const ScheduleConfig& schedule, const UnrollShape& shape) {
  return static_cast<std::size_t>(Schedule(schedule).capacity()) * unroll_bytes(shape);
}

Trainer::Trainer(const TrainerConfig& config, TrainerParts parts, TrainingSink& sink)
    : config_(config), parts_(std::move(parts)), sink_(sink), schedule_(config.schedule) {
  CHRYSALIS_CHECK_EQ(config.schedule.shards, parts_.learner->shard_count());
  const int core_state_size = parts_.make_policy()->core_state_size();
  for (int g = 0; g < schedule_.group_count(); ++g) {
    std::vector<std::unique_ptr<Environment>> environments;
    for (int e = 0; e < schedule_.group_size(g); ++e)
      environments.push_back(parts_.make_environment(schedule_.group_first(g) + e));
    actors_.push_back(
        std::make_unique<Actor>(ActorConfig{.run_seed = config.seed,
                                            .member = config.member,
                                            .first_environment = schedule_.group_first(g),
                                            .unroll_steps = config.unroll_steps,
                                            .bootstrap_on_time_limit = config.bootstrap_on_time_limit,
                                            .actions = config.actions},
                                std::move(environments), core_state_size));
  }
  unrolls_.resize(schedule_.capacity());
  unroll_episodes_.resize(schedule_.capacity());
  snapshots_.resize(schedule_.group_count());
  const WeightsPtr initial = parts_.learner->weights();
  versions_[initial->version] = initial;
  progress_.agent_steps_target = agent_steps(config.schedule.updates);
}

Trainer::~Trainer() = default;

std::int64_t Trainer::agent_steps(std::int64_t updates) const {
  return updates * config_.schedule.batch_unrolls * config_.unroll_steps;
}

double Trainer::seconds_now() const {
  return seconds_before_ + static_cast<double>(now_ns() - started_ns_) * 1e-9;
}

Progress Trainer::progress() const {
  const std::scoped_lock lock(mu_);
  return progress_;
}

bool Trainer::finished() const {
  const std::scoped_lock lock(mu_);
  return schedule_.finished();
}

Unroll& Trainer::unroll_at(std::int64_t position) {
  auto& slot = unrolls_[position % static_cast<std::int64_t>(unrolls_.size())];
  if (!slot) slot = std::make_unique<Unroll>(actors_.front()->unroll_shape());
  return *slot;
}

Status Trainer::run(const std::atomic<bool>& stop) {
  started_ns_ = checkpoint_ns_ = now_ns();
  // A new run has a checkpoint from its first moment on, whatever becomes of its first updates.
  if (checkpoint_updates_ < 0) {
    CHRYSALIS_RETURN_IF_ERROR(store_checkpoint(0, state(0)));
    checkpoint_updates_ = 0;
  }
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < config_.workers; ++i)
      threads.emplace_back([this, &stop, i] {
        const StageClock::Attachment attachment(config_.stage_clock, i);
        Worker worker{.policy = parts_.make_policy()};
        try {
          work(worker, stop);
        } catch (const std::exception& exception) {  // bad_alloc, or a library's.
          const std::scoped_lock lock(mu_);
          fail(io_error("a training task failed: {}", exception.what()));
        }
      });
  }
  const std::scoped_lock lock(mu_);
  if (error_) return *error_;
  if (checkpoint_updates_ == schedule_.updates_done()) return {};
  return store_checkpoint(schedule_.updates_done(), state(schedule_.updates_done()));
}

void Trainer::work(Worker& worker, const std::atomic<bool>& stop) {
  const StageScope scope(Stage::kSchedule);
  std::unique_lock lock(mu_);
  while (!error_ && !schedule_.finished() && !stop.load(std::memory_order_relaxed)) {
    const std::optional<Task> task = schedule_.next();
    if (!task) {
      const StageScope wait(Stage::kWait);
      // A stop is noticed within this time; everything else wakes the worker.
      changed_.wait_for(lock, std::chrono::milliseconds(100));
      continue;
    }
    // Copied under the lock: the map changes while the task runs.
    if (task->kind == Task::Kind::kRollout) {
      const WeightsPtr weights = versions_.at(task->weights_version);
      snapshots_[task->group].push_back(snapshot(*task));
      lock.unlock();
      load(worker, weights);
      roll_out(*task, worker);
      lock.lock();
      schedule_.rollout_done(*task);
    } else {
      lock.unlock();
      learn(*task);
      lock.lock();
      if (schedule_.shard_done(*task)) apply(lock);
    }
    changed_.notify_all();
  }
  changed_.notify_all();
}

Trainer::Snapshot Trainer::snapshot(const Task& task) const {
  const StageScope scope(Stage::kSnapshot);
  ByteWriter state;
  actors_[task.group]->save(state);
  return {.round = task.round, .state = state.take()};
}

void Trainer::load(Worker& worker, const WeightsPtr& weights) {
  if (worker.loaded_version == weights->version) return;
  const StageScope scope(Stage::kPack);
  worker.policy->load(weights);
  worker.loaded_version = weights->version;
}

void Trainer::roll_out(const Task& task, Worker& worker) {
  const int first = schedule_.group_first(task.group);
  std::vector<Unroll*> out;
  std::vector<std::vector<EpisodeRecord>> finished(schedule_.group_size(task.group));
  for (int e = 0; e < schedule_.group_size(task.group); ++e)
    out.push_back(&unroll_at(schedule_.position(task.round, first + e)));
  actors_[task.group]->collect(*worker.policy, task.weights_version, out, finished);
  for (int e = 0; e < schedule_.group_size(task.group); ++e)
    unroll_episodes_[schedule_.position(task.round, first + e) % unrolls_.size()] = std::move(finished[e]);
}

void Trainer::learn(const Task& task) {
  const StageScope scope(Stage::kLearn);
  // Shards are as equal as can be; their borders depend on the config alone.
  const std::int64_t batch = config_.schedule.batch_unrolls;
  const std::int64_t begin = batch * task.shard / config_.schedule.shards;
  const std::int64_t end = batch * (task.shard + 1) / config_.schedule.shards;
  std::vector<const Unroll*> unrolls;
  for (std::int64_t i = begin; i < end; ++i)
    unrolls.push_back(&unroll_at(schedule_.batch_begin(task.update) + i));
  parts_.learner->gradient(task.shard, unrolls);
}

// Holds the lock at both ends and lets go of it for the work: until update_applied() nobody else touches the
// learner or the batch's unrolls.
void Trainer::apply(std::unique_lock<std::mutex>& lock) {
  const std::int64_t updates = schedule_.updates_done() + 1;
  lock.unlock();
  const UpdateReport report = parts_.learner->apply();
  std::vector<EpisodeRecord> episodes;
  for (std::int64_t p = schedule_.batch_begin(updates - 1); p < schedule_.batch_begin(updates); ++p) {
    auto& ended = unroll_episodes_[p % unrolls_.size()];
    episodes.insert(episodes.end(), ended.begin(), ended.end());
    ended.clear();
  }
  lock.lock();
  if (!report.finite)
    return fail(
        {ErrorCode::kDiverged,
         fmt::format("member {} diverged at update {} ({} agent steps): loss {}, gradient norm {}; the last "
                     "checkpoint "
                     "stays; begin anew with a lower learner.learning_rate or another seed",
                     config_.member, updates, agent_steps(updates), report.loss, report.gradient_norm)});
  const WeightsPtr weights = parts_.learner->weights();
  CHRYSALIS_CHECK_EQ(weights->version, updates);
  versions_[updates] = weights;
  note_progress(report, episodes);
  const double seconds = progress_.seconds;

  const bool due = static_cast<double>(now_ns() - checkpoint_ns_) * 1e-9 >= config_.checkpoint_seconds;
  std::vector<NamedTensor> saved;
  if (due) saved = state(updates);
  lock.unlock();
  Status status = store(report, episodes, seconds);
  if (status.ok() && due) status = store_checkpoint(updates, saved);
  lock.lock();
  if (!status.ok()) return fail(status.error());
  if (due) {
    checkpoint_ns_ = now_ns();
    checkpoint_updates_ = updates;
  }

  schedule_.update_applied();
  versions_.erase(versions_.begin(), versions_.lower_bound(schedule_.oldest_version_needed(updates)));
  for (int g = 0; g < schedule_.group_count(); ++g)
    while (!snapshots_[g].empty() && snapshots_[g].front().round < schedule_.resume_round(g, updates))
      snapshots_[g].pop_front();
}

Status Trainer::store(const UpdateReport& report, std::span<const EpisodeRecord> episodes, double seconds) {
  const StageScope scope(Stage::kStore);
  return sink_.update(report, episodes, agent_steps(report.version), seconds);
}

Status Trainer::store_checkpoint(std::int64_t updates, std::span<const NamedTensor> state) {
  const StageScope scope(Stage::kCheckpoint);
  return sink_.checkpoint(updates, agent_steps(updates), state);
}

void Trainer::note_progress(const UpdateReport& report, std::span<const EpisodeRecord> episodes) {
  progress_.updates = report.version;
  progress_.agent_steps = agent_steps(report.version);
  progress_.episodes += static_cast<std::int64_t>(episodes.size());
  progress_.seconds = seconds_now();
  progress_.report = report;
  for (const EpisodeRecord& episode : episodes) last_returns_.push_back(episode.episode_return);
  while (last_returns_.size() > kReturnWindow) last_returns_.pop_front();
  progress_.returns = static_cast<int>(last_returns_.size());
  double sum = 0;
  for (const double value : last_returns_) sum += value;
  progress_.mean_return_100 = last_returns_.empty() ? 0 : sum / static_cast<double>(last_returns_.size());
  rate_window_.emplace_back(progress_.seconds, progress_.agent_steps);
  while (rate_window_.size() > 2 && progress_.seconds - rate_window_.front().first > kRateWindowSeconds)
    rate_window_.pop_front();
  const double elapsed = progress_.seconds - rate_window_.front().first;
  const std::int64_t steps = progress_.agent_steps - rate_window_.front().second;
  if (elapsed > 0) progress_.agent_steps_per_s = static_cast<double>(steps) / elapsed;
}

void Trainer::fail(Error error) {
  if (!error_) error_ = std::move(error);
  changed_.notify_all();
}

// The state after `updates`: the learner's, and for each group the actor as it was before its first round
// that is not wholly consumed. That round and those after it are rolled out again on resume, with the same
// weights, so no pixels need to be kept.
std::vector<NamedTensor> Trainer::state(std::int64_t updates) const {
  const StageScope scope(Stage::kCheckpoint);
  std::vector<NamedTensor> tensors = parts_.learner->save();
  const std::int64_t counters[] = {updates, progress_.episodes,
                                   static_cast<std::int64_t>(seconds_now() * 1000)};
  tensors.push_back(make_tensor("trainer.counters", {3}, counters));
  const std::vector<float> returns(last_returns_.begin(), last_returns_.end());
  tensors.push_back(
      make_tensor("trainer.last_returns", {static_cast<std::int64_t>(returns.size())}, std::span(returns)));
  if (config_.schedule.deterministic)
    for (const auto& [version, weights] : versions_)
      if (version >= schedule_.oldest_version_needed(updates) && version < updates)
        tensors.push_back(make_tensor(fmt::format("trainer.behaviour.{}", version),
                                      {static_cast<std::int64_t>(weights->values.size())},
                                      std::span(weights->values)));
  for (int g = 0; g < schedule_.group_count(); ++g) {
    ByteWriter now;
    const std::vector<std::uint8_t>* actor = nullptr;
    for (const Snapshot& snapshot : snapshots_[g])
      if (snapshot.round == schedule_.resume_round(g, updates)) actor = &snapshot.state;
    if (actor == nullptr) {  // Not begun yet: the actor as it is.
      actors_[g]->save(now);
      actor = &now.bytes();
    }
    tensors.push_back(make_tensor(fmt::format("trainer.group.{}", g), std::span(*actor)));
  }
  return tensors;
}

Status Trainer::restore(std::span<const NamedTensor> tensors) {
  const auto numbers = [&](std::string_view name, DType dtype, auto& out) -> Status {
    const NamedTensor* tensor = find_tensor(tensors, name);
    if (tensor == nullptr || tensor->dtype != dtype)
      return invalid_input("checkpoint has no usable tensor '{}'", name);
    out.resize(tensor->bytes.size() / dtype_bytes(dtype));
    if (!out.empty()) std::memcpy(out.data(), tensor->bytes.data(), tensor->bytes.size());
    return {};
  };
  std::vector<std::int64_t> counters;
  std::vector<float> returns;
  CHRYSALIS_RETURN_IF_ERROR(numbers("trainer.counters", DType::kI64, counters));
  CHRYSALIS_RETURN_IF_ERROR(numbers("trainer.last_returns", DType::kF32, returns));
  if (counters.size() != 3) return invalid_input("checkpoint counters are malformed");
  const std::int64_t updates = counters[0];
  if (updates < 0 || updates > config_.schedule.updates)
    return invalid_input(
        "the checkpoint is of update {}, beyond train.agent_steps (update {}): raise it to go on", updates,
        config_.schedule.updates);
  CHRYSALIS_RETURN_IF_ERROR(parts_.learner->restore(tensors));

  const std::scoped_lock lock(mu_);
  schedule_ = Schedule(config_.schedule, updates);
  const WeightsPtr current = parts_.learner->weights();
  versions_.clear();
  versions_[updates] = current;
  if (config_.schedule.deterministic)
    for (std::int64_t v = schedule_.oldest_version_needed(updates); v < updates; ++v) {
      auto old = std::make_shared<Weights>();
      old->version = v;
      old->layout = current->layout;
      CHRYSALIS_RETURN_IF_ERROR(numbers(fmt::format("trainer.behaviour.{}", v), DType::kF32, old->values));
      if (old->values.size() != current->values.size())
        return invalid_input("checkpoint tensor 'trainer.behaviour.{}' has the wrong size", v);
      versions_[v] = std::move(old);
    }
  for (int g = 0; g < schedule_.group_count(); ++g) {
    std::vector<std::uint8_t> bytes;
    CHRYSALIS_RETURN_IF_ERROR(numbers(fmt::format("trainer.group.{}", g), DType::kU8, bytes));
    ByteReader reader(bytes);
    CHRYSALIS_RETURN_IF_ERROR(actors_[g]->restore(reader));
    if (actors_[g]->unrolls_done() != schedule_.resume_round(g, updates))
      return invalid_input("checkpoint has group {} at round {}: expected {}", g, actors_[g]->unrolls_done(),
                           schedule_.resume_round(g, updates));
    snapshots_[g].clear();
  }
  last_returns_.assign(returns.begin(), returns.end());
  seconds_before_ = static_cast<double>(counters[2]) / 1000;
  progress_.updates = updates;
  progress_.agent_steps = agent_steps(updates);
  progress_.episodes = counters[1];
  progress_.seconds = seconds_before_;
  progress_.returns = static_cast<int>(returns.size());
  checkpoint_updates_ = updates;
  return {};
}

}  // namespace chrysalis
