#include "chrysalis/kernels/lstm.h"

#include <cstring>

#include "chrysalis/kernels/elementwise.h"

namespace chrysalis {

void lstm_forward(const PackedLinear& recurrent, const LstmSequence& sequence, float* h, float* c,
                  float* outputs, LinearScratch& scratch) {
  const int batch = sequence.batch, width = sequence.width;
  const std::ptrdiff_t step_units = static_cast<std::ptrdiff_t>(batch) * width,
                       gate_row = sequence.gate_stride();
  for (int t = 0; t < sequence.steps; ++t) {
    float* before_h = sequence.before_h + t * step_units;
    float* before_c = sequence.before_c + t * step_units;
    for (int b = 0; b < batch; ++b) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(b) * width;
      const auto bytes = static_cast<std::size_t>(width) * 4;
      if (sequence.starts[t * batch + b] != 0) {
        std::memset(before_h + at, 0, bytes);
        std::memset(before_c + at, 0, bytes);
      } else {
        std::memcpy(before_h + at, (t == 0 ? h : outputs + (t - 1) * step_units) + at, bytes);
        std::memcpy(before_c + at, c + at, bytes);
      }
    }
    float* gates = sequence.gates + t * batch * gate_row;
    std::ptrdiff_t operand_row = 0;
    const void* operands =
        operands_of_rows(recurrent.precision(), batch, width, before_h, width, scratch.left, operand_row);
    recurrent.forward(batch, operands, operand_row, gates, gate_row, Finish::kNone, gates, gate_row);
    for (int b = 0; b < batch; ++b) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(b) * width;
      lstm_step(gates + b * gate_row, before_c + at, c + at, sequence.tanh_c + t * step_units + at,
                outputs + t * step_units + at, width);
    }
  }
  if (sequence.steps > 0)
    std::memcpy(h, outputs + (sequence.steps - 1) * step_units, static_cast<std::size_t>(step_units) * 4);
}

void lstm_gradient(const PackedLinear& recurrent, const LstmSequence& sequence, const float* output_gradients,
                   Buffer& memory, LinearScratch& scratch) {
  const int batch = sequence.batch, width = sequence.width;
  const std::ptrdiff_t step_units = static_cast<std::ptrdiff_t>(batch) * width,
                       gate_row = sequence.gate_stride();
  memory.reserve(static_cast<std::size_t>(2 * step_units) * 4);
  float* dh = memory.as<float>();
  float* dc = dh + step_units;
  std::memset(dh, 0, static_cast<std::size_t>(2 * step_units) * 4);
  for (int t = sequence.steps - 1; t >= 0; --t) {
    float* gates = sequence.gates + t * batch * gate_row;
    for (int b = 0; b < batch; ++b) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(b) * width;
      add_scaled(output_gradients + t * step_units + at, nullptr, 1.0f, dh + at, dh + at, width);
      lstm_step_gradient(gates + b * gate_row, sequence.before_c + t * step_units + at,
                         sequence.tanh_c + t * step_units + at, dh + at, dc + at, width);
    }
    if (t == 0) break;
    input_gradient_of_floats(recurrent, batch, gates, gate_row, dh, width, nullptr, scratch);
    for (int b = 0; b < batch; ++b) {
      if (sequence.starts[t * batch + b] == 0) continue;
      std::memset(dh + static_cast<std::ptrdiff_t>(b) * width, 0, static_cast<std::size_t>(width) * 4);
      std::memset(dc + static_cast<std::ptrdiff_t>(b) * width, 0, static_cast<std::size_t>(width) * 4);
    }
  }
}

}  // namespace chrysalis
