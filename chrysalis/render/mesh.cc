#include "chrysalis/render/mesh.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chrysalis {

void append_revolution(Mesh& mesh, const std::vector<Ring>& rings, int segments, float first_degrees) {
  // A ring of radius zero keeps all its vertices, in one place: then every band is made of quads or triangles
  // alike.
  const auto first = static_cast<std::uint16_t>(mesh.vertices.size());
  const double start = first_degrees * std::numbers::pi / 180.0 - std::numbers::pi / segments;
  for (const Ring& ring : rings) {
    for (int i = 0; i < segments; ++i) {
      const double angle = start + 2.0 * std::numbers::pi * i / segments;
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
      face.region = rings[band].region;
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

void append_box(Mesh& mesh, Vec3 low, Vec3 high, Rgb colour, int region) {
  // Corner i is high in x, y and z where bits 0, 1 and 2 of i are set.
  const auto first = static_cast<std::uint16_t>(mesh.vertices.size());
  for (int i = 0; i < 8; ++i) {
    mesh.vertices.push_back(
        {(i & 1) != 0 ? high.x : low.x, (i & 2) != 0 ? high.y : low.y, (i & 4) != 0 ? high.z : low.z});
  }
  constexpr int kSides[6][4] = {{5, 7, 3, 1}, {6, 4, 0, 2}, {7, 6, 2, 3},
                                {4, 5, 1, 0}, {6, 7, 5, 4}, {3, 2, 0, 1}};
  for (const auto& side : kSides) {
    const auto at = [&](int k) { return static_cast<std::uint16_t>(first + side[k]); };
    mesh.faces.push_back({{at(0), at(1), at(2), at(3)}, 4, colour, region});
  }
}

void append_two_sided(Mesh& mesh, const std::array<Vec3, 4>& corners, Rgb colour, int region) {
  // As triangles, because four corners need not lie in a plane.
  const auto first = static_cast<std::uint16_t>(mesh.vertices.size());
  mesh.vertices.insert(mesh.vertices.end(), corners.begin(), corners.end());
  const auto at = [&](int i) { return static_cast<std::uint16_t>(first + i); };
  for (const std::array<int, 3> t : {std::array{0, 1, 2}, {2, 1, 0}, {0, 2, 3}, {3, 2, 0}}) {
    mesh.faces.push_back({{at(t[0]), at(t[1]), at(t[2]), 0}, 3, colour, region});
  }
}

void finish_mesh(Mesh& mesh) {
  for (const Vec3& vertex : mesh.vertices) mesh.radius = std::max(mesh.radius, length(vertex));
  for (MeshFace& face : mesh.faces) {
    const auto at = [&](int k) { return mesh.vertices[face.corners[k]]; };
    const Vec3 normal = cross(at(face.corner_count - 1) - at(0), at(1) - at(0));
    face.normal = normal * (1.0f / std::max(length(normal), 1e-6f));
    face.offset = dot(face.normal, at(0));
  }
}

int face_light(Vec3 normal) {
  const float toward = dot(normal, {0.32f, 0.24f, 0.917f}) / std::max(length(normal), 1e-6f);
  return static_cast<int>(256.0f * (0.82f + 0.18f * toward));
}

}  // namespace chrysalis
