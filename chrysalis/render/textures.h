// What materials look like: one square texture with its mip levels for each material, and a dome for each
// sky. Painted once per process from the catalog; immutable afterwards and safe to read from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chrysalis/world/material.h"

namespace chrysalis {

inline constexpr int kTextureSize = 64;     // Texels along a side of level 0; a power of two.
inline constexpr int kMipLevels = 7;        // 64, 32, … 1.
inline constexpr int kTextureStride = 128;  // Level l starts at column 128 - (128 >> l), row 0.
inline constexpr int kSkySize = 256;
inline constexpr std::uint32_t kFullLight = 256;  // Light multiplies texels in 1/256.

// A texel: r | g << 8 | b << 16; the top byte is 0.
using Texel = std::uint32_t;
constexpr Texel pack_rgb(Rgb c) {
  return static_cast<Texel>(c.r) | static_cast<Texel>(c.g) << 8 | static_cast<Texel>(c.b) << 16;
}
constexpr Rgb unpack_rgb(Texel t) {
  return {static_cast<std::uint8_t>(t), static_cast<std::uint8_t>(t >> 8),
          static_cast<std::uint8_t>(t >> 16)};
}

// All levels of a texture side by side, kTextureStride columns by kTextureSize rows, so that a texel's
// address needs only shifts: (v >> level) * stride + 128 - (128 >> level) + (u >> level).
using Texture = std::array<Texel, static_cast<std::size_t>(kTextureStride) * kTextureSize>;

// The upper half of the sphere of directions on a square: with d scaled to |x| + |y| + z = 1 (z at least 0),
// column (d.x + d.y + 1) / 2 and row (d.x - d.y + 1) / 2 of the side. Directions below the horizon show the
// horizon.
using SkyDome = std::vector<Texel>;  // kSkySize * kSkySize.

class TextureSet {
 public:
  explicit TextureSet(std::span<const Material> materials);
  const Texture& texture(MaterialId id) const { return textures_[id]; }
  // Null where the material is no sky.
  const Texel* sky(MaterialId id) const { return skies_[id].empty() ? nullptr : skies_[id].data(); }
  std::size_t size() const { return textures_.size(); }

 private:
  std::vector<Texture> textures_;
  std::vector<SkyDome> skies_;
};

// The set of material_catalog(), painted at the first call.
const TextureSet& textures();

}  // namespace chrysalis
