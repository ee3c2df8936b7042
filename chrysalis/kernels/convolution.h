// A convolution without padding over pictures with channels last, followed by max(0, .), and its gradients.
// No im2col: a row of outputs is one product over runs of the input that are contiguous already. Calls run in
// the calling thread and allocate nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "chrysalis/kernels/packed_matrix.h"

namespace chrysalis {

struct ConvolutionShape {
  int height = 0, width = 0, channels = 0;  // Of the input.
  int filters = 0;
  int kernel = 0, stride = 0;
  // Outputs that are wanted, from the first; 0: all that fit. What a next layer's stride leaves out need not
  // be computed.
  int wanted_height = 0, wanted_width = 0;

  int out_height() const { return wanted_height > 0 ? wanted_height : (height - kernel) / stride + 1; }
  int out_width() const { return wanted_width > 0 ? wanted_width : (width - kernel) / stride + 1; }
  int row() const { return width * channels; }   // Elements of an input row.
  int run() const { return kernel * channels; }  // Elements of an input row under the kernel.
  int in_elements() const { return height * row(); }
  int out_row() const { return out_width() * filters; }
  int out_elements() const { return out_height() * out_row(); }
  double multiply_adds() const { return static_cast<double>(out_elements()) * kernel * run(); }
  // Border of zeros round the output's gradient that input_gradient() wants, in places.
  int padding() const { return (kernel + stride - 1) / stride - 1; }
  int padded_row() const { return (out_width() + 2 * padding()) * filters; }
  int padded_elements() const { return (out_height() + 2 * padding()) * padded_row(); }
};

// The weights of one version, packed. Immutable; any number of threads may use it.
class PackedConvolution {
 public:
  PackedConvolution() = default;
  // weight: [filters, channels, kernel, kernel] times `factor`; bias: [filters].
  PackedConvolution(const ConvolutionShape& shape, Precision precision, const float* weight,
                    const float* bias, float factor);
  // Also for input_gradient().
  void pack_gradient(const float* weight, float factor);

  const ConvolutionShape& shape() const { return shape_; }
  Precision precision() const { return precision_; }

  // `count` rows of outputs. in: operands [rows, width, channels], from the first row that they see; in bf16
  // one more operand may be read, which must be finite. out: [count, out_width, filters].
  void forward_rows(const void* in, int count, float* out) const;

  // The gradient of the input where mask > 0 (the input, itself max(0, .)), else 0; [height, width, channels]
  // both. gradient: operands [out_height + 2 p, out_width + 2 p, filters] with a border of p = padding()
  // zeros; in bf16 one more operand may be read where `filters` is odd, which must be finite. Places of the
  // input that no output sees get 0.
  void input_gradient(const void* gradient, const float* mask, float* input_gradient) const;

 private:
  ConvolutionShape shape_;
  Precision precision_ = Precision::kFloat32;
  PackedMatrix forward_;
  Buffer bias_;
  std::vector<PackedMatrix> backward_;  // [stride]: by the input's row modulo the stride.
};

// Adds the gradient of the weights for `pictures` pictures, in bf16 for as many pairs of them whose operands
// are paired (elementwise.h). in: [height, width, channels] units each, at in_step bytes; gradient:
// [out_height, out_width, filters] units each, at gradient_step bytes. into: [kernel, kernel * channels,
// filters], the order that the tiles like.
void convolution_weight_gradient(const ConvolutionShape& shape, Precision precision, int pictures,
                                 const void* in, std::ptrdiff_t in_step, const void* gradient,
                                 std::ptrdiff_t gradient_step, float* into);
// [kernel, kernel * channels, filters] times factor to [filters, channels, kernel, kernel].
void convolution_gradient_to_weights(const ConvolutionShape& shape, const float* from, float factor,
                                     float* to);

}  // namespace chrysalis
