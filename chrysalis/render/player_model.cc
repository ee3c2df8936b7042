#include "chrysalis/render/player_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "chrysalis/render/item_model.h"

namespace chrysalis {
namespace {

// Regions of a body's meshes; those of an outfit come first, in its order.
constexpr int kFront = 0, kBack = 1, kTop = 2, kGadget = 3;
constexpr Rgb kVisor{16, 18, 24}, kTrousers{52, 54, 64}, kGrip{40, 42, 50};

// In u over the soles of a body that stands upright.
constexpr float kHeight = kOriginAboveFloor + kBoxAboveOrigin;
constexpr float kCrouchedHeight = kOriginAboveFloor + kBoxAboveOriginCrouched;
constexpr float kHip = 19.0f, kNeck = 42.0f;
constexpr Vec3 kHand{4, -13, 33};
constexpr float kGadgetLength = 25.0f;
constexpr float kStride = 32.0f;  // Degrees that a leg swings at a run, to each side.
constexpr float kStrideSpeed = 200.0f;

// Faces that look ahead are the front, those that look behind the back.
void divide(Mesh& mesh) {
  for (MeshFace& face : mesh.faces) {
    if (face.region == kFront && face.normal.x < -0.1f) face.region = kBack;
  }
}

Mesh make_torso() {
  Mesh mesh;
  append_revolution(mesh,
                    {{8.0f, kNeck + 1.0f, {}, kTop},
                     {15.5f, 37.0f, {}, kFront},
                     {12.5f, 17.0f, kTrousers},
                     {0.0f, 15.0f, kTrousers}},
                    6);
  finish_mesh(mesh);
  divide(mesh);
  return mesh;
}

// Around the neck.
Mesh make_head() {
  Mesh mesh;
  append_revolution(mesh,
                    {{0.0f, 14.0f, {}, kTop},
                     {7.0f, 12.5f, {}, kTop},
                     {9.0f, 8.0f, {}, kTop},
                     {9.0f, 2.0f, {}, kTop},
                     {7.0f, -1.0f, {}, kTop}},
                    6);
  finish_mesh(mesh);
  for (MeshFace& face : mesh.faces) {
    if (face.normal.x > 0.95f)
      face = {face.corners, face.corner_count, kVisor, kOwnColour, face.normal, face.offset};
  }
  return mesh;
}

// Down from the hip.
Mesh make_leg() {
  Mesh mesh;
  append_box(mesh, {-5.5f, -5.5f, -kHip}, {5.5f, 5.5f, 0}, kTrousers);
  finish_mesh(mesh);
  for (MeshFace& face : mesh.faces) {
    if (std::abs(face.normal.x) > 0.5f) face.region = face.normal.x > 0 ? kFront : kBack;
  }
  return mesh;
}

// Ahead of the hand.
Mesh make_held_gadget() {
  Mesh mesh;
  append_box(mesh, {-6, -3.5f, -3.5f}, {15, 3.5f, 3.5f}, kGrip);
  append_box(mesh, {15, -4.5f, -4.5f}, {kGadgetLength, 4.5f, 4.5f}, {}, kGadget);
  finish_mesh(mesh);
  return mesh;
}

struct PlayerMeshes {
  Mesh torso = make_torso(), head = make_head(), leg = make_leg(), gadget = make_held_gadget();
};
const PlayerMeshes& meshes() {
  static const PlayerMeshes all;
  return all;
}

Mesh make_player_marker() {
  constexpr Rgb kRim{20, 20, 24};
  Mesh mesh;
  append_two_sided(mesh, {Vec3{42, 0, 0}, {-32, -32, 0}, {-22, 0, 0}, {-32, 32, 0}}, kRim);
  append_two_sided(mesh, {Vec3{4, 0, 1}, {-26, -25, 1}, {-17, 0, 1}, {-26, 25, 1}}, {}, 1);
  append_two_sided(mesh, {Vec3{34, 0, 2}, {2, -13, 2}, {-4, 0, 2}, {2, 13, 2}}, {}, 0);
  finish_mesh(mesh);
  return mesh;
}

// Where the parts of a body are.
struct Stance {
  explicit Stance(const Body& body) : squat(body.crouched ? kCrouchedHeight / kHeight : 1.0f) {
    const double yaw = body.yaw_degrees * std::numbers::pi / 180.0;
    cosine = static_cast<float>(std::cos(yaw));
    sine = static_cast<float>(std::sin(yaw));
    soles = body.origin + Vec3{0, 0, -kOriginAboveFloor};
  }
  // From u ahead, to the left and above the soles of one that stands upright.
  Vec3 at(Vec3 place) const {
    return soles +
           Vec3{place.x * cosine - place.y * sine, place.x * sine + place.y * cosine, place.z * squat};
  }
  float squat;  // Of its full height.
  float cosine, sine;
  Vec3 soles;
};

}  // namespace

std::size_t player_face_count() {
  const PlayerMeshes& all = meshes();
  return all.torso.faces.size() + all.head.faces.size() + 2 * all.leg.faces.size() + all.gadget.faces.size();
}

std::size_t player_vertex_count() {
  const PlayerMeshes& all = meshes();
  return std::max({all.torso.vertices.size(), all.head.vertices.size(), all.leg.vertices.size(),
                   all.gadget.vertices.size()});
}

void add_player(const Camera& camera, const Body& body, const Outfit& outfit, Gadget held, DrawList& list) {
  const Rgb palette[] = {outfit.regions[0], outfit.regions[1], outfit.regions[2], gadget_colour(held)};
  const Stance stance(body);
  const auto add = [&](const Mesh& mesh, Vec3 place, float pitch) {
    list.add_mesh(camera, mesh, {stance.at(place), body.yaw_degrees, pitch, {1, 1, stance.squat}}, palette);
  };
  const float speed = std::sqrt(body.velocity.x * body.velocity.x + body.velocity.y * body.velocity.y);
  const auto phase = static_cast<float>(std::sin(2.0 * std::numbers::pi / 256.0 * body.sway));
  const float swing = kStride * std::min(speed / kStrideSpeed, 1.0f) * phase;
  add(meshes().torso, {0, 0, 0}, 0);
  add(meshes().head, {0, 0, kNeck}, 0.5f * body.pitch_degrees);
  add(meshes().leg, {0, 6.5f, kHip}, swing);
  add(meshes().leg, {0, -6.5f, kHip}, -swing);
  add(meshes().gadget, kHand, body.pitch_degrees);
}

const Mesh& player_marker_mesh() {
  static const Mesh marker = make_player_marker();
  return marker;
}

Vec3 gadget_tip(const Body& body) {
  const double pitch = body.pitch_degrees * std::numbers::pi / 180.0;
  const auto ahead = static_cast<float>(std::cos(pitch)), down = static_cast<float>(std::sin(pitch));
  return Stance(body).at(kHand + kGadgetLength * Vec3{ahead, 0, -down});
}

}  // namespace chrysalis
