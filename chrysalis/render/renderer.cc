#include "chrysalis/render/renderer.h"

#include <algorithm>
#include <utility>

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
  std::size_t face_count = 0, vertex_count = 0;
  for (const ItemPlacement& item : map->items) {
    const Mesh& mesh = item_mesh(item.kind);
    face_count += mesh.faces.size();
    vertex_count = std::max(vertex_count, mesh.vertices.size());
  }
  draw_list_.reserve(scene_, face_count, vertex_count);
  map_ = std::move(map);
}

void Renderer::render(const World& world, const Eye& eye, std::span<std::uint8_t> rgb) {
  if (map_.get() != &world.map()) set_map(world.shared_map());
  const Camera camera = make_camera(eye, canvas_.width, canvas_.height);
  draw_list_.clear();
  draw_list_.add_surfaces(camera, scene_);
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
  const Camera camera = make_top_down_camera(world.map().min, world.map().max, canvas_.width, canvas_.height);
  draw_list_.clear();
  draw_list_.add_surfaces(camera, scene);
  add_items(camera, world);
  for (const Body& player : world.players()) {
    // Above the walls, so that none hides it.
    const Vec3 position = {player.origin.x, player.origin.y, world.map().max.z + 1.0f};
    draw_list_.add_mesh(camera, player_marker_mesh(), {position, player.yaw_degrees});
  }
  finish(camera, {nullptr, kTopDownBackground}, rgb);
}

void Renderer::add_items(const Camera& camera, const World& world) {
  const std::span<const Item> items = world.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].present) continue;
    draw_list_.add_mesh(camera, item_mesh(items[i].kind),
                        item_pose(items[i], static_cast<int>(i), world.frame()));
  }
}

void Renderer::finish(const Camera& camera, const Background& background, std::span<std::uint8_t> rgb) {
  clear_canvas(canvas_);
  draw_polygons(camera, draw_list_.polygons(), canvas_);
  write_picture(camera, background, canvas_, rgb);
}

}  // namespace chrysalis
