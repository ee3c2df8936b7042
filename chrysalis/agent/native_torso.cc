#include <ATen/ATen.h>

#include <algorithm>

#include "chrysalis/agent/native_layers.h"
#include "chrysalis/agent/native_tape.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/kernels/elementwise.h"

namespace chrysalis {
namespace {

struct TorsoTape {
  NativeContext context;
  Frames frames;
  std::shared_ptr<Buffer> hidden, convolved;  // Operands a frame at hidden_row and convolved_row bytes.
  std::ptrdiff_t hidden_row = 0, convolved_row = 0;
  at::Tensor features;  // Detached: only its numbers are wanted.
};

// Gradients of the two convolutions in the order of the tiles.
struct ConvolutionGradients {
  Buffer weight1, weight2;
  at::Tensor bias1, bias2;
};

// Frames that the gradients of the convolutions take at a time: in float32 as many as make loading the
// gradient of conv2's weights cheap, in bf16 the two that a pair of operands holds.
constexpr int convolution_group(Precision precision) {
  return precision == Precision::kFloat32 ? 8 : 2;
}

// The steps of the way back from the gradients of conv2's outputs, floats, frames at gradient_row floats, for
// `count` frames, at most a group, from `frame` on.
class ConvolutionsBackward {
 public:
  ConvolutionsBackward(const TorsoTape& tape, int frame, int count, const float* gradient,
                       std::ptrdiff_t gradient_row, ConvolutionGradients& into)
      : tape_(tape),
        network_(*tape.context.network),
        work_(*tape.context.workspace),
        first_(network_.conv1().shape()),
        second_(network_.conv2().shape()),
        precision_(network_.precision()),
        frame_(frame),
        count_(count),
        gradient_(gradient),
        gradient_row_(gradient_row),
        into_(into) {
    const auto largest = static_cast<std::size_t>(std::max(first_.in_elements(), first_.out_elements()));
    work_.hidden_gradients.reserve(2 * hidden_size() * 4);
    work_.padded.reserve((static_cast<std::size_t>(second_.padded_elements()) + 2) *
                         static_cast<std::size_t>(operand_bytes(precision_)));
    work_.torso.pixels.reserve((largest + 2) * 4);
    if (precision_ == Precision::kFloat32) return;
    work_.pairs.reserve(largest * 4);
    work_.gradient_pairs.reserve(std::max(hidden_size(), out_size()) * 4);
    work_.floats.reserve(hidden_size() * 4);
  }

  void run() {
    {
      const StageScope scope(Stage::kConv2, count_ * second_.multiply_adds());
      conv2_weights();
    }
    if (precision_ == Precision::kFloat32) {
      for (int i = 0; i < count_; ++i) {
        conv2_input(i, work_.hidden_gradients.as<float>());
        conv1_weights(i, work_.hidden_gradients.as<float>());
      }
      return;
    }
    float* gradients = work_.hidden_gradients.as<float>();
    for (int i = 0; i < count_; ++i) conv2_input(i, gradients + static_cast<std::size_t>(i) * hidden_size());
    conv1_weights_of_pair(gradients);
  }

 private:
  static constexpr int kBand = 4;

  std::size_t hidden_size() const { return static_cast<std::size_t>(first_.out_elements()); }
  std::size_t out_size() const { return static_cast<std::size_t>(second_.out_elements()); }
  const char* hidden(int i) const { return tape_.hidden->as<char>() + (frame_ + i) * tape_.hidden_row; }
  const std::uint8_t* pixels(int i) const {
    return tape_.frames.pixels[static_cast<std::size_t>(frame_ + i)];
  }
  // In bf16 the second frame; where there is none it is the first against gradients of zero.
  int last() const { return count_ - 1; }
  // The gradients of both frames, those of the second `distance` floats after the first's.
  void pair_gradients(const float* one, std::ptrdiff_t distance, std::size_t size) {
    pairs_of_floats(one, count_ == 2 ? one + distance : nullptr, work_.gradient_pairs.as<std::uint32_t>(),
                    size);
  }

  void conv2_weights() {
    if (precision_ == Precision::kFloat32) {
      convolution_weight_gradient(second_, precision_, count_, hidden(0), tape_.hidden_row, gradient_,
                                  4 * gradient_row_, into_.weight2.as<float>());
      return;
    }
    pairs_of_bf16(reinterpret_cast<const std::uint16_t*>(hidden(0)),
                  reinterpret_cast<const std::uint16_t*>(hidden(last())), work_.pairs.as<std::uint32_t>(),
                  hidden_size());
    pair_gradients(gradient_, gradient_row_, out_size());
    convolution_weight_gradient(second_, precision_, 1, work_.pairs.as<void>(), 0,
                                work_.gradient_pairs.as<void>(), 0, into_.weight2.as<float>());
  }

  void conv2_input(int i, float* to) {
    const StageScope scope(Stage::kConv2, second_.multiply_adds());
    const float* from = gradient_ + i * gradient_row_;
    add_rows(from, second_.out_height() * second_.out_width(), second_.filters, second_.filters,
             data(into_.bias2));
    for (int y = 0; y < second_.out_height(); ++y) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y + second_.padding()) * second_.padded_row() +
                                static_cast<std::ptrdiff_t>(second_.padding()) * second_.filters;
      operands_of_floats(precision_, from + static_cast<std::ptrdiff_t>(y) * second_.out_row(),
                         work_.padded.as<char>() + at * operand_bytes(precision_),
                         static_cast<std::size_t>(second_.out_row()));
    }
    const float* mask = reinterpret_cast<const float*>(hidden(i));
    if (precision_ == Precision::kBf16) {
      floats_of_operands(precision_, hidden(i), work_.floats.as<float>(), hidden_size());
      mask = work_.floats.as<float>();
    }
    network_.conv2().input_gradient(work_.padded.as<void>(), mask, to);
  }

  void conv1_weights(int i, const float* gradient) {
    const StageScope scope(Stage::kConv1, first_.multiply_adds());
    add_rows(gradient, first_.out_height() * first_.out_width(), first_.filters, first_.filters,
             data(into_.bias1));
    // In bands of a few rows of outputs, whose pixels stay in the first cache while all of the kernel's rows
    // take their turn.
    for (int y = 0; y < first_.out_height(); y += kBand) {
      ConvolutionShape band = first_;
      band.wanted_height = std::min(kBand, first_.out_height() - y);
      const int rows = (band.wanted_height - 1) * first_.stride + first_.kernel;
      operands_of_bytes(precision_, pixels(i) + static_cast<std::ptrdiff_t>(y) * first_.stride * first_.row(),
                        work_.torso.pixels.as<void>(), static_cast<std::size_t>(rows) * first_.row());
      convolution_weight_gradient(band, precision_, 1, work_.torso.pixels.as<void>(), 0,
                                  gradient + static_cast<std::ptrdiff_t>(y) * first_.out_row(), 0,
                                  into_.weight1.as<float>());
    }
  }

  void conv1_weights_of_pair(const float* gradients) {
    const StageScope scope(Stage::kConv1, count_ * first_.multiply_adds());
    for (int i = 0; i < count_; ++i)
      add_rows(gradients + static_cast<std::size_t>(i) * hidden_size(),
               first_.out_height() * first_.out_width(), first_.filters, first_.filters, data(into_.bias1));
    pairs_of_bytes(pixels(0), pixels(last()), work_.pairs.as<std::uint32_t>(),
                   static_cast<std::size_t>(first_.in_elements()));
    pair_gradients(gradients, first_.out_elements(), hidden_size());
    convolution_weight_gradient(first_, precision_, 1, work_.pairs.as<void>(), 0,
                                work_.gradient_pairs.as<void>(), 0, into_.weight1.as<float>());
  }

  const TorsoTape& tape_;
  const PackedNetwork& network_;
  NativeWorkspace& work_;
  const ConvolutionShape first_, second_;
  const Precision precision_;
  const int frame_, count_;
  const float* gradient_;
  const std::ptrdiff_t gradient_row_;
  ConvolutionGradients& into_;
};

class Torso : public torch::autograd::Function<Torso> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight1, const at::Tensor& bias1,
                            const at::Tensor& weight2, const at::Tensor& bias2,
                            const at::Tensor& linear_weight, const at::Tensor& linear_bias,
                            const NativeContext& native, const Frames& frames) {
    const PackedNetwork& network = *native.network;
    NativeWorkspace& work = *native.workspace;
    const int count = static_cast<int>(frames.pixels.size()), hidden = network.hidden();
    TorsoTape tape;
    tape.context = native;
    tape.frames = frames;
    tape.hidden_row = network.hidden_row();
    tape.convolved_row = network.features_row();
    tape.hidden = work.pool->take(static_cast<std::size_t>(count) * tape.hidden_row);
    tape.convolved = work.pool->take(static_cast<std::size_t>(count) * tape.convolved_row);
    tape.features = at::empty({count, hidden}, at::kFloat);
    for (int first = 0; first < count; first += kChunk) {
      const int chunk = std::min(kChunk, count - first);
      char* convolved = tape.convolved->as<char>() + first * tape.convolved_row;
      for (int i = 0; i < chunk; ++i)
        convolve_frame(network, frames.pixels[first + i],
                       tape.hidden->as<char>() + (first + i) * tape.hidden_row,
                       convolved + i * tape.convolved_row, work.torso);
      const StageScope scope(Stage::kLinear, chunk * network.linear().multiply_adds());
      network.linear().forward(chunk, convolved, tape.convolved_row,
                               data(tape.features) + static_cast<std::ptrdiff_t>(first) * hidden, hidden,
                               Finish::kRelu);
    }
    const at::Tensor features = tape.features;
    keep(context, std::move(tape));
    return features.view_as(features);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TorsoTape& tape = kept<TorsoTape>(context);
    CHRYSALIS_CHECK(tape.hidden != nullptr, "the torso's backward pass runs once");
    const PackedNetwork& network = *tape.context.network;
    network.pack_gradients();
    NativeWorkspace& work = *tape.context.workspace;
    const ConvolutionShape &first = network.conv1().shape(), &second = network.conv2().shape();
    const Precision precision = network.precision();
    const int count = static_cast<int>(tape.frames.pixels.size()), hidden = network.hidden(),
              wide = network.shape().torso_features;
    // Its own memory: masked in place.
    const at::Tensor gradient = gradients[0].to(at::kFloat).clone(at::MemoryFormat::Contiguous);
    const at::Tensor linear_weight = at::zeros({hidden, wide}), linear_bias = at::zeros({hidden});
    ConvolutionGradients into;
    into.weight1.reserve(static_cast<std::size_t>(first.kernel * first.run() * first.filters) * 4);
    into.weight2.reserve(static_cast<std::size_t>(second.kernel * second.run() * second.filters) * 4);
    into.bias1 = at::zeros({first.filters});
    into.bias2 = at::zeros({second.filters});

    const std::ptrdiff_t row = tape.convolved_row / operand_bytes(precision);  // Floats of a gradient's row.
    work.gradients.reserve(static_cast<std::size_t>(std::min(kChunk, count)) * row * 4);
    const int group = convolution_group(precision);
    for (int begin = 0; begin < count; begin += kChunk) {
      const int chunk = std::min(kChunk, count - begin);
      float* dy = data(gradient) + static_cast<std::ptrdiff_t>(begin) * hidden;
      const char* convolved = tape.convolved->as<char>() + begin * tape.convolved_row;
      {
        const StageScope scope(Stage::kLinear, 2 * chunk * network.linear().multiply_adds());
        mask_by_relu(data(tape.features) + static_cast<std::ptrdiff_t>(begin) * hidden, dy,
                     static_cast<std::size_t>(chunk) * hidden);
        add_rows(dy, chunk, hidden, hidden, data(linear_bias));
        add_weight_gradient(precision, chunk, wide, hidden, convolved, tape.convolved_row, dy, hidden,
                            data(linear_weight), work.linear);
        const float* mask = reinterpret_cast<const float*>(convolved);
        if (precision == Precision::kBf16) {
          work.floats.reserve(static_cast<std::size_t>(chunk) * row * 4);
          floats_of_operands(precision, convolved, work.floats.as<float>(),
                             static_cast<std::size_t>(chunk) * row);
          mask = work.floats.as<float>();
        }
        input_gradient_of_floats(network.linear(), chunk, dy, hidden, work.gradients.as<float>(), row, mask,
                                 work.linear);
      }
      for (int i = 0; i < chunk; i += group)
        ConvolutionsBackward(tape, begin + i, std::min(group, chunk - i),
                             work.gradients.as<float>() + i * row, row, into)
            .run();
    }

    const at::Tensor weight1 = at::empty({first.filters, first.channels, first.kernel, first.kernel}),
                     weight2 = at::empty({second.filters, second.channels, second.kernel, second.kernel});
    convolution_gradient_to_weights(first, into.weight1.as<float>(), kPixelScale, data(weight1));
    convolution_gradient_to_weights(second, into.weight2.as<float>(), 1.0f, data(weight2));
    tape.hidden = tape.convolved = nullptr;
    const at::Tensor none;
    return {weight1, into.bias1, weight2, into.bias2, linear_weight, linear_bias, none, none};
  }
};

}  // namespace

at::Tensor native_torso(const NativeContext& context, const Frames& frames, const at::Tensor& weight1,
                        const at::Tensor& bias1, const at::Tensor& weight2, const at::Tensor& bias2,
                        const at::Tensor& linear_weight, const at::Tensor& linear_bias) {
  CHRYSALIS_CHECK(!frames.pixels.empty());
  return Torso::apply(weight1, bias1, weight2, bias2, linear_weight, linear_bias, context, frames);
}

}  // namespace chrysalis
