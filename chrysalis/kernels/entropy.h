// The entropy of policies given as natural logarithms of probabilities, and its gradient, in one pass.
// Vectorised; buffers need no alignment and may have any length. Pure; any thread, no allocation.
#pragma once

#include <cstddef>

namespace chrysalis {

// Returns H = -sum_i p_i x_i with p_i = exp(x_i), nats: the sum of the rows' entropies, whatever their number
// and width. gradient[i] = scale * dH/dx_i = -scale * p_i (x_i + 1); it may be log_policy. A number that is
// not one makes H not one.
double entropy(const float* log_policy, std::size_t count, float scale, float* gradient);

}  // namespace chrysalis
