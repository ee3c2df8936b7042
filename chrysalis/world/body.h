// A player's body and how it moves: the rules of Quake III's player movement as DM Lab runs them, 16 engine ms a
// frame. Pure functions of body, action and map.
#pragma once

#include <span>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/action.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

inline constexpr float kOriginAboveFloor = 24.0f;
inline constexpr float kEyeAboveOrigin = 26.0f;
inline constexpr float kEyeAboveOriginCrouched = 12.0f;

struct Body {
  Vec3 origin;
  Vec3 velocity;              // u per engine second, whole numbers after each frame.
  float yaw_degrees = 0.0f;   // Counter-clockwise from +x, [-180, 180).
  float pitch_degrees = 0.0f; // Positive looks down.
  bool on_ground = false;
  bool crouched = false;
  bool jump_held = false;     // Jump must be released before the next jump.
};

// Where a camera is and looks; horizontal field of view 90 degrees.
struct Eye {
  Vec3 position;
  float yaw_degrees = 0.0f;
  float pitch_degrees = 0.0f;
  float roll_degrees = 0.0f;
};
Eye eye_of(const Body& body);

// One frame of look and movement. `others`: bodies that are solid to this one (may be empty; must not contain it).
void move_body(Body& body, const RawAction& action, const Map& map, std::span<const Body> others);

}  // namespace chrysalis
