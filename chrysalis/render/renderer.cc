#include "chrysalis/render/renderer.h"

#include <algorithm>
#include <atomic>
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

// What a picture is drawn with, kept from picture to picture: one a thread, because a thread draws one
// picture at a time.
struct Scratch {
  DrawList draw_list;
  std::vector<Canvas> canvases;  // Of each size that the thread has drawn.
  // The newest scene that was built here, for other renderers of its map.
  std::shared_ptr<const Map> map;
  std::shared_ptr<Scene> scene;
  const Renderer* drawn_by = nullptr;  // Whose render() was the last; null: it was no render().

  Canvas& canvas(int width, int height) {
    for (Canvas& canvas : canvases)
      if (canvas.width == width && canvas.height == height) return canvas;
    return canvases.emplace_back(width, height);
  }
};
Scratch& scratch() {
  static thread_local Scratch of_thread;
  return of_thread;
}

// Whether its memory can be used again: nobody else reads it, also no other thread any more.
bool has_one_reader(const std::shared_ptr<Scene>& scene) {
#ifdef __SANITIZE_THREAD__
  return false;  // ThreadSanitizer knows no fences.
#else
  if (scene.use_count() != 1) return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
#endif
}

void add_items(const Camera& camera, const World& world, DrawList& draw_list) {
  const std::span<const Item> items = world.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].present) continue;
    // Dropped items move up in the list when others go: they share a phase.
    const auto phase = static_cast<int>(std::min(i, world.map().items.size()));
    draw_list.add_mesh(camera, item_mesh(items[i].kind), item_pose(items[i], phase, world.frame()));
  }
}

void add_markers(const Camera& camera, const World& world, DrawList& draw_list) {
  for (std::size_t i = 0; i < world.players().size(); ++i) {
    const Body& body = world.players()[i];
    const Fighter& fighter = world.fighters()[i];
    if (world.armed() && !fighter.alive) continue;
    const bool plain = fighter.outfit == Outfit{};
    const auto& regions = fighter.outfit.regions;
    const Rgb palette[] = {plain ? kPlainMarker : regions[0], plain ? kPlainMarker : regions[1]};
    // Above the walls, so that none hides it.
    const Vec3 position = {body.origin.x, body.origin.y, world.map().max.z + 1.0f};
    draw_list.add_mesh(camera, player_marker_mesh(), {position, body.yaw_degrees}, palette);
  }
}

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

Renderer::Renderer(int width, int height) : width_(width), height_(height) {
  CHRYSALIS_CHECK(valid_side(width) && valid_side(height), "{} x {}", width, height);
}

void Renderer::set_map(std::shared_ptr<const Map> map) {
  CHRYSALIS_CHECK(map != nullptr);
  Scratch& of_thread = scratch();
  if (of_thread.map == map) {
    scene_ = of_thread.scene;
  } else {
    if (of_thread.scene == scene_) of_thread.scene.reset();
    if (!has_one_reader(scene_)) scene_ = std::make_shared<Scene>();
    std::vector<Surface> surfaces = pad_surfaces(*map);
    if (surfaces.empty()) {
      build_scene(map->surfaces, textures(), *scene_);
    } else {
      surfaces.insert(surfaces.end(), map->surfaces.begin(), map->surfaces.end());
      build_scene(surfaces, textures(), *scene_);
    }
    of_thread.map = map;
    of_thread.scene = scene_;
  }
  map_ = std::move(map);
  count_faces(0);
}

void Renderer::count_faces(std::size_t players) {
  face_count_ = fight_face_count(players);
  vertex_count_ = fight_vertex_count();
  const auto count = [&](ItemKind kind, std::size_t items) {
    face_count_ += item_mesh(kind).faces.size() * items;
    vertex_count_ = std::max(vertex_count_, item_mesh(kind).vertices.size());
  };
  for (const ItemPlacement& item : map_->items) count(item.kind, 1);
  for (const ItemKind dropped : {ItemKind::kOrb, ItemKind::kBeam, ItemKind::kDisc})
    count(dropped, players * kDropsPerPlayer);
  players_ = players;
}

void Renderer::render(const World& world, const Eye& eye, std::span<std::uint8_t> rgb, int viewer) {
  if (map_.get() != &world.map()) set_map(world.shared_map());
  if (world.armed() && world.players().size() > players_) count_faces(world.players().size());
  const Camera camera = make_camera(eye, width_, height_);
  DrawList& draw_list = scratch().draw_list;
  Canvas& canvas = scratch().canvas(width_, height_);
  draw_list.begin(&canvas);
  draw_list.reserve(*scene_, face_count_, vertex_count_);
  draw_list.add_surfaces(camera, *scene_, world.frame());
  add_items(camera, world, draw_list);
  if (world.armed()) {
    add_players(camera, world, viewer, draw_list);
    add_projectiles(camera, world, draw_list);
    add_effects(camera, world, viewer, draw_list);
  }
  Background background;
  if (map_->sky.open) {
    background.dome = textures().sky(map_->sky.material);
    background.colour = pack_rgb(material_catalog()[map_->sky.material].base);
  }
  draw_list.draw(camera);
  write_picture(camera, background, canvas, rgb);
  scratch().drawn_by = this;
}

void Renderer::read_inverse_depth(std::span<float> inverse_depth) const {
  const auto columns = static_cast<std::size_t>(width_);
  CHRYSALIS_CHECK_EQ(inverse_depth.size(), columns * static_cast<std::size_t>(height_));
  CHRYSALIS_CHECK(scratch().drawn_by == this, "another picture was drawn on this thread since");
  const Canvas& canvas = scratch().canvas(width_, height_);
  for (int row = 0; row < height_; ++row) {
    const float* from = canvas.inverse_depth.get() + static_cast<std::size_t>(row) * canvas.stride;
    std::copy_n(from, columns, inverse_depth.data() + static_cast<std::size_t>(row) * columns);
  }
}

void Renderer::render_top_down(const World& world, std::span<std::uint8_t> rgb) {
  Scene scene;
  build_scene(top_down_surfaces(world.map()), textures(), scene);
  const Camera camera = make_top_down_camera(world.map().min, world.map().max, width_, height_);
  DrawList& draw_list = scratch().draw_list;
  Canvas& canvas = scratch().canvas(width_, height_);
  draw_list.begin(&canvas);
  draw_list.add_surfaces(camera, scene, world.frame());
  add_items(camera, world, draw_list);
  add_markers(camera, world, draw_list);
  if (world.armed()) {
    add_projectiles(camera, world, draw_list);
    add_effects(camera, world, kNobody, draw_list);
  }
  draw_list.draw(camera);
  write_picture(camera, {nullptr, kTopDownBackground}, canvas, rgb);
  scratch().drawn_by = nullptr;
}

}  // namespace chrysalis
