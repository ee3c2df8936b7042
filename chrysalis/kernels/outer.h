// The building block of gradients of weights on CPUs: sums of outer products over frames or places, a tile of
// the result held in registers. Runs in the calling thread and allocates nothing. Units as in dot.h.
#pragma once

#include <cstddef>

#include "chrysalis/kernels/target.h"

namespace chrysalis {

// c[m][n] += sum over pieces p, segments s and k < length of a[p][s][k][m] * b[p][s][k][n].
struct OuterArgs {
  Precision precision = Precision::kFloat32;
  int rows = 0;     // m, contiguous in a.
  int columns = 0;  // n, contiguous in b and c.
  int pieces = 1;
  int segments = 1;
  int length = 0;
  // Unit m is at a + p * a_piece + s * a_segment + k * a_step + 4 m, in bytes, unaligned. b likewise.
  const void* a = nullptr;
  std::ptrdiff_t a_piece = 0;
  std::ptrdiff_t a_step = 0;
  std::ptrdiff_t a_segment = 0;
  const void* b = nullptr;
  std::ptrdiff_t b_piece = 0;
  std::ptrdiff_t b_step = 0;
  std::ptrdiff_t b_segment = 0;
  float* c = nullptr;
  std::ptrdiff_t c_row = 0;  // Floats.
};
void outer(const OuterArgs& args);

}  // namespace chrysalis
