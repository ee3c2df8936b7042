#include "chrysalis/kernels/linear.h"

#include <algorithm>
#include <cstring>

#include "chrysalis/core/check.h"
#include "chrysalis/kernels/elementwise.h"
#include "chrysalis/kernels/outer.h"

namespace chrysalis {

PackedLinear::PackedLinear(Precision precision, int in, int out, const float* weight, const float* bias)
    : in_(in),
      out_(out),
      precision_(precision),
      forward_(precision, 1, in, out,
               [&](int, int k, int n) { return weight[static_cast<std::ptrdiff_t>(n) * in + k]; }),
      bias_(static_cast<std::size_t>(out) * 4) {
  if (bias != nullptr) std::copy_n(bias, out, bias_.as<float>());
}

void PackedLinear::pack_gradient(const float* weight) {
  backward_ = PackedMatrix(precision_, 1, out_, in_, [&](int, int k, int n) {
    return weight[static_cast<std::ptrdiff_t>(k) * in_ + n];
  });
}

void PackedLinear::forward(int rows, const void* x, std::ptrdiff_t x_row, float* y, std::ptrdiff_t y_row,
                           Finish finish, const float* init, std::ptrdiff_t init_row) const {
  DotArgs args;
  forward_.put_into(args);
  args.rows = rows;
  args.a = x;
  args.a_row = x_row;
  args.init = init == nullptr ? bias_.as<float>() : init;
  args.init_row = init == nullptr ? 0 : init_row;
  args.finish = finish;
  args.c = y;
  args.c_row = y_row;
  dot(args);
}

void PackedLinear::input_gradient(int rows, const void* dy, std::ptrdiff_t dy_row, float* dx,
                                  std::ptrdiff_t dx_row, const float* mask) const {
  CHRYSALIS_CHECK(!backward_.empty(), "a linear layer's gradient without pack_gradient()");
  DotArgs args;
  backward_.put_into(args);
  args.rows = rows;
  args.a = dy;
  args.a_row = dy_row;
  args.finish = mask == nullptr ? Finish::kNone : Finish::kMask;
  args.mask = mask;
  args.c = dx;
  args.c_row = dx_row;
  dot(args);
}

namespace {

// Frames whose products are summed before a tile of the gradient goes back to memory. More would not fit the
// second cache beside the activations of a wide layer, fewer load and store the gradient more often.
constexpr int kChunk = 200;

void add_outer(Precision precision, int steps, int in, int out, const void* x, std::ptrdiff_t x_step,
               const void* dy, std::ptrdiff_t dy_step, float* dw) {
  OuterArgs args;
  args.precision = precision;
  args.rows = out;
  args.columns = in;
  args.length = steps;
  args.a = dy;
  args.a_step = dy_step;
  args.b = x;
  args.b_step = x_step;
  args.c = dw;
  args.c_row = in;
  outer(args);
}

// Rows at an odd number of cache lines: `rows` themselves, or a copy. A tile walks down a column of them, and
// where rows lie a power of two apart all of a column shares a few sets of the cache (55 against 82 % of the
// processor's peak for 256 columns).
const void* at_odd_lines(const void* rows, std::ptrdiff_t& step, int count, int columns, Buffer& memory) {
  if (step / 64 % 2 == 1) return rows;
  const auto row_bytes = static_cast<std::size_t>(columns) * 4;
  const auto odd = static_cast<std::ptrdiff_t>(odd_lines(row_bytes));
  memory.reserve(static_cast<std::size_t>(count) * odd);
  for (int row = 0; row < count; ++row)
    std::memcpy(memory.as<char>() + row * odd, static_cast<const char*>(rows) + row * step, row_bytes);
  step = odd;
  return memory.as<void>();
}

}  // namespace

void add_weight_gradient(Precision precision, int rows, int in, int out, const void* x, std::ptrdiff_t x_row,
                         const float* dy, std::ptrdiff_t dy_row, float* dw, LinearScratch& scratch) {
  const auto left_step = static_cast<std::ptrdiff_t>(odd_lines(static_cast<std::size_t>(out) * 4)),
             right_step = static_cast<std::ptrdiff_t>(odd_lines(static_cast<std::size_t>(in) * 4));
  for (int first = 0; first < rows; first += kChunk) {
    const int count = std::min(kChunk, rows - first);
    const char* x_chunk = static_cast<const char*>(x) + first * x_row;
    const float* dy_chunk = dy + first * dy_row;
    if (precision == Precision::kFloat32) {
      std::ptrdiff_t x_step = x_row, dy_step = 4 * dy_row;
      const void* right = at_odd_lines(x_chunk, x_step, count, in, scratch.right);
      const void* left = at_odd_lines(dy_chunk, dy_step, count, out, scratch.left);
      add_outer(precision, count, in, out, right, x_step, left, dy_step, dw);
      continue;
    }
    const int pairs = (count + 1) / 2;
    scratch.left.reserve(static_cast<std::size_t>(pairs) * left_step);
    scratch.right.reserve(static_cast<std::size_t>(pairs) * right_step);
    for (int pair = 0; pair < pairs; ++pair) {
      // The partner of an odd last frame is itself, against a gradient of zeros.
      const bool whole = 2 * pair + 1 < count;
      const float* dy0 = dy_chunk + 2 * pair * dy_row;
      const char* x0 = x_chunk + 2 * pair * x_row;
      auto* left = scratch.left.as<std::uint32_t>() + pair * left_step / 4;
      auto* right = scratch.right.as<std::uint32_t>() + pair * right_step / 4;
      pairs_of_floats(dy0, whole ? dy0 + dy_row : nullptr, left, static_cast<std::size_t>(out));
      pairs_of_bf16(reinterpret_cast<const std::uint16_t*>(x0),
                    reinterpret_cast<const std::uint16_t*>(whole ? x0 + x_row : x0), right,
                    static_cast<std::size_t>(in));
    }
    add_outer(precision, pairs, in, out, scratch.right.as<void>(), right_step, scratch.left.as<void>(),
              left_step, dw);
  }
}

const void* operands_of_rows(Precision precision, int rows, int columns, const float* x, std::ptrdiff_t x_row,
                             Buffer& memory, std::ptrdiff_t& operand_row) {
  if (precision == Precision::kFloat32) {
    operand_row = 4 * x_row;
    return x;
  }
  operand_row = static_cast<std::ptrdiff_t>(odd_lines(static_cast<std::size_t>(columns) * 2 + 2));
  memory.reserve(static_cast<std::size_t>(rows) * operand_row);
  for (int row = 0; row < rows; ++row) {
    auto* to = reinterpret_cast<std::uint16_t*>(memory.as<char>() + row * operand_row);
    operands_of_floats(precision, x + row * x_row, to, static_cast<std::size_t>(columns));
    // What was here may have been an infinity, and times the zero that it meets is NaN.
    to[columns] = 0;
  }
  return memory.as<void>();
}

void input_gradient_of_floats(const PackedLinear& layer, int rows, const float* dy, std::ptrdiff_t dy_row,
                              float* dx, std::ptrdiff_t dx_row, const float* mask, LinearScratch& scratch) {
  for (int first = 0; first < rows; first += kChunk) {
    const int count = std::min(kChunk, rows - first);
    std::ptrdiff_t operand_row = 0;
    const void* operands = operands_of_rows(layer.precision(), count, layer.out(), dy + first * dy_row,
                                            dy_row, scratch.left, operand_row);
    layer.input_gradient(count, operands, operand_row, dx + first * dx_row, dx_row,
                         mask == nullptr ? nullptr : mask + first * dx_row);
  }
}

}  // namespace chrysalis
