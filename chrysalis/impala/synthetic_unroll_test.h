// Unrolls made up for tests: noise for pictures, random moves and rewards, some episode ends, every task. And
// how far what was learned from them lies apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include "chrysalis/core/random.h"
#include "chrysalis/rollout/agent_config.h"
#include "chrysalis/rollout/unroll.h"
#include "chrysalis/rollout/weight_layout.h"
#include "chrysalis/rollout/weights.h"

namespace chrysalis {

inline std::unique_ptr<Unroll> synthetic_unroll(const AgentConfig& config, const AgentSpec& spec, int steps,
                                                std::uint64_t seed) {
  const int bytes = spec.height * spec.width * 3;
  auto unroll = std::make_unique<Unroll>(
      UnrollShape{.steps = steps,
                  .observation_bytes = bytes,
                  .core_state_size = agent_shape(config, spec).value().core_state_size});
  RandomStream random{RandomKey(seed)};
  for (auto& pixel : unroll->observations) pixel = static_cast<std::uint8_t>(random.below(256));
  for (auto& value : unroll->core_state) value = static_cast<float>(random.uniform(-0.5, 0.5));
  unroll->task = static_cast<int>(seed % static_cast<std::uint64_t>(spec.curriculum.tasks));
  unroll->episode_starts[0] = 0;
  unroll->last_actions[0] = 0;
  unroll->last_rewards[0] = 0.5f;
  for (int t = 0; t < steps; ++t) {
    const bool ended = random.chance(0.15);
    unroll->actions[t] = random.between(0, spec.action_count - 1);
    unroll->log_mu[t] =
        static_cast<float>(-std::log(static_cast<double>(spec.action_count)) + random.uniform(-0.5, 0.5));
    unroll->rewards[t] = static_cast<float>(random.uniform(-2, 2));
    unroll->ended[t] = ended ? 1 : 0;
    unroll->truncation_values[t] = ended && random.chance(0.5) ? 2.0f : 0.0f;
    unroll->episode_starts[t + 1] = ended ? 1 : 0;
    unroll->last_actions[t + 1] = ended ? -1 : unroll->actions[t];
    unroll->last_rewards[t + 1] = ended ? 0.0f : unroll->rewards[t];
  }
  return unroll;
}

// |a - b| by |b|, of all weights.
inline double relative_distance(const Weights& a, const Weights& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    difference += std::pow(static_cast<double>(a.values[i]) - b.values[i], 2);
    size += std::pow(static_cast<double>(b.values[i]), 2);
  }
  return std::sqrt(difference / size);
}

}  // namespace chrysalis
