#include "chrysalis/kernels/dot.h"

#include <algorithm>
#include <array>
#include <utility>

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/dot.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/cache_control.h>

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

// Units of the right side that are asked for before their turn: streaming panels from the second cache
// without it costs a tenth to a quarter of the speed.
constexpr int kPrefetchSteps = 24;

// R rows of V vectors; `some` > 0: only so many columns of the one vector.
template <class Op, int R, int V, bool kSome>
HWY_NOINLINE void dot_tile(const DotArgs& g, const char* a, const float* b, const float* init,
                           const float* mask, float* c, int some) {
  FloatV sum[R][V];
#pragma GCC unroll 32
  for (int m = 0; m < R; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[m][v] = hn::Zero(kF);
  }
  if (init != nullptr) {
#pragma GCC unroll 32
    for (int m = 0; m < R; ++m) {
      const float* from = init + m * g.init_row;
      if constexpr (kSome) {
        sum[m][0] = load_some(from, some);
      } else {
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sum[m][v] = hn::LoadU(kF, from + v * kLanes);
      }
    }
  }
  // Rows of the result are far apart: their lines are on their way while the sums are made.
  if (g.c_row >= kFar) {
#pragma GCC unroll 32
    for (int m = 0; m < R; ++m) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) {
        __builtin_prefetch(c + m * g.c_row + v * kLanes, 1);
        if (g.finish == Finish::kMask) hwy::Prefetch(mask + m * g.c_row + v * kLanes);
      }
    }
  }
  // Five rows share a pointer, so that the addresses of a tile fit the general registers.
  const std::ptrdiff_t row = g.a_row;
  const std::ptrdiff_t offset[5] = {0, row, 2 * row, 3 * row, 4 * row};
  const int width = g.b_shape.width;
  for (int s = 0; s < g.segments; ++s) {
    const char* base[(R + 4) / 5];
#pragma GCC unroll 8
    for (int i = 0; i < (R + 4) / 5; ++i) base[i] = a + s * g.a_segment + 5 * i * row;
    for (int k = 0; k < g.length; ++k) {
      typename Op::V right[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) {
        right[v] = Op::load(b + v * kLanes);
        hwy::Prefetch(b + kPrefetchSteps * width + v * kLanes);
      }
#pragma GCC unroll 32
      for (int m = 0; m < R; ++m) {
        const auto left = Op::broadcast(base[m / 5] + offset[m % 5]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sum[m][v] = Op::mul_add(sum[m][v], left, right[v]);
      }
#pragma GCC unroll 8
      for (int i = 0; i < (R + 4) / 5; ++i) base[i] += 4;
      b += width;
    }
  }
#pragma GCC unroll 32
  for (int m = 0; m < R; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      const std::ptrdiff_t at = m * g.c_row + v * kLanes;
      FloatV value = sum[m][v];
      // Max() of a NaN is the other number on some targets.
      if (g.finish == Finish::kRelu) value = hn::IfThenZeroElse(hn::Lt(value, hn::Zero(kF)), value);
      if (g.finish == Finish::kMask) {
        const FloatV shade = kSome ? load_some(mask + at, some) : hn::LoadU(kF, mask + at);
        value = hn::IfThenElseZero(hn::Gt(shade, hn::Zero(kF)), value);
      }
      if constexpr (kSome) {
        store_some(value, c + at, some);
      } else {
        hn::StoreU(value, kF, c + at);
      }
    }
  }
}

using DotTile = void (*)(const DotArgs&, const char*, const float*, const float*, const float*, float*, int);
template <class Op, int V, bool kSome, std::size_t... I>
constexpr std::array<DotTile, sizeof...(I)> dot_tiles(std::index_sequence<I...>) {
  return {dot_tile<Op, static_cast<int>(I) + 1, V, kSome>...};
}

// A stripe of at most two vectors of columns, all rows, in blocks that are nearly equal: a few rows more than
// a tile holds cost no nearly empty one.
template <class Op, int V, bool kSome>
void dot_stripe(const DotArgs& g, const float* b, int column, int some) {
  static constexpr auto kTiles = dot_tiles<Op, V, kSome>(std::make_index_sequence<kMostRows[V]>());
  const int blocks = (g.rows + kMostRows[V] - 1) / kMostRows[V];
  for (int i = 0, row = 0; i < blocks; ++i) {
    const int rows = static_cast<int>(static_cast<long>(g.rows) * (i + 1) / blocks) - row;
    kTiles[rows - 1](g, static_cast<const char*>(g.a) + row * g.a_row, b,
                     g.init == nullptr ? nullptr : g.init + row * g.init_row + column,
                     g.mask == nullptr ? nullptr : g.mask + row * g.c_row + column,
                     g.c + row * g.c_row + column, some);
    row += rows;
  }
}

template <class Op>
void dot_panels(const DotArgs& g) {
  const PanelShape& shape = g.b_shape;
  for (int panel = 0; panel < shape.panels(); ++panel) {
    const int first = panel * shape.width;
    const float* b = static_cast<const float*>(g.b) +
                     (static_cast<std::size_t>(panel) * shape.depth + g.depth_begin) * shape.width;
    const int columns = std::min(shape.width, shape.columns - first);
    if (columns == 2 * kLanes) {
      dot_stripe<Op, 2, false>(g, b, first, 0);
      continue;
    }
    if (columns >= kLanes) dot_stripe<Op, 1, false>(g, b, first, 0);
    const int whole = columns >= kLanes ? kLanes : 0;
    if (columns > whole) dot_stripe<Op, 1, true>(g, b + whole, first + whole, columns - whole);
  }
}

void DotFloat32(const DotArgs& g) {
  dot_panels<Float32>(g);
}
void DotBf16Native(const DotArgs& g) {
  dot_panels<Bf16Native>(g);
}
void DotBf16Emulated(const DotArgs& g) {
  dot_panels<Bf16Emulated>(g);
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {
HWY_EXPORT(DotFloat32);
HWY_EXPORT(DotBf16Native);
HWY_EXPORT(DotBf16Emulated);

PanelShape panel_shape(int depth, int columns) {
  const int lanes = simd_lanes();
  return {.depth = depth, .columns = columns, .width = columns <= lanes ? lanes : 2 * lanes};
}

void dot(const DotArgs& args) {
  if (args.rows == 0) return;
  if (args.precision == Precision::kFloat32) {
    HWY_DYNAMIC_DISPATCH(DotFloat32)(args);
  } else if (bf16_native()) {
    HWY_DYNAMIC_DISPATCH(DotBf16Native)(args);
  } else {
    HWY_DYNAMIC_DISPATCH(DotBf16Emulated)(args);
  }
}

}  // namespace chrysalis
#endif
