#include "chrysalis/train/member.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"

namespace chrysalis {
namespace {

constexpr const char* kCounters = "trainer.counters";
constexpr const char* kReturns = "trainer.returns";
constexpr const char* kScores = "trainer.scores";
constexpr const char* kValues = "trainer.values";
constexpr const char* kRunning = "trainer.running_episodes";
constexpr const char* kTried = "trainer.tried";
constexpr const char* kBehaviourAlphas = "trainer.behaviour_alphas";
constexpr const char* kLearnerVersion = "learner.version";

constexpr std::size_t kKeptReturns = 100;

void remember(double value, std::size_t at_most, std::deque<double>& kept) {
  kept.push_back(value);
  if (kept.size() > at_most) kept.pop_front();
}

using CounterArray = std::array<std::int64_t, sizeof(MemberCounters) / sizeof(std::int64_t)>;

std::string behaviour_name(std::int64_t version) {
  return fmt::format("trainer.behaviour.{}", version);
}
std::string group_name(int group) {
  return fmt::format("trainer.group.{}", group);
}

// The numbers of a vector, whatever its length.
template <typename T>
Status read_numbers(std::span<const NamedTensor> state, std::string_view name, DType dtype,
                    std::vector<T>& out) {
  const NamedTensor* tensor = find_tensor(state, name);
  if (tensor == nullptr || tensor->dtype != dtype || tensor->bytes.size() % sizeof(T) != 0)
    return invalid_input("checkpoint has no usable tensor '{}'", name);
  out.resize(tensor->bytes.size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), tensor->bytes.data(), tensor->bytes.size());
  return {};
}

NamedTensor vector_tensor(const char* name, const std::vector<double>& values) {
  return make_tensor(name, {static_cast<std::int64_t>(values.size())}, std::span(values));
}

std::vector<double> as_vector(const std::deque<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

Member::Member(const MemberConfig& config, MemberParts parts)
    : config_(config), parts_(std::move(parts)), schedule_(config.schedule) {
  CHRYSALIS_CHECK_EQ(config.schedule.shards, parts_.learner->shard_count());
  CHRYSALIS_CHECK(!config.reference_scores.empty());
  const int core_state_size = parts_.make_policy()->core_state_size();
  const auto tasks = static_cast<int>(config.reference_scores.size());
  for (int g = 0; g < schedule_.group_count(); ++g) {
    const int first = schedule_.group_first(g);
    std::vector<std::unique_ptr<Environment>> environments;
    std::vector<std::int32_t> tasks_of_group;
    for (int e = first; e < first + schedule_.group_size(g); ++e) {
      environments.push_back(parts_.make_environment(e));
      tasks_of_group.push_back(e % tasks);
    }
    actors_.push_back(
        std::make_unique<Actor>(ActorConfig{.run_seed = config.seed,
                                            .member = config.member,
                                            .first_environment = first,
                                            .unroll_steps = config.unroll_steps,
                                            .bootstrap_on_time_limit = config.bootstrap_on_time_limit,
                                            .staggered = config.stagger_episodes,
                                            .actions = config.actions,
                                            .tasks = std::move(tasks_of_group)},
                                std::move(environments), core_state_size));
  }
  unrolls_.resize(static_cast<std::size_t>(schedule_.capacity()));
  unroll_episodes_.resize(unrolls_.size());
  snapshots_.resize(static_cast<std::size_t>(schedule_.group_count()));
  running_.resize(static_cast<std::size_t>(config.schedule.environments));
  if (!parts_.values.empty()) parts_.tune(*parts_.learner, parts_.values);
  const WeightsPtr initial = weights();
  versions_[initial->version] = initial;
}

Member::~Member() = default;

Unroll& Member::unroll_at(std::int64_t position) {
  auto& slot = unrolls_[static_cast<std::size_t>(position) % unrolls_.size()];
  if (!slot) slot = std::make_unique<Unroll>(unroll_shape());
  return *slot;
}

// ---- Under the trainer's lock.

WeightsPtr Member::begin_rollout(const Task& task) {
  const StageScope scope(Stage::kSnapshot);
  ByteWriter actor;
  actors_[task.group]->save(actor);
  snapshots_[task.group].push_back({.round = task.round, .state = actor.take()});
  ++running_rollouts_;
  return versions_.at(task.weights_version);
}

void Member::rollout_done(const Task& task) {
  --running_rollouts_;
  schedule_.rollout_done(task);
}

void Member::count(std::span<const EpisodeRecord> episodes, std::int64_t milliseconds) {
  ++counters_.updates;
  ++counters_.own_updates;
  counters_.milliseconds = milliseconds;
  counters_.episodes += static_cast<std::int64_t>(episodes.size());
  for (const EpisodeRecord& episode : episodes) {
    running_[static_cast<std::size_t>(episode.environment)] = episode.episode + 1;
    remember(episode.episode_return, kKeptReturns, returns_);
    if (!is_evaluated())
      remember(episode.episode_return / config_.reference_scores[static_cast<std::size_t>(episode.task)],
               config_.kept_scores, scores_);
  }
  const WeightsPtr weights = this->weights();
  CHRYSALIS_CHECK_EQ(weights->version, counters_.updates);
  versions_[counters_.updates] = weights;
}

void Member::settled() {
  const std::int64_t updates = counters_.updates;
  if (schedule_.updates_done() < updates) schedule_.update_applied();
  versions_.erase(versions_.begin(), versions_.lower_bound(schedule_.oldest_version_needed(updates)));
  for (int g = 0; g < schedule_.group_count(); ++g)
    while (!snapshots_[g].empty() && snapshots_[g].front().round < schedule_.resume_round(g, updates))
      snapshots_[g].pop_front();
}

// The actor as it was before its first round that is not wholly consumed, or as it is where that round has
// not begun.
std::vector<std::uint8_t> Member::actor_state(int group) const {
  const std::int64_t round = schedule_.resume_round(group, counters_.updates);
  for (const Snapshot& snapshot : snapshots_[group])
    if (snapshot.round == round) return snapshot.state;
  ByteWriter now;
  actors_[group]->save(now);
  return now.take();
}

// The learner's, and for each group the actor before its first round that is not wholly consumed. That round
// and those after it are rolled out again on resume, with the same weights, so no pixels need to be kept.
std::vector<NamedTensor> Member::state() const {
  const StageScope scope(Stage::kCheckpoint);
  const std::int64_t updates = counters_.updates;
  std::vector<NamedTensor> tensors = parts_.learner->save();
  const auto counters = std::bit_cast<CounterArray>(counters_);
  tensors.push_back(make_tensor(kCounters, {static_cast<std::int64_t>(counters.size())},
                                std::span<const std::int64_t>(counters)));
  tensors.push_back(vector_tensor(kReturns, as_vector(returns_)));
  tensors.push_back(vector_tensor(kScores, as_vector(scores_)));
  tensors.push_back(vector_tensor(kValues, parts_.values));
  tensors.push_back(
      make_tensor(kTried, {static_cast<std::int64_t>(tried.size())}, std::span<const std::int64_t>(tried)));
  tensors.push_back(make_tensor(kRunning, {static_cast<std::int64_t>(running_.size())},
                                std::span<const std::int64_t>(running_)));
  std::vector<double> alphas;
  if (config_.schedule.deterministic)
    for (const auto& [version, weights] : versions_)
      if (version >= schedule_.oldest_version_needed(updates) && version < updates) {
        tensors.push_back(make_tensor(behaviour_name(version),
                                      {static_cast<std::int64_t>(weights->values.size())},
                                      std::span(weights->values)));
        alphas.push_back(weights->alpha);
      }
  tensors.push_back(vector_tensor(kBehaviourAlphas, alphas));
  for (int g = 0; g < schedule_.group_count(); ++g)
    tensors.push_back(make_tensor(group_name(g), std::span<const std::uint8_t>(actor_state(g))));
  return tensors;
}

// ---- Work.

Status Member::roll_out(const Task& task, Policy& policy, const WeightsPtr& weights) {
  const int first = schedule_.group_first(task.group), size = schedule_.group_size(task.group);
  std::vector<Unroll*> out;
  std::vector<std::vector<EpisodeRecord>> finished(static_cast<std::size_t>(size));
  for (int e = 0; e < size; ++e) out.push_back(&unroll_at(schedule_.position(task.round, first + e)));
  CHRYSALIS_RETURN_IF_ERROR(actors_[task.group]->collect(policy, weights->version, out, finished));
  for (int e = 0; e < size; ++e) {
    const auto position = static_cast<std::size_t>(schedule_.position(task.round, first + e));
    unroll_episodes_[position % unrolls_.size()] = std::move(finished[static_cast<std::size_t>(e)]);
  }
  return {};
}

void Member::learn(const Task& task) {
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

UpdateReport Member::apply(std::vector<EpisodeRecord>& episodes) {
  UpdateReport report = parts_.learner->apply();
  const std::int64_t begin = schedule_.batch_begin(counters_.updates);
  for (std::int64_t p = begin; p < begin + config_.schedule.batch_unrolls; ++p) {
    auto& ended = unroll_episodes_[static_cast<std::size_t>(p) % unrolls_.size()];
    episodes.insert(episodes.end(), ended.begin(), ended.end());
    ended.clear();
    report.unrolls_lost += unroll_at(p).losses;
  }
  return report;
}

Result<std::vector<double>> Member::evaluate() {
  const StageScope scope(Stage::kEvaluation);
  CHRYSALIS_ASSIGN_OR_RETURN(const std::vector<double> returns, parts_.evaluate(weights()));
  CHRYSALIS_CHECK_EQ(returns.size(), config_.reference_scores.size());
  double score = 0;
  for (std::size_t task = 0; task < returns.size(); ++task)
    score += returns[task] / config_.reference_scores[task] / static_cast<double>(returns.size());
  remember(score, config_.kept_scores, scores_);
  return returns;
}

// ---- Decisions.

void Member::tune(std::span<const double> values) {
  parts_.values.assign(values.begin(), values.end());
  if (!values.empty()) parts_.tune(*parts_.learner, values);
}

void Member::decided() {
  counters_.decided_episodes = counters_.episodes;
  ++counters_.decisions;
}

std::int64_t Member::unrolls_waiting() const {
  const std::int64_t consumed = schedule_.batch_begin(counters_.updates);
  std::int64_t waiting = 0;
  for (int g = 0; g < schedule_.group_count(); ++g)
    for (std::int64_t round = schedule_.resume_round(g, counters_.updates);
         round < actors_[g]->unrolls_done(); ++round)
      for (int e = 0; e < schedule_.group_size(g); ++e)
        waiting += schedule_.position(round, schedule_.group_first(g) + e) >= consumed ? 1 : 0;
  return waiting;
}

void Member::forget_versions() {
  const WeightsPtr current = weights();
  versions_.clear();
  versions_[current->version] = current;
  for (std::int64_t v = schedule_.oldest_version_needed(current->version); v < current->version; ++v) {
    auto same = std::make_shared<Weights>(*current);
    same->version = v;
    versions_[v] = std::move(same);
  }
}

std::span<const std::int64_t> Member::running_of(int group) const {
  return std::span(running_).subspan(static_cast<std::size_t>(schedule_.group_first(group)),
                                     static_cast<std::size_t>(schedule_.group_size(group)));
}

Result<std::int64_t> Member::take_over(std::vector<NamedTensor> state, std::span<const double> values) {
  CHRYSALIS_CHECK_EQ(running_rollouts_, 0);
  for (NamedTensor& tensor : state)
    if (tensor.name == kLearnerVersion)
      tensor = make_tensor(kLearnerVersion, {}, std::span<const std::int64_t>(&counters_.updates, 1));
  CHRYSALIS_RETURN_IF_ERROR(parts_.learner->restore(state));
  tune(values);
  const std::int64_t dropped = unrolls_waiting();
  for (int g = 0; g < schedule_.group_count(); ++g) {
    const std::vector<std::uint8_t> before = actor_state(g);
    ByteReader reader(before);
    const Status same = actors_[g]->restore(reader);
    CHRYSALIS_CHECK(same.ok(), "an actor refuses its own state");
    // What was consumed of a round that lies ahead of the state before it has told episodes too: none may
    // come twice.
    actors_[g]->begin_anew(running_of(g));
    snapshots_[g].clear();
  }
  for (auto& episodes : unroll_episodes_) episodes.clear();
  return dropped;
}

void Member::count_anew(std::int64_t unrolls_dropped) {
  counters_.unrolls_dropped += unrolls_dropped;
  counters_.own_updates = 0;
  scores_.clear();
  returns_.clear();
  schedule_ = Schedule(config_.schedule, counters_.updates);
  forget_versions();
}

// ---- From a checkpoint.

Status Member::restore_versions(std::span<const NamedTensor> state) {
  const WeightsPtr current = weights();
  const std::int64_t updates = counters_.updates;
  versions_.clear();
  versions_[updates] = current;
  if (!config_.schedule.deterministic) return {};
  std::vector<double> alphas;
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kBehaviourAlphas, DType::kF64, alphas));
  const std::int64_t oldest = schedule_.oldest_version_needed(updates);
  if (static_cast<std::int64_t>(alphas.size()) != updates - oldest)
    return invalid_input("checkpoint tensor '{}' has {} numbers: expected {}", kBehaviourAlphas,
                         alphas.size(), updates - oldest);
  for (std::int64_t v = oldest; v < updates; ++v) {
    auto old = std::make_shared<Weights>();
    old->version = v;
    old->alpha = alphas[static_cast<std::size_t>(v - oldest)];
    old->layout = current->layout;
    CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, behaviour_name(v), DType::kF32, old->values));
    if (old->values.size() != current->values.size())
      return invalid_input("checkpoint tensor '{}' has the wrong size", behaviour_name(v));
    versions_[v] = std::move(old);
  }
  return {};
}

Status Member::restore_actors(std::span<const NamedTensor> state) {
  for (int g = 0; g < schedule_.group_count(); ++g) {
    std::vector<std::uint8_t> bytes;
    CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, group_name(g), DType::kU8, bytes));
    ByteReader reader(bytes);
    CHRYSALIS_RETURN_IF_ERROR(actors_[g]->restore(reader));
    const std::int64_t round = schedule_.resume_round(g, counters_.updates);
    if (actors_[g]->unrolls_done() != round)
      return invalid_input("checkpoint has group {} at round {}: expected {}", g, actors_[g]->unrolls_done(),
                           round);
    snapshots_[g].clear();
    // After the episodes that were told, whatever the actor's state says of them: none may come twice.
    if (!actors_[g]->can_save()) actors_[g]->begin_anew(running_of(g));
  }
  return {};
}

Status Member::restore(std::span<const NamedTensor> state) {
  std::vector<std::int64_t> counters, tried_before, running;
  std::vector<double> returns, scores, values;
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kCounters, DType::kI64, counters));
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kReturns, DType::kF64, returns));
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kScores, DType::kF64, scores));
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kValues, DType::kF64, values));
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kTried, DType::kI64, tried_before));
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kRunning, DType::kI64, running));
  if (running.size() != running_.size())
    return invalid_input("checkpoint has {} environments: expected the {} of train.environments",
                         running.size(), running_.size());
  CounterArray array;
  if (counters.size() != array.size()) return invalid_input("checkpoint counters are malformed");
  std::ranges::copy(counters, array.begin());
  const auto read = std::bit_cast<MemberCounters>(array);
  if (values.size() != parts_.values.size())
    return invalid_input("checkpoint has {} hyperparameters: expected the {} of population.tune",
                         values.size(), parts_.values.size());
  if (read.updates < 0 || read.updates > config_.schedule.updates)
    return invalid_input(
        "the checkpoint is of update {}, beyond train.agent_steps (update {}): raise it to go on",
        read.updates, config_.schedule.updates);
  CHRYSALIS_RETURN_IF_ERROR(parts_.learner->restore(state));
  counters_ = read;
  tried = std::move(tried_before);
  running_ = std::move(running);
  returns_.assign(returns.begin(), returns.end());
  scores_.assign(scores.begin(), scores.end());
  tune(values);
  schedule_ = Schedule(config_.schedule, counters_.updates);
  CHRYSALIS_RETURN_IF_ERROR(restore_versions(state));
  return restore_actors(state);
}

Result<Published> published_of(std::span<const NamedTensor> state, std::int64_t member, std::int64_t update,
                               std::string checkpoint) {
  Published published;
  published.member = member;
  published.update = update;
  published.checkpoint = std::move(checkpoint);
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kScores, DType::kF64, published.returns));
  CHRYSALIS_RETURN_IF_ERROR(read_numbers(state, kValues, DType::kF64, published.values));
  return published;
}

}  // namespace chrysalis
