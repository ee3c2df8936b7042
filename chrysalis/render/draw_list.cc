#include "chrysalis/render/draw_list.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// Whether anything of a sphere (centre in view space) can be in the picture. 1.5 is above every secant of
// half a field of view of 90 degrees.
bool may_see(const Camera& camera, Vec3 centre, float radius) {
  const float reach = 1.5f * radius;
  const float half_width = camera.half_span(centre.z);
  const float half_height = centre.z * 0.5f * static_cast<float>(camera.height) / camera.focal;
  return centre.z >= kNearPlane - radius && std::abs(centre.x) <= half_width + reach &&
         (camera.height > camera.width || std::abs(centre.y) <= half_height + reach);
}

// Where a pose turns the axes to.
struct Frame {
  Vec3 x, y, z;
};
Frame frame_of(const Pose& pose) {
  constexpr double kRadians = std::numbers::pi / 180.0;
  const double yaw = pose.yaw_degrees * kRadians;
  const auto cy = static_cast<float>(std::cos(yaw)), sy = static_cast<float>(std::sin(yaw));
  if (pose.pitch_degrees == 0.0f) return {{cy, sy, 0}, {-sy, cy, 0}, {0, 0, 1}};
  const double pitch = pose.pitch_degrees * kRadians;
  const auto cp = static_cast<float>(std::cos(pitch)), sp = static_cast<float>(std::sin(pitch));
  return {{cp * cy, cp * sy, -sp}, {-sy, cy, 0}, {sp * cy, sp * sy, cp}};
}

Rgb mixed(Rgb p, Rgb q, float t) {
  const auto channel = [t](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(static_cast<float>(a) +
                                     t * (static_cast<float>(b) - static_cast<float>(a)));
  };
  return {channel(p.r, q.r), channel(p.g, q.g), channel(p.b, q.b)};
}

Rgb lit(Rgb colour, int light) {
  const auto channel = [light](std::uint8_t c) { return static_cast<std::uint8_t>(c * light >> 8); };
  return {channel(colour.r), channel(colour.g), channel(colour.b)};
}

// How far a flowing texture has crept: a texel every 16 frames, around without a seam.
float flow_texels(std::int64_t frame) {
  return static_cast<float>(frame % (16 * kTextureSize)) / 16.0f;
}

// Moves a polygon's texture by so many texels along both of its edges.
void shift_texture(float texels, ScreenPolygon& polygon) {
  for (Affine* along : {&polygon.u_over_depth, &polygon.v_over_depth}) {
    along->at_centre += texels * polygon.inverse_depth.at_centre;
    along->per_column += texels * polygon.inverse_depth.per_column;
    along->per_row += texels * polygon.inverse_depth.per_row;
  }
  polygon.u_max += texels;
  polygon.v_max += texels;
}

// Surfaces between two looks at what is hidden by now. From 8 to 40 make no difference: a look costs less
// than a polygon.
constexpr std::size_t kSurfacesAtOnce = 16;

// So much nearer than its corners say a polygon's pixels may come out by rounding.
constexpr float kNearerByRounding = 1.001f;

}  // namespace

void DrawList::begin(Canvas* canvas) {
  canvas_ = canvas;
  polygons_.clear();
  if (canvas != nullptr) clear_canvas(*canvas);
}

void DrawList::draw(const Camera& camera) {
  if (canvas_ == nullptr || polygons_.empty()) return;
  draw_polygons(camera, polygons_, *canvas_);
  polygons_.clear();
  note_farthest(*canvas_);
}

// Whether nothing within the hull of `corners`, in view space, can be seen any more.
bool DrawList::is_hidden(const Camera& camera, std::span<const Vec3> corners) const {
  if (canvas_ == nullptr) return false;
  constexpr float kFar = std::numeric_limits<float>::infinity();
  float left = kFar, right = -kFar, top = kFar, bottom = -kFar, nearest = 0.0f;
  for (const Vec3& corner : corners) {
    if (corner.z < kNearPlane) return false;
    const float inverse_depth = 1.0f / corner.z;
    const float x = corner.x * inverse_depth, y = -corner.y * inverse_depth;
    left = std::min(left, x);
    right = std::max(right, x);
    top = std::min(top, y);
    bottom = std::max(bottom, y);
    nearest = std::max(nearest, inverse_depth);
  }
  const float centre_x = 0.5f * static_cast<float>(camera.width);
  const float centre_y = 0.5f * static_cast<float>(camera.height);
  const PixelExtent extent = {.left = centre_x + camera.focal * left - 1.0f,
                              .right = centre_x + camera.focal * right + 1.0f,
                              .top = centre_y + camera.focal * top - 1.0f,
                              .bottom = centre_y + camera.focal * bottom + 1.0f};
  return is_covered(*canvas_, extent, nearest * kNearerByRounding);
}

void DrawList::reserve(const Scene& scene, std::size_t face_count, std::size_t vertex_count) {
  reserve_view(scene, view_);
  polygons_.reserve(scene.count + face_count);
  mesh_corners_.reserve(vertex_count);
}

void DrawList::add_surfaces(const Camera& camera, const Scene& scene, std::int64_t frame) {
  reserve_view(scene, view_);
  cull_surfaces(scene, camera, view_);
  const auto end = view_.visible.begin() + static_cast<std::ptrdiff_t>(view_.visible_count);
  std::sort(view_.visible.begin(), end);
  for (auto key = view_.visible.begin(); key != end; ++key) {
    const auto i = static_cast<std::uint32_t>(*key);
    Vec3 corners[4];
    for (int k = 0; k < 4; ++k) corners[k] = {view_.x[k][i], view_.y[k][i], view_.z[k][i]};
    if (is_hidden(camera, corners)) continue;
    if (polygons_.size() >= kSurfacesAtOnce) draw(camera);
    ScreenPolygon& polygon = polygons_.emplace_back();
    const SurfacePaint& paint = scene.paint[i];
    polygon.texels = paint.texels;
    polygon.light = paint.light;
    if (!set_outline(camera, corners, polygon) ||
        !set_plane(camera, corners[0], corners[1] - corners[0], corners[3] - corners[0], paint.texels_right,
                   paint.texels_down, polygon)) {
      polygons_.pop_back();
      continue;
    }
    if (paint.flows) shift_texture(flow_texels(frame), polygon);
  }
  draw(camera);
}

void DrawList::add_mesh(const Camera& camera, const Mesh& mesh, const Pose& pose,
                        std::span<const Rgb> palette) {
  const float stretch = std::max({pose.stretch.x, pose.stretch.y, pose.stretch.z});
  const Vec3 centre = camera.to_view(pose.position);
  const float radius = mesh.radius * stretch;
  if (!may_see(camera, centre, radius)) return;
  Vec3 around[8];
  for (int k = 0; k < 8; ++k)
    around[k] = centre + radius * Vec3{k & 1 ? 1.0f : -1.0f, k & 2 ? 1.0f : -1.0f, k & 4 ? 1.0f : -1.0f};
  if (is_hidden(camera, around)) return;
  const Frame frame = frame_of(pose);
  // The eye in the mesh's own coordinates tells which faces look at it.
  const Vec3 away = camera.position - pose.position;
  const Vec3 eye = {dot(away, frame.x) / pose.stretch.x, dot(away, frame.y) / pose.stretch.y,
                    dot(away, frame.z) / pose.stretch.z};
  const auto seen = [&](Vec3 axis) {
    return Vec3{dot(axis, camera.right), dot(axis, camera.up), dot(axis, camera.forward)};
  };
  const Vec3 x = seen(frame.x * pose.stretch.x), y = seen(frame.y * pose.stretch.y),
             z = seen(frame.z * pose.stretch.z);
  mesh_corners_.clear();
  for (const Vec3& v : mesh.vertices) mesh_corners_.push_back(centre + x * v.x + y * v.y + z * v.z);
  for (const MeshFace& face : mesh.faces) {
    const float before = dot(face.normal, eye) - face.offset;
    if (before <= 0.0f) continue;
    Vec3 corners[4];
    const int last = face.corner_count - 1;
    for (int k = 0; k <= last; ++k) corners[k] = mesh_corners_[face.corners[k]];
    ScreenPolygon& polygon = polygons_.emplace_back();
    if (!set_outline(camera, {corners, static_cast<std::size_t>(face.corner_count)}, polygon) ||
        !set_plane(camera, corners[0], corners[1] - corners[0], corners[last] - corners[0], 0.0f, 0.0f,
                   polygon)) {
      polygons_.pop_back();
      continue;
    }
    if (mesh.glows) {
      CHRYSALIS_DCHECK(palette.size() == 2);
      const float facing = before / length(eye - mesh.vertices[face.corners[0]]);
      polygon.colour = pack_rgb(mixed(palette[1], palette[0], facing));
      continue;
    }
    const Vec3 normal = frame.x * (face.normal.x / pose.stretch.x) +
                        frame.y * (face.normal.y / pose.stretch.y) +
                        frame.z * (face.normal.z / pose.stretch.z);
    const int light = face_light(normal);
    if (face.region == kOwnColour) {
      polygon.colour = pack_rgb(lit(face.colour, light));
    } else {
      CHRYSALIS_DCHECK(static_cast<std::size_t>(face.region) < palette.size());
      // Brighter, because the palette tells things apart.
      polygon.colour = pack_rgb(lit(palette[static_cast<std::size_t>(face.region)], (256 + light) / 2));
    }
  }
}

void DrawList::add_bar(const Camera& camera, const Bar& bar) {
  Vec3 ends[2] = {camera.to_view(bar.from), camera.to_view(bar.to)};
  if (std::max(ends[0].z, ends[1].z) <= kNearPlane) return;
  for (int i = 0; i < 2; ++i) {
    if (ends[i].z >= kNearPlane) continue;
    const Vec3 other = ends[1 - i];
    ends[i] = ends[i] + ((kNearPlane - ends[i].z) / (other.z - ends[i].z)) * (other - ends[i]);
  }
  // Across the line and the line of sight.
  const Vec3 across = cross(ends[0], ends[1]);
  const float size = length(across);
  if (size < 1e-3f) return;  // The eye looks along the line.
  const auto side = [&](Vec3 end) {
    const float half_pixel = camera.half_span(end.z) / 96.0f;
    const float low = half_pixel * bar.pixels_min, high = half_pixel * bar.pixels_max;
    return across * (std::clamp(bar.half_width, low, high) / size);
  };
  const auto add = [&](float width, Rgb colour, float nearness) {
    const Vec3 first = side(ends[0]) * width, second = side(ends[1]) * width;
    // Clockwise on the screen: `across` points to the left of the way from the first to the second.
    const Vec3 corners[4] = {ends[0] + first, ends[1] + second, ends[1] - second, ends[0] - first};
    ScreenPolygon& polygon = polygons_.emplace_back();
    polygon.colour = pack_rgb(colour);
    if (!set_outline(camera, corners, polygon) ||
        !set_plane(camera, ends[0], ends[1] - ends[0], first, 0.0f, 0.0f, polygon)) {
      polygons_.pop_back();
      return;
    }
    for (float* part : {&polygon.inverse_depth.at_centre, &polygon.inverse_depth.per_column,
                        &polygon.inverse_depth.per_row}) {
      *part *= nearness;
    }
  };
  // In one plane: the rim a little behind the core, so that they do not fight.
  add(0.45f, bar.core, 1.0f);
  add(1.0f, bar.rim, 0.999f);
}

}  // namespace chrysalis
