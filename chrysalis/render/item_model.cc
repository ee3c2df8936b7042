#include "chrysalis/render/item_model.h"

#include <array>
#include <cmath>
#include <numbers>

namespace chrysalis {
namespace {

constexpr Rgb kAppleRed{232, 24, 32}, kAppleDark{186, 12, 26}, kStem{96, 60, 24}, kLeaf{70, 200, 50};
constexpr Rgb kGold{255, 206, 40}, kDeepGold{228, 150, 20}, kCalabash{110, 200, 60}, kBand{28, 120, 70};
constexpr Rgb kDarkMetal{40, 42, 50}, kWhite{250, 250, 250}, kCross{235, 20, 40};
constexpr Rgb kPlate{30, 210, 70}, kPlateDark{8, 70, 24};

Mesh make_apple() {
  Mesh mesh;
  append_revolution(mesh,
                    {{0.0f, 8.0f, kAppleDark},
                     {6.0f, 12.0f, kAppleRed},
                     {13.0f, 6.0f, kAppleRed},
                     {13.5f, -2.0f, kAppleRed},
                     {8.5f, -11.0f, kAppleDark},
                     {0.0f, -13.0f, kAppleDark}},
                    8);
  append_revolution(mesh, {{1.4f, 19.0f, kStem}, {1.4f, 8.0f, kStem}}, 3);
  // Two leaves, crossed, so that green shows from every side.
  append_two_sided(mesh, {Vec3{0, 0, 13}, {5, 4, 19}, {12, 1, 19}, {6, -4, 15}}, kLeaf);
  append_two_sided(mesh, {Vec3{0, 0, 13}, {-4, 5, 18}, {-9, -1, 19}, {-5, -4, 15}}, kLeaf);
  finish_mesh(mesh);
  return mesh;
}

Mesh make_goal() {
  Mesh mesh;
  append_revolution(mesh,
                    {{0.0f, 34.0f, kBand},
                     {3.0f, 30.0f, kGold},
                     {8.5f, 24.0f, kGold},
                     {9.5f, 18.0f, kDeepGold},
                     {5.5f, 11.0f, kBand},
                     {6.0f, 8.0f, kCalabash},
                     {15.0f, 1.0f, kCalabash},
                     {17.5f, -6.0f, kGold},
                     {11.0f, -14.0f, kDeepGold},
                     {0.0f, -15.0f, kDeepGold}},
                    8);
  finish_mesh(mesh);
  return mesh;
}

// A ball in a dark belt.
Mesh make_orb() {
  const Rgb colour = gadget_colour(Gadget::kOrb);
  Mesh mesh;
  append_revolution(mesh,
                    {{0.0f, 16.0f, colour},
                     {10.0f, 12.0f, colour},
                     {15.0f, 3.0f, kDarkMetal},
                     {15.0f, -3.0f, colour},
                     {10.0f, -12.0f, colour},
                     {0.0f, -16.0f, colour}},
                    8);
  finish_mesh(mesh);
  return mesh;
}

// A tall crystal in dark clamps.
Mesh make_beam() {
  const Rgb colour = gadget_colour(Gadget::kBeam);
  Mesh mesh;
  append_revolution(mesh,
                    {{0.0f, 26.0f, kDarkMetal},
                     {6.0f, 18.0f, colour},
                     {10.0f, 5.5f, kWhite},
                     {10.0f, -1.5f, colour},
                     {6.0f, -12.0f, kDarkMetal},
                     {0.0f, -16.0f, kDarkMetal}},
                    6);
  finish_mesh(mesh);
  return mesh;
}

// A disc that stands on its rim, with a dark hub.
Mesh make_disc() {
  const Rgb colour = gadget_colour(Gadget::kDisc);
  Mesh mesh;
  append_revolution(mesh,
                    {{0.0f, 3.5f, kDarkMetal},
                     {6.0f, 3.0f, colour},
                     {17.0f, 1.5f, kDarkMetal},
                     {17.0f, -1.5f, colour},
                     {6.0f, -3.0f, kDarkMetal},
                     {0.0f, -3.5f, kDarkMetal}},
                    10);
  // From lying to standing: z becomes x.
  for (Vec3& vertex : mesh.vertices) vertex = {vertex.z, vertex.x, vertex.y};
  finish_mesh(mesh);
  return mesh;
}

// A shield: broad above, pointed below, a dark bar across.
Mesh make_armour() {
  Mesh mesh;
  append_box(mesh, {-3.5f, -14, 9}, {3.5f, 14, 15}, kPlate);
  append_box(mesh, {-4.0f, -14, 4}, {4.0f, 14, 9}, kPlateDark);
  append_box(mesh, {-3.5f, -12, -4}, {3.5f, 12, 4}, kPlate);
  append_box(mesh, {-3.5f, -7, -10}, {3.5f, 7, -4}, kPlate);
  append_box(mesh, {-3.5f, -2.5f, -14}, {3.5f, 2.5f, -10}, kPlateDark);
  finish_mesh(mesh);
  return mesh;
}

// A white box with a red cross on four sides.
Mesh make_health() {
  constexpr float kHalf = 12.0f, kCrossHalf = kHalf + 0.4f, kLong = 9.0f, kShort = 3.5f;
  Mesh mesh;
  append_box(mesh, {-kHalf, -kHalf, -kHalf}, {kHalf, kHalf, kHalf}, kWhite);
  append_box(mesh, {-kCrossHalf, -kLong, -kShort}, {kCrossHalf, kLong, kShort}, kCross);
  append_box(mesh, {-kCrossHalf, -kShort, -kLong}, {kCrossHalf, kShort, kLong}, kCross);
  append_box(mesh, {-kLong, -kCrossHalf, -kShort}, {kLong, kCrossHalf, kShort}, kCross);
  append_box(mesh, {-kShort, -kCrossHalf, -kLong}, {kShort, kCrossHalf, kLong}, kCross);
  finish_mesh(mesh);
  return mesh;
}

}  // namespace

Rgb gadget_colour(Gadget gadget) {
  static constexpr std::array<Rgb, kGadgetCount> kColours = {{
      {255, 255, 255},  // Impulse.
      {255, 230, 60},   // Rapid.
      {255, 40, 210},   // Orb.
      {40, 235, 255},   // Beam.
      {120, 255, 40},   // Disc.
  }};
  return kColours.at(static_cast<std::size_t>(gadget));
}

const Mesh& item_mesh(ItemKind kind) {
  static const std::array<Mesh, kItemKindCount> meshes = {
      make_apple(), make_goal(), make_orb(), make_beam(), make_disc(), make_armour(), make_health()};
  return meshes.at(static_cast<std::size_t>(kind));
}

Pose item_pose(const Item& item, int item_index, std::int64_t frame) {
  // A bob takes 75 frames, a turn 150; the phase advances by the golden angle from item to item.
  const double bob =
      2.0 * std::numbers::pi * (static_cast<double>(frame % 75) / 75.0 + 0.381966 * item_index);
  const double turn = 360.0 * (static_cast<double>(frame % 150) / 150.0 + 0.381966 * item_index);
  return {item.position + Vec3{0.0f, 0.0f, static_cast<float>(4.0 - 4.0 * std::cos(bob))},
          static_cast<float>(std::fmod(turn, 360.0))};
}

}  // namespace chrysalis
