// The arithmetic between products: conversions, the gates of an LSTM, logarithms of a softmax, sums of rows.
// Vectorised, single-threaded, no allocation; buffers need no alignment, lengths are any. bfloat16 is rounded
// to nearest, ties to even.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "chrysalis/kernels/target.h"

namespace chrysalis {

// Bits of the bfloat16 nearest to a finite value.
inline std::uint16_t bf16_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return static_cast<std::uint16_t>((bits + ((bits >> 16) & 1u) + 0x7fffu) >> 16);
}

// to[i] = from[i] as operands: floats, or bfloat16, which holds 0 to 255 exactly.
void operands_of_bytes(Precision precision, const std::uint8_t* from, void* to, std::size_t count);
// float32: a copy.
void operands_of_floats(Precision precision, const float* from, void* to, std::size_t count);

// to[i] = operand i as a float. float32: a copy.
void floats_of_operands(Precision precision, const void* from, float* to, std::size_t count);

// The units of gradients of weights in bf16: to[i] = (first[i], second[i]), two neighbouring frames.
void pairs_of_bytes(const std::uint8_t* first, const std::uint8_t* second, std::uint32_t* to,
                    std::size_t count);
// second null: zeros, the partner that an odd last frame lacks.
void pairs_of_floats(const float* first, const float* second, std::uint32_t* to, std::size_t count);
void pairs_of_bf16(const std::uint16_t* first, const std::uint16_t* second, std::uint32_t* to,
                   std::size_t count);

// sum[n] += sum over rows of x[row * stride + n].
void add_rows(const float* x, int rows, std::ptrdiff_t stride, int columns, float* sum);
// x[i] = y[i] > 0 ? x[i] : 0, the gradient through y = relu(.).
void mask_by_relu(const float* y, float* x, std::size_t count);
void scale(float factor, float* x, std::size_t count);
// to[n] = a[n] + b[n] + factor * c[n]; b may be null: zeros.
void add_scaled(const float* a, const float* b, float factor, const float* c, float* to, int count);

// A step of one LSTM memory of `width` units. gates: [4 width], pre-activations of o, i, f, g in this order;
// become sigmoid, sigmoid, sigmoid, tanh of themselves. c: [width], the memory after the step, from before_c.
//   c = f before_c + i g,   tanh_c = tanh(c),   h = o tanh_c
void lstm_step(float* gates, const float* before_c, float* c, float* tanh_c, float* h, int width);
// Backwards. dh: gradient of h. dc: in, of c from the step after; out, of before_c. gates: activated, become
// the gradients of their pre-activations.
void lstm_step_gradient(float* gates, const float* before_c, const float* tanh_c, const float* dh, float* dc,
                        int width);

// x[n] -= ln sum_m exp(x[m]), for each row. [rows, columns], dense.
void log_softmax(float* x, int rows, int columns);

}  // namespace chrysalis
