// Drawing an action from a policy's log-probabilities.
#pragma once

#include <cmath>
#include <span>

#include "chrysalis/core/random.h"

namespace chrysalis {

// log_policy: [A], normalised. Inverts the cumulative distribution at one uniform draw; an action of
// probability 0 (log -infinity) is never returned. One word of the stream. By kernels/draw.h: the same on
// every instruction set.
int sample_action(std::span<const float> log_policy, RandomStream& stream);

// Whether an overflowing network left no numbers: a softmax, and so a mixture of two, makes all of its row
// NaN or none.
inline bool is_not_a_policy(std::span<const float> log_policy) {
  return std::isnan(log_policy[0]);
}

}  // namespace chrysalis
