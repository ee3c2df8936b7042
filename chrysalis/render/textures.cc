#include "chrysalis/render/textures.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/render/patterns.h"

namespace chrysalis {
namespace {

constexpr int mip_column(int level) {
  return 128 - (128 >> level);
}
static_assert(kTextureSize == 64 && kTextureStride == 128 && mip_column(kMipLevels - 1) < kTextureStride);

void paint_texture(const Material& material, Texture& texture) {
  // Each texel is the mean of two points on its diagonal, so that edges of a pattern are soft.
  for (int row = 0; row < kTextureSize; ++row) {
    for (int column = 0; column < kTextureSize; ++column) {
      const auto sample = [&](float offset) {
        return paint(material, (static_cast<float>(column) + offset) / kTextureSize,
                     (static_cast<float>(row) + offset) / kTextureSize);
      };
      texture[row * kTextureStride + column] = pack_rgb(to_rgb((sample(0.25f) + sample(0.75f)) * 0.5f));
    }
  }
  for (int level = 1; level < kMipLevels; ++level) {
    const int size = kTextureSize >> level;
    for (int row = 0; row < size; ++row) {
      for (int column = 0; column < size; ++column) {
        Paint sum;
        for (int i = 0; i < 4; ++i) {
          const int at = (2 * row + i / 2) * kTextureStride + mip_column(level - 1) + 2 * column + i % 2;
          sum = sum + Paint(unpack_rgb(texture[at]));
        }
        texture[row * kTextureStride + mip_column(level) + column] = pack_rgb(to_rgb(sum * 0.25f));
      }
    }
  }
}

SkyDome paint_dome(const Material& material) {
  SkyDome dome(static_cast<std::size_t>(kSkySize) * kSkySize);
  for (int row = 0; row < kSkySize; ++row) {
    for (int column = 0; column < kSkySize; ++column) {
      const float sum = (static_cast<float>(column) + 0.5f) * 2.0f / kSkySize - 1.0f;
      const float difference = (static_cast<float>(row) + 0.5f) * 2.0f / kSkySize - 1.0f;
      const float x = 0.5f * (sum + difference), y = 0.5f * (sum - difference);
      const float z = std::max(1.0f - std::abs(x) - std::abs(y), 0.0f);
      const float scale = 1.0f / std::sqrt(x * x + y * y + z * z);
      dome[row * kSkySize + column] = pack_rgb(to_rgb(paint_sky(material, x * scale, y * scale, z * scale)));
    }
  }
  return dome;
}

}  // namespace

TextureSet::TextureSet(std::span<const Material> materials)
    : textures_(materials.size()), skies_(materials.size()) {
  for (std::size_t id = 0; id < materials.size(); ++id) {
    paint_texture(materials[id], textures_[id]);
    if (materials[id].pattern == Pattern::kSky) skies_[id] = paint_dome(materials[id]);
  }
}

const TextureSet& textures() {
  static const TextureSet set(material_catalog());
  return set;
}

}  // namespace chrysalis
