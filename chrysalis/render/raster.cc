#include "chrysalis/render/raster.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "chrysalis/core/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/render/raster.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, to which rows are padded.
using FloatTag = hn::CappedTag<float, 16>;
using IntTag = hn::RebindToSigned<FloatTag>;
using WordTag = hn::RebindToUnsigned<FloatTag>;
constexpr FloatTag kF;
constexpr IntTag kI;
constexpr WordTag kU;
using FloatV = hn::Vec<FloatTag>;
using WordV = hn::Vec<WordTag>;

// a * b + c, rounded twice: targets without fused operations must give the same.
HWY_INLINE FloatV mul_add(FloatV a, FloatV b, FloatV c) {
  return hn::Add(hn::Mul(a, b), c);
}
HWY_INLINE FloatV dot3(FloatV x, FloatV y, FloatV z, Vec3 w) {
  return mul_add(x, hn::Set(kF, w.x), mul_add(y, hn::Set(kF, w.y), hn::Mul(z, hn::Set(kF, w.z))));
}

void CullSurfaces(const Scene& scene, const Camera& camera, ViewScene& view) {
  const std::size_t lanes = hn::Lanes(kF);
  const FloatV eye_x = hn::Set(kF, camera.position.x), eye_y = hn::Set(kF, camera.position.y),
               eye_z = hn::Set(kF, camera.position.z);
  const FloatV tan_x = hn::Set(kF, 0.5f * static_cast<float>(camera.width) / camera.focal);
  const FloatV tan_y = hn::Set(kF, 0.5f * static_cast<float>(camera.height) / camera.focal);
  const FloatV near_plane = hn::Set(kF, kNearPlane);
  HWY_ALIGN std::uint32_t distances[16];
  std::size_t visible = 0;
  for (std::size_t i = 0; i < scene.count; i += lanes) {
    const FloatV facing = mul_add(
        hn::LoadU(kF, &scene.normal_x[i]), eye_x,
        mul_add(hn::LoadU(kF, &scene.normal_y[i]), eye_y, hn::Mul(hn::LoadU(kF, &scene.normal_z[i]), eye_z)));
    const auto front = hn::Gt(facing, hn::LoadU(kF, &scene.offset[i]));
    if (hn::AllFalse(kF, front)) continue;
    // Out of the picture: all four corners beyond one plane of the pyramid of view.
    auto inside = front, left = front, right = front, above = front, below = front, behind = front;
    FloatV sum_x = hn::Zero(kF), sum_y = hn::Zero(kF), sum_z = hn::Zero(kF);
    for (int k = 0; k < 4; ++k) {
      const FloatV dx = hn::Sub(hn::LoadU(kF, &scene.x[k][i]), eye_x);
      const FloatV dy = hn::Sub(hn::LoadU(kF, &scene.y[k][i]), eye_y);
      const FloatV dz = hn::Sub(hn::LoadU(kF, &scene.z[k][i]), eye_z);
      const FloatV x = dot3(dx, dy, dz, camera.right), y = dot3(dx, dy, dz, camera.up);
      const FloatV z = dot3(dx, dy, dz, camera.forward);
      hn::StoreU(x, kF, &view.x[k][i]);
      hn::StoreU(y, kF, &view.y[k][i]);
      hn::StoreU(z, kF, &view.z[k][i]);
      const FloatV half_width = hn::Mul(z, tan_x), half_height = hn::Mul(z, tan_y);
      left = hn::And(left, hn::Lt(x, hn::Neg(half_width)));
      right = hn::And(right, hn::Gt(x, half_width));
      below = hn::And(below, hn::Lt(y, hn::Neg(half_height)));
      above = hn::And(above, hn::Gt(y, half_height));
      behind = hn::And(behind, hn::Lt(z, near_plane));
      sum_x = hn::Add(sum_x, x);
      sum_y = hn::Add(sum_y, y);
      sum_z = hn::Add(sum_z, z);
    }
    const auto outside = hn::Or(hn::Or(hn::Or(left, right), hn::Or(above, below)), behind);
    inside = hn::AndNot(outside, front);
    if (hn::AllFalse(kF, inside)) continue;
    const FloatV distance = mul_add(sum_x, sum_x, mul_add(sum_y, sum_y, hn::Mul(sum_z, sum_z)));
    hn::StoreU(hn::BitCast(kU, distance), kU, distances);
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(kF, inside, bits);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if ((bits[lane / 8] >> (lane % 8) & 1) == 0) continue;
      view.visible[visible++] = static_cast<std::uint64_t>(distances[lane]) << 32 | (i + lane);
    }
  }
  view.visible_count = visible;
}

// Step 1 of a polygon: where the outline crosses the centres of its rows. An edge that goes down bounds the
// polygon on the right, one that goes up on the left. Each edge is evaluated from its upper end, whichever
// way it runs, so neighbours that share an edge agree on every pixel.
HWY_INLINE void TraceOutline(const ScreenPolygon& polygon, Canvas& canvas) {
  const int lanes = static_cast<int>(hn::Lanes(kF));
  const FloatV low = hn::Zero(kF), high = hn::Set(kF, static_cast<float>(canvas.width));
  for (int k = 0; k < polygon.corner_count; ++k) {
    const int next = k + 1 == polygon.corner_count ? 0 : k + 1;
    const bool goes_down = polygon.y[next] > polygon.y[k];
    const int a = goes_down ? k : next, b = goes_down ? next : k;
    const double top = std::max(polygon.y[a] - 0.5, static_cast<double>(polygon.row_begin));
    const double bottom = std::min(polygon.y[b] - 0.5, static_cast<double>(polygon.row_end));
    if (!(top < bottom)) continue;
    const int begin = static_cast<int>(std::ceil(top)), end = static_cast<int>(std::ceil(bottom));
    if (begin >= end) continue;
    const double slope = (polygon.x[b] - polygon.x[a]) / (polygon.y[b] - polygon.y[a]);
    const double first = polygon.x[a] + (begin + 0.5 - polygon.y[a]) * slope;
    // A column is inside from where its centre is: ceil(x - 0.5).
    const FloatV start = hn::Set(kF, static_cast<float>(first - 0.5)),
                 step = hn::Set(kF, static_cast<float>(slope));
    std::int32_t* side = (goes_down ? canvas.right : canvas.left).data();
    for (int row = begin; row < end; row += lanes) {
      const FloatV offset = hn::Iota(kF, static_cast<float>(row - begin));
      const FloatV x = hn::Ceil(hn::Min(hn::Max(mul_add(offset, step, start), low), high));
      const auto rows = hn::FirstN(kI, static_cast<std::size_t>(end - row));
      hn::StoreU(hn::IfThenElse(rows, hn::ConvertTo(kI, x), hn::LoadU(kI, side + row)), kI, side + row);
    }
  }
}

// A masked store, at which AMD's processors are slow: nobody else writes to the canvas.
HWY_INLINE void Keep(WordV values, hn::Mask<WordTag> where, Texel* to) {
  hn::Store(hn::IfThenElse(where, values, hn::Load(kU, to)), kU, to);
}

// c * light / 256 in each of the three channels.
HWY_INLINE WordV Shade(WordV c, WordV light) {
  const WordV red_blue = hn::Set(kU, 0x00FF00FFu), green = hn::Set(kU, 0x0000FF00u);
  const WordV rb = hn::ShiftRight<8>(hn::Mul(hn::And(c, red_blue), light));
  const WordV g = hn::ShiftRight<8>(hn::Mul(hn::And(c, green), light));
  return hn::Or(hn::And(rb, red_blue), hn::And(g, green));
}

// An affine function along one row.
struct RowFunction {
  FloatV start;
  FloatV step;
  HWY_INLINE RowFunction(const Affine& f, float y)
      : start(hn::Set(kF, f.at_centre + f.per_row * y)), step(hn::Set(kF, f.per_column)) {}
  HWY_INLINE FloatV at(FloatV x) const { return mul_add(step, x, start); }
};

// What a polygon is filled with: one colour, its texels as they are, or its texels dimmed by its light.
enum class Fill { kColour, kTexels, kDimmedTexels };

// Step 2: the rows. Depth first, so that of what is hidden no texel is read.
template <Fill kFill>
HWY_INLINE void FillRows(const Camera& camera, const ScreenPolygon& polygon, Canvas& canvas) {
  const int lanes = static_cast<int>(hn::Lanes(kF));
  const float centre_x = 0.5f * static_cast<float>(camera.width) - 0.5f;
  const float centre_y = 0.5f * static_cast<float>(camera.height) - 0.5f;
  const FloatV zero = hn::Zero(kF), one = hn::Set(kF, 1.0f), area = hn::Set(kF, polygon.texels_per_pixel);
  const FloatV u_max = hn::Set(kF, polygon.u_max), v_max = hn::Set(kF, polygon.v_max);
  const WordV light = hn::Set(kU, polygon.light), flat = hn::Set(kU, polygon.colour);
  const auto texel_mask = hn::Set(kI, kTextureSize - 1), stride = hn::Set(kI, kTextureStride);
  for (int row = polygon.row_begin; row < polygon.row_end; ++row) {
    const int left = canvas.left[row], right = canvas.right[row];
    if (left >= right) continue;
    const float y = static_cast<float>(row) - centre_y;
    const RowFunction inverse_depth(polygon.inverse_depth, y);
    const RowFunction u_over_depth(polygon.u_over_depth, y), v_over_depth(polygon.v_over_depth, y);
    float* depths = canvas.inverse_depth.get() + static_cast<std::size_t>(row) * canvas.stride;
    Texel* colours = canvas.colour.get() + static_cast<std::size_t>(row) * canvas.stride;
    const FloatV from = hn::Set(kF, static_cast<float>(left)), to = hn::Set(kF, static_cast<float>(right));
    for (int column = left & -lanes; column < right; column += lanes) {
      const FloatV columns = hn::Iota(kF, static_cast<float>(column));
      const FloatV x = hn::Sub(columns, hn::Set(kF, centre_x));
      const FloatV nearness = inverse_depth.at(x);
      const FloatV old = hn::Load(kF, depths + column);
      const auto shown = hn::And(hn::And(hn::Ge(columns, from), hn::Lt(columns, to)), hn::Gt(nearness, old));
      if (hn::AllFalse(kF, shown)) continue;
      hn::Store(hn::IfThenElse(shown, nearness, old), kF, depths + column);
      const auto shown_words = hn::RebindMask(kU, shown);
      if constexpr (kFill == Fill::kColour) {
        Keep(flat, shown_words, colours + column);
        continue;
      }
      const FloatV z = hn::Div(one, nearness);
      const FloatV u = hn::Min(hn::Max(hn::Mul(u_over_depth.at(x), z), zero), u_max);
      const FloatV v = hn::Min(hn::Max(hn::Mul(v_over_depth.at(x), z), zero), v_max);
      // The level whose texels are as large as the pixel: half the logarithm of the area, read off the
      // exponent.
      const FloatV texels = hn::Mul(area, hn::Mul(z, hn::Mul(z, z)));
      const auto exponent = hn::Sub(hn::ShiftRight<23>(hn::BitCast(kI, texels)), hn::Set(kI, 126));
      const auto level =
          hn::Min(hn::Max(hn::ShiftRight<1>(exponent), hn::Zero(kI)), hn::Set(kI, kMipLevels - 1));
      const WordV shift = hn::BitCast(kU, level);
      const WordV tu = hn::BitCast(kU, hn::And(hn::ConvertTo(kI, u), texel_mask)) >> shift;
      const WordV tv = hn::BitCast(kU, hn::And(hn::ConvertTo(kI, v), texel_mask)) >> shift;
      const WordV width = hn::BitCast(kU, stride);
      const WordV address = hn::Add(hn::Add(hn::ShiftLeft<7>(tv), tu), hn::Sub(width, width >> shift));
      WordV texel = hn::GatherIndex(kU, polygon.texels, hn::BitCast(kI, address));
      if constexpr (kFill == Fill::kDimmedTexels) texel = Shade(texel, light);
      Keep(texel, shown_words, colours + column);
    }
  }
}

void DrawPolygons(const Camera& camera, const ScreenPolygon* polygons, std::size_t count, Canvas& canvas) {
  for (std::size_t i = 0; i < count; ++i) {
    TraceOutline(polygons[i], canvas);
    if (polygons[i].texels == nullptr) {
      FillRows<Fill::kColour>(camera, polygons[i], canvas);
    } else if (polygons[i].light == kFullLight) {
      FillRows<Fill::kTexels>(camera, polygons[i], canvas);
    } else {
      FillRows<Fill::kDimmedTexels>(camera, polygons[i], canvas);
    }
  }
}

void NoteFarthest(Canvas& canvas) {
  const int lanes = static_cast<int>(hn::Lanes(kF));
  const FloatV nearest = hn::Set(kF, std::numeric_limits<float>::infinity());
  const FloatV width = hn::Set(kF, static_cast<float>(canvas.width));
  float* farthest = canvas.farthest.data();
  for (int top = 0; top < canvas.height; top += kTileRows) {
    const int bottom = std::min(top + kTileRows, canvas.height);
    for (int left = 0; left < canvas.width; left += kTileColumns) {
      FloatV least = nearest;
      for (int column = left; column < left + kTileColumns; column += lanes) {
        FloatV of_columns = nearest;
        const float* depths =
            canvas.inverse_depth.get() + static_cast<std::size_t>(top) * canvas.stride + column;
        for (int row = top; row < bottom; ++row, depths += canvas.stride)
          of_columns = hn::Min(of_columns, hn::Load(kF, depths));
        // The padding of a row hides nothing and shows nothing.
        const auto shown = hn::Lt(hn::Iota(kF, static_cast<float>(column)), width);
        least = hn::Min(least, hn::IfThenElse(shown, of_columns, nearest));
      }
      *farthest++ = hn::GetLane(hn::MinOfLanes(kF, least));
    }
  }
}

// The dome's texels in the directions of one row's pixels, where nothing was drawn.
HWY_INLINE void FillBackground(const Camera& camera, const Background& background, int row, Canvas& canvas) {
  const int lanes = static_cast<int>(hn::Lanes(kF));
  const float centre_x = 0.5f * static_cast<float>(camera.width) - 0.5f;
  const float centre_y = 0.5f * static_cast<float>(camera.height) - 0.5f;
  const float* depths = canvas.inverse_depth.get() + static_cast<std::size_t>(row) * canvas.stride;
  Texel* colours = canvas.colour.get() + static_cast<std::size_t>(row) * canvas.stride;
  const FloatV zero = hn::Zero(kF), half = hn::Set(kF, 0.5f * kSkySize);
  const FloatV largest = hn::Set(kF, static_cast<float>(kSkySize - 1));
  const Vec3 middle = camera.forward * camera.focal - camera.up * (static_cast<float>(row) - centre_y);
  for (int column = 0; column < canvas.width; column += lanes) {
    const auto empty = hn::Eq(hn::Load(kF, depths + column), zero);
    if (hn::AllFalse(kF, empty)) continue;
    const auto empty_words = hn::RebindMask(kU, empty);
    if (background.dome == nullptr) {
      Keep(hn::Set(kU, background.colour), empty_words, colours + column);
      continue;
    }
    const FloatV across = hn::Sub(hn::Iota(kF, static_cast<float>(column)), hn::Set(kF, centre_x));
    const FloatV x = mul_add(across, hn::Set(kF, camera.right.x), hn::Set(kF, middle.x));
    const FloatV y = mul_add(across, hn::Set(kF, camera.right.y), hn::Set(kF, middle.y));
    const FloatV z = hn::Max(mul_add(across, hn::Set(kF, camera.right.z), hn::Set(kF, middle.z)), zero);
    const FloatV scale = hn::Div(half, hn::Add(hn::Add(hn::Abs(x), hn::Abs(y)), z));
    const FloatV u = hn::Min(mul_add(hn::Add(x, y), scale, half), largest);
    const FloatV v = hn::Min(mul_add(hn::Sub(x, y), scale, half), largest);
    const auto address = hn::Add(hn::Mul(hn::ConvertTo(kI, hn::Max(v, zero)), hn::Set(kI, kSkySize)),
                                 hn::ConvertTo(kI, hn::Max(u, zero)));
    const WordV texel = hn::GatherIndex(kU, background.dome, address);
    Keep(texel, empty_words, colours + column);
  }
}

#if HWY_TARGET == HWY_SCALAR
// One row of pixels to three bytes each.
HWY_INLINE void PackRow(const Texel* colours, int width, bool, std::uint8_t* rgb) {
  for (int column = 0; column < width; ++column) std::memcpy(rgb + 3 * column, colours + column, 3);
}
#else
// One row of pixels to three bytes each, four at a time: 16 bytes are written of which 12 count, and the next
// write covers the rest. Only after the last row is there nothing to cover.
HWY_INLINE void PackRow(const Texel* colours, int width, bool last_row, std::uint8_t* rgb) {
  const hn::Full128<std::uint8_t> bytes;
  HWY_ALIGN static constexpr std::uint8_t kDropFourth[16] = {0,  1,  2,  4,  5,  6,  8,  9,
                                                             10, 12, 13, 14, 15, 15, 15, 15};
  const auto pick = hn::Load(bytes, kDropFourth);
  const auto packed = [&](int column) HWY_ATTR {
    return hn::TableLookupBytes(hn::Load(bytes, reinterpret_cast<const std::uint8_t*>(colours + column)),
                                pick);
  };
  const int overlapping = last_row ? width - 4 : width;
  for (int column = 0; column < overlapping; column += 4) hn::StoreU(packed(column), bytes, rgb + 3 * column);
  if (last_row) {
    HWY_ALIGN std::uint8_t last[16];
    hn::Store(packed(overlapping), bytes, last);
    std::memcpy(rgb + 3 * overlapping, last, 12);
  }
}
#endif

void WritePicture(const Camera& camera, const Background& background, Canvas& canvas, std::uint8_t* rgb) {
  for (int row = 0; row < canvas.height; ++row) {
    FillBackground(camera, background, row, canvas);
    PackRow(canvas.colour.get() + static_cast<std::size_t>(row) * canvas.stride, canvas.width,
            row + 1 == canvas.height, rgb + static_cast<std::size_t>(row) * canvas.width * 3);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {

HWY_EXPORT(CullSurfaces);
HWY_EXPORT(DrawPolygons);
HWY_EXPORT(NoteFarthest);
HWY_EXPORT(WritePicture);

Canvas::Canvas(int width, int height)
    : width(width),
      height(height),
      stride((width + 15) / 16 * 16),
      inverse_depth(hwy::AllocateAligned<float>(static_cast<std::size_t>(stride) * height)),
      colour(hwy::AllocateAligned<Texel>(static_cast<std::size_t>(stride) * height)),
      tiles_across((width + kTileColumns - 1) / kTileColumns),
      farthest(static_cast<std::size_t>(tiles_across) * ((height + kTileRows - 1) / kTileRows)),
      left(height + 16),
      right(height + 16) {
  CHRYSALIS_CHECK(inverse_depth && colour, "no memory for {} x {} pixels", width, height);
  // Padding is read, never shown.
  std::memset(colour.get(), 0, sizeof(Texel) * stride * height);
}

void clear_canvas(Canvas& canvas) {
  std::memset(canvas.inverse_depth.get(), 0, sizeof(float) * canvas.stride * canvas.height);
  std::ranges::fill(canvas.farthest, 0.0f);
}

void note_farthest(Canvas& canvas) {
  HWY_DYNAMIC_DISPATCH(NoteFarthest)(canvas);
}

bool is_covered(const Canvas& canvas, const PixelExtent& extent, float inverse_depth) {
  // The tiles of the pixels from `from` to `to`.
  const auto tiles = [](float from, float to, int pixels, int of_tile) {
    const float last = static_cast<float>(pixels - 1);
    return std::pair(static_cast<int>(std::clamp(from, 0.0f, last)) / of_tile,
                     static_cast<int>(std::clamp(to, 0.0f, last)) / of_tile);
  };
  const auto [first_column, last_column] = tiles(extent.left, extent.right, canvas.width, kTileColumns);
  const auto [first_row, last_row] = tiles(extent.top, extent.bottom, canvas.height, kTileRows);
  for (int row = first_row; row <= last_row; ++row)
    for (int column = first_column; column <= last_column; ++column)
      if (canvas.farthest[static_cast<std::size_t>(row * canvas.tiles_across + column)] < inverse_depth)
        return false;
  return true;
}

void reserve_view(const Scene& scene, ViewScene& view) {
  const std::size_t padded = scene.count + kLanesMax;
  for (auto* arrays : {&view.x, &view.y, &view.z}) {
    for (std::vector<float>& array : *arrays)
      if (array.size() < padded) array.resize(padded);
  }
  if (view.visible.size() < padded) view.visible.resize(padded);
}

void cull_surfaces(const Scene& scene, const Camera& camera, ViewScene& view) {
  HWY_DYNAMIC_DISPATCH(CullSurfaces)(scene, camera, view);
}

void draw_polygons(const Camera& camera, std::span<const ScreenPolygon> polygons, Canvas& canvas) {
  HWY_DYNAMIC_DISPATCH(DrawPolygons)(camera, polygons.data(), polygons.size(), canvas);
}

void write_picture(const Camera& camera, const Background& background, Canvas& canvas,
                   std::span<std::uint8_t> rgb) {
  CHRYSALIS_CHECK_EQ(rgb.size(), static_cast<std::size_t>(canvas.width) * canvas.height * 3);
  HWY_DYNAMIC_DISPATCH(WritePicture)(camera, background, canvas, rgb.data());
}

}  // namespace chrysalis
#endif  // HWY_ONCE
