#include "chrysalis/agent/native_layers.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "chrysalis/agent/native_tape.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/kernels/elementwise.h"
#include "chrysalis/kernels/lstm.h"
#include "chrysalis/kernels/mixture.h"

namespace chrysalis {
namespace {

// ---- The core.

// The operands of a core's input product, as all cores keep them.
struct CoreTape {
  NativeContext context;
  const PackedCoreInput* layer = nullptr;
  at::Tensor features, last_actions, last_rewards;
  int rows = 0;
};

CoreTape core_tape(const NativeContext& context, const PackedCoreInput& layer, const at::Tensor& features,
                   const at::Tensor& last_actions, const at::Tensor& last_rewards) {
  return {.context = context,
          .layer = &layer,
          .features = features.detach().contiguous(),
          .last_actions = last_actions.contiguous(),
          .last_rewards = last_rewards.contiguous(),
          .rows = static_cast<int>(features.size(0))};
}

// to: [rows, out] at to_row floats a row.
void core_input_forward(const CoreTape& tape, float* to, std::ptrdiff_t to_row) {
  const PackedLinear& layer = tape.layer->features();
  NativeWorkspace& work = *tape.context.workspace;
  const StageScope scope(Stage::kCoreInput, tape.rows * layer.multiply_adds());
  const int hidden = layer.in();
  for (int begin = 0; begin < tape.rows; begin += kChunk) {
    const int chunk = std::min(kChunk, tape.rows - begin);
    float* out = to + begin * to_row;
    for (int i = 0; i < chunk; ++i)
      tape.layer->offset(static_cast<int>(tape.last_actions.data_ptr<std::int64_t>()[begin + i]),
                         data(tape.last_rewards)[begin + i], out + i * to_row);
    std::ptrdiff_t operand_row = 0;
    const void* operands = operands_of_rows(layer.precision(), chunk, hidden,
                                            data(tape.features) + static_cast<std::ptrdiff_t>(begin) * hidden,
                                            hidden, work.linear.left, operand_row);
    layer.forward(chunk, operands, operand_row, out, to_row, Finish::kNone, out, to_row);
  }
}

struct CoreGradients {
  at::Tensor features;
  CoreParameters parameters;
};
// dgates: [rows, out] at dgates_row floats a row.
CoreGradients core_input_gradient(const CoreTape& tape, const float* dgates, std::ptrdiff_t dgates_row) {
  const PackedLinear& layer = tape.layer->features();
  NativeWorkspace& work = *tape.context.workspace;
  const StageScope scope(Stage::kCoreInput, 2 * tape.rows * layer.multiply_adds());
  const int hidden = layer.in(), width = layer.out();
  CoreGradients into;
  into.features = at::empty({tape.rows, hidden});
  into.parameters = {.input_weight = at::zeros({width, hidden}),
                     .action_weight = at::zeros({tape.layer->action_count(), width}),
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
    const float reward = tape.layer->clipped(data(tape.last_rewards)[i]);
    float* sum = data(into.parameters.reward_weight);
    if (reward != 0) add_scaled(sum, nullptr, reward, row, sum, width);
  }
  std::ptrdiff_t operand_row = 0;
  const void* operands = operands_of_rows(layer.precision(), tape.rows, hidden, data(tape.features), hidden,
                                          work.memory, operand_row);
  add_weight_gradient(layer.precision(), tape.rows, hidden, width, operands, operand_row, dgates, dgates_row,
                      data(into.parameters.input_weight), work.linear);
  input_gradient_of_floats(layer, tape.rows, dgates, dgates_row, data(into.features), hidden, nullptr,
                           work.linear);
  return into;
}

class CoreInput : public torch::autograd::Function<CoreInput> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& features,
                            const at::Tensor& input_weight, const at::Tensor& action_weight,
                            const at::Tensor& reward_weight, const at::Tensor& bias,
                            const NativeContext& native, const PackedCoreInput* layer,
                            const at::Tensor& last_actions, const at::Tensor& last_rewards) {
    const CoreTape& tape = keep(context, core_tape(native, *layer, features, last_actions, last_rewards));
    const at::Tensor out = at::empty({tape.rows, layer->out()});
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
    return {into.features, p.input_weight, p.action_weight, p.reward_weight, p.bias, none, none, none, none};
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
    tape.core = core_tape(native, network.core_input(), features, last_actions, last_rewards);
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

// Log-probabilities of factors to those of their combinations.
class ExpandFactors : public torch::autograd::Function<ExpandFactors> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& logs,
                            const std::vector<int>& factors) {
    keep(context, std::vector<int>(factors));
    const at::Tensor dense = logs.contiguous();
    const StageScope scope(Stage::kHeads);
    const at::Tensor joint = at::empty({logs.size(0), product_of(factors)});
    expand_factors(data(dense), factors, static_cast<int>(logs.size(0)), data(joint));
    return joint;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto& factors = kept<std::vector<int>>(context);
    const at::Tensor joint = gradients[0].contiguous();
    const StageScope scope(Stage::kHeads);
    const at::Tensor scratch = at::empty({joint.size(1)});
    const at::Tensor logs = at::empty({joint.size(0), std::accumulate(factors.begin(), factors.end(), 0)});
    fold_factors(data(joint), factors, static_cast<int>(joint.size(0)), data(scratch), data(logs));
    return {logs, at::Tensor()};
  }

 private:
  static std::int64_t product_of(const std::vector<int>& factors) {
    return std::accumulate(factors.begin(), factors.end(), std::int64_t{1}, std::multiplies<>());
  }
};

}  // namespace

at::Tensor native_core_input(const NativeContext& context, const PackedCoreInput& layer,
                             const at::Tensor& features, const at::Tensor& last_actions,
                             const at::Tensor& last_rewards, const CoreParameters& parameters) {
  return CoreInput::apply(features, parameters.input_weight, parameters.action_weight,
                          parameters.reward_weight, parameters.bias, context, &layer, last_actions,
                          last_rewards);
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

at::Tensor native_expand_factors(const at::Tensor& logs, const std::vector<int>& factors) {
  return ExpandFactors::apply(logs, factors);
}

}  // namespace chrysalis
