// The surfaces of a map laid out for the renderer: corner coordinates in arrays of their own, so that many
// surfaces are turned into view space and culled at once. Immutable once built; one per map and view.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "chrysalis/render/textures.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

inline constexpr std::size_t kLanesMax = 64;  // No vector holds more floats: arrays are padded by this much.

struct SurfacePaint {
  const Texel* texels = nullptr;
  std::uint32_t light = kFullLight;
  float texels_right = 0.0f;
  float texels_down = 0.0f;
  bool flows = false;
};

struct Scene {
  std::size_t count = 0;
  // Corners clockwise as seen: top left, top right, bottom right, bottom left. Arrays padded with surfaces
  // that face nowhere.
  std::array<std::vector<float>, 4> x, y, z;
  // The viewer's side: normal . eye > offset.
  std::vector<float> normal_x, normal_y, normal_z, offset;
  std::vector<SurfacePaint> paint;
};

// Reuses scene's memory.
void build_scene(std::span<const Surface> surfaces, const TextureSet& textures, Scene& scene);

// What lies under the gadgets, armour and health that a map puts on a floor: a plate in the colour of what
// comes back there.
std::vector<Surface> pad_surfaces(const Map& map);

// What a top-down view shows: the surfaces without ceilings, and dark lids on the solids, so that walls are
// seen from above.
std::vector<Surface> top_down_surfaces(const Map& map);

}  // namespace chrysalis
