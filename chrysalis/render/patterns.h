// The painters behind textures: each pattern of the material catalog as a function of (u, v, seed). Pure
// functions; all repeat seamlessly in u and v.
#pragma once

#include "chrysalis/world/material.h"

namespace chrysalis {

// Linear arithmetic on colours, channels 0 to 255.
struct Paint {
  float r = 0, g = 0, b = 0;
  constexpr Paint() = default;
  constexpr Paint(float r, float g, float b) : r(r), g(g), b(b) {}
  constexpr explicit Paint(Rgb c) : r(c.r), g(c.g), b(c.b) {}
  friend constexpr Paint operator*(Paint p, float s) { return {p.r * s, p.g * s, p.b * s}; }
  friend constexpr Paint operator+(Paint p, Paint q) { return {p.r + q.r, p.g + q.g, p.b + q.b}; }
};
// p at t = 0, q at t = 1; t is clamped to [0, 1].
Paint mix(Paint p, Paint q, float t);
Rgb to_rgb(Paint p);  // Rounded and clamped.

// Smooth noise, 0 to 1, with a period of `period` lattice steps in x and y; a power of two.
float value_noise(float x, float y, int period, std::uint32_t seed);
// `octaves` of it, each of twice the frequency and half the weight; 0 to 1.
float cloud_noise(float x, float y, int period, int octaves, std::uint32_t seed);

// The colour of a material at (u, v), both in [0, 1).
Paint paint(const Material& material, float u, float v);
// A picture: a frame around one of four styles of motif, by seed.
Paint paint_picture(const Material& material, float u, float v);
// The sky in a direction; z at least 0, |direction| = 1.
Paint paint_sky(const Material& material, float x, float y, float z);

}  // namespace chrysalis
