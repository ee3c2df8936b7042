// What one picture consists of, in the order of drawing: polygons of surfaces and meshes that may be seen.
#pragma once

#include <span>
#include <vector>

#include "chrysalis/render/camera.h"
#include "chrysalis/render/mesh.h"
#include "chrysalis/render/polygon.h"
#include "chrysalis/render/raster.h"
#include "chrysalis/render/scene.h"

namespace chrysalis {

// Keeps its memory from picture to picture.
class DrawList {
 public:
  // Room for a scene and meshes of `face_count` faces in all, `vertex_count` vertices the largest, so that
  // pictures of them allocate nothing.
  void reserve(const Scene& scene, std::size_t face_count, std::size_t vertex_count);
  void clear() { polygons_.clear(); }
  // The surfaces of a scene, nearest first, so that the depth test spares the texels of what is hidden.
  void add_surfaces(const Camera& camera, const Scene& scene);
  void add_mesh(const Camera& camera, const Mesh& mesh, const Pose& pose);
  std::span<const ScreenPolygon> polygons() const { return polygons_; }

 private:
  std::vector<ScreenPolygon> polygons_;
  // Scratch.
  ViewScene view_;
  std::vector<Vec3> mesh_corners_;
};

}  // namespace chrysalis
