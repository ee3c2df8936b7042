// What verbs print with --json.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace chrysalis {

using Json = nlohmann::ordered_json;  // Keys stay in the order in which they were written.

// As text. Names that are not UTF-8 have their bad bytes replaced.
inline std::string text_of(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// JSON has neither infinity nor NaN.
inline Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

}  // namespace chrysalis
