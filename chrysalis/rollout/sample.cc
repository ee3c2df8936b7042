#include "chrysalis/rollout/sample.h"

#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {

int sample_action(std::span<const float> log_policy, RandomStream& stream) {
  const double target = stream.uniform();
  double cumulative = 0.0;
  int last_possible = -1;
  for (std::size_t a = 0; a < log_policy.size(); ++a) {
    const double probability = std::exp(static_cast<double>(log_policy[a]));
    if (!(probability > 0.0)) continue;
    cumulative += probability;
    last_possible = static_cast<int>(a);
    if (target < cumulative) return last_possible;
  }
  // Rounding may leave the sum a little under the target.
  CHRYSALIS_CHECK(last_possible >= 0, "no action has a positive probability (is a weight NaN?)");
  return last_possible;
}

}  // namespace chrysalis
