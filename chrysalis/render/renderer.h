// A world seen from an eye, as RGB. Draws any map of textured rectangles, what lies in it, and the players of
// an armed world with what they shoot, with a depth buffer; knows nothing of grids or rewards.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/render/draw_list.h"
#include "chrysalis/render/raster.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

inline constexpr int kPictureSideMin = 4;
inline constexpr int kPictureSideMax = 2048;

// The bytes depend on nothing but the world's state, the eye, the viewer and the size: not on earlier calls,
// threads or the width of the machine's vectors. Renderers share immutable textures and meshes, and those
// that draw on one thread what they draw with: a hundred of them need the cache of one. So each thread may
// use its own at once, and one renderer may draw on this thread now and on that one next. render() allocates
// nothing once its thread has seen a map of this size, its items and as many players in arms; it makes no
// system call.
class Renderer {
 public:
  // The error names the side that is no multiple of 4 from kPictureSideMin to kPictureSideMax.
  static Result<Renderer> create(int width, int height);
  // As create() for sizes known to be valid; CHECK-fails otherwise.
  Renderer(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  std::size_t picture_bytes() const { return static_cast<std::size_t>(width()) * height() * 3; }

  // Takes over a map's surfaces. render() does so itself when a world has another map than the last one.
  void set_map(std::shared_ptr<const Map> map);

  // What the eye sees: height x width x 3 bytes, rows from the top, interleaved RGB, into `rgb`, whose size
  // must be picture_bytes(). Horizontal field of view 90 degrees; pitch within +-90. viewer: whose eye it is;
  // its body is not drawn.
  void render(const World& world, const Eye& eye, std::span<std::uint8_t> rgb, int viewer = kNobody);
  // Of the picture that render() drew just now: nobody has drawn on this thread since. Of each pixel 1 /
  // depth, in 1/u along the line of view, 0 where it shows what lies behind everything. inverse_depth:
  // [height, width]. Costs a copy, and render() nothing.
  void read_inverse_depth(std::span<float> inverse_depth) const;
  // The whole map from above, ceilings left out, +y up, players alive as arrows in the colours of their front
  // and back, without an outfit in one that stands out. For people; allocates.
  void render_top_down(const World& world, std::span<std::uint8_t> rgb);

 private:
  // Faces and vertices of all that can be in a world of the map at hand with so many players in arms.
  void count_faces(std::size_t players);

  int width_;
  int height_;
  // Kept alive, so that its address names it.
  std::shared_ptr<const Map> map_;
  std::shared_ptr<Scene> scene_;  // Of the map; not written while another renderer has it too.
  std::size_t players_ = 0;       // In arms, that are counted.
  std::size_t face_count_ = 0;
  std::size_t vertex_count_ = 0;  // Of the largest mesh.
};

}  // namespace chrysalis
