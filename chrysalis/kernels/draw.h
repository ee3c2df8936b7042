// Drawing from a distribution given as natural logarithms of probabilities. Vectorised, single-threaded, no
// allocation; buffers need no alignment.
#pragma once

namespace chrysalis {

// Inverts the cumulative distribution: the first a with target < p_0 + ... + p_a, where p = exp(log_policy)
// and target in [0, 1); where rounding leaves the sum under the target, the last a of a positive probability.
// One of probability 0 (log -infinity, below -87, or NaN) is never returned; -1 if there is no other.
//
// The same answer on every target: p comes from products and sums alone, within 2 units of float's last
// place, and is summed in double in a fixed order, 16 at a time. Stops where the answer is.
int draw(const float* log_policy, int count, double target);

}  // namespace chrysalis
