#include "chrysalis/render/scene.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chrysalis/core/check.h"

namespace chrysalis {

void build_scene(std::span<const Surface> surfaces, const TextureSet& textures, Scene& scene) {
  const std::size_t count = surfaces.size(), padded = count + kLanesMax;
  scene.count = count;
  for (auto* arrays : {&scene.x, &scene.y, &scene.z}) {
    for (std::vector<float>& array : *arrays) array.assign(padded, 0.0f);
  }
  for (auto* array : {&scene.normal_x, &scene.normal_y, &scene.normal_z}) array->assign(padded, 0.0f);
  scene.offset.assign(padded, 1.0f);
  scene.paint.assign(count, {});
  const std::span<const Material> materials = material_catalog();
  for (std::size_t i = 0; i < count; ++i) {
    const Surface& s = surfaces[i];
    CHRYSALIS_CHECK(s.material < textures.size(), "material {} of {}", s.material, textures.size());
    CHRYSALIS_CHECK(s.tiles_right > 0.0f && s.tiles_down > 0.0f, "surface {}: {} x {} tiles", i,
                    s.tiles_right, s.tiles_down);
    const Vec3 corners[4] = {s.corner, s.corner + s.right, s.corner + s.right + s.down, s.corner + s.down};
    for (int k = 0; k < 4; ++k) {
      scene.x[k][i] = corners[k].x;
      scene.y[k][i] = corners[k].y;
      scene.z[k][i] = corners[k].z;
    }
    const Vec3 normal = cross(s.down, s.right);
    scene.normal_x[i] = normal.x;
    scene.normal_y[i] = normal.y;
    scene.normal_z[i] = normal.z;
    scene.offset[i] = dot(normal, s.corner);
    const float light = materials[s.material].self_lit ? 1.0f : std::clamp(s.light, 0.0f, 1.0f);
    scene.paint[i] = {textures.texture(s.material).data(),
                      static_cast<std::uint32_t>(std::lround(light * static_cast<float>(kFullLight))),
                      s.tiles_right * kTextureSize, s.tiles_down * kTextureSize, materials[s.material].flows};
  }
}

std::vector<Surface> pad_surfaces(const Map& map) {
  constexpr float kHalf = 20.0f, kReach = 24.0f, kAboveFloor = 0.5f;
  std::vector<Surface> pads;
  for (const ItemPlacement& item : map.items) {
    const ItemType& type = item_type(item.kind);
    if (type.respawn_ms == 0) continue;  // A level's own.
    float floor = item.position.z - kReach;
    map.solids_near({item.position.x, item.position.y, floor}, item.position,
                    [&](const Solid& solid) { floor = std::max(floor, solid.max.z); });
    if (floor == item.position.z - kReach || floor > item.position.z) continue;  // In the air, or in a wall.
    Surface pad;
    pad.corner = {item.position.x - kHalf, item.position.y + kHalf, floor + kAboveFloor};
    pad.right = {2 * kHalf, 0, 0};
    pad.down = {0, -2 * kHalf, 0};
    pad.material = *find_material(fmt::format("pad_{}", type.name));
    pads.push_back(pad);
  }
  return pads;
}

std::vector<Surface> top_down_surfaces(const Map& map) {
  std::vector<Surface> surfaces = pad_surfaces(map);
  float ceiling = std::numeric_limits<float>::infinity();
  for (const Surface& surface : map.surfaces) {
    if (surface.is_ceiling) {
      ceiling = std::min(ceiling, surface.corner.z);
    } else {
      surfaces.push_back(surface);
    }
  }
  // What is higher than everything that is drawn only keeps bodies in.
  float roof = -std::numeric_limits<float>::infinity();
  for (const Surface& s : surfaces) roof = std::max({roof, s.corner.z, (s.corner + s.right + s.down).z});
  ceiling = std::min(ceiling, roof);
  const MaterialId dark = *find_material("plain_dark");
  for (const Solid& solid : map.solids) {
    if (solid.min.z >= ceiling - 1.0f) continue;
    // Half a unit lower than the top, so that a floor drawn on a solid hides the lid.
    Surface lid;
    lid.corner = {solid.min.x, solid.max.y, std::min(solid.max.z, ceiling) - 0.5f};
    lid.right = {solid.max.x - solid.min.x, 0.0f, 0.0f};
    lid.down = {0.0f, solid.min.y - solid.max.y, 0.0f};
    lid.material = dark;
    surfaces.push_back(lid);
  }
  return surfaces;
}

}  // namespace chrysalis
