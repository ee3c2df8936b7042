#include "chrysalis/render/draw_list.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chrysalis {

void DrawList::reserve(const Scene& scene, std::size_t face_count, std::size_t vertex_count) {
  reserve_view(scene, view_);
  polygons_.reserve(scene.count + face_count);
  mesh_corners_.reserve(vertex_count);
}

void DrawList::add_surfaces(const Camera& camera, const Scene& scene) {
  reserve_view(scene, view_);
  cull_surfaces(scene, camera, view_);
  const auto end = view_.visible.begin() + static_cast<std::ptrdiff_t>(view_.visible_count);
  std::sort(view_.visible.begin(), end);
  for (auto key = view_.visible.begin(); key != end; ++key) {
    const auto i = static_cast<std::uint32_t>(*key);
    Vec3 corners[4];
    for (int k = 0; k < 4; ++k) corners[k] = {view_.x[k][i], view_.y[k][i], view_.z[k][i]};
    ScreenPolygon& polygon = polygons_.emplace_back();
    const SurfacePaint& paint = scene.paint[i];
    polygon.texels = paint.texels;
    polygon.light = paint.light;
    if (!set_outline(camera, corners, polygon) ||
        !set_plane(camera, corners[0], corners[1] - corners[0], corners[3] - corners[0], paint.texels_right,
                   paint.texels_down, polygon)) {
      polygons_.pop_back();
    }
  }
}

void DrawList::add_mesh(const Camera& camera, const Mesh& mesh, const Pose& pose) {
  // The sphere around it against the pyramid of view; 1.5 is above every secant of half a field of view of 90
  // degrees.
  const Vec3 centre = camera.to_view(pose.position);
  const float reach = 1.5f * mesh.radius;
  const float half_width = centre.z * 0.5f * static_cast<float>(camera.width) / camera.focal;
  const float half_height = centre.z * 0.5f * static_cast<float>(camera.height) / camera.focal;
  if (centre.z < kNearPlane - mesh.radius || std::abs(centre.x) > half_width + reach ||
      (camera.height <= camera.width && std::abs(centre.y) > half_height + reach)) {
    return;
  }
  const double yaw = pose.yaw_degrees * std::numbers::pi / 180.0;
  const auto cosine = static_cast<float>(std::cos(yaw)), sine = static_cast<float>(std::sin(yaw));
  const auto turned = [&](Vec3 v) { return Vec3{cosine * v.x - sine * v.y, sine * v.x + cosine * v.y, v.z}; };
  mesh_corners_.clear();
  for (const Vec3& vertex : mesh.vertices) mesh_corners_.push_back(pose.position + turned(vertex));
  for (const MeshFace& face : mesh.faces) {
    const auto at = [&](int k) { return mesh_corners_[face.corners[k]]; };
    const int last = face.corner_count - 1;
    const Vec3 normal = cross(at(last) - at(0), at(1) - at(0));
    if (dot(normal, camera.position - at(0)) <= 0.0f) continue;
    Vec3 corners[4];
    for (int k = 0; k <= last; ++k) corners[k] = camera.to_view(at(k));
    ScreenPolygon& polygon = polygons_.emplace_back();
    const int light = face_light(normal);
    const auto lit = [&](std::uint8_t c) { return static_cast<std::uint8_t>(c * light >> 8); };
    polygon.colour = pack_rgb({lit(face.colour.r), lit(face.colour.g), lit(face.colour.b)});
    if (!set_outline(camera, {corners, static_cast<std::size_t>(face.corner_count)}, polygon) ||
        !set_plane(camera, corners[0], corners[1] - corners[0], corners[last] - corners[0], 0.0f, 0.0f,
                   polygon)) {
      polygons_.pop_back();
    }
  }
}

}  // namespace chrysalis
