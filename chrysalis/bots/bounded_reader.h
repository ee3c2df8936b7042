// Reads saved state whose numbers have bounds. The first one that is out of them is kept for the message, and
// everything after it reads as its lower bound, so callers check once, at the end.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/result.h"
#include "chrysalis/core/vec3.h"

namespace chrysalis {

class BoundedReader {
 public:
  // `what` is whose state it is, for the message. Both must outlive *this.
  BoundedReader(ByteReader& in, std::string_view what) : in_(in), what_(what) {}

  // Reads what was written as a T, which must lie in [low, high].
  template <PlainNumber T>
  T number(std::string_view name, T low, T high) {
    const T value = in_.number<T>();
    if (!in_.failed() && !(value >= low && value <= high)) refuse(name, value, low, high);
    return in_.failed() || !wrong_.empty() ? low : value;
  }
  bool flag() { return in_.number<bool>(); }
  // Anything but infinity and NaN.
  Vec3 vector(std::string_view name) {
    constexpr float kFarthest = 1e6f;
    Vec3 value;
    for (int axis = 0; axis < 3; ++axis) value[axis] = number(name, -kFarthest, kFarthest);
    return value;
  }
  Status status() const {
    if (in_.failed()) return invalid_input("{} is cut short or damaged", what_);
    if (!wrong_.empty()) return invalid_input("{}", wrong_);
    return {};
  }
  bool failed() const { return in_.failed() || !wrong_.empty(); }

 private:
  template <PlainNumber T>
  void refuse(std::string_view name, T value, T low, T high) {
    if (wrong_.empty())
      wrong_ = fmt::format("{}: {} is {}, expected {} to {}", what_, name, +value, +low, +high);
  }

  ByteReader& in_;
  std::string_view what_;
  std::string wrong_;
};

inline void save_vector(ByteWriter& out, Vec3 value) {
  for (int axis = 0; axis < 3; ++axis) out.number(value[axis]);
}

}  // namespace chrysalis
