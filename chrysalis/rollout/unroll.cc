#include "chrysalis/rollout/unroll.h"

namespace chrysalis {

std::size_t unroll_bytes(const UnrollShape& s) {
  const auto steps = static_cast<std::size_t>(s.steps);
  const std::size_t seen = s.observation_bytes + sizeof(std::int32_t) + sizeof(float) + 1;
  const std::size_t done = sizeof(std::int32_t) + 3 * sizeof(float) + 1;
  return (steps + 1) * seen + steps * done + s.core_state_size * sizeof(float);
}

Unroll::Unroll(const UnrollShape& s)
    : shape(s),
      observations(static_cast<std::size_t>(s.steps + 1) * s.observation_bytes),
      last_actions(s.steps + 1, -1),
      last_rewards(s.steps + 1),
      episode_starts(s.steps + 1),
      actions(s.steps),
      log_mu(s.steps),
      rewards(s.steps),
      ended(s.steps),
      truncation_values(s.steps),
      core_state(s.core_state_size) {}

}  // namespace chrysalis
