// The action sets of the paper: which raw actions a policy chooses among. An action is an index into its set.
#pragma once

#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/world/action.h"

namespace chrysalis {

// "small": the 9 of IMPALA. "big": 756 = 7 x 3 x 3 x 3 x 2 x 2 (look left/right, look down/up, strafe, move,
// fire, jump). Thread-safe; the sets are built once.
Result<const std::vector<RawAction>*> action_set(std::string_view name);

// Sizes of the independent choices whose product, the first outermost, is the set of that name in its order:
// {7, 3, 3, 3, 2, 2} for "big". Error: a set that is no such product.
Result<std::vector<int>> action_factors(std::string_view name);

// For each action of `subset`, its index in `superset`. CHECK-fails if one is not there.
std::vector<int> action_indices(const std::vector<RawAction>& subset, const std::vector<RawAction>& superset);

}  // namespace chrysalis
