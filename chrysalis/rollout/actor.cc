#include "chrysalis/rollout/actor.h"

#include <algorithm>
#include <cstring>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/rollout/sample.h"

namespace chrysalis {
namespace {

void act(Policy& policy, const PolicyInput& in, const PolicyOutput& out) {
  const StageScope scope(Pass::kAct, Stage::kNetwork);
  policy.step(in, out);
}

}  // namespace

Actor::Actor(const ActorConfig& config, std::vector<std::unique_ptr<Environment>> environments,
             int core_state_size)
    : config_(config),
      group_({.run_seed = config.run_seed,
              .purpose = Purpose::kEpisode,
              .member = config.member,
              .first_environment = config.first_environment,
              .keep_final_observations = config.bootstrap_on_time_limit,
              .staggered = config.staggered},
             std::move(environments)) {
  shape_ = {.steps = config.unroll_steps,
            .observation_bytes = static_cast<int>(group_.spec().observation_bytes()),
            .core_state_size = core_state_size};
  const std::size_t n = group_.size();
  core_states_.resize(n * core_state_size);
  last_actions_.assign(n, -1);
  last_rewards_.resize(n);
  episode_starts_.assign(n, 1);
  observations_.resize(n);
  next_observations_.resize(n);
  log_policy_.resize(n * config.actions->size());
  values_.resize(n);
  raw_actions_.resize(n);
  lost_.assign(n, 0);
  truncation_core_.resize(core_state_size);
  if (config_.tasks.empty()) config_.tasks.assign(n, 0);
  CHRYSALIS_CHECK_EQ(config_.tasks.size(), n);
}

Status Actor::collect(Policy& policy, std::int64_t weights_version, std::span<Unroll* const> out,
                      std::span<std::vector<EpisodeRecord>> finished) {
  const int n = group_.size();
  CHRYSALIS_CHECK_EQ(static_cast<int>(out.size()), n);
  CHRYSALIS_CHECK_EQ(static_cast<int>(finished.size()), n);
  CHRYSALIS_CHECK_EQ(policy.core_state_size(), shape_.core_state_size);
  CHRYSALIS_CHECK_EQ(policy.action_count(), static_cast<int>(config_.actions->size()));
  const StageScope scope(Stage::kRollout);

  action_streams_.clear();
  for (int i = 0; i < n; ++i) {
    Unroll& unroll = *out[i];
    unroll.environment = config_.first_environment + i;
    unroll.task = config_.tasks[i];
    unroll.weights_version = weights_version;
    unroll.losses = 0;
    action_streams_.emplace_back(
        RandomKey(config_.run_seed, Purpose::kAction,
                  {static_cast<std::uint64_t>(config_.member), static_cast<std::uint64_t>(unroll.environment),
                   static_cast<std::uint64_t>(unrolls_done_)}));
  }
  fill({0, n}, policy, out, finished);
  for (int i = 0; i < n; ++i) {
    while (lost_[i] != 0) {
      CHRYSALIS_RETURN_IF_ERROR(group_.status());
      ++out[i]->losses;
      finished[i].clear();
      fill({i, i + 1}, policy, out, finished);
    }
  }
  ++unrolls_done_;
  return {};
}

// The unrolls of a range of environments, from where they stand.
void Actor::fill(Range range, Policy& policy, std::span<Unroll* const> out,
                 std::span<std::vector<EpisodeRecord>> finished) {
  for (int i = range.first; i < range.end; ++i) {
    Unroll& unroll = *out[i];
    std::copy_n(core_states_.begin() + static_cast<std::ptrdiff_t>(i) * shape_.core_state_size,
                shape_.core_state_size, unroll.core_state.begin());
    std::ranges::fill(unroll.truncation_values, 0.0f);
    lost_[i] = 0;
    // Drawn again rather than kept: an actor's state has no pixels.
    group_.observe(i, unroll.observation(0));
  }
  const auto first = static_cast<std::size_t>(range.first);
  const auto count = static_cast<std::size_t>(range.size());
  for (int t = 0; t < shape_.steps; ++t) {
    decide(range, policy, out, t);
    for (int i = range.first; i < range.end; ++i) {
      raw_actions_[i] = (*config_.actions)[out[i]->actions[t]];
      next_observations_[i] = out[i]->observation(t + 1);
    }
    group_.step_some(range.first, std::span(raw_actions_).subspan(first, count),
                     std::span(next_observations_).subspan(first, count));
    if (config_.bootstrap_on_time_limit) bootstrap_truncated(range, policy, out, t);
    for (int i = range.first; i < range.end; ++i) {
      const StepResult& result = group_.results()[i];
      out[i]->rewards[t] = result.reward;
      out[i]->ended[t] = result.ended ? 1 : 0;
      episode_starts_[i] = result.ended ? 1 : 0;
      last_actions_[i] = result.ended ? -1 : out[i]->actions[t];
      last_rewards_[i] = result.ended ? 0.0f : result.reward;
      if (result.lost) lost_[i] = 1;
      if (!result.ended || result.lost) continue;
      const EnvironmentGroup::Episode& episode = group_.ended_episode(i);
      if (episode.cut) continue;
      finished[i].push_back({.environment = out[i]->environment,
                             .task = out[i]->task,
                             .episode = episode.index,
                             .episode_return = episode.episode_return,
                             .agent_steps = episode.agent_steps,
                             .frames = episode.frames,
                             .truncated = result.truncated});
    }
  }
  for (int i = range.first; i < range.end; ++i) {
    out[i]->last_actions[shape_.steps] = last_actions_[i];
    out[i]->last_rewards[shape_.steps] = last_rewards_[i];
    out[i]->episode_starts[shape_.steps] = episode_starts_[i];
  }
}

void Actor::decide(Range range, Policy& policy, std::span<Unroll* const> out, int t) {
  const StageScope scope(Stage::kSample);
  const auto first = static_cast<std::size_t>(range.first);
  const auto count = static_cast<std::size_t>(range.size());
  const std::size_t action_count = config_.actions->size();
  const auto core = static_cast<std::size_t>(shape_.core_state_size);
  for (int i = range.first; i < range.end; ++i) {
    observations_[i] = out[i]->observation(t);
    out[i]->last_actions[t] = last_actions_[i];
    out[i]->last_rewards[t] = last_rewards_[i];
    out[i]->episode_starts[t] = episode_starts_[i];
  }
  act(policy,
      {.batch = range.size(),
       .observations = std::span(observations_).subspan(first, count),
       .last_actions = std::span(last_actions_).subspan(first, count),
       .last_rewards = std::span(last_rewards_).subspan(first, count),
       .episode_starts = std::span(episode_starts_).subspan(first, count),
       .tasks = std::span(config_.tasks).subspan(first, count)},
      {.core_states = std::span(core_states_).subspan(first * core, count * core),
       .log_policy = std::span(log_policy_).subspan(first * action_count, count * action_count),
       .values = std::span(values_).subspan(first, count)});
  for (int i = range.first; i < range.end; ++i) {
    const std::span<const float> log_policy(log_policy_.data() + i * action_count, action_count);
    // Weights may be finite and the network's numbers not. The learner finds it in this unroll, whose log mu
    // is not a number, and tells it: a worker must not fall before.
    const int action = is_not_a_policy(log_policy) ? 0 : sample_action(log_policy, action_streams_[i]);
    out[i]->actions[t] = action;
    out[i]->log_mu[t] = log_policy[action];
  }
}

// Rare (once an episode), so one decision at a time.
void Actor::bootstrap_truncated(Range range, Policy& policy, std::span<Unroll* const> out, int t) {
  for (int i = range.first; i < range.end; ++i) {
    if (!group_.results()[i].truncated) continue;
    const std::uint8_t* observation = group_.final_observation(i);
    std::copy_n(core_states_.begin() + static_cast<std::ptrdiff_t>(i) * shape_.core_state_size,
                shape_.core_state_size, truncation_core_.begin());
    const float reward = group_.results()[i].reward;
    const std::uint8_t goes_on = 0;
    act(policy,
        {.batch = 1,
         .observations = {&observation, 1},
         .last_actions = {&out[i]->actions[t], 1},
         .last_rewards = {&reward, 1},
         .episode_starts = {&goes_on, 1},
         .tasks = {&config_.tasks[i], 1}},
        {.core_states = truncation_core_,
         .log_policy = std::span(log_policy_).first(config_.actions->size()),
         .values = {&out[i]->truncation_values[t], 1}});
  }
}

void Actor::begin_anew(std::span<const std::int64_t> after) {
  group_.begin_anew(after);
  std::ranges::fill(core_states_, 0.0f);
  std::ranges::fill(last_actions_, -1);
  std::ranges::fill(last_rewards_, 0.0f);
  std::ranges::fill(episode_starts_, std::uint8_t{1});
}

void Actor::save(ByteWriter& out) const {
  out.number(unrolls_done_);
  out.numbers(std::span(core_states_));
  out.numbers(std::span(last_actions_));
  out.numbers(std::span(last_rewards_));
  out.numbers(std::span(episode_starts_));
  group_.save(out);
}

Status Actor::restore(ByteReader& in) {
  const std::size_t n = group_.size();
  const std::size_t core_count = core_states_.size();
  in.number(unrolls_done_);
  in.numbers(core_states_);
  in.numbers(last_actions_);
  in.numbers(last_rewards_);
  in.numbers(episode_starts_);
  if (in.failed() || core_states_.size() != core_count || last_actions_.size() != n ||
      last_rewards_.size() != n || episode_starts_.size() != n)
    return invalid_input("saved actor state does not fit {} environments with {} core state floats", n,
                         core_count);
  return group_.restore(in);
}

}  // namespace chrysalis
