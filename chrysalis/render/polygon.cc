#include "chrysalis/render/polygon.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

struct Vec3d {
  double x, y, z;
};
Vec3d wide(Vec3 v) {
  return {v.x, v.y, v.z};
}
Vec3d cross(Vec3d a, Vec3d b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

// Where the edge from `behind` to `before` crosses the near plane. Always called in this order, so that two
// polygons that share the edge get the same point.
Vec3 near_crossing(Vec3 behind, Vec3 before) {
  const float t = (kNearPlane - behind.z) / (before.z - behind.z);
  Vec3 point = behind + t * (before - behind);
  point.z = kNearPlane;
  return point;
}

Affine over_depth(const Camera& camera, Vec3d normal, double scale) {
  return {static_cast<float>(normal.z * scale), static_cast<float>(normal.x * scale / camera.focal),
          static_cast<float>(-normal.y * scale / camera.focal)};
}

}  // namespace

bool set_outline(const Camera& camera, std::span<const Vec3> corners, ScreenPolygon& polygon) {
  CHRYSALIS_DCHECK(corners.size() >= 3 && corners.size() < kMaxCorners);
  const double centre_x = 0.5 * camera.width, centre_y = 0.5 * camera.height;
  int count = 0;
  double top = 1e30, bottom = -1e30, left = 1e30, right = -1e30;
  const auto add = [&](Vec3 point) {
    const double scale = camera.focal / static_cast<double>(point.z);
    const double x = centre_x + point.x * scale, y = centre_y - point.y * scale;
    polygon.x[count] = x;
    polygon.y[count] = y;
    top = std::min(top, y);
    bottom = std::max(bottom, y);
    left = std::min(left, x);
    right = std::max(right, x);
    ++count;
  };
  Vec3 previous = corners.back();
  for (const Vec3& corner : corners) {
    const bool was_before = previous.z >= kNearPlane, is_before = corner.z >= kNearPlane;
    if (was_before && !is_before) add(near_crossing(corner, previous));
    if (!was_before && is_before) add(near_crossing(previous, corner));
    if (is_before) add(corner);
    previous = corner;
  }
  if (count < 3 || right <= 0.5 || left >= camera.width - 0.5) return false;
  polygon.corner_count = count;
  // A row is inside where its centre is: top <= row + 0.5 < bottom.
  polygon.row_begin =
      static_cast<int>(std::ceil(std::clamp(top - 0.5, 0.0, static_cast<double>(camera.height))));
  polygon.row_end =
      static_cast<int>(std::ceil(std::clamp(bottom - 0.5, 0.0, static_cast<double>(camera.height))));
  return polygon.row_begin < polygon.row_end;
}

bool set_plane(const Camera& camera, Vec3 corner, Vec3 right, Vec3 down, float texels_right,
               float texels_down, ScreenPolygon& polygon) {
  const Vec3d c = wide(corner), r = wide(right), d = wide(down);
  const Vec3d normal = cross(r, d);
  const double k = c.x * normal.x + c.y * normal.y + c.z * normal.z;
  if (k == 0.0) return false;
  const double inverse = 1.0 / k;
  polygon.inverse_depth = over_depth(camera, normal, inverse);
  if (texels_right <= 0.0f) return true;
  polygon.u_over_depth = over_depth(camera, cross(d, c), inverse * texels_right);
  polygon.v_over_depth = over_depth(camera, cross(c, r), inverse * texels_down);
  polygon.u_max = std::nextafter(texels_right, 0.0f);
  polygon.v_max = std::nextafter(texels_down, 0.0f);
  // The determinant of the map from pixels to texels is z^3 times that of its 3 x 3 matrix, which is this.
  polygon.texels_per_pixel = static_cast<float>(std::abs(inverse) * texels_right * texels_down /
                                                (static_cast<double>(camera.focal) * camera.focal));
  return true;
}

}  // namespace chrysalis
