#include "chrysalis/env/environment_group.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"

namespace chrysalis {

std::uint64_t episode_seed(std::uint64_t run_seed, Purpose purpose, int member, int environment,
                           std::int64_t episode) {
  return RandomKey(run_seed, purpose,
                   {static_cast<std::uint64_t>(member), static_cast<std::uint64_t>(environment),
                    static_cast<std::uint64_t>(episode)})
      .value();
}

std::uint64_t evaluation_seed(std::uint64_t seed, std::int64_t episode) {
  return RandomKey(seed, Purpose::kEvaluation, {static_cast<std::uint64_t>(episode)}).split(0).value();
}

EnvironmentGroup::EnvironmentGroup(const Config& config,
                                   std::vector<std::unique_ptr<Environment>> environments)
    : config_(config),
      environments_(std::move(environments)),
      episodes_(environments_.size()),
      ended_episodes_(environments_.size()),
      results_(environments_.size()),
      first_(environments_.size(), config.staggered ? 1 : 0),
      final_observations_(config.keep_final_observations ? environments_.size() : 0) {
  CHRYSALIS_CHECK(!environments_.empty());
  for (auto& pixels : final_observations_) pixels.resize(spec().observation_bytes());
  for (int i = 0; i < size(); ++i) environments_[i]->begin_reset(seed_of(i));
  for (int i = 0; i < size(); ++i) begin_episode(i);
}

std::uint64_t EnvironmentGroup::seed_of(int i) const {
  return episode_seed(config_.run_seed, config_.purpose, config_.member, config_.first_environment + i,
                      episodes_[i].index);
}

void EnvironmentGroup::begin_episode(int i) {
  const StageScope scope(Stage::kReset);
  environments_[i]->reset(seed_of(i));
}

bool EnvironmentGroup::can_save() const {
  return std::ranges::all_of(environments_, &Environment::can_save);
}

void EnvironmentGroup::begin_anew(std::span<const std::int64_t> after) {
  for (int i = 0; i < size(); ++i) {
    const std::int64_t running = episodes_[i].index;
    episodes_[i] = {.index = (after.empty() ? running : std::max(running, after[i])) + 1};
    environments_[i]->begin_reset(seed_of(i));
  }
  for (int i = 0; i < size(); ++i) begin_episode(i);
  std::ranges::fill(first_, config_.staggered ? 1 : 0);
}

void EnvironmentGroup::draw(int i, std::span<std::uint8_t> rgb) {
  const StageScope scope(Stage::kDraw);
  environments_[i]->observe(rgb);
}

StepResult EnvironmentGroup::advance(int i, const RawAction& action) {
  const StageScope scope(Stage::kWorld);
  return environments_[i]->step(action);
}

// Multiples of the golden ratio, whose fractions lie evenly however many there are and wherever they begin:
// so the environments of a group and of a whole run are all out of step.
bool EnvironmentGroup::is_to_be_cut(int i) const {
  if (first_[i] == 0) return false;
  const auto length = static_cast<double>(environments_[i]->spec().episode_agent_steps());
  if (length <= 0) return false;  // Episodes without a time limit.
  const double ratios = (config_.first_environment + i + 1) * (std::numbers::phi - 1);
  return static_cast<double>(episodes_[i].agent_steps) >= length * (ratios - std::floor(ratios));
}

void EnvironmentGroup::observe(std::span<std::uint8_t* const> rgb) {
  CHRYSALIS_CHECK_EQ(static_cast<int>(rgb.size()), size());
  for (int i = 0; i < size(); ++i) draw(i, {rgb[i], spec().observation_bytes()});
}

void EnvironmentGroup::step(std::span<const RawAction> actions, std::span<std::uint8_t* const> rgb) {
  CHRYSALIS_CHECK_EQ(static_cast<int>(actions.size()), size());
  step_some(0, actions, rgb);
}

void EnvironmentGroup::step_some(int first, std::span<const RawAction> actions,
                                 std::span<std::uint8_t* const> rgb) {
  CHRYSALIS_CHECK_EQ(rgb.size(), actions.size());
  const int count = static_cast<int>(actions.size());
  CHRYSALIS_CHECK(first >= 0 && first + count <= size());
  for (int k = 0; k < count; ++k) environments_[first + k]->begin_step(actions[k]);
  for (int k = 0; k < count; ++k) {
    const int i = first + k;
    StepResult& result = results_[i];
    result = advance(i, actions[k]);
    Episode& episode = episodes_[i];
    episode.episode_return += result.reward;
    episode.agent_steps += 1;
    episode.frames += result.frames;
    if (!result.ended && is_to_be_cut(i)) result.ended = result.truncated = episode.cut = true;
    if (!result.ended) {
      draw(i, {rgb[k], spec().observation_bytes()});
      continue;
    }
    if (result.truncated && config_.keep_final_observations) draw(i, final_observations_[i]);
    ended_episodes_[i] = episode;
    first_[i] = 0;
    episode = {.index = episode.index + 1};
    environments_[i]->begin_reset(seed_of(i));
  }
  for (int k = 0; k < count; ++k) {
    const int i = first + k;
    if (!results_[i].ended) continue;
    begin_episode(i);
    draw(i, {rgb[k], spec().observation_bytes()});
  }
}

const std::uint8_t* EnvironmentGroup::final_observation(int i) const {
  CHRYSALIS_CHECK(config_.keep_final_observations && results_[i].truncated);
  return final_observations_[i].data();
}

void EnvironmentGroup::save(ByteWriter& out) const {
  out.number<std::int32_t>(size());
  for (int i = 0; i < size(); ++i) {
    const Episode& episode = episodes_[i];
    out.number(episode.index);
    out.number(episode.episode_return);
    out.number(episode.agent_steps);
    out.number(episode.frames);
    environments_[i]->save(out);
  }
  out.numbers(std::span(first_));
}

Status EnvironmentGroup::restore(ByteReader& in) {
  if (const auto count = in.number<std::int32_t>(); count != size())
    return invalid_input("saved state of {} environments: expected {}", count, size());
  for (int i = 0; i < size(); ++i) {
    Episode& episode = episodes_[i];
    in.number(episode.index);
    in.number(episode.episode_return);
    in.number(episode.agent_steps);
    in.number(episode.frames);
    CHRYSALIS_RETURN_IF_ERROR(environments_[i]->restore(in));
  }
  std::ranges::fill(first_, std::uint8_t{0});
  if (in.at_end()) return {};  // Saved before episodes could be staggered.
  in.numbers(first_);
  if (in.failed() || static_cast<int>(first_.size()) != size())
    return invalid_input(
        "saved state says of {} environments whether their episode is a first one: expected {}",
        first_.size(), size());
  return {};
}

}  // namespace chrysalis
