// From a convex planar polygon in view space to what the rasteriser fills: outline in pixels, and depth and
// texture as functions that are affine on the screen. Pure functions.
//
// With corner C and edges R, D in view space, a point of the plane is C + s R + t D = z d, where d = (x, y,
// 1) is the ray of a pixel. Taking the dot product with R x D, D x C and C x R, and with k = C . (R x D):
//   1 / z = d . (R x D) / k,   s / z = d . (D x C) / k,   t / z = d . (C x R) / k,
// all affine in the pixel, so s = (s / z) / (1 / z) is perspective-correct with one division.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "chrysalis/core/vec3.h"
#include "chrysalis/render/camera.h"
#include "chrysalis/render/textures.h"

namespace chrysalis {

inline constexpr int kMaxCorners = 8;

// value = at_centre + per_column * (x - centre_x) + per_row * (y - centre_y), in pixels.
struct Affine {
  float at_centre = 0.0f;
  float per_column = 0.0f;
  float per_row = 0.0f;
};

struct ScreenPolygon {
  // Outline, clockwise on the screen, in pixels; may lie far outside the picture.
  int corner_count = 0;
  std::array<double, kMaxCorners> x;
  std::array<double, kMaxCorners> y;
  int row_begin = 0;  // Rows whose centres may be inside: [row_begin, row_end), within the picture.
  int row_end = 0;

  Affine inverse_depth;
  const Texel* texels = nullptr;  // A Texture, or null: all `colour`.
  Texel colour = 0;
  std::uint32_t light = kFullLight;  // Multiplies the texels.
  // With texels only: coordinates over depth, in texels of level 0, and their largest values.
  Affine u_over_depth;
  Affine v_over_depth;
  float u_max = 0.0f;
  float v_max = 0.0f;
  float texels_per_pixel = 0.0f;  // Area of a pixel at depth z is this times z^3.
};

// The outline of `corners` (view space, at most kMaxCorners - 1), cut at the near plane. False if nothing is
// left in the picture; then the polygon is not to be drawn.
bool set_outline(const Camera& camera, std::span<const Vec3> corners, ScreenPolygon& polygon);

// The planar functions from corner and edges in view space. texels_right and texels_down: along the whole
// edges; both 0 for a polygon without texture. False if the plane is seen exactly edge-on.
bool set_plane(const Camera& camera, Vec3 corner, Vec3 right, Vec3 down, float texels_right,
               float texels_down, ScreenPolygon& polygon);

}  // namespace chrysalis
