#include "chrysalis/kernels/convolution.h"

#include <algorithm>
#include <cstring>

#include "chrysalis/core/check.h"
#include "chrysalis/kernels/outer.h"

namespace chrysalis {

PackedConvolution::PackedConvolution(const ConvolutionShape& shape, Precision precision, const float* weight,
                                     const float* bias, float factor)
    : shape_(shape), precision_(precision), bias_(static_cast<std::size_t>(shape.filters) * 4) {
  CHRYSALIS_CHECK(shape.stride >= 1 && shape.stride <= shape.kernel);
  CHRYSALIS_CHECK((shape.out_height() - 1) * shape.stride + shape.kernel <= shape.height &&
                      (shape.out_width() - 1) * shape.stride + shape.kernel <= shape.width,
                  "a convolution that looks beyond its picture");
  const int kernel = shape.kernel, channels = shape.channels;
  forward_ =
      PackedMatrix(precision, kernel, shape.run(), shape.filters, [&](int ky, int element, int filter) {
        const int kx = element / channels, channel = element % channels;
        return weight[((filter * channels + channel) * kernel + ky) * kernel + kx] * factor;
      });
  std::copy_n(bias, shape.filters, bias_.as<float>());
}

// An input at row stride * q + p is seen through the kernel's rows p, p + stride, ... by the outputs q, q -
// 1,
// ...: for each p a convolution of stride 1 over the output's gradient. Columns likewise, and there all p are
// one product: stride neighbouring places of the input lie beside each other as its columns, where a kernel
// that the stride does not divide has zeros for the taps that it lacks.
void PackedConvolution::pack_gradient(const float* weight, float factor) {
  const int kernel = shape_.kernel, stride = shape_.stride, channels = shape_.channels,
            filters = shape_.filters, columns = (kernel + stride - 1) / stride;
  backward_.clear();
  for (int py = 0; py < stride; ++py) {
    const int rows = (kernel - py + stride - 1) / stride;
    backward_.emplace_back(
        precision_, rows, columns * filters, stride * channels, [&](int j, int element, int place) {
          const int ky = py + stride * (rows - 1 - j), channel = place % channels, filter = element % filters;
          const int kx = place / channels + stride * (columns - 1 - element / filters);
          return kx < kernel ? weight[((filter * channels + channel) * kernel + ky) * kernel + kx] * factor
                             : 0.0f;
        });
  }
}

void PackedConvolution::forward_rows(const void* in, int count, float* out) const {
  const std::ptrdiff_t bytes = operand_bytes(precision_);
  DotArgs args;
  forward_.put_into(args);
  args.rows = shape_.out_width();
  args.a_row = shape_.stride * shape_.channels * bytes;
  args.a_segment = shape_.row() * bytes;
  args.init = bias_.as<float>();
  args.finish = Finish::kRelu;
  args.c_row = shape_.filters;
  for (int y = 0; y < count; ++y) {
    args.a = static_cast<const char*>(in) + y * shape_.stride * args.a_segment;
    args.c = out + static_cast<std::ptrdiff_t>(y) * shape_.out_row();
    dot(args);
  }
}

void PackedConvolution::input_gradient(const void* gradient, const float* mask, float* input_gradient) const {
  CHRYSALIS_CHECK(!backward_.empty(), "a convolution's gradient without pack_gradient()");
  const int stride = shape_.stride, kernel = shape_.kernel, padding = shape_.padding();
  const std::ptrdiff_t bytes = operand_bytes(precision_);
  // Beyond these no output looks.
  const int seen_rows = (shape_.out_height() - 1) * stride + kernel,
            seen_columns = (shape_.out_width() - 1) * stride + kernel;
  for (int y = 0; y < shape_.height; ++y) {
    float* row = input_gradient + static_cast<std::ptrdiff_t>(y) * shape_.row();
    const float* row_mask = mask + static_cast<std::ptrdiff_t>(y) * shape_.row();
    const int reached = y < seen_rows ? seen_columns : 0;
    std::memset(row + reached * shape_.channels, 0,
                static_cast<std::size_t>(shape_.width - reached) * shape_.channels * 4);
    if (reached == 0) continue;
    const int q = y / stride;
    const PackedMatrix& matrix = backward_[y % stride];
    DotArgs args;
    matrix.put_into(args);
    // Of the taps' rows only those inside the output.
    const int taps = args.segments;
    const int top = std::max(0, taps - 1 - q), bottom = std::min(taps, shape_.out_height() - q + taps - 1);
    args.depth_begin = top * matrix.run_units();
    args.segments = bottom - top;
    args.rows = reached / stride;
    args.a_row = shape_.filters * bytes;
    args.a_segment = shape_.padded_row() * bytes;
    args.a = static_cast<const char*>(gradient) + (q - (taps - 1) + top + padding) * args.a_segment;
    args.finish = Finish::kMask;
    args.c = row;
    args.mask = row_mask;
    args.c_row = stride * shape_.channels;
    dot(args);
    // The places of a last group that the kernel does not fill.
    args.a = static_cast<const char*>(args.a) + args.rows * args.a_row;
    args.c += args.rows * args.c_row;
    args.mask += args.rows * args.c_row;
    args.rows = 1;
    args.b_shape.columns = reached % stride * shape_.channels;
    if (args.b_shape.columns > 0) dot(args);
  }
}

void convolution_weight_gradient(const ConvolutionShape& shape, Precision precision, int pictures,
                                 const void* in, std::ptrdiff_t in_step, const void* gradient,
                                 std::ptrdiff_t gradient_step, float* into) {
  OuterArgs args;
  args.precision = precision;
  args.rows = shape.run();
  args.columns = shape.filters;
  args.pieces = pictures;
  args.segments = shape.out_height();
  args.length = shape.out_width();
  args.a_piece = in_step;
  args.a_step = 4 * shape.stride * shape.channels;
  args.a_segment = static_cast<std::ptrdiff_t>(4) * shape.stride * shape.row();
  args.b = gradient;
  args.b_piece = gradient_step;
  args.b_step = 4 * shape.filters;
  args.b_segment = static_cast<std::ptrdiff_t>(4) * shape.out_row();
  args.c_row = shape.filters;
  for (int ky = 0; ky < shape.kernel; ++ky) {
    args.a = static_cast<const char*>(in) + static_cast<std::ptrdiff_t>(4) * ky * shape.row();
    args.c = into + static_cast<std::ptrdiff_t>(ky) * shape.run() * shape.filters;
    outer(args);
  }
}

void convolution_gradient_to_weights(const ConvolutionShape& shape, const float* from, float factor,
                                     float* to) {
  for (int filter = 0; filter < shape.filters; ++filter)
    for (int channel = 0; channel < shape.channels; ++channel)
      for (int ky = 0; ky < shape.kernel; ++ky)
        for (int kx = 0; kx < shape.kernel; ++kx)
          *to++ = factor * from[(ky * shape.run() + kx * shape.channels + channel) * shape.filters + filter];
}

}  // namespace chrysalis
