// A pinhole camera: an eye with a picture size. View space is x right, y up, z forward, in u; pixels count
// from the picture's top left, so the centre of pixel (column, row) is (column + 0.5, row + 0.5).
#pragma once

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/body.h"

namespace chrysalis {

// Nothing nearer than this is drawn, and bodies keep 15 u from walls, so no eye sees through one.
inline constexpr float kNearPlane = 4.0f;

struct Camera {
  int width = 0;
  int height = 0;
  Vec3 position;
  Vec3 right;
  Vec3 up;
  Vec3 forward;
  float focal = 0.0f;  // Pixels; half the width for a horizontal field of view of 90 degrees.

  // World to view space.
  Vec3 to_view(Vec3 point) const {
    const Vec3 offset = point - position;
    return {dot(offset, right), dot(offset, up), dot(offset, forward)};
  }
  // Half of what the picture's width spans at a depth, in u.
  float half_span(float depth) const { return depth * 0.5f * static_cast<float>(width) / focal; }
};

// Field of view 90 degrees. Positive pitch looks down; positive roll lowers the right side, as a head that
// tilts right.
Camera make_camera(const Eye& eye, int width, int height);

// Looks straight down with +x to the right and +y up, from where the whole box [min, max] fits the picture.
Camera make_top_down_camera(Vec3 min, Vec3 max, int width, int height);

}  // namespace chrysalis
