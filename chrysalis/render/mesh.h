// Low-poly models and what they are built from. Built once, immutable, shared.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/material.h"

namespace chrysalis {

inline constexpr int kOwnColour = -1;

// A convex planar face of three or four corners, clockwise seen from outside; drawn from that side only.
struct MeshFace {
  std::array<std::uint16_t, 4> corners{};
  int corner_count = 3;
  Rgb colour;
  int region = kOwnColour;  // Or an index into the palette with which the mesh is drawn.
  // The plane normal . v = offset; the normal has length 1 and points outside. finish_mesh() fills them in.
  Vec3 normal{};
  float offset = 0.0f;
};

struct Mesh {
  std::vector<Vec3> vertices;
  std::vector<MeshFace> faces;
  float radius = 0.0f;  // Of the sphere around the origin that holds every vertex.
  // Gives light instead of taking it: each face has palette[0] where it faces the eye, palette[1] where it is
  // seen from the side.
  bool glows = false;
};

// How a mesh stands: stretched along its own axes, pitched about y (positive lowers what points along x),
// turned about z, then moved.
struct Pose {
  Vec3 position;
  float yaw_degrees = 0.0f;
  float pitch_degrees = 0.0f;
  Vec3 stretch{1.0f, 1.0f, 1.0f};
};

// A body of revolution about z: rings from top to bottom, the colour of a band with its upper ring. A ring of
// radius zero is a tip. The middle of a face points along `first_degrees`. Appended to `mesh`.
struct Ring {
  float radius;
  float z;
  Rgb colour;
  int region = kOwnColour;
};
void append_revolution(Mesh& mesh, const std::vector<Ring>& rings, int segments, float first_degrees = 0.0f);
// An upright box, closed.
void append_box(Mesh& mesh, Vec3 low, Vec3 high, Rgb colour, int region = kOwnColour);
// A face visible from both sides.
void append_two_sided(Mesh& mesh, const std::array<Vec3, 4>& corners, Rgb colour, int region = kOwnColour);
void finish_mesh(Mesh& mesh);  // Computes radius and planes. After the last face.

// How bright a face with this outward normal (any length) is, 0 to 256: a light from above and one side.
int face_light(Vec3 normal);

}  // namespace chrysalis
