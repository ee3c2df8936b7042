#include "chrysalis/agent/native_layers.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstring>

#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/kernels/elementwise.h"
#include "chrysalis/kernels/lstm.h"

namespace chrysalis {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Frames that go through the layers at a time: enough to load a wide layer's weights and gradients rarely,
// few enough that their activations stay in the second cache.
constexpr int kChunk = 200;

// What a forward pass keeps, beside tensors.
template <typename T>
struct Tape : torch::CustomClassHolder {
  explicit Tape(T value) : value(std::move(value)) {}
  T value;
};
template <typename T>
T& keep(AutogradContext* context, T value) {
  auto tape = c10::make_intrusive<Tape<T>>(std::move(value));
  T& kept = tape->value;
  context->saved_data["tape"] = c10::IValue::make_capsule(std::move(tape));
  return kept;
}
template <typename T>
T& kept(AutogradContext* context) {
  const auto capsule = context->saved_data["tape"].toCapsule();
  return static_cast<Tape<T>&>(*capsule).value;
}

float* data(const at::Tensor& tensor) {
  return tensor.data_ptr<float>();
}

// ---- The torso.

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

// ---- The core.

// The operands of a core's input product, as both cores keep them.
struct CoreTape {
  NativeContext context;
  at::Tensor features, last_actions, last_rewards;
  int rows = 0;
};

CoreTape core_tape(const NativeContext& context, const at::Tensor& features, const at::Tensor& last_actions,
                   const at::Tensor& last_rewards) {
  return {.context = context,
          .features = features.detach().contiguous(),
          .last_actions = last_actions.contiguous(),
          .last_rewards = last_rewards.contiguous(),
          .rows = static_cast<int>(features.size(0))};
}

// to: [rows, gate_width] at to_row floats a row.
void core_input_forward(const CoreTape& tape, float* to, std::ptrdiff_t to_row) {
  const PackedNetwork& network = *tape.context.network;
  NativeWorkspace& work = *tape.context.workspace;
  const StageScope scope(Stage::kCoreInput, tape.rows * network.core_input().multiply_adds());
  const int hidden = network.hidden();
  for (int begin = 0; begin < tape.rows; begin += kChunk) {
    const int chunk = std::min(kChunk, tape.rows - begin);
    float* out = to + begin * to_row;
    for (int i = 0; i < chunk; ++i)
      network.core_offset(static_cast<int>(tape.last_actions.data_ptr<std::int64_t>()[begin + i]),
                          data(tape.last_rewards)[begin + i], out + i * to_row);
    std::ptrdiff_t operand_row = 0;
    const void* operands = operands_of_rows(network.precision(), chunk, hidden,
                                            data(tape.features) + static_cast<std::ptrdiff_t>(begin) * hidden,
                                            hidden, work.linear.left, operand_row);
    network.core_input().forward(chunk, operands, operand_row, out, to_row, Finish::kNone, out, to_row);
  }
}

struct CoreGradients {
  at::Tensor features;
  CoreParameters parameters;
};
// dgates: [rows, gate_width] at dgates_row floats a row.
CoreGradients core_input_gradient(const CoreTape& tape, const float* dgates, std::ptrdiff_t dgates_row) {
  const PackedNetwork& network = *tape.context.network;
  NativeWorkspace& work = *tape.context.workspace;
  const StageScope scope(Stage::kCoreInput, 2 * tape.rows * network.core_input().multiply_adds());
  const int hidden = network.hidden(), width = network.shape().gate_width;
  CoreGradients into;
  into.features = at::empty({tape.rows, hidden});
  into.parameters = {.input_weight = at::zeros({width, hidden}),
                     .action_weight = at::zeros({network.action_count(), width}),
                     .reward_weight = at::zeros({width}),
                     .bias = at::zeros({width})};
  add_rows(dgates, tape.rows, dgates_row, width, data(into.parameters.bias));
  for (int i = 0; i < tape.rows; ++i) {
    const float* row = dgates + i * dgates_row;
    const auto action = tape.last_actions.data_ptr<std::int64_t>()[i];
    if (action >= 0) {
      float* sum = data(into.parameters.action_weight) + action * width;
      add_scaled(sum, nullptr, 1.0f, row, sum, width);
    }
    const float reward =
        std::clamp(data(tape.last_rewards)[i], -network.reward_clip(), network.reward_clip());
    float* sum = data(into.parameters.reward_weight);
    if (reward != 0) add_scaled(sum, nullptr, reward, row, sum, width);
  }
  std::ptrdiff_t operand_row = 0;
  const void* operands = operands_of_rows(network.precision(), tape.rows, hidden, data(tape.features), hidden,
                                          work.memory, operand_row);
  add_weight_gradient(network.precision(), tape.rows, hidden, width, operands, operand_row, dgates,
                      dgates_row, data(into.parameters.input_weight), work.linear);
  input_gradient_of_floats(network.core_input(), tape.rows, dgates, dgates_row, data(into.features), hidden,
                           nullptr, work.linear);
  return into;
}

class CoreInput : public torch::autograd::Function<CoreInput> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& features,
                            const at::Tensor& input_weight, const at::Tensor& action_weight,
                            const at::Tensor& reward_weight, const at::Tensor& bias,
                            const NativeContext& native, const at::Tensor& last_actions,
                            const at::Tensor& last_rewards) {
    const CoreTape& tape = keep(context, core_tape(native, features, last_actions, last_rewards));
    const at::Tensor out = at::empty({tape.rows, native.network->shape().gate_width});
    core_input_forward(tape, data(out), out.size(1));
    return out;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const CoreTape& tape = kept<CoreTape>(context);
    tape.context.network->pack_gradients();
    const at::Tensor gradient = gradients[0].contiguous();
    const CoreGradients into = core_input_gradient(tape, data(gradient), gradient.size(1));
    const at::Tensor none;
    const CoreParameters& p = into.parameters;
    return {into.features, p.input_weight, p.action_weight, p.reward_weight, p.bias, none, none, none};
  }
};

struct LstmTape {
  CoreTape core;
  at::Tensor starts;
  std::shared_ptr<Buffer> gates, states;  // [n, 4 W] at odd rows; before_h, before_c, tanh_c.
  int steps = 0, batch = 0;

  LstmSequence sequence() const {
    const int width = core.context.network->core_width();
    const std::ptrdiff_t units = static_cast<std::ptrdiff_t>(core.rows) * width;
    return {.steps = steps,
            .batch = batch,
            .width = width,
            .starts = starts.data_ptr<std::uint8_t>(),
            .gates = gates->as<float>(),
            .gate_row = odd_row(4 * width),
            .before_h = states->as<float>(),
            .before_c = states->as<float>() + units,
            .tanh_c = states->as<float>() + 2 * units};
  }
};

class LstmCore : public torch::autograd::Function<LstmCore> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& features,
                               const at::Tensor& input_weight, const at::Tensor& action_weight,
                               const at::Tensor& reward_weight, const at::Tensor& bias,
                               const at::Tensor& recurrent, const NativeContext& native,
                               const at::Tensor& last_actions, const at::Tensor& last_rewards,
                               const at::Tensor& h, const at::Tensor& c, const at::Tensor& starts) {
    const PackedNetwork& network = *native.network;
    LstmTape& tape = keep(context, LstmTape());
    tape.core = core_tape(native, features, last_actions, last_rewards);
    tape.starts = starts.contiguous();
    tape.steps = static_cast<int>(starts.size(0));
    tape.batch = static_cast<int>(starts.size(1));
    const int width = network.core_width();
    const auto units = static_cast<std::size_t>(tape.core.rows) * width;
    tape.gates =
        native.workspace->pool->take(static_cast<std::size_t>(tape.core.rows) * odd_row(4 * width) * 4);
    tape.states = native.workspace->pool->take(3 * units * 4);
    core_input_forward(tape.core, tape.gates->as<float>(), odd_row(4 * width));
    const StageScope scope(Stage::kLstm, tape.core.rows * network.recurrent().multiply_adds());
    at::Tensor last_h = h.clone(at::MemoryFormat::Contiguous), last_c = c.clone(at::MemoryFormat::Contiguous);
    at::Tensor outputs = at::empty({tape.steps, tape.batch, width});
    lstm_forward(network.recurrent(), tape.sequence(), data(last_h), data(last_c), data(outputs),
                 native.workspace->linear);
    context->mark_non_differentiable({last_h, last_c});
    return {outputs, last_h, last_c};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    LstmTape& tape = kept<LstmTape>(context);
    CHRYSALIS_CHECK(tape.gates != nullptr, "the core's backward pass runs once");
    const PackedNetwork& network = *tape.core.context.network;
    network.pack_gradients();
    NativeWorkspace& work = *tape.core.context.workspace;
    const LstmSequence sequence = tape.sequence();
    const int rows = tape.core.rows, width = sequence.width;
    const at::Tensor recurrent = at::zeros({4 * width, width});
    {
      const StageScope scope(Stage::kLstm, 2 * rows * network.recurrent().multiply_adds());
      const at::Tensor output_gradients = gradients[0].contiguous();
      lstm_gradient(network.recurrent(), sequence, data(output_gradients), work.memory, work.linear);
      std::ptrdiff_t operand_row = 0;
      const void* before = operands_of_rows(network.precision(), rows, width, sequence.before_h, width,
                                            work.memory, operand_row);
      add_weight_gradient(network.precision(), rows, width, 4 * width, before, operand_row, sequence.gates,
                          sequence.gate_row, data(recurrent), work.linear);
    }
    const CoreGradients into = core_input_gradient(tape.core, sequence.gates, sequence.gate_row);
    tape.gates = tape.states = nullptr;
    const at::Tensor none;
    const CoreParameters& p = into.parameters;
    return {into.features,
            p.input_weight,
            p.action_weight,
            p.reward_weight,
            p.bias,
            recurrent,
            none,
            none,
            none,
            none,
            none,
            none};
  }
};

// ---- Heads.

struct LinearTape {
  NativeContext context;
  const PackedLinear* layer;
  at::Tensor x;
};

class Linear : public torch::autograd::Function<Linear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const NativeContext& native, const PackedLinear* layer) {
    const LinearTape& tape =
        keep(context, LinearTape{.context = native, .layer = layer, .x = x.detach().contiguous()});
    const int rows = static_cast<int>(x.size(0));
    const StageScope scope(Stage::kHeads, rows * layer->multiply_adds());
    const at::Tensor y = at::empty({rows, layer->out()});
    layer->forward(rows, data(tape.x), 4 * layer->in(), data(y), layer->out());
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const LinearTape& tape = kept<LinearTape>(context);
    tape.context.network->pack_gradients();
    const PackedLinear& layer = *tape.layer;
    const int rows = static_cast<int>(tape.x.size(0)), in = layer.in(), out = layer.out();
    const StageScope scope(Stage::kHeads, 2 * rows * layer.multiply_adds());
    const at::Tensor dy = gradients[0].contiguous();
    const at::Tensor dx = at::empty({rows, in}), weight = at::zeros({out, in}), bias = at::zeros({out});
    add_rows(data(dy), rows, out, out, data(bias));
    add_weight_gradient(layer.precision(), rows, in, out, data(tape.x), 4 * in, data(dy), out, data(weight),
                        tape.context.workspace->linear);
    input_gradient_of_floats(layer, rows, data(dy), out, data(dx), in, nullptr,
                             tape.context.workspace->linear);
    const at::Tensor none;
    return {dx, weight, bias, none, none};
  }
};

}  // namespace

at::Tensor native_torso(const NativeContext& context, const Frames& frames, const at::Tensor& weight1,
                        const at::Tensor& bias1, const at::Tensor& weight2, const at::Tensor& bias2,
                        const at::Tensor& linear_weight, const at::Tensor& linear_bias) {
  CHRYSALIS_CHECK(!frames.pixels.empty());
  return Torso::apply(weight1, bias1, weight2, bias2, linear_weight, linear_bias, context, frames);
}

at::Tensor native_core_input(const NativeContext& context, const at::Tensor& features,
                             const at::Tensor& last_actions, const at::Tensor& last_rewards,
                             const CoreParameters& parameters) {
  return CoreInput::apply(features, parameters.input_weight, parameters.action_weight,
                          parameters.reward_weight, parameters.bias, context, last_actions, last_rewards);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> native_lstm_core(
    const NativeContext& context, const at::Tensor& features, const at::Tensor& last_actions,
    const at::Tensor& last_rewards, const CoreParameters& parameters, const at::Tensor& recurrent,
    const at::Tensor& h, const at::Tensor& c, const at::Tensor& starts) {
  const auto results =
      LstmCore::apply(features, parameters.input_weight, parameters.action_weight, parameters.reward_weight,
                      parameters.bias, recurrent, context, last_actions, last_rewards, h, c, starts);
  return {results[0], results[1], results[2]};
}

at::Tensor native_linear(const NativeContext& context, const PackedLinear& layer, const at::Tensor& x,
                         const at::Tensor& weight, const at::Tensor& bias) {
  return Linear::apply(x, weight, bias, context, &layer);
}

}  // namespace chrysalis
