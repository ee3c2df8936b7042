// Low-poly models: items now, bodies and projectiles later. Built once, immutable, shared.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/material.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

// A convex planar face of three or four corners, clockwise seen from outside; drawn from that side only.
struct MeshFace {
  std::array<std::uint16_t, 4> corners{};
  int corner_count = 3;
  Rgb colour;
};

struct Mesh {
  std::vector<Vec3> vertices;
  std::vector<MeshFace> faces;
  float radius = 0.0f;  // Of the sphere around the origin that holds every vertex.
};

// Where a mesh stands: turned about z, then moved.
struct Pose {
  Vec3 position;
  float yaw_degrees = 0.0f;
};

// A body of revolution about z: rings from top to bottom, the colour of a band with its upper ring. A ring of
// radius zero is a tip. Appended to `mesh`.
struct Ring {
  float radius;
  float z;
  Rgb colour;
};
void append_revolution(Mesh& mesh, const std::vector<Ring>& rings, int segments);
// A face visible from both sides.
void append_two_sided(Mesh& mesh, const std::array<Vec3, 4>& corners, Rgb colour);
void finish_mesh(Mesh& mesh);  // Computes radius.

const Mesh& item_mesh(ItemKind kind);
const Mesh& player_marker_mesh();  // For top-down views: an arrow along yaw.

// Items bob by 0 to 8 u and turn, each with a phase of its own.
Pose item_pose(const Item& item, int item_index, std::int64_t frame);

// How bright a face with this outward normal (any length) is, 0 to 256: a light from above and one side.
int face_light(Vec3 normal);

}  // namespace chrysalis
