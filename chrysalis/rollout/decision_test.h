// Weights for tests of acting, and what environments show a policy.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {

// Weights whose heads and biases matter, unlike a first draw's.
inline WeightsPtr drawn_weights(AgentConfig config, const AgentSpec& spec, std::uint64_t seed) {
  config.head_init_scale = 1;
  auto weights = std::make_shared<Weights>(*initial_weights(config, spec, RandomKey(seed)).value());
  weights->version = static_cast<std::int64_t>(seed);
  RandomStream random{RandomKey(seed + 1000)};
  for (const auto& part : weights->layout->parts) {
    if (!part.name.ends_with("bias")) continue;
    for (std::size_t i = 0; i < part.count; ++i)
      weights->values[part.offset + i] += static_cast<float>(random.uniform(-0.3, 0.5));
  }
  return weights;
}

// What environments show a policy, and where it writes, for one step: every array exactly as long as it must
// be.
struct Decision {
  Decision(const AgentSpec& spec, int batch, int core_state_size, RandomStream& random)
      : batch(batch), actions(spec.action_count), state_size(core_state_size) {
    for (int i = 0; i < batch; ++i) {
      pictures.emplace_back(static_cast<std::size_t>(spec.height * spec.width * 3));
      for (std::uint8_t& pixel : pictures.back()) pixel = static_cast<std::uint8_t>(random.below(256));
      last_actions.push_back(random.between(-1, spec.action_count - 1));
      last_rewards.push_back(static_cast<float>(random.uniform(-3, 3)) * spec.reward_clip);
      starts.push_back(random.chance(0.3) ? 1 : 0);
      tasks.push_back(random.between(0, spec.curriculum.task_heads() - 1));
    }
    core_states.resize(static_cast<std::size_t>(batch) * core_state_size);
    for (float& value : core_states) value = static_cast<float>(random.uniform(-1, 1));
    log_policy.resize(static_cast<std::size_t>(batch) * spec.action_count);
    values.resize(static_cast<std::size_t>(batch));
  }
  // Environments [first, first + count) of `other`.
  Decision(const Decision& other, int first, int count)
      : batch(count), actions(other.actions), state_size(other.state_size) {
    const auto part = [&](auto& to, const auto& from, int each) {
      to.assign(from.begin() + static_cast<std::ptrdiff_t>(first) * each,
                from.begin() + static_cast<std::ptrdiff_t>(first + count) * each);
    };
    part(pictures, other.pictures, 1);
    part(last_actions, other.last_actions, 1);
    part(last_rewards, other.last_rewards, 1);
    part(starts, other.starts, 1);
    part(tasks, other.tasks, 1);
    part(core_states, other.core_states, state_size);
    log_policy.resize(static_cast<std::size_t>(count) * actions);
    values.resize(static_cast<std::size_t>(count));
  }
  std::vector<double> state(int i) const {
    const auto first = core_states.begin() + static_cast<std::ptrdiff_t>(i) * state_size;
    return std::vector<double>(first, first + state_size);
  }

  int batch, actions, state_size;
  std::vector<std::vector<std::uint8_t>> pictures;
  std::vector<std::int32_t> last_actions;
  std::vector<float> last_rewards;
  std::vector<std::uint8_t> starts;
  std::vector<std::int32_t> tasks;
  std::vector<float> core_states, log_policy, values;
};

// Lets a policy decide, in place.
inline void step(Policy& policy, Decision& d) {
  std::vector<const std::uint8_t*> observations;
  for (const auto& picture : d.pictures) observations.push_back(picture.data());
  policy.step({.batch = d.batch,
               .observations = observations,
               .last_actions = d.last_actions,
               .last_rewards = d.last_rewards,
               .episode_starts = d.starts,
               .tasks = d.tasks},
              {.core_states = d.core_states, .log_policy = d.log_policy, .values = d.values});
}

}  // namespace chrysalis
