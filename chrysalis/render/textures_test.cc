#include "chrysalis/render/textures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace chrysalis {
namespace {

// Columns of level l begin where the header says.
Rgb texel(const Texture& texture, int level, int u, int v) {
  return unpack_rgb(texture[v * kTextureStride + 128 - (128 >> level) + u]);
}

TEST(TexturesTest, EveryMaterialHasATexture) {
  EXPECT_EQ(textures().size(), material_catalog().size());
}

TEST(TexturesTest, EachLevelIsTheMeanOfTheOneBefore) {
  for (const MaterialId id : {theme_wall(0), theme_floor(9), picture(30)}) {
    const Texture& texture = textures().texture(id);
    for (int level = 1; level < kMipLevels; ++level) {
      for (int v = 0; v < kTextureSize >> level; ++v) {
        for (int u = 0; u < kTextureSize >> level; ++u) {
          int sum = 0;
          for (int i = 0; i < 4; ++i) sum += texel(texture, level - 1, 2 * u + i % 2, 2 * v + i / 2).g;
          ASSERT_NEAR(texel(texture, level, u, v).g, sum / 4.0, 0.51);
        }
      }
    }
  }
}

TEST(TexturesTest, PlainMaterialsAreExactlyTheirColour) {
  const auto id = *find_material("ceiling_light_blue");
  for (int level = 0; level < kMipLevels; ++level) {
    EXPECT_EQ(texel(textures().texture(id), level, 0, 0), (Rgb{150, 224, 255}));
  }
}

// Mean difference of a channel between two textures at a level.
double difference(MaterialId a, MaterialId b, int level) {
  const int size = kTextureSize >> level;
  double sum = 0;
  for (int v = 0; v < size; ++v) {
    for (int u = 0; u < size; ++u) {
      const Rgb p = texel(textures().texture(a), level, u, v), q = texel(textures().texture(b), level, u, v);
      sum += std::abs(p.r - q.r) + std::abs(p.g - q.g) + std::abs(p.b - q.b);
    }
  }
  return sum / (3.0 * size * size);
}

TEST(TexturesTest, PicturesDifferFromTwoCellsAway) {
  // A picture 60 u wide at 200 u covers 14 pixels: no more than its 16 x 16 level says, and even half of that
  // does.
  for (int a = 0; a < kPictureCount; ++a) {
    for (int b = 0; b < a; ++b) {
      EXPECT_GT(difference(picture(a), picture(b), 2), 16.0) << a << " and " << b;
      EXPECT_GT(difference(picture(a), picture(b), 3), 8.0) << a << " and " << b;
    }
  }
}

TEST(TexturesTest, ThemesDifferFromEachOther) {
  for (int a = 0; a < kThemeWallCount; ++a) {
    for (int b = 0; b < a; ++b) {
      EXPECT_GT(difference(theme_wall(a), theme_wall(b), 1), 8.0) << a << " and " << b;
      EXPECT_GT(difference(theme_floor(a), theme_floor(b), 1), 8.0) << a << " and " << b;
    }
  }
}

TEST(TexturesTest, TexturesRepeatWithoutASeam) {
  // Across the border neighbours differ no more than they do somewhere inside.
  for (const char* name : {"floor_lawn_green", "floor_stone_slate", "wall_honeycomb_green", "lava"}) {
    const Texture& t = textures().texture(*find_material(name));
    const auto step = [&](int column) {
      int sum = 0;
      for (int v = 0; v < kTextureSize; ++v) {
        sum += std::abs(texel(t, 0, column, v).g - texel(t, 0, (column + 1) % kTextureSize, v).g);
      }
      return sum;
    };
    int largest = 0;
    for (int column = 0; column + 1 < kTextureSize; ++column) largest = std::max(largest, step(column));
    EXPECT_LE(step(kTextureSize - 1), largest * 3 / 2) << name;
  }
}

TEST(TexturesTest, OnlySkiesHaveADome) {
  EXPECT_NE(textures().sky(*find_material("sky_blue")), nullptr);
  EXPECT_EQ(textures().sky(theme_wall(0)), nullptr);
}

TEST(TexturesTest, PaintingIsRepeatable) {
  const TextureSet again(material_catalog());
  for (std::size_t id = 0; id < again.size(); ++id) {
    EXPECT_EQ(again.texture(static_cast<MaterialId>(id)), textures().texture(static_cast<MaterialId>(id)));
  }
}

}  // namespace
}  // namespace chrysalis
