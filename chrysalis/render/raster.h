// The vector part of the renderer, one source for all of Highway's targets: surfaces into view space,
// polygons into a depth buffer, the sky behind them, RGB out. Only exactly rounded operations, in the same
// order for every lane: the pixels are the same for every vector width, run and thread.
#pragma once

#include <hwy/aligned_allocator.h>

#include <cstdint>
#include <span>
#include <vector>

#include "chrysalis/render/camera.h"
#include "chrysalis/render/polygon.h"
#include "chrysalis/render/scene.h"

namespace chrysalis {

inline constexpr int kTileColumns = 16;
inline constexpr int kTileRows = 8;

// What is being drawn on. Rows are padded to whole vectors.
struct Canvas {
  Canvas(int width, int height);

  int width;
  int height;
  int stride;                                        // Pixels from row to row.
  hwy::AlignedFreeUniquePtr<float[]> inverse_depth;  // stride * height; 0 where nothing was drawn.
  hwy::AlignedFreeUniquePtr<Texel[]> colour;         // The same, valid where something was drawn.
  // The least inverse depth of each tile of kTileColumns x kTileRows pixels when note_farthest() was called
  // last: nothing farther can be seen there any more.
  int tiles_across;
  std::vector<float> farthest;
  // The polygon at hand: columns [left, right) of each row; padded by a vector.
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;
};

// The surfaces of a scene in view space, and which of them may be seen.
struct ViewScene {
  std::array<std::vector<float>, 4> x, y, z;
  // For each visible surface its distance (the bits of a float: order as integers is order as numbers) << 32
  // | index.
  std::vector<std::uint64_t> visible;
  std::size_t visible_count = 0;
};

// Room for every surface of `scene`.
void reserve_view(const Scene& scene, ViewScene& view);
// Fills `view`: what faces the eye and is not wholly outside the picture, in no particular order.
void cull_surfaces(const Scene& scene, const Camera& camera, ViewScene& view);

void clear_canvas(Canvas& canvas);
// Draws polygons, nearer pixels winning; of equally near ones the first.
void draw_polygons(const Camera& camera, std::span<const ScreenPolygon> polygons, Canvas& canvas);

// After drawing: fills canvas.farthest.
void note_farthest(Canvas& canvas);

// A part of the picture, in pixels; may lie outside it.
struct PixelExtent {
  float left = 0.0f;
  float right = 0.0f;
  float top = 0.0f;
  float bottom = 0.0f;
};
// Whether what lies there, and nowhere nearer than `inverse_depth` says, is hidden by what was drawn when
// note_farthest() was called last.
bool is_covered(const Canvas& canvas, const PixelExtent& extent, float inverse_depth);

// Where nothing was drawn: a dome by the direction of view, or one colour if dome is null.
struct Background {
  const Texel* dome = nullptr;
  Texel colour = 0;
};
// Fills the background and writes the picture, height x width x 3 bytes.
void write_picture(const Camera& camera, const Background& background, Canvas& canvas,
                   std::span<std::uint8_t> rgb);

}  // namespace chrysalis
