// y = x W^T + b, and its gradients. Calls run in the calling thread and allocate nothing.
#pragma once

#include <cstdint>

#include "chrysalis/kernels/packed_matrix.h"

namespace chrysalis {

// The weights of one version, packed. Immutable; any number of threads may use it.
class PackedLinear {
 public:
  PackedLinear() = default;
  // weight: [out, in]; bias: [out] or null, zeros.
  PackedLinear(Precision precision, int in, int out, const float* weight, const float* bias);
  // Also for input_gradient().
  void pack_gradient(const float* weight);

  int in() const { return in_; }
  int out() const { return out_; }
  Precision precision() const { return precision_; }
  double multiply_adds() const { return static_cast<double>(in_) * out_; }

  // y[row] = finish(init[row] + x[row] W^T). x: operands at x_row bytes a row, in bf16 with one finite
  // operand after each row where `in` is odd. init: at init_row floats a row, null: the bias. y: floats, may
  // be init.
  void forward(int rows, const void* x, std::ptrdiff_t x_row, float* y, std::ptrdiff_t y_row,
               Finish finish = Finish::kNone, const float* init = nullptr, std::ptrdiff_t init_row = 0) const;
  // dx = dy W, where mask > 0 if there is one, else 0. dy: operands as x of forward(), with one finite
  // operand after each row in bf16 where `out` is odd. mask: strides as dx.
  void input_gradient(int rows, const void* dy, std::ptrdiff_t dy_row, float* dx, std::ptrdiff_t dx_row,
                      const float* mask = nullptr) const;

 private:
  int in_ = 0, out_ = 0;
  Precision precision_ = Precision::kFloat32;
  PackedMatrix forward_, backward_;
  Buffer bias_;
};

// Scratch of one thread for the conversions that products in bf16 need; keeps its memory from call to call.
struct LinearScratch {
  Buffer left, right;
};

// dw[out, in] += dy^T x over `rows` frames. dy: floats at dy_row floats a row. x: operands, at x_row bytes a
// row; in float32 precision these are floats. Frames go in chunks that fit the second cache.
void add_weight_gradient(Precision precision, int rows, int in, int out, const void* x, std::ptrdiff_t x_row,
                         const float* dy, std::ptrdiff_t dy_row, float* dw, LinearScratch& scratch);
// dx = dy W as PackedLinear::input_gradient(), dy in floats.
void input_gradient_of_floats(const PackedLinear& layer, int rows, const float* dy, std::ptrdiff_t dy_row,
                              float* dx, std::ptrdiff_t dx_row, const float* mask, LinearScratch& scratch);
// `rows` rows of floats as operands, at operand_row bytes a row, in bf16 with a zero after each; float32: `x`
// itself.
const void* operands_of_rows(Precision precision, int rows, int columns, const float* x, std::ptrdiff_t x_row,
                             Buffer& memory, std::ptrdiff_t& operand_row);

}  // namespace chrysalis
