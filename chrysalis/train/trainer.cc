#include "chrysalis/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

#include "chrysalis/core/check.h"
#include "chrysalis/core/log.h"

namespace chrysalis {
namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

constexpr double kRateWindowSeconds = 20;

}  // namespace

std::size_t unroll_ring_bytes(const ScheduleConfig& schedule, const UnrollShape& shape) {
  return static_cast<std::size_t>(Schedule(schedule).capacity()) * unroll_bytes(shape);
}

Trainer::Trainer(const TrainerConfig& config, std::vector<MemberParts> members, TrainingSink& sink)
    : config_(config),
      sink_(sink),
      exchange_(static_cast<int>(members.size()), config.population.publish_updates,
                config.schedule.deterministic) {
  CHRYSALIS_CHECK_EQ(static_cast<std::int64_t>(members.size()), config.population.size);
  for (std::size_t i = 0; i < members.size(); ++i) {
    CHRYSALIS_CHECK_EQ(members[i].values.size(), config.tuned.size());
    auto entry = std::make_unique<Entry>();
    entry->member = std::make_unique<Member>(
        MemberConfig{.seed = config.seed,
                     .member = static_cast<int>(i),
                     .schedule = config.schedule,
                     .unroll_steps = config.unroll_steps,
                     .bootstrap_on_time_limit = config.bootstrap_on_time_limit,
                     .stagger_episodes = config.stagger_episodes,
                     .actions = config.actions,
                     .reference_scores = config.reference_scores,
                     .kept_scores = static_cast<std::size_t>(config.population.compare_episodes)},
        std::move(members[i]));
    entry->alpha = entry->member->weights()->alpha;
    members_.push_back(std::move(entry));
  }
  progress_.agent_steps_target =
      members_.front()->member->agent_steps(config.schedule.updates) * member_count();
  note_progress({});
}

Trainer::~Trainer() = default;

double Trainer::seconds_now() const {
  return seconds_before_ + (started_ns_ == 0 ? 0.0 : static_cast<double>(now_ns() - started_ns_) * 1e-9);
}

Progress Trainer::progress() const {
  const std::scoped_lock lock(mu_);
  return progress_;
}

bool Trainer::all_finished() const {
  return std::ranges::all_of(members_, [](const auto& entry) { return entry->member->finished(); });
}

bool Trainer::finished() const {
  const std::scoped_lock lock(mu_);
  return all_finished();
}

MemberMoment Trainer::moment(const Entry& entry) const {
  const Member& member = *entry.member;
  return {.member = member.number(),
          .updates = member.counters().updates,
          .agent_steps = member.agent_steps(),
          .episodes = member.counters().episodes};
}

// ---- The workers.

Status Trainer::run(const std::atomic<bool>& stop) {
  started_ns_ = now_ns();
  {
    Lock lock(mu_);
    if (is_population()) keep_needed();
    for (const auto& entry : members_) {
      entry->checkpoint_ns = started_ns_;
      // A new run has a checkpoint from its first moment on, whatever becomes of its first updates.
      if (entry->checkpoint_updates < 0) CHRYSALIS_RETURN_IF_ERROR(store_checkpoint(*entry, lock));
    }
  }
  {
    const auto check = [this](const Status& status) {
      if (status.ok()) return;
      const std::scoped_lock lock(mu_);
      fail(status.error());
    };
    std::vector<std::jthread> threads;
    check(caught("cannot start as many workers as train.workers says", [&] {
      for (int i = 0; i < config_.workers; ++i)
        threads.emplace_back([this, &stop, &check, i] {
          check(caught("a training task failed", [&] { return work(i, stop); }));
        });
      return Status();
    }));
  }
  Lock lock(mu_);
  if (error_) return *error_;
  for (const auto& entry : members_) {
    // What a stop left unsettled and cannot be settled now is of an update to which the last checkpoint leads
    // again.
    if (entry->unsettled && can_settle(*entry)) settle(*entry, lock);
    if (error_) return *error_;
    if (entry->unsettled || entry->checkpoint_updates == entry->member->counters().updates) continue;
    CHRYSALIS_RETURN_IF_ERROR(store_checkpoint(*entry, lock));
  }
  return {};
}

// Of the member furthest behind first, so that all of them come along together on however many cores.
std::optional<Trainer::Claim> Trainer::claim() {
  std::vector<Entry*> order;
  for (const auto& entry : members_) order.push_back(entry.get());
  std::ranges::stable_sort(order, {}, [](const Entry* entry) { return entry->member->counters().updates; });
  for (Entry* entry : order) {
    if (entry->unsettled && !entry->unsettled->begun && can_settle(*entry)) return Claim{entry, {}};
    if (entry->unsettled && entry->unsettled->quiet()) continue;
    if (auto task = entry->member->next()) return Claim{entry, task};
  }
  return std::nullopt;
}

Status Trainer::work(int core, const std::atomic<bool>& stop) {
  const StageClock::Attachment attachment(config_.stage_clock, core);
  Worker worker{.policies = std::vector<std::unique_ptr<Policy>>(members_.size()),
                .loaded = std::vector<WeightsPtr>(members_.size())};
  const StageScope scope(Stage::kSchedule);
  Lock lock(mu_);
  while (!error_ && !all_finished() && !stop.load(std::memory_order_relaxed)) {
    const std::optional<Claim> next = claim();
    if (!next) {
      const StageScope wait(Stage::kWait);
      // A stop is noticed within this time; everything else wakes the worker.
      changed_.wait_for(lock, std::chrono::milliseconds(100));
      continue;
    }
    Entry& entry = *next->entry;
    if (!next->task) {
      settle(entry, lock);
    } else if (next->task->kind == Task::Kind::kRollout) {
      roll_out(entry, *next->task, worker, lock);
    } else {
      lock.unlock();
      entry.member->learn(*next->task);
      lock.lock();
      if (entry.member->shard_done(*next->task)) apply(entry, lock);
    }
    changed_.notify_all();
  }
  changed_.notify_all();
  return {};
}

void Trainer::roll_out(Entry& entry, const Task& task, Worker& worker, Lock& lock) {
  const WeightsPtr weights = entry.member->begin_rollout(task);
  const auto number = static_cast<std::size_t>(entry.member->number());
  lock.unlock();
  if (worker.policies[number] == nullptr) worker.policies[number] = entry.member->make_policy();
  if (worker.loaded[number] != weights) {
    const StageScope scope(Stage::kPack);
    worker.policies[number]->load(weights);
    worker.loaded[number] = weights;
  }
  const Status status = entry.member->roll_out(task, *worker.policies[number], weights);
  lock.lock();
  if (!status.ok()) return fail(status.error());
  entry.member->rollout_done(task);
}

// Holds the lock at both ends and lets go of it for the work: until the member is settled nobody else touches
// its learner or the batch's unrolls.
void Trainer::apply(Entry& entry, Lock& lock) {
  Member& member = *entry.member;
  lock.unlock();
  std::vector<EpisodeRecord> episodes;
  const UpdateReport report = member.apply(episodes);
  lock.lock();
  entry.unsettled = Unsettled();
  if (!report.finite) {
    entry.unsettled->divergence =
        fmt::format("update {} ({} agent steps): loss {}, gradient norm {}", member.counters().updates + 1,
                    member.agent_steps(member.counters().updates + 1), report.loss, report.gradient_norm);
  } else {
    member.count(episodes, static_cast<std::int64_t>(seconds_now() * 1000));
    entry.alpha = report.alpha;
    progress_.unrolls_lost += report.unrolls_lost;
    note_progress(report);
    const double seconds = progress_.seconds;
    const std::int64_t updates = member.counters().updates;
    entry.unsettled->evaluation =
        member.is_evaluated() && updates % config_.population.evaluation_updates == 0;
    entry.unsettled->decision =
        is_population() && is_ready(member.episodes_since_decision(), config_.population);
    entry.unsettled->begun = true;  // Not before its rows are there.
    const std::int64_t agent_steps = member.agent_steps();
    lock.unlock();
    Status status;
    {
      const StageScope scope(Stage::kStore);
      const std::scoped_lock sink_lock(sink_mu_);
      status = sink_.update(member.number(), report, episodes, agent_steps, seconds);
    }
    lock.lock();
    if (!status.ok()) return fail(status.error());
    entry.unsettled->begun = false;
  }
  if (can_settle(entry)) settle(entry, lock);
}

// ---- From an update to the next: evaluation, decision, checkpoint.

bool Trainer::can_settle(const Entry& entry) const {
  const Unsettled& unsettled = *entry.unsettled;
  if (!unsettled.quiet()) return true;
  if (entry.member->rolling_out()) return false;
  const MemberCounters& counters = entry.member->counters();
  if (!unsettled.divergence.empty()) {
    // All of the others, so that whom it draws does not depend on who was quick.
    for (int other = 0; other < member_count(); ++other)
      if (other != entry.member->number() && exchange_.view(other, counters.updates + 1) == nullptr)
        return false;
    return true;
  }
  const std::int64_t partner =
      partner_of(config_.seed, entry.member->number(), counters.decisions, member_count());
  return exchange_.view(partner, counters.updates) != nullptr;
}

void Trainer::settle(Entry& entry, Lock& lock) {
  Unsettled& unsettled = *entry.unsettled;
  unsettled.begun = true;
  const StageScope scope(Stage::kPopulation);
  const bool publish = is_population() && exchange_.due(entry.member->counters().updates);
  const bool due =
      publish || static_cast<double>(now_ns() - entry.checkpoint_ns) * 1e-9 >= config_.checkpoint_seconds;
  lock.unlock();
  Status status;
  if (unsettled.evaluation) status = evaluate(entry);
  if (status.ok() && !unsettled.divergence.empty()) status = replace(entry, unsettled.divergence);
  if (status.ok() && unsettled.decision) status = decide(entry);
  lock.lock();
  if (status.ok() && due && !unsettled.quiet()) status = store_checkpoint(entry, lock);
  if (!status.ok()) return fail(status.error());
  entry.member->settled();
  entry.unsettled.reset();
}

Status Trainer::evaluate(Entry& entry) {
  CHRYSALIS_ASSIGN_OR_RETURN(const std::vector<double> returns, entry.member->evaluate());
  const std::scoped_lock sink_lock(sink_mu_);
  return sink_.score(moment(entry), returns, entry.member->scores().back());
}

DecisionInputs Trainer::decision_inputs(const Member& member, std::span<const double> scores,
                                        std::span<const Published> published) const {
  return {.member = member.number(),
          .number = member.counters().decisions,
          .returns = scores,
          .values = member.values(),
          .published = published};
}

std::vector<Published> Trainer::views(const Entry& entry, std::int64_t update) const {
  const std::scoped_lock lock(mu_);
  std::vector<Published> published;
  for (int other = 0; other < member_count(); ++other) {
    if (other == entry.member->number()) continue;
    if (const Published* view = exchange_.view(other, update)) published.push_back(*view);
  }
  return published;
}

// The sink's lock is held from the view until it is loaded, so that no checkpoint of another member can push
// out what this one is about to load.
Status Trainer::decide(Entry& entry) {
  Lock sink_lock(sink_mu_);
  const std::vector<Published> published = views(entry, entry.member->counters().updates);
  const std::vector<double> scores = entry.member->scores();
  return carry_out(entry,
                   chrysalis::decide(decision_inputs(*entry.member, scores, published), config_.tuned,
                                     config_.population, config_.seed),
                   sink_lock);
}

Status Trainer::replace(Entry& entry, const std::string& divergence) {
  if (!is_population())
    return Error{ErrorCode::kDiverged,
                 fmt::format("member {} diverged at {}; the last checkpoint stays; begin anew with a lower "
                             "learner.learning_rate or another seed",
                             entry.member->number(), divergence)};
  Lock sink_lock(sink_mu_);
  const std::vector<Published> published = views(entry, entry.member->counters().updates + 1);
  const auto decision = replacement(decision_inputs(*entry.member, {}, published), entry.member->tried,
                                    divergence, config_.seed);
  if (!decision.ok()) return decision.error();
  entry.member->tried.push_back(decision->partner);
  log_warning("member {} diverged at {}: it goes on as a copy of member {}", entry.member->number(),
              divergence, decision->partner);
  return carry_out(entry, *decision, sink_lock);
}

Status Trainer::carry_out(Entry& entry, const Decision& decision, Lock& sink_lock) {
  Member& member = *entry.member;
  MemberMoment now = moment(entry);
  if (decision.outcome == Outcome::kCopied || decision.outcome == Outcome::kReplaced) {
    CHRYSALIS_ASSIGN_OR_RETURN(auto state, sink_.load(decision.partner_checkpoint));
    // Nobody waits while every environment begins an episode.
    sink_lock.unlock();
    CHRYSALIS_ASSIGN_OR_RETURN(now.unrolls_dropped, member.take_over(std::move(state), decision.after));
    sink_lock.lock();
    const std::scoped_lock lock(mu_);
    member.count_anew(now.unrolls_dropped);
  } else if (decision.explored) {
    member.tune(decision.after);
  }
  std::vector<NamedTensor> state;
  {
    const std::scoped_lock lock(mu_);
    member.decided();
    state = member.state();
  }
  const StageScope scope(Stage::kCheckpoint);
  CHRYSALIS_ASSIGN_OR_RETURN(const std::string name, sink_.decision(now, decision, state));
  const std::scoped_lock lock(mu_);
  note_stored(entry, name, decision.outcome != Outcome::kReplaced);
  progress_.copies += decision.outcome == Outcome::kCopied ? 1 : 0;
  return {};
}

Status Trainer::store_checkpoint(Entry& entry, Lock& lock) {
  const StageScope scope(Stage::kCheckpoint);
  const std::vector<NamedTensor> state = entry.member->state();
  const MemberMoment now = moment(entry);
  lock.unlock();
  const std::scoped_lock sink_lock(sink_mu_);
  const auto name = sink_.checkpoint(now, state);
  lock.lock();
  if (!name.ok()) return name.error();
  note_stored(entry, *name, true);
  return {};
}

// A checkpoint is there, under both locks: others may see it. `own`: of weights that the member trained
// itself or took over from a better one.
void Trainer::note_stored(Entry& entry, const std::string& checkpoint, bool own) {
  const Member& member = *entry.member;
  const std::int64_t updates = member.counters().updates;
  entry.checkpoint_ns = now_ns();
  entry.checkpoint_updates = updates;
  if (!is_population()) return;
  if (publishes_after(updates) && own) {
    exchange_.publish({.member = member.number(),
                       .update = updates,
                       .checkpoint = checkpoint,
                       .returns = member.scores(),
                       .values = {member.values().begin(), member.values().end()}});
    if (member.counters().own_updates > 0) entry.member->tried.clear();
  }
  std::vector<std::int64_t> done;
  for (const auto& other : members_)
    // One that is not settled has yet to decide after its last update.
    done.push_back(other->member->counters().updates - (other->unsettled && other.get() != &entry ? 1 : 0));
  exchange_.forget(done);
  keep_needed();
}

// Retention learns it from here alone: a sink that was just opened would let go of what others may ask for.
void Trainer::keep_needed() {
  std::int64_t saved = std::numeric_limits<std::int64_t>::max();
  for (const auto& entry : members_)
    saved = std::min(saved, std::max<std::int64_t>(0, entry->checkpoint_updates));
  sink_.keep_from(exchange_.needed_from(saved));
}

// ---- Resuming.

bool Trainer::publishes_after(std::int64_t update) const {
  return is_population() && (exchange_.due(update) || !config_.schedule.deterministic);
}

std::optional<std::int64_t> Trainer::published_from() const {
  if (!config_.schedule.deterministic) return std::nullopt;
  std::int64_t saved = std::numeric_limits<std::int64_t>::max();
  for (const auto& entry : members_) saved = std::min(saved, entry->member->counters().updates);
  return exchange_.needed_from(saved);
}

Status Trainer::restore(int member, std::span<const NamedTensor> state) {
  const std::scoped_lock lock(mu_);
  Entry& entry = *members_[static_cast<std::size_t>(member)];
  CHRYSALIS_RETURN_IF_ERROR(entry.member->restore(state));
  const MemberCounters& counters = entry.member->counters();
  // As note_stored() does, after the state was taken.
  if (publishes_after(counters.updates) && counters.own_updates > 0) entry.member->tried.clear();
  entry.checkpoint_updates = counters.updates;
  entry.alpha = entry.member->weights()->alpha;
  seconds_before_ = std::max(seconds_before_, static_cast<double>(counters.milliseconds) / 1000);
  note_progress({});
  return {};
}

Status Trainer::restore_published(int member, std::int64_t update, std::span<const NamedTensor> state,
                                  const std::string& checkpoint) {
  const std::scoped_lock lock(mu_);
  CHRYSALIS_ASSIGN_OR_RETURN(Published published, published_of(state, member, update, checkpoint));
  exchange_.publish(std::move(published));
  return {};
}

// ---- For people.

void Trainer::note_progress(const UpdateReport& report) {
  progress_.updates = progress_.agent_steps = progress_.episodes = 0;
  progress_.returns = 0;
  progress_.members.clear();
  double sum = 0;
  for (const auto& entry : members_) {
    const Member& member = *entry->member;
    double of_member = 0;
    for (const double value : member.returns()) of_member += value;
    const auto count = static_cast<int>(member.returns().size());
    progress_.updates += member.counters().updates;
    progress_.agent_steps += member.agent_steps();
    progress_.episodes += member.counters().episodes;
    progress_.returns += count;
    sum += of_member;
    progress_.members.push_back({.updates = member.counters().updates,
                                 .alpha = entry->alpha,
                                 .mean_return = count == 0 ? 0 : of_member / count,
                                 .returns = count});
  }
  progress_.mean_return_100 = progress_.returns == 0 ? 0 : sum / progress_.returns;
  progress_.report = report;
  progress_.seconds = seconds_now();
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

}  // namespace chrysalis
