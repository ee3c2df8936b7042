#include "chrysalis/world/trace.h"

#include <algorithm>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// Narrows `trace` by one solid. A solid is six planes, pushed out by the moving box, so that a point is
// swept.
void sweep_against(const Solid& solid, Vec3 low, Vec3 high, Vec3 start, Vec3 end, Trace& trace) {
  float enter = -1.0f;
  float leave = 1.0f;
  int enter_axis = 0;
  float enter_sign = 0.0f;
  bool starts_outside = false;
  bool ends_outside = false;
  for (int axis = 0; axis < 3; ++axis) {
    for (const float sign : {1.0f, -1.0f}) {
      // Heights above the plane at the start and at the end.
      const float plane = sign > 0 ? solid.max[axis] - low[axis] : high[axis] - solid.min[axis];
      const float from = sign * start[axis] - plane;
      const float to = sign * end[axis] - plane;
      if (to > 0) ends_outside = true;
      if (from > 0) starts_outside = true;
      if (from > 0 && (to >= kSurfaceClearance || to >= from)) return;  // Never gets to this face.
      if (from <= 0 && to <= 0) continue;
      if (from > to) {
        const float fraction = std::max(0.0f, (from - kSurfaceClearance) / (from - to));
        if (fraction > enter) {
          enter = fraction;
          enter_axis = axis;
          enter_sign = sign;
        }
      } else {
        leave = std::min(leave, (from + kSurfaceClearance) / (from - to));
      }
    }
  }
  if (!starts_outside) {
    if (!ends_outside) {
      trace.all_solid = true;
      trace.fraction = 0.0f;
      trace.normal = {};
    }
    return;
  }
  if (enter < leave && enter > -1.0f && enter < trace.fraction) {
    trace.fraction = enter;
    trace.normal = {};
    trace.normal[enter_axis] = enter_sign;
  }
}

bool touch(const Solid& solid, Vec3 low, Vec3 high) {
  return solid.min.x <= high.x && solid.max.x >= low.x && solid.min.y <= high.y && solid.max.y >= low.y &&
         solid.min.z <= high.z && solid.max.z >= low.z;
}

}  // namespace

Surroundings::Surroundings(const Map& map, std::span<const Body> others, Vec3 low, Vec3 high) {
  for (const Body& other : others) {
    const Solid box = box_of(other);
    if (!touch(box, low, high)) continue;
    CHRYSALIS_CHECK(count_ < kCapacity, "{} bodies in one place", others.size());
    near_[count_++] = box;
  }
  const std::size_t body_count = count_;
  map.solids_near(low, high, [&](const Solid& solid) {
    if (count_ < kCapacity) {
      near_[count_++] = solid;
    } else {
      crowded_map_ = &map;
    }
  });
  if (crowded_map_ != nullptr) count_ = body_count;
}

Trace Surroundings::sweep(Vec3 low, Vec3 high, Vec3 start, Vec3 end) const {
  // What the box passes over, with more than the clearance: most solids are told to be elsewhere by this
  // alone.
  Vec3 swept_low, swept_high;
  for (int axis = 0; axis < 3; ++axis) {
    swept_low[axis] = std::min(start[axis], end[axis]) + low[axis] - 2 * kSurfaceClearance;
    swept_high[axis] = std::max(start[axis], end[axis]) + high[axis] + 2 * kSurfaceClearance;
  }
  Trace trace;
  for (std::size_t i = 0; i < count_; ++i)
    if (touch(near_[i], swept_low, swept_high)) sweep_against(near_[i], low, high, start, end, trace);
  if (crowded_map_ != nullptr) {
    crowded_map_->solids_near(swept_low, swept_high, [&](const Solid& solid) {
      sweep_against(solid, low, high, start, end, trace);
    });
  }
  trace.end = trace.fraction == 1.0f ? end : start + (end - start) * trace.fraction;
  return trace;
}

}  // namespace chrysalis
