// The recurrence of an LSTM over a sequence, forward and backward in time. Calls run in the calling thread.
#pragma once

#include <cstdint>

#include "chrysalis/kernels/linear.h"

namespace chrysalis {

// T steps of B memories of width W (Hochreiter and Schmidhuber 1997, with forget gates):
//   o, i, f = sigmoid, g = tanh of  gates[t] + h U^T  (four blocks of W columns in this order)
//   c = f c + i g,   h = o tanh(c)
// Where starts[t * B + b] is set, h and c are zeros before step t. Everything is time-major float32 and
// dense where nothing else is said; products are in the precision that `recurrent`, U of [4 W, W], is packed
// for.
struct LstmSequence {
  int steps = 0, batch = 0, width = 0;
  const std::uint8_t* starts = nullptr;  // [T, B]
  // [T, B, 4 W] at gate_row floats a row, 0: dense; in: what does not depend on h. Forward leaves them
  // activated, the gradient leaves the gradients of its input.
  float* gates = nullptr;
  std::ptrdiff_t gate_row = 0;
  float* before_h = nullptr;  // [T, B, W], after any reset.
  float* before_c = nullptr;  // Likewise.
  float* tanh_c = nullptr;    // [T, B, W]

  std::ptrdiff_t gate_stride() const {
    return gate_row > 0 ? gate_row : 4 * static_cast<std::ptrdiff_t>(width);
  }
};

// h, c: [B, W], in and out: before step 0 and after the last. outputs: h of each step, [T, B, W].
void lstm_forward(const PackedLinear& recurrent, const LstmSequence& sequence, float* h, float* c,
                  float* outputs, LinearScratch& scratch);
// From the gradient of the outputs to that of the gates, in place. No gradient flows to the first h and c.
// Needs recurrent.pack_gradient().
void lstm_gradient(const PackedLinear& recurrent, const LstmSequence& sequence, const float* output_gradients,
                   Buffer& memory, LinearScratch& scratch);

}  // namespace chrysalis
