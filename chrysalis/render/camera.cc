#include "chrysalis/render/camera.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chrysalis {
namespace {

Vec3 to_float(double x, double y, double z) {
  return {static_cast<float>(x), static_cast<float>(y), static_cast<float>(z)};
}

}  // namespace

Camera make_camera(const Eye& eye, int width, int height) {
  constexpr double kRadians = std::numbers::pi / 180.0;
  const double sy = std::sin(eye.yaw_degrees * kRadians), cy = std::cos(eye.yaw_degrees * kRadians);
  const double sp = std::sin(eye.pitch_degrees * kRadians), cp = std::cos(eye.pitch_degrees * kRadians);
  const double sr = std::sin(eye.roll_degrees * kRadians), cr = std::cos(eye.roll_degrees * kRadians);
  Camera camera;
  camera.width = width;
  camera.height = height;
  camera.focal = 0.5f * static_cast<float>(width);
  camera.position = eye.position;
  camera.forward = to_float(cp * cy, cp * sy, -sp);
  // Without roll, right is (sy, -cy, 0) and up is (sp cy, sp sy, cp).
  camera.right = to_float(cr * sy - sr * sp * cy, -cr * cy - sr * sp * sy, -sr * cp);
  camera.up = to_float(sr * sy + cr * sp * cy, -sr * cy + cr * sp * sy, cr * cp);
  return camera;
}

Camera make_top_down_camera(Vec3 min, Vec3 max, int width, int height) {
  const float wide = std::max(max.x - min.x, 1.0f), deep = std::max(max.y - min.y, 1.0f);
  // Twice as high as the map is large: far enough that walls lean little, near enough that their sides show.
  const float above = 2.0f * std::max(wide, deep);
  Camera camera;
  camera.width = width;
  camera.height = height;
  camera.focal =
      0.96f * above * std::min(static_cast<float>(width) / wide, static_cast<float>(height) / deep);
  camera.position = {0.5f * (min.x + max.x), 0.5f * (min.y + max.y), max.z + above};
  camera.right = {1.0f, 0.0f, 0.0f};
  camera.up = {0.0f, 1.0f, 0.0f};
  camera.forward = {0.0f, 0.0f, -1.0f};
  return camera;
}

}  // namespace chrysalis
