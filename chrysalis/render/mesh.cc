#include "chrysalis/render/mesh.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chrysalis {
namespace {

constexpr Rgb kAppleRed{232, 24, 32}, kAppleDark{186, 12, 26}, kStem{96, 60, 24}, kLeaf{70, 200, 50};
constexpr Rgb kGold{255, 206, 40}, kDeepGold{228, 150, 20}, kCalabash{110, 200, 60}, kBand{28, 120, 70};

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

Mesh make_player_marker() {
  Mesh mesh;
  append_two_sided(mesh, {Vec3{30, 0, 0}, {-20, -20, 0}, {-8, 0, 0}, {-20, 20, 0}}, {255, 64, 200});
  finish_mesh(mesh);
  return mesh;
}

}  // namespace

void append_revolution(Mesh& mesh, const std::vector<Ring>& rings, int segments) {
  // A ring of radius zero keeps all its vertices, in one place: then every band is made of quads or triangles
  // alike.
  const auto first = static_cast<std::uint16_t>(mesh.vertices.size());
  for (const Ring& ring : rings) {
    for (int i = 0; i < segments; ++i) {
      const double angle = 2.0 * std::numbers::pi * i / segments;
      mesh.vertices.push_back({static_cast<float>(ring.radius * std::cos(angle)),
                               static_cast<float>(ring.radius * std::sin(angle)), ring.z});
    }
  }
  for (std::size_t band = 0; band + 1 < rings.size(); ++band) {
    for (int i = 0; i < segments; ++i) {
      const int next = (i + 1) % segments;
      const auto upper = [&](int k) { return static_cast<std::uint16_t>(first + band * segments + k); };
      const auto lower = [&](int k) { return static_cast<std::uint16_t>(first + (band + 1) * segments + k); };
      MeshFace face;
      face.colour = rings[band].colour;
      // Seen from outside, counter-clockwise from above runs to the right.
      if (rings[band].radius == 0.0f) {
        face.corners = {upper(i), lower(next), lower(i), 0};
      } else if (rings[band + 1].radius == 0.0f) {
        face.corners = {upper(i), upper(next), lower(i), 0};
      } else {
        face.corners = {upper(i), upper(next), lower(next), lower(i)};
        face.corner_count = 4;
      }
      mesh.faces.push_back(face);
    }
  }
}

void append_two_sided(Mesh& mesh, const std::array<Vec3, 4>& corners, Rgb colour) {
  // As triangles, because four corners need not lie in a plane.
  const auto first = static_cast<std::uint16_t>(mesh.vertices.size());
  mesh.vertices.insert(mesh.vertices.end(), corners.begin(), corners.end());
  const auto at = [&](int i) { return static_cast<std::uint16_t>(first + i); };
  for (const std::array<int, 3> t : {std::array{0, 1, 2}, {2, 1, 0}, {0, 2, 3}, {3, 2, 0}}) {
    mesh.faces.push_back({{at(t[0]), at(t[1]), at(t[2]), 0}, 3, colour});
  }
}

void finish_mesh(Mesh& mesh) {
  for (const Vec3& vertex : mesh.vertices) mesh.radius = std::max(mesh.radius, length(vertex));
}

const Mesh& item_mesh(ItemKind kind) {
  static const Mesh apple = make_apple(), goal = make_goal();
  return kind == ItemKind::kApple ? apple : goal;
}

const Mesh& player_marker_mesh() {
  static const Mesh marker = make_player_marker();
  return marker;
}

Pose item_pose(const Item& item, int item_index, std::int64_t frame) {
  // A bob takes 75 frames, a turn 150; the phase advances by the golden angle from item to item.
  const double bob =
      2.0 * std::numbers::pi * (static_cast<double>(frame % 75) / 75.0 + 0.381966 * item_index);
  const double turn = 360.0 * (static_cast<double>(frame % 150) / 150.0 + 0.381966 * item_index);
  return {item.position + Vec3{0.0f, 0.0f, static_cast<float>(4.0 - 4.0 * std::cos(bob))},
          static_cast<float>(std::fmod(turn, 360.0))};
}

int face_light(Vec3 normal) {
  const float toward = dot(normal, {0.32f, 0.24f, 0.917f}) / std::max(length(normal), 1e-6f);
  return static_cast<int>(256.0f * (0.72f + 0.28f * toward));
}

}  // namespace chrysalis
