// An empty floor and a body on it, for tests of movement.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "chrysalis/world/body.h"

namespace chrysalis {

inline constexpr RawAction kForward{.move_forward = 1};

// A floor at z = 0, and solids on it.
inline Map floor_with(std::vector<Solid> solids, float half_size = 4000.0f) {
  Map map;
  map.name = "floor";
  map.solids = std::move(solids);
  map.solids.push_back({{-half_size, -half_size, -16}, {half_size, half_size, 0}});
  map.finish();
  return map;
}

inline Body standing_at(float x, float y, float yaw_degrees = 0.0f) {
  Body body;
  body.origin = {x, y, kOriginAboveFloor + kSurfaceClearance};
  body.yaw_degrees = yaw_degrees;
  body.on_ground = true;
  return body;
}

inline float level_speed(const Body& body) {
  return std::hypot(body.velocity.x, body.velocity.y);
}

inline void run_frames(Body& body, const Map& map, const RawAction& action, int frames) {
  for (int i = 0; i < frames; ++i) move_body(body, action, map, {});
}

// How many frames of the action it takes; -1: more than 1000.
inline int frames_until(Body& body, const Map& map, const RawAction& action, auto&& reached) {
  for (int frame = 1; frame <= 1000; ++frame) {
    move_body(body, action, map, {});
    if (reached(body)) return frame;
  }
  return -1;
}

}  // namespace chrysalis
