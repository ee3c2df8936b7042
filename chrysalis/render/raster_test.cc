// The whole way from surfaces to pixels against a ray caster of plain loops in double precision. Textures
// here spell out where they were read: red and green the texel, blue the surface.
#include "chrysalis/render/raster.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "chrysalis/core/random.h"
#include "chrysalis/render/draw_list.h"
#include "chrysalis/render/item_model.h"

namespace chrysalis {
namespace {

Texture address_texture(int surface) {
  Texture texture{};
  for (int level = 0; level < kMipLevels; ++level) {
    for (int v = 0; v < kTextureSize >> level; ++v) {
      for (int u = 0; u < kTextureSize >> level; ++u) {
        texture[v * kTextureStride + 128 - (128 >> level) + u] =
            pack_rgb({static_cast<std::uint8_t>(u << level), static_cast<std::uint8_t>(v << level),
                      static_cast<std::uint8_t>(surface + 1)});
      }
    }
  }
  return texture;
}

// Rectangles of any size and direction around the origin, one or two of them large floors.
std::vector<Surface> random_surfaces(RandomStream& random, int count) {
  std::vector<Surface> surfaces;
  const auto number = [&](double low, double high) { return static_cast<float>(random.uniform(low, high)); };
  for (int i = 0; i < count; ++i) {
    Surface s;
    s.corner = {number(-500, 500), number(-500, 500), number(-150, 150)};
    const float angle = number(0, 6.28), size = number(40, 300);
    if (i % 5 == 0) {
      s.right = {size * 3, 0, 0};
      s.down = {0, -size * 2, number(-50, 50)};
    } else {
      s.right = {size * std::cos(angle), size * std::sin(angle), 0};
      s.down = {0, 0, -number(30, 150)};
    }
    s.tiles_right = static_cast<float>(random.between(1, 3));
    s.tiles_down = static_cast<float>(random.between(1, 2));
    surfaces.push_back(s);
  }
  return surfaces;
}

struct Hit {
  int surface = -1;
  double depth = 1e30;
  double u = 0, v = 0;  // Texels.
};

// One ray against every surface. Turns the ray by roll, pitch and yaw in turn, unlike the camera's closed
// form.
Hit cast(const std::vector<Surface>& surfaces, const Eye& eye, int width, int height, double column,
         double row) {
  constexpr double kRadians = std::numbers::pi / 180;
  double x = 1, y = -(column - 0.5 * width) / (0.5 * width), z = -(row - 0.5 * height) / (0.5 * width);
  const auto turn = [](double& a, double& b, double degrees) {
    const double c = std::cos(degrees * kRadians), s = std::sin(degrees * kRadians);
    const double turned = c * a - s * b;
    b = s * a + c * b;
    a = turned;
  };
  turn(y, z, eye.roll_degrees);
  turn(z, x, eye.pitch_degrees);
  turn(x, y, eye.yaw_degrees);
  Hit hit;
  for (std::size_t i = 0; i < surfaces.size(); ++i) {
    const Surface& s = surfaces[i];
    const double r[3] = {s.right.x, s.right.y, s.right.z}, d[3] = {s.down.x, s.down.y, s.down.z};
    const double n[3] = {d[1] * r[2] - d[2] * r[1], d[2] * r[0] - d[0] * r[2], d[0] * r[1] - d[1] * r[0]};
    const double away[3] = {s.corner.x - eye.position.x, s.corner.y - eye.position.y,
                            s.corner.z - eye.position.z};
    const double facing = n[0] * x + n[1] * y + n[2] * z;
    if (facing >= 0) continue;
    const double depth = (n[0] * away[0] + n[1] * away[1] + n[2] * away[2]) / facing;
    if (depth < kNearPlane || depth >= hit.depth) continue;
    const double p[3] = {depth * x - away[0], depth * y - away[1], depth * z - away[2]};
    const auto along = [&](const double* edge) {
      return (p[0] * edge[0] + p[1] * edge[1] + p[2] * edge[2]) /
             (edge[0] * edge[0] + edge[1] * edge[1] + edge[2] * edge[2]);
    };
    const double a = along(r), b = along(d);
    if (a < 0 || a > 1 || b < 0 || b > 1) continue;
    hit = {static_cast<int>(i), depth, a * s.tiles_right * kTextureSize, b * s.tiles_down * kTextureSize};
  }
  return hit;
}

// Draws the surfaces with address textures; one texel a pixel, row by row.
std::vector<Texel> draw(const std::vector<Surface>& surfaces, const std::vector<Texture>& addresses,
                        const Eye& eye, int width, int height) {
  Scene scene;
  build_scene(surfaces, textures(), scene);
  for (std::size_t i = 0; i < surfaces.size(); ++i) scene.paint[i].texels = addresses[i].data();
  const Camera camera = make_camera(eye, width, height);
  DrawList list;
  Canvas canvas(width, height);
  list.begin(&canvas);
  list.add_surfaces(camera, scene, 0);
  list.draw(camera);
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * height * 3);
  write_picture(camera, {}, canvas, rgb);
  std::vector<Texel> pixels;
  for (std::size_t i = 0; i < rgb.size(); i += 3)
    pixels.push_back(pack_rgb({rgb[i], rgb[i + 1], rgb[i + 2]}));
  return pixels;
}

// How far apart two texels of a repeating texture are.
double apart(double a, double b) {
  const double distance = std::fmod(std::abs(a - b), static_cast<double>(kTextureSize));
  return std::min(distance, kTextureSize - distance);
}

constexpr int kSurfaces = 60;

struct Case {
  std::vector<Surface> surfaces;
  std::vector<Texture> addresses;
  Eye eye;
};

Case random_case(int index) {
  RandomStream random{RandomKey(77).split(static_cast<std::uint64_t>(index))};
  Case c;
  c.surfaces = random_surfaces(random, kSurfaces);
  for (int i = 0; i < kSurfaces; ++i) c.addresses.push_back(address_texture(i));
  const auto number = [&](double low, double high) { return static_cast<float>(random.uniform(low, high)); };
  c.eye = {{number(-300, 300), number(-300, 300), number(-60, 60)}, number(-180, 180), 0, 0};
  if (index % 3 != 0) c.eye.pitch_degrees = number(-87.9, 87.9);
  if (index % 3 == 2) c.eye.roll_degrees = number(-180, 180);
  return c;
}

TEST(RasterTest, AgreesWithARayCasterOverRandomMapsAndEyes) {
  constexpr int kWidth = 96, kHeight = 72, kCases = 60;
  int drawn = 0, right_surface = 0, right_texel = 0, total = 0;
  for (int index = 0; index < kCases; ++index) {
    const Case c = random_case(index);
    const std::vector<Texel> pixels = draw(c.surfaces, c.addresses, c.eye, kWidth, kHeight);
    for (int row = 0; row < kHeight; ++row) {
      for (int column = 0; column < kWidth; ++column) {
        const auto at = [&](double dx, double dy) {
          return cast(c.surfaces, c.eye, kWidth, kHeight, column + 0.5 + dx, row + 0.5 + dy);
        };
        const Hit hit = at(0, 0);
        const Rgb seen = unpack_rgb(pixels[static_cast<std::size_t>(row) * kWidth + column]);
        ++total;
        if (seen.b != hit.surface + 1) continue;
        ++right_surface;
        if (hit.surface < 0) continue;
        ++drawn;
        // The size of a texel at the level that the area of the pixel asks for, one level of tolerance.
        const Hit right = at(1e-4, 0), below = at(0, 1e-4);
        const double area =
            std::abs((right.u - hit.u) * (below.v - hit.v) - (right.v - hit.v) * (below.u - hit.u)) * 1e8;
        const double tolerance = std::max(1.0, std::sqrt(area) * 1.4143) + 0.01;
        const bool near_border = right.surface != hit.surface || below.surface != hit.surface;
        right_texel +=
            near_border || (apart(seen.r, hit.u) <= tolerance && apart(seen.g, hit.v) <= tolerance);
      }
    }
  }
  EXPECT_GT(drawn, total / 4) << "the maps must show something";
  EXPECT_GE(right_surface, total * 0.995);
  EXPECT_GE(right_texel, drawn * 0.995);
}

TEST(RasterTest, EveryVectorTargetDrawsTheSameBits) {
  for (int index = 0; index < 6; ++index) {
    const Case c = random_case(index);
    const std::vector<Texel> expected = draw(c.surfaces, c.addresses, c.eye, 84, 84);
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      EXPECT_EQ(draw(c.surfaces, c.addresses, c.eye, 84, 84), expected) << hwy::TargetName(target);
    }
    hwy::SetSupportedTargetsForTest(0);
  }
}

TEST(RasterTest, AFarWallIsReadFromSmallLevels) {
  // 100 u and one texture wide, 1600 u away: 3 pixels, so about 21 texels a pixel, level 4.
  Surface wall;
  wall.corner = {1600, 50, 50};
  wall.right = {0, -100, 0};
  wall.down = {0, 0, -100};
  const std::vector<Texture> addresses = {address_texture(0)};
  const std::vector<Texel> pixels = draw({wall}, addresses, {}, 96, 72);
  int seen = 0;
  for (const Texel pixel : pixels) {
    if (pixel == 0) continue;
    EXPECT_EQ(unpack_rgb(pixel).r % 16, 0);
    EXPECT_EQ(unpack_rgb(pixel).g % 16, 0);
    ++seen;
  }
  EXPECT_GE(seen, 4);
}

TEST(RasterTest, NeighboursShareEveryBorderPixelExactlyOnce) {
  // A wall cut in 7 pieces at odd places covers exactly what the whole wall covers.
  const auto piece = [](float from, float to) {
    Surface s;
    s.corner = {200, 150 - from, 60};
    s.right = {0, -(to - from), 0};
    s.down = {0, 0, -120};
    return s;
  };
  const float cuts[] = {0, 13.25f, 41.5f, 99.75f, 100.5f, 180.125f, 222.875f, 300};
  std::vector<Surface> pieces;
  std::vector<Texture> addresses;
  for (int i = 0; i < 7; ++i) {
    pieces.push_back(piece(cuts[i], cuts[i + 1]));
    addresses.push_back(address_texture(i));
  }
  for (int turn = 0; turn < 40; ++turn) {
    const Eye eye{{0, 0, 0},
                  -30.0f + 1.5f * static_cast<float>(turn),
                  0.7f * static_cast<float>(turn) - 14.0f,
                  9.0f * static_cast<float>(turn)};
    const auto whole = draw({piece(0, 300)}, addresses, eye, 96, 72),
               cut = draw(pieces, addresses, eye, 96, 72);
    for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_EQ(whole[i] == 0, cut[i] == 0) << turn << " " << i;
  }
}

TEST(RasterTest, WhatIsHiddenIsLeftOutWithoutATrace) {
  RandomStream random{RandomKey(12)};
  for (const auto& [width, height] : {std::pair{96, 72}, {20, 20}, {100, 44}}) {
    for (int picture = 0; picture < 60; ++picture) {
      const std::vector<Surface> surfaces = random_surfaces(random, 300);
      Scene scene;
      build_scene(surfaces, textures(), scene);
      const Eye eye{{0, 0, 0},
                    static_cast<float>(random.uniform(-180, 180)),
                    static_cast<float>(random.uniform(-30, 30))};
      const Camera camera = make_camera(eye, width, height);
      // All of it at once: no surface knows what was drawn before.
      DrawList list;
      list.begin(nullptr);
      list.add_surfaces(camera, scene, 0);
      Canvas whole(width, height);
      clear_canvas(whole);
      draw_polygons(camera, list.polygons(), whole);

      Canvas canvas(width, height);
      list.begin(&canvas);
      list.add_surfaces(camera, scene, 0);
      EXPECT_TRUE(list.polygons().empty());
      for (int row = 0; row < height; ++row)
        for (int column = 0; column < width; ++column) {
          const int pixel = row * canvas.stride + column;
          ASSERT_EQ(canvas.inverse_depth[pixel], whole.inverse_depth[pixel]) << column << ", " << row;
          if (canvas.inverse_depth[pixel] > 0) {
            ASSERT_EQ(canvas.colour[pixel], whole.colour[pixel]) << column << ", " << row;
          }
        }
    }
  }
}

TEST(RasterTest, AMeshBehindAWallIsLeftOut) {
  Surface wall;
  wall.corner = {100, 300, 300};
  wall.right = {0, -600, 0};
  wall.down = {0, 0, -600};
  wall.tiles_right = wall.tiles_down = 1;
  Scene scene;
  build_scene(std::vector{wall}, textures(), scene);
  const Camera camera = make_camera({}, 96, 72);
  Canvas canvas(96, 72);
  DrawList list;
  list.begin(&canvas);
  list.add_surfaces(camera, scene, 0);
  const Mesh& mesh = item_mesh(ItemKind::kApple);
  list.add_mesh(camera, mesh, {.position = {100 + 2 * mesh.radius, 0, 0}});
  EXPECT_TRUE(list.polygons().empty());
  list.add_mesh(camera, mesh, {.position = {100, 0, 0}});
  EXPECT_FALSE(list.polygons().empty()) << "half of it is before the wall";
  list.begin(&canvas);
  list.add_mesh(camera, mesh, {.position = {100 + 2 * mesh.radius, 0, 0}});
  EXPECT_FALSE(list.polygons().empty()) << "there is no wall any more";
}

TEST(RasterTest, CoveredIsWhatEveryPixelOfItsTilesIsNearerThan) {
  Canvas canvas(40, 20);  // Three tiles across, of which the last is cut; three down, likewise.
  clear_canvas(canvas);
  const auto fill = [&](int left, int right, int top, int bottom, float inverse_depth) {
    for (int row = top; row < bottom; ++row)
      for (int column = left; column < right; ++column)
        canvas.inverse_depth[row * canvas.stride + column] = inverse_depth;
    note_farthest(canvas);
  };
  const PixelExtent everything{-5, 100, -5, 100};
  fill(0, 40, 0, 20, 0.25f);
  EXPECT_EQ(canvas.farthest, std::vector<float>(9, 0.25f)) << "padding hides nothing and shows nothing";
  EXPECT_TRUE(is_covered(canvas, everything, 0.25f));
  EXPECT_FALSE(is_covered(canvas, everything, 0.2500001f)) << "nearer";
  fill(39, 40, 19, 20, 0.1f);
  EXPECT_FALSE(is_covered(canvas, everything, 0.2f)) << "one pixel is open";
  EXPECT_TRUE(is_covered(canvas, {0, 31.9f, 0, 19}, 0.2f));
  EXPECT_FALSE(is_covered(canvas, {0, 32, 0, 16}, 0.2f)) << "the open tile's corner";
  EXPECT_TRUE(is_covered(canvas, {0, 40, 0, 15.9f}, 0.2f));
  clear_canvas(canvas);
  EXPECT_FALSE(is_covered(canvas, {0, 1, 0, 1}, 1e-9f)) << "nothing is drawn";
}

}  // namespace
}  // namespace chrysalis
