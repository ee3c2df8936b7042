#include "chrysalis/rollout/unroll.h"

namespace chrysalis {

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
