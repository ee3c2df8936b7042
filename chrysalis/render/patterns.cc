#include "chrysalis/render/patterns.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace chrysalis {
namespace {

// A well mixed word from a lattice point (Wang's integer hash, iterated).
std::uint32_t hash(std::uint32_t x, std::uint32_t y, std::uint32_t seed) {
  std::uint32_t h = seed * 0x9E3779B9u + x * 0x85EBCA6Bu + y * 0xC2B2AE35u;
  h = (h ^ 61u) ^ (h >> 16);
  h *= 9u;
  h ^= h >> 4;
  h *= 0x27D4EB2Du;
  return h ^ (h >> 15);
}
float unit(std::uint32_t word) {
  return static_cast<float>(word >> 8) * (1.0f / 16777216.0f);
}
float fraction(float x) {
  return x - std::floor(x);
}
float smooth(float t) {
  return t * t * (3.0f - 2.0f * t);
}
int wrap(int i, int period) {
  return ((i % period) + period) % period;
}

// A brick of a wall of rows: which one, and how far (u, v) is from its nearest edge, in texture units.
struct Brick {
  int column, row;
  float edge;
};
Brick brick_at(float u, float v, int columns, int rows, bool staggered) {
  const int row = static_cast<int>(v * static_cast<float>(rows));
  const float shifted = u * static_cast<float>(columns) + (staggered && row % 2 == 1 ? 0.5f : 0.0f);
  const float fu = fraction(shifted), fv = fraction(v * static_cast<float>(rows));
  const float du = std::min(fu, 1.0f - fu) / static_cast<float>(columns);
  const float dv = std::min(fv, 1.0f - fv) / static_cast<float>(rows);
  return {wrap(static_cast<int>(std::floor(shifted)), columns), row, std::min(du, dv)};
}

// Base with a tone of its own for each piece, and a grain.
Paint toned(const Material& m, float u, float v, std::uint32_t piece, float tone, float grain) {
  const float shade = 1.0f + tone * (unit(piece) - 0.5f) +
                      grain * (cloud_noise(u * 16.0f, v * 16.0f, 16, 2, m.seed + 77) - 0.5f);
  return Paint(m.base) * shade;
}

Paint bricks(const Material& m, float u, float v) {
  const Brick brick = brick_at(u, v, 4, 8, true);
  const Paint body = toned(m, u, v, hash(brick.column, brick.row, m.seed), 0.3f, 0.25f);
  return mix(Paint(m.accent), body, (brick.edge - 0.008f) * 120.0f);
}

Paint planks(const Material& m, float u, float v) {
  const Brick plank = brick_at(v, u, 1, 5, false);
  const std::uint32_t piece = hash(plank.row, 3, m.seed);
  const float grain = value_noise(u * 32.0f, v * 3.0f + unit(piece) * 3.0f, 32, m.seed + plank.row);
  const Paint body = Paint(m.base) * (0.82f + 0.3f * unit(piece) + 0.14f * grain);
  const float fu = fraction(u * 5.0f);
  return mix(Paint(m.accent), body, (std::min(fu, 1.0f - fu) - 0.05f) * 25.0f);
}

Paint panels(const Material& m, float u, float v) {
  const Brick panel = brick_at(u, v, 2, 2, false);
  const Paint body = toned(m, u, v, hash(panel.column, panel.row, m.seed), 0.14f, 0.12f);
  if (panel.edge < 0.02f) return Paint(m.accent);
  // A bevel, light above and dark below, and a rivet in each corner.
  const float fu = fraction(u * 2.0f), fv = fraction(v * 2.0f);
  if (panel.edge < 0.05f)
    return body * (fv < fu && fv < 1.0f - fu ? 1.3f : fv > fu && fv > 1.0f - fu ? 0.7f : 1.0f);
  const float ru = std::min(fu, 1.0f - fu) - 0.2f, rv = std::min(fv, 1.0f - fv) - 0.2f;
  return ru * ru + rv * rv < 0.0025f ? mix(body, Paint(m.accent), 0.6f) : body;
}

Paint tiles(const Material& m, float u, float v) {
  const Brick tile = brick_at(u, v, 4, 4, false);
  const float checker = (tile.column + tile.row) % 2 == 0 ? 1.05f : 0.9f;
  const Paint body = toned(m, u, v, hash(tile.column, tile.row, m.seed), 0.1f, 0.15f) * checker;
  return mix(Paint(m.accent), body, (tile.edge - 0.008f) * 120.0f);
}

Paint stripes(const Material& m, float u, float v) {
  const float wave = std::abs(fraction(v * 4.0f) - 0.5f) * 4.0f;
  const Paint base = toned(m, u, v, 0x80000000u, 0.0f, 0.15f);
  return mix(Paint(m.accent), base, (wave - 0.7f) * 6.0f);
}

Paint noise(const Material& m, float u, float v) {
  const float t = cloud_noise(u * 8.0f, v * 8.0f, 8, 4, m.seed);
  const Paint stone = mix(Paint(m.accent), Paint(m.base), (t - 0.25f) * 2.0f);
  // Veins where a second noise crosses its middle.
  const float vein = std::abs(cloud_noise(u * 4.0f, v * 4.0f, 4, 3, m.seed + 9) - 0.5f);
  return mix(Paint(m.accent), stone, 0.35f + vein * 18.0f);
}

Paint hexagons(const Material& m, float u, float v) {
  // Two lattices of centres; the nearer one owns the point. 4 columns by 4 rows are nearly regular and
  // repeat.
  const float x = u * 4.0f, y = v * 4.0f;
  float best = 1e9f, second = 1e9f;
  std::uint32_t owner = 0;
  for (int row = static_cast<int>(y) - 1; row <= static_cast<int>(y) + 1; ++row) {
    const float shift = wrap(row, 2) == 1 ? 0.5f : 0.0f;
    for (int column = static_cast<int>(x) - 1; column <= static_cast<int>(x) + 1; ++column) {
      const float dx = x - (static_cast<float>(column) + shift), dy = y - (static_cast<float>(row) + 0.5f);
      const float distance = std::sqrt(dx * dx + dy * dy);
      if (distance < best) {
        second = best;
        best = distance;
        owner = hash(wrap(column, 4), wrap(row, 4), m.seed);
      } else {
        second = std::min(second, distance);
      }
    }
  }
  return mix(Paint(m.accent), toned(m, u, v, owner, 0.3f, 0.15f), (second - best - 0.08f) * 10.0f);
}

Paint grate(const Material& m, float u, float v) {
  const float fu = fraction(u * 8.0f), fv = fraction(v * 8.0f);
  const Paint body = toned(m, u, v, 0x80000000u, 0.0f, 0.2f);
  const bool hole = std::abs(fu - 0.5f) < 0.27f && std::abs(fv - 0.5f) < 0.27f;
  if (hole) return Paint(m.accent);
  return body * (fv < 0.2f || fu < 0.2f ? 1.15f : 0.95f);
}

Paint grass(const Material& m, float u, float v) {
  const float blades = value_noise(u * 32.0f, v * 16.0f, 16, m.seed);
  const float patches = cloud_noise(u * 4.0f, v * 4.0f, 4, 3, m.seed + 5);
  return mix(Paint(m.accent), Paint(m.base), 0.2f + 0.5f * blades + 0.9f * (patches - 0.3f)) *
         (0.9f + 0.2f * blades);
}

// Bright melt between plates of darker crust, brightest in the veins.
Paint lava(const Material& m, float u, float v) {
  const float warp = 0.35f * cloud_noise(u * 4.0f, v * 4.0f, 4, 3, m.seed + 3);
  const float ridge = std::abs(cloud_noise(u * 4.0f + warp, v * 4.0f + warp, 4, 3, m.seed) - 0.5f);
  const Paint crust = mix(Paint(m.accent), Paint(m.base), 1.3f - ridge * 7.0f);
  return mix({255.0f, 224.0f, 96.0f}, crust, ridge * 22.0f);
}

// A plate with a ring of light.
Paint pad(const Material& m, float u, float v) {
  const float x = u - 0.5f, y = v - 0.5f, radius = std::sqrt(x * x + y * y);
  const bool ring = radius > 0.27f && radius < 0.43f;
  return Paint(ring || radius < 0.1f ? m.accent : m.base);
}

}  // namespace

Paint mix(Paint p, Paint q, float t) {
  const float s = std::clamp(t, 0.0f, 1.0f);
  return p * (1.0f - s) + q * s;
}

Rgb to_rgb(Paint p) {
  const auto channel = [](float c) { return static_cast<std::uint8_t>(std::clamp(c, 0.0f, 255.0f) + 0.5f); };
  return {channel(p.r), channel(p.g), channel(p.b)};
}

float value_noise(float x, float y, int period, std::uint32_t seed) {
  const int x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
  const float tx = smooth(x - static_cast<float>(x0)), ty = smooth(y - static_cast<float>(y0));
  const auto at = [&](int ix, int iy) { return unit(hash(wrap(ix, period), wrap(iy, period), seed)); };
  const float top = at(x0, y0) + tx * (at(x0 + 1, y0) - at(x0, y0));
  const float bottom = at(x0, y0 + 1) + tx * (at(x0 + 1, y0 + 1) - at(x0, y0 + 1));
  return top + ty * (bottom - top);
}

float cloud_noise(float x, float y, int period, int octaves, std::uint32_t seed) {
  float sum = 0.0f, weight = 0.5f, total = 0.0f;
  for (int octave = 0; octave < octaves; ++octave) {
    sum += weight * value_noise(x, y, period, seed + octave);
    total += weight;
    weight *= 0.5f;
    x *= 2.0f;
    y *= 2.0f;
    period *= 2;
  }
  return sum / total;
}

Paint paint(const Material& material, float u, float v) {
  switch (material.pattern) {
    case Pattern::kPlain:
      return Paint(material.base);
    case Pattern::kBricks:
      return bricks(material, u, v);
    case Pattern::kPlanks:
      return planks(material, u, v);
    case Pattern::kPanels:
      return panels(material, u, v);
    case Pattern::kTiles:
      return tiles(material, u, v);
    case Pattern::kStripes:
      return stripes(material, u, v);
    case Pattern::kNoise:
      return noise(material, u, v);
    case Pattern::kHex:
      return hexagons(material, u, v);
    case Pattern::kGrate:
      return grate(material, u, v);
    case Pattern::kGrass:
      return grass(material, u, v);
    case Pattern::kPicture:
      return paint_picture(material, u, v);
    case Pattern::kSky:
      return Paint(material.base);
    case Pattern::kLava:
      return lava(material, u, v);
    case Pattern::kPad:
      return pad(material, u, v);
  }
  return Paint(material.base);
}

Paint paint_sky(const Material& material, float x, float y, float z) {
  // From a pale horizon up to the base colour; clouds lie on a plane overhead and fade out towards the
  // horizon.
  const Paint clear =
      mix(mix(Paint(material.base), Paint(material.accent), 0.75f), Paint(material.base), z * 1.6f);
  const float height = z + 0.25f;
  const float cover = cloud_noise(32.0f + x / height * 2.0f, 32.0f + y / height * 2.0f, 64, 4, material.seed);
  return mix(clear, Paint(material.accent), (cover - 0.5f) * 4.0f * std::min(z * 4.0f, 0.9f));
}

}  // namespace chrysalis
