#include "chrysalis/render/renderer.h"

#include <algorithm>
#include <utility>

#include "chrysalis/render/fight.h"
#include "chrysalis/render/item_model.h"
#include "chrysalis/render/player_model.h"

namespace chrysalis {
namespace {

// Around the map in top-down views.
constexpr Texel kTopDownBackground = pack_rgb({18, 20, 26});

// A player without an outfit, in top-down views.
constexpr Rgb kPlainMarker{255, 64, 200};

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
  std::vector<Surface> surfaces = pad_surfaces(*map);
  if (surfaces.empty()) {
    build_scene(map->surfaces, textures(), scene_);
  } else {
    surfaces.insert(surfaces.end(), map->surfaces.begin(), map->surfaces.end());
    build_scene(surfaces, textures(), scene_);
  }
  map_ = std::move(map);
  reserve(0);
}

void Renderer::reserve(std::size_t players) {
  std::size_t face_count = fight_face_count(players), vertex_count = fight_vertex_count();
  const auto count = [&](ItemKind kind, std::size_t items) {
    face_count += item_mesh(kind).faces.size() * items;
    vertex_count = std::max(vertex_count, item_mesh(kind).vertices.size());
  };
  for (const ItemPlacement& item : map_->items) count(item.kind, 1);
  for (const ItemKind dropped : {ItemKind::kOrb, ItemKind::kBeam, ItemKind::kDisc})
    count(dropped, players * kDropsPerPlayer);
  draw_list_.reserve(scene_, face_count, vertex_count);
  players_ = players;
}

void Renderer::render(const World& world, const Eye& eye, std::span<std::uint8_t> rgb, int viewer) {
  if (map_.get() != &world.map()) set_map(world.shared_map());
  if (world.armed() && world.players().size() > players_) reserve(world.players().size());
  const Camera camera = make_camera(eye, canvas_.width, canvas_.height);
  draw_list_.clear();
  draw_list_.add_surfaces(camera, scene_, world.frame());
  add_items(camera, world);
  if (world.armed()) {
    add_players(camera, world, viewer, draw_list_);
    add_projectiles(camera, world, draw_list_);
    add_effects(camera, world, viewer, draw_list_);
  }
  Background background;
  if (map_->sky.open) {
    background.dome = textures().sky(map_->sky.material);
    background.colour = pack_rgb(material_catalog()[map_->sky.material].base);
  }
  finish(camera, background, rgb);
}

void Renderer::read_inverse_depth(std::span<float> inverse_depth) const {
  const auto columns = static_cast<std::size_t>(canvas_.width);
  CHRYSALIS_CHECK_EQ(inverse_depth.size(), columns * static_cast<std::size_t>(canvas_.height));
  for (int row = 0; row < canvas_.height; ++row) {
    const float* from = canvas_.inverse_depth.get() + static_cast<std::size_t>(row) * canvas_.stride;
    std::copy_n(from, columns, inverse_depth.data() + static_cast<std::size_t>(row) * columns);
  }
}

void Renderer::render_top_down(const World& world, std::span<std::uint8_t> rgb) {
  Scene scene;
  build_scene(top_down_surfaces(world.map()), textures(), scene);
  const Camera camera = make_top_down_camera(world.map().min, world.map().max, canvas_.width, canvas_.height);
  draw_list_.clear();
  draw_list_.add_surfaces(camera, scene, world.frame());
  add_items(camera, world);
  add_markers(camera, world);
  if (world.armed()) {
    add_projectiles(camera, world, draw_list_);
    add_effects(camera, world, kNobody, draw_list_);
  }
  finish(camera, {nullptr, kTopDownBackground}, rgb);
}

void Renderer::add_items(const Camera& camera, const World& world) {
  const std::span<const Item> items = world.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].present) continue;
    // Dropped items move up in the list when others go: they share a phase.
    const auto phase = static_cast<int>(std::min(i, world.map().items.size()));
    draw_list_.add_mesh(camera, item_mesh(items[i].kind), item_pose(items[i], phase, world.frame()));
  }
}

void Renderer::add_markers(const Camera& camera, const World& world) {
  for (std::size_t i = 0; i < world.players().size(); ++i) {
    const Body& body = world.players()[i];
    const Fighter& fighter = world.fighters()[i];
    if (world.armed() && !fighter.alive) continue;
    const bool plain = fighter.outfit == Outfit{};
    const auto& regions = fighter.outfit.regions;
    const Rgb palette[] = {plain ? kPlainMarker : regions[0], plain ? kPlainMarker : regions[1]};
    // Above the walls, so that none hides it.
    const Vec3 position = {body.origin.x, body.origin.y, world.map().max.z + 1.0f};
    draw_list_.add_mesh(camera, player_marker_mesh(), {position, body.yaw_degrees}, palette);
  }
}

void Renderer::finish(const Camera& camera, const Background& background, std::span<std::uint8_t> rgb) {
  clear_canvas(canvas_);
  draw_polygons(camera, draw_list_.polygons(), canvas_);
  write_picture(camera, background, canvas_, rgb);
}

}  // namespace chrysalis
