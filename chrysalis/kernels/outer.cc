#include "chrysalis/kernels/outer.h"

#include <algorithm>
#include <array>
#include <utility>

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/outer.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/cache_control.h>

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

template <class Op, int R, int V, bool kSome>
HWY_NOINLINE void outer_tile(const OuterArgs& g, const char* a, const char* b, float* c, int some) {
  FloatV sum[R][V];
#pragma GCC unroll 32
  for (int m = 0; m < R; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      sum[m][v] = hn::Zero(kF);
      if (g.c_row >= kFar) hwy::Prefetch(c + m * g.c_row + v * kLanes);
    }
  }
  for (int i = 0, s = 0, piece = 0; i < g.pieces * g.segments; ++i) {
    const char* left = a + piece * g.a_piece + s * g.a_segment;
    const char* right = b + piece * g.b_piece + s * g.b_segment;
    if (++s == g.segments) {
      s = 0;
      ++piece;
    }
    for (int k = 0; k < g.length; ++k) {
      typename Op::V columns[V];
      if constexpr (kSome) {
        columns[0] = Op::load_some_units(right, some);
      } else {
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) columns[v] = Op::load(right + 4 * v * kLanes);
      }
#pragma GCC unroll 32
      for (int m = 0; m < R; ++m) {
        const auto row = Op::broadcast(left + 4 * m);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sum[m][v] = Op::mul_add(sum[m][v], row, columns[v]);
      }
      left += g.a_step;
      right += g.b_step;
    }
  }
#pragma GCC unroll 32
  for (int m = 0; m < R; ++m) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      float* at = c + m * g.c_row + v * kLanes;
      if constexpr (kSome) {
        store_some(hn::Add(load_some(at, some), sum[m][v]), at, some);
      } else {
        hn::StoreU(hn::Add(hn::LoadU(kF, at), sum[m][v]), kF, at);
      }
    }
  }
}

using OuterTile = void (*)(const OuterArgs&, const char*, const char*, float*, int);
template <class Op, int V, bool kSome, std::size_t... I>
constexpr std::array<OuterTile, sizeof...(I)> outer_tiles(std::index_sequence<I...>) {
  return {outer_tile<Op, static_cast<int>(I) + 1, V, kSome>...};
}

template <class Op, int V, bool kSome>
void outer_stripe(const OuterArgs& g, int column, int some) {
  static constexpr auto kTiles = outer_tiles<Op, V, kSome>(std::make_index_sequence<kMostRows[V]>());
  const int blocks = (g.rows + kMostRows[V] - 1) / kMostRows[V];
  for (int i = 0, row = 0; i < blocks; ++i) {
    const int rows = static_cast<int>(static_cast<long>(g.rows) * (i + 1) / blocks) - row;
    kTiles[rows - 1](g, static_cast<const char*>(g.a) + 4 * row, static_cast<const char*>(g.b) + 4 * column,
                     g.c + row * g.c_row + column, some);
    row += rows;
  }
}

// Columns outside: what a stripe reads of b stays in the first cache for all rows.
template <class Op>
void outer_stripes(const OuterArgs& g) {
  int column = 0;
  for (; column + 2 * kLanes <= g.columns; column += 2 * kLanes) outer_stripe<Op, 2, false>(g, column, 0);
  if (column + kLanes <= g.columns) {
    outer_stripe<Op, 1, false>(g, column, 0);
    column += kLanes;
  }
  if (column < g.columns) outer_stripe<Op, 1, true>(g, column, g.columns - column);
}

void OuterFloat32(const OuterArgs& g) {
  outer_stripes<Float32>(g);
}
void OuterBf16Native(const OuterArgs& g) {
  outer_stripes<Bf16Native>(g);
}
void OuterBf16Emulated(const OuterArgs& g) {
  outer_stripes<Bf16Emulated>(g);
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {
HWY_EXPORT(OuterFloat32);
HWY_EXPORT(OuterBf16Native);
HWY_EXPORT(OuterBf16Emulated);

void outer(const OuterArgs& args) {
  if (args.rows == 0) return;
  if (args.precision == Precision::kFloat32) {
    HWY_DYNAMIC_DISPATCH(OuterFloat32)(args);
  } else if (bf16_native()) {
    HWY_DYNAMIC_DISPATCH(OuterBf16Native)(args);
  } else {
    HWY_DYNAMIC_DISPATCH(OuterBf16Emulated)(args);
  }
}

}  // namespace chrysalis
#endif
