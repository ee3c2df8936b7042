#include "chrysalis/render/renderer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chrysalis {
namespace {

// Around the map in top-down views.
constexpr Texel kTopDownBackground = pack_rgb({18, 20, 26});

bool valid_side(int side) {
  return side >= kPictureSideMin && side <= kPictureSideMax && side % 4 == 0;
}

}  // namespace

Result<Renderer> Renderer::create(int width, int height) {
  for (const auto& [name, side] : {std::pair{"width", width}, {"height", height}}) {
    if (!valid_side(side)) {
      return invalid_input("picture {} {} is no multiple of 4 from {} to {}", name, side, kPictureSideMin,
                           kPictureSideMax);
    }
  }
  return Renderer(width, height);
}

Renderer::Renderer(int width, int height) : canvas_(width, height) {
  CHRYSALIS_CHECK(valid_side(width) && valid_side(height), "{} x {}", width, height);
}

void Renderer::set_map(std::shared_ptr<const Map> map) {
  CHRYSALIS_CHECK(map != nullptr);
  build_scene(map->surfaces, textures(), scene_);
  reserve_view(scene_, view_);
  map_ = std::move(map);
}

void Renderer::render(const World& world, const Eye& eye, std::span<std::uint8_t> rgb) {
  if (map_.get() != &world.map()) set_map(world.shared_map());
  const Camera camera = make_camera(eye, canvas_.width, canvas_.height);
  polygons_.clear();
  add_surfaces(camera, scene_);
  add_items(camera, world);
  Background background;
  if (map_->sky.open) {
    background.dome = textures().sky(map_->sky.material);
    background.colour = pack_rgb(material_catalog()[map_->sky.material].base);
  }
  finish(camera, background, rgb);
}

void Renderer::render_top_down(const World& world, std::span<std::uint8_t> rgb) {
  Scene scene;
  build_scene(top_down_surfaces(world.map()), textures(), scene);
  reserve_view(scene, view_);
  const Camera camera = make_top_down_camera(world.map().min, world.map().max, canvas_.width, canvas_.height);
  polygons_.clear();
  add_surfaces(camera, scene);
  add_items(camera, world);
  for (const Body& player : world.players()) {
    // Above the walls, so that none hides it.
    const Vec3 position = {player.origin.x, player.origin.y, world.map().max.z + 1.0f};
    add_mesh(camera, player_marker_mesh(), {position, player.yaw_degrees});
  }
  finish(camera, {nullptr, kTopDownBackground}, rgb);
}

// Nearest first, so that the depth test spares the texels of what is hidden.
void Renderer::add_surfaces(const Camera& camera, const Scene& scene) {
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

void Renderer::add_items(const Camera& camera, const World& world) {
  const std::span<const Item> items = world.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].present) continue;
    add_mesh(camera, item_mesh(items[i].kind), item_pose(items[i], static_cast<int>(i), world.frame()));
  }
}

void Renderer::add_mesh(const Camera& camera, const Mesh& mesh, const Pose& pose) {
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

void Renderer::finish(const Camera& camera, const Background& background, std::span<std::uint8_t> rgb) {
  clear_canvas(canvas_);
  draw_polygons(camera, polygons_, canvas_);
  write_picture(camera, background, canvas_, rgb);
}

}  // namespace chrysalis
