#include "chrysalis/env/environment_pool.h"

#include <algorithm>

#include "chrysalis/core/check.h"

namespace chrysalis {

EnvironmentPool::EnvironmentPool(Autoreset autoreset, int workers,
                                 std::vector<std::unique_ptr<Environment>> environments)
    : autoreset_(autoreset),
      environments_(std::move(environments)),
      seeds_(environments_.size()),
      episodes_(environments_.size()),
      ended_episodes_(environments_.size()),
      results_(environments_.size()),
      final_observations_(autoreset == Autoreset::kSameStep ? environments_.size() : 0),
      team_(std::min(workers, static_cast<int>(environments_.size()))) {
  for (auto& pixels : final_observations_) pixels.resize(spec().observation_bytes());
}

std::span<std::uint8_t> EnvironmentPool::picture(std::span<std::uint8_t> rgb, int i) const {
  const std::size_t bytes = spec().observation_bytes();
  return rgb.subspan(static_cast<std::size_t>(i) * bytes, bytes);
}

std::uint64_t EnvironmentPool::seed_of(int i, std::int64_t episode) const {
  return evaluation_seed(seeds_[i], episode);
}

void EnvironmentPool::reset(std::span<const std::optional<std::uint64_t>> seeds,
                            std::span<std::uint8_t> rgb) {
  CHRYSALIS_CHECK_EQ(seeds.size(), environments_.size());
  CHRYSALIS_CHECK_EQ(rgb.size(), spec().observation_bytes() * environments_.size());
  for (int i = 0; i < size(); ++i) {
    CHRYSALIS_CHECK(has_begun_ || seeds[i].has_value(), "environment {} begins without a seed", i);
    episodes_[i] = {.index = seeds[i].has_value() ? 0 : episodes_[i].index + 1};
    seeds_[i] = seeds[i].value_or(seeds_[i]);
    results_[i] = {};
    environments_[i]->begin_reset(seed_of(i, episodes_[i].index));
  }
  team_.for_each(size(), [&](int i, int) {
    environments_[i]->reset(seed_of(i, episodes_[i].index));
    environments_[i]->observe(picture(rgb, i));
  });
  has_begun_ = true;
}

void EnvironmentPool::step(std::span<const RawAction> actions, std::span<std::uint8_t> rgb) {
  CHRYSALIS_CHECK(has_begun_, "step() before reset()");
  CHRYSALIS_CHECK_EQ(actions.size(), environments_.size());
  CHRYSALIS_CHECK_EQ(rgb.size(), spec().observation_bytes() * environments_.size());
  for (int i = 0; i < size(); ++i) {
    if (goes_on(i)) {
      environments_[i]->begin_step(actions[i]);
    } else {
      environments_[i]->begin_reset(seed_of(i, episodes_[i].index + 1));
    }
  }
  team_.for_each(size(), [&](int i, int) { advance(i, actions[i], picture(rgb, i)); });
  if (autoreset_ == Autoreset::kSameStep) begin_next(rgb);
}

void EnvironmentPool::advance(int i, const RawAction& action, std::span<std::uint8_t> rgb) {
  Environment& environment = *environments_[i];
  EnvironmentGroup::Episode& episode = episodes_[i];
  if (!goes_on(i)) {
    results_[i] = {};
    episode = {.index = episode.index + 1};
    environment.reset(seed_of(i, episode.index));
    return environment.observe(rgb);
  }
  results_[i] = environment.step(action);
  episode.episode_return += results_[i].reward;
  episode.agent_steps += 1;
  episode.frames += results_[i].frames;
  if (results_[i].ended) ended_episodes_[i] = episode;
  if (results_[i].ended && autoreset_ == Autoreset::kSameStep) {
    environment.observe(final_observations_[i]);
  } else {
    environment.observe(rgb);
  }
}

// All are announced before one is waited for.
void EnvironmentPool::begin_next(std::span<std::uint8_t> rgb) {
  if (std::ranges::none_of(results_, &StepResult::ended)) return;
  for (int i = 0; i < size(); ++i) {
    if (!results_[i].ended) continue;
    episodes_[i] = {.index = episodes_[i].index + 1};
    environments_[i]->begin_reset(seed_of(i, episodes_[i].index));
  }
  team_.for_each(size(), [&](int i, int) {
    if (!results_[i].ended) return;
    environments_[i]->reset(seed_of(i, episodes_[i].index));
    environments_[i]->observe(picture(rgb, i));
  });
}

std::span<const std::uint8_t> EnvironmentPool::final_observation(int i) const {
  CHRYSALIS_CHECK(autoreset_ == Autoreset::kSameStep && results_[i].ended);
  return final_observations_[i];
}

}  // namespace chrysalis
