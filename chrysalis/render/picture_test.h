// Small maps and their pictures, for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "chrysalis/render/renderer.h"

namespace chrysalis {

inline MaterialId material(const char* name) {
  return *find_material(name);
}

inline Surface wall(Vec3 corner, Vec3 right, float high, const char* name) {
  Surface s;
  s.corner = corner;
  s.right = right;
  s.down = {0, 0, -high};
  s.material = material(name);
  return s;
}
inline Surface floor(float low, float high, float z, const char* name) {
  Surface s;
  s.corner = {low, high, z};
  s.right = {high - low, 0, 0};
  s.down = {0, low - high, 0};
  s.material = material(name);
  return s;
}

inline std::shared_ptr<Map> make_map(std::vector<Surface> surfaces, std::vector<ItemPlacement> items = {}) {
  auto map = std::make_shared<Map>();
  map->surfaces = std::move(surfaces);
  map->items = std::move(items);
  map->finish();
  return map;
}

struct Picture {
  int width, height;
  std::vector<std::uint8_t> rgb;
  Rgb at(int column, int row) const {
    const std::size_t i = (static_cast<std::size_t>(row) * width + column) * 3;
    return {rgb[i], rgb[i + 1], rgb[i + 2]};
  }
};

inline Picture look(const World& world, const Eye& eye, int width = 96, int height = 72,
                    int viewer = kNobody) {
  Renderer renderer(width, height);
  Picture picture{width, height, std::vector<std::uint8_t>(renderer.picture_bytes())};
  renderer.render(world, eye, picture.rgb, viewer);
  return picture;
}

template <typename Is>
int coloured_pixels(const Picture& picture, Is is) {
  int count = 0;
  for (int row = 0; row < picture.height; ++row) {
    for (int column = 0; column < picture.width; ++column) count += is(picture.at(column, row));
  }
  return count;
}

}  // namespace chrysalis
