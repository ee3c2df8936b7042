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

Line::Line(Vec3 from, Vec3 to) : from_(from), way_(to - from) {
  for (int axis = 0; axis < 3; ++axis)
    if (way_[axis] != 0) inverse_[axis] = 1.0f / way_[axis];
}

float Line::enters(const Solid& box) const {
  constexpr float kNever = 2.0f;
  float enter = 0.0f;
  float leave = 1.0f;
  for (int axis = 0; axis < 3; ++axis) {
    if (way_[axis] == 0) {
      if (from_[axis] <= box.min[axis] || from_[axis] >= box.max[axis]) return kNever;
      continue;
    }
    const float to_min = (box.min[axis] - from_[axis]) * inverse_[axis];
    const float to_max = (box.max[axis] - from_[axis]) * inverse_[axis];
    enter = std::max(enter, std::min(to_min, to_max));
    leave = std::min(leave, std::max(to_min, to_max));
  }
  return enter < leave ? enter : kNever;
}

Vec3 Line::entered_face(const Solid& box) const {
  Vec3 normal;
  float last = 0.0f;
  for (int axis = 0; axis < 3; ++axis) {
    if (way_[axis] == 0) continue;
    const float face = way_[axis] > 0 ? box.min[axis] : box.max[axis];
    const float enter = (face - from_[axis]) * inverse_[axis];
    if (enter <= last) continue;
    last = enter;
    normal = {};
    normal[axis] = way_[axis] > 0 ? -1.0f : 1.0f;
  }
  return normal;
}

LineHit trace_line(const Map& map, Vec3 from, Vec3 to) {
  const Line line(from, to);
  LineHit hit{.end = to};
  Solid first;
  map.solids_along(from, to, [&](const Solid& solid) {
    const float share = line.enters(solid);
    if (share < hit.share) {
      hit.share = share;
      hit.met = true;
      first = solid;
    }
    return hit.share;
  });
  if (hit.met) hit.end = line.at(hit.share) + line.entered_face(first) * kSurfaceClearance;
  return hit;
}

bool clear_line(const Map& map, Vec3 from, Vec3 to) {
  const Line line(from, to);
  bool clear = true;
  map.solids_along(from, to, [&](const Solid& solid) {
    if (clear && line.enters(solid) <= 1.0f) clear = false;
    return clear ? 1.0f : -1.0f;
  });
  return clear;
}

}  // namespace chrysalis
