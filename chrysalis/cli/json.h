// What verbs print with --json.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace chrysalis {

using Json = nlohmann::ordered_json;  // Keys stay in the order in which they were written.

// JSON has neither infinity nor NaN.
inline Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

}  // namespace chrysalis
