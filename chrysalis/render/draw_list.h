// What one picture consists of, in the order of drawing: polygons of surfaces and meshes that may be seen.
// Surfaces come first and are drawn as they come, so that what they hide is left out before it costs
// anything: most of a maze is behind its nearest walls. No pixel depends on it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chrysalis/render/camera.h"
#include "chrysalis/render/mesh.h"
#include "chrysalis/render/polygon.h"
#include "chrysalis/render/raster.h"
#include "chrysalis/render/scene.h"

namespace chrysalis {

// A straight bar of light, bright inside: `half_width` u to each side, at least `pixels_min` wide on the
// picture wherever it is.
struct Bar {
  Vec3 from;
  Vec3 to;
  float half_width = 1.0f;
  float pixels_min = 0.0f;
  float pixels_max = 96.0f;
  Rgb core;
  Rgb rim;
};
inline constexpr std::size_t kBarFaces = 2;  // Polygons.

// Keeps its memory from picture to picture.
class DrawList {
 public:
  // Room for a scene and meshes and bars of `face_count` faces in all, `vertex_count` vertices the largest
  // mesh, so that pictures of them allocate nothing.
  void reserve(const Scene& scene, std::size_t face_count, std::size_t vertex_count);
  // Begins a picture. canvas: what it is drawn on, which is cleared; null: nothing is drawn or left out.
  void begin(Canvas* canvas);
  // The surfaces of a scene, nearest first, so that the depth test spares the texels of what is hidden.
  // `frame`: how far the texture of what flows has come.
  void add_surfaces(const Camera& camera, const Scene& scene, std::int64_t frame);
  // `palette`: a colour for each of the mesh's regions.
  void add_mesh(const Camera& camera, const Mesh& mesh, const Pose& pose, std::span<const Rgb> palette = {});
  // A bar of light: what of it is nearer than the near plane is left out, the rest faces the eye.
  void add_bar(const Camera& camera, const Bar& bar);
  // Draws what is not drawn yet.
  void draw(const Camera& camera);
  // What is not drawn yet.
  std::span<const ScreenPolygon> polygons() const { return polygons_; }

 private:
  bool is_hidden(const Camera& camera, std::span<const Vec3> corners) const;

  Canvas* canvas_ = nullptr;
  std::vector<ScreenPolygon> polygons_;
  // Scratch.
  ViewScene view_;
  std::vector<Vec3> mesh_corners_;
};

}  // namespace chrysalis
