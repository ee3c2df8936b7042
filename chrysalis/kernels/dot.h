// The forward building block of the network's arithmetic on CPUs: rows times a packed matrix, a tile of the
// result held in registers. Runs in the calling thread and allocates nothing. The order of a row's sums does
// not depend on the other rows, so its result does not depend on what it is computed with.
//
// Operands are counted in units of 32 bits: a float in Precision::kFloat32, a pair of bfloat16 in kBf16, the
// first in the lower half, whose products are summed in float32.
#pragma once

#include <cstddef>

#include "chrysalis/kernels/target.h"

namespace chrysalis {

// A right-hand matrix [depth, columns] of units in panels of `width` columns, each [depth][width]; columns
// that the last panel has too many are zeros.
struct PanelShape {
  int depth = 0;
  int columns = 0;
  int width = 0;
  int panels() const { return (columns + width - 1) / width; }
  std::size_t units() const { return static_cast<std::size_t>(panels()) * depth * width; }
};
PanelShape panel_shape(int depth, int columns);

// What becomes of a sum before it is stored.
enum class Finish {
  kNone,
  kRelu,  // max(0, sum); NaN stays.
  kMask,  // The sum where mask > 0, else 0: the gradient through a ReLU.
};

// c[m][n] = finish(init[m][n] + sum over segments s and k < length of a[m][s][k] * b[s * length + k][n]).
// A convolution's row of outputs is one such product: its segments are the rows of its kernel.
struct DotArgs {
  Precision precision = Precision::kFloat32;
  int rows = 0;
  // Left: unit k of segment s of row m is at a + m * a_row + s * a_segment + 4 k, in bytes, unaligned.
  const void* a = nullptr;
  std::ptrdiff_t a_row = 0;
  std::ptrdiff_t a_segment = 0;
  int segments = 1;
  int length = 0;
  // Right: of each panel the units [depth_begin, depth_begin + segments * length).
  const void* b = nullptr;
  PanelShape b_shape;
  int depth_begin = 0;
  const float* init = nullptr;  // Row m at init + m * init_row; null: zeros. init_row 0: a bias.
  std::ptrdiff_t init_row = 0;  // Floats.
  Finish finish = Finish::kNone;
  const float* mask = nullptr;  // For kMask; strides as c.
  float* c = nullptr;           // [rows, b_shape.columns]; may be init.
  std::ptrdiff_t c_row = 0;     // Floats.
};
void dot(const DotArgs& args);

}  // namespace chrysalis
