// The pictures on the walls: four styles of twenty. What tells them apart from afar is the large scale
// (masses of two far colours), so every motif is built from a few big shapes.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "chrysalis/core/random.h"
#include "chrysalis/render/patterns.h"

namespace chrysalis {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// The bits of one picture, well mixed.
std::uint64_t bits_of(std::uint32_t index) {
  return mix64(0x5EEDULL + index * 0x9E3779B97F4A7C15ULL);
}

// Style 0: a 5 x 5 emblem, mirrored left to right.
bool emblem(std::uint32_t index, float x, float y) {
  const int column = std::clamp(static_cast<int>((x + 1.0f) * 2.5f), 0, 4);
  const int row = std::clamp(static_cast<int>((y + 1.0f) * 2.5f), 0, 4);
  return bits_of(index) >> (row * 3 + std::min(column, 4 - column)) & 1;
}

// Style 1: one bold figure in polar form: stars, flowers, polygons, crosses, rings.
bool figure(std::uint32_t index, float x, float y) {
  const float radius = std::sqrt(x * x + y * y), angle = std::atan2(x, -y);
  const int lobes = static_cast<int>(index % 5) + 2;
  const float wave = std::cos(angle * static_cast<float>(lobes));
  switch (index / 5 % 4) {
    case 0:
      return radius < 0.55f + 0.35f * wave;  // A star of soft rays.
    case 1:
      return radius > 0.25f && radius < 0.85f && wave > 0.0f;  // A propeller.
    case 2:
      return radius * std::cos(std::fmod(angle + 4 * kPi, 2 * kPi / static_cast<float>(lobes + 1)) -
                               kPi / static_cast<float>(lobes + 1)) <
             0.3f + 0.08f * static_cast<float>(lobes);  // A regular polygon.
    default:
      return std::fmod(radius * (1.0f + 0.4f * static_cast<float>(lobes)) + 0.1f * wave, 1.0f) <
             0.5f;  // Rings.
  }
}

// Style 2: bands: straight, slanted, crossed or bent, of few widths.
bool bands(std::uint32_t index, float x, float y) {
  const float angle = static_cast<float>(index % 5) * kPi / 5.0f;
  const float along = x * std::cos(angle) + y * std::sin(angle),
              across = y * std::cos(angle) - x * std::sin(angle);
  const auto stripe = [](float t) { return t - std::floor(t) < 0.5f; };
  switch (index / 5 % 4) {
    case 0:
      return stripe(along + 0.25f);
    case 1:
      return stripe(along * 0.75f) != stripe(across * 0.75f);
    case 2:
      return stripe(along + std::abs(across));
    default:
      return along > 0.0f ? stripe(across * 1.5f) : across > 0.0f;
  }
}

// Style 3: a landscape: hills under a sun or moon.
int landscape(std::uint32_t index, float x, float y) {
  const std::uint64_t bits = bits_of(index);
  const float phase = static_cast<float>(bits & 7), steep = 1.5f + static_cast<float>(bits >> 3 & 3);
  const float level = -0.4f + 0.3f * static_cast<float>(index % 4);
  if (y > level + 0.35f * std::sin(x * steep + phase)) return 1;
  const float sun_x = -0.6f + 0.3f * static_cast<float>(index % 5), sun_y = -0.55f;
  return (x - sun_x) * (x - sun_x) + (y - sun_y) * (y - sun_y) < 0.1f ? 2 : 0;
}

}  // namespace

Paint paint_picture(const Material& material, float u, float v) {
  const Paint first(material.base), second(material.accent);
  const float edge = std::min(std::min(u, 1.0f - u), std::min(v, 1.0f - v));
  if (edge < 0.045f) return {38.0f, 26.0f, 18.0f};
  if (edge < 0.09f) return {196.0f, 160.0f, 84.0f};
  const float x = (u - 0.5f) / 0.41f, y = (v - 0.5f) / 0.41f;
  const std::uint32_t index = material.seed;
  switch (index / 20) {
    case 0:
      return emblem(index, x, y) ? first : second;
    case 1:
      return figure(index, x, y) ? first : second;
    case 2:
      return bands(index, x, y) ? first : second;
    default:
      switch (landscape(index, x, y)) {
        case 0:
          return second;
        case 1:
          return first * (0.75f + 0.25f * (1.0f - y));
        default:
          return {255.0f, 244.0f, 190.0f};
      }
  }
}

}  // namespace chrysalis
