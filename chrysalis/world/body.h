// A player's body and how it moves: the rules of Quake III's player movement as DM Lab runs them, 16 engine
// ms a frame. Pure functions of body, action and map.
#pragma once

#include <span>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/action.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

inline constexpr float kFrameSeconds = 0.016f;  // Engine time a frame; engine time runs at 0.96 of external.
inline constexpr int kFrameMilliseconds = 16;
inline constexpr float kDegreesPerLookUnit = 0.1056f;  // Of one frame.
inline constexpr float kMaxPitchDegrees = 87.9f;
inline constexpr float kBoxHalfWidth = 15.0f;
inline constexpr float kBoxAboveOrigin = 32.0f;
inline constexpr float kBoxAboveOriginCrouched = 16.0f;
inline constexpr float kOriginAboveFloor = 24.0f;  // And the box's reach below the origin.
inline constexpr float kSurfaceClearance =
    0.125f;  // What a box that was stopped keeps between itself and the surface.
inline constexpr int kKnockbackMsMax = 250;  // Of a body that comes down hard while it is knocked back.
inline constexpr int kDipMs = 450;           // The dip after a landing: 150 engine ms down, 300 up.
inline constexpr float kSwayCycle = 256.0f;
inline constexpr float kEyeAboveOrigin = 26.0f;
inline constexpr float kEyeAboveOriginCrouched = 12.0f;

struct Body {
  Vec3 origin;
  Vec3 velocity;               // u per engine second, whole numbers after each move.
  float yaw_degrees = 0.0f;    // Counter-clockwise from +x, [-180, 180).
  float pitch_degrees = 0.0f;  // Positive looks down.
  bool on_ground = false;
  bool crouched = false;
  bool jump_held = false;  // Jump must be released before the next jump.
  int landing_ms = 0;      // Engine ms for which walls do not yet slow a body that came down hard.
  int knockback_ms = 0;    // Engine ms left without friction and full control, after a hit or a spawn.
  // For the view alone: where in its sway the head is, in 1/256 of a cycle, and the dip after a landing.
  float sway = 0.0f;
  float dip = 0.0f;  // u that it goes down at most.
  int dip_ms = 0;    // Since the landing.
};

// The upright box that a body fills.
Solid box_of(const Body& body);
// Whether it has its feet in a volume of the map that kills.
bool stands_where_it_dies(const Body& body, const Map& map);

// Where a camera is and looks; horizontal field of view 90 degrees.
struct Eye {
  Vec3 position;
  float yaw_degrees = 0.0f;
  float pitch_degrees = 0.0f;
  float roll_degrees = 0.0f;
};
Eye eye_of(const Body& body);

// One frame of look and movement. `others`: bodies that are solid to this one (may be empty; must not contain
// it).
void move_body(Body& body, const RawAction& action, const Map& map, std::span<const Body> others);

}  // namespace chrysalis
