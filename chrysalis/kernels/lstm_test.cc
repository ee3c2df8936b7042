#include "chrysalis/kernels/lstm.h"

#include <gtest/gtest.h>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Lstm : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Lstm);

struct LstmSizes {
  int steps, batch, width;
};
const LstmSizes kLstmSizes[] = {{1, 1, 1},  {1, 3, 8},  {4, 1, 16}, {3, 2, 5}, {7, 5, 17},
                                {2, 13, 3}, {5, 7, 33}, {3, 6, 64}, {20, 3, 4}};

// A sequence with every array exactly as long as it says, and the weights it recurs with.
struct Sequence {
  Sequence(const LstmSizes& size, Precision precision, RandomStream& random)
      : size(size), precision(precision), starts(static_cast<std::size_t>(size.steps * size.batch)) {
    weight.resize(static_cast<std::size_t>(4) * size.width * size.width);
    for (float& value : weight) value = static_cast<float>(random.uniform(-1, 1));
    const std::size_t units = static_cast<std::size_t>(size.batch) * size.width;
    for (auto* state : {&h, &c}) {
      state->resize(units);
      for (float& value : *state) value = static_cast<float>(random.uniform(-1, 1));
    }
    for (std::uint8_t& start : starts) start = random.chance(0.3) ? 1 : 0;
    const std::size_t all = units * size.steps;
    for (auto* part : {&before_h, &before_c, &tanh_c, &outputs}) part->assign(all, -9.0f);
    gates.resize(4 * all);
    for (float& value : gates) value = static_cast<float>(random.uniform(-1, 1));
    input = gates;
    recurrent = PackedLinear(precision, size.width, 4 * size.width, weight.data(), nullptr);
    recurrent.pack_gradient(weight.data());
  }
  LstmSequence sequence() {
    return {.steps = size.steps,
            .batch = size.batch,
            .width = size.width,
            .starts = starts.data(),
            .gates = gates.data(),
            .before_h = before_h.data(),
            .before_c = before_c.data(),
            .tanh_c = tanh_c.data()};
  }
  void forward() {
    LinearScratch scratch;
    lstm_forward(recurrent, sequence(), h.data(), c.data(), outputs.data(), scratch);
  }
  std::size_t at(int t, int b, int n) const {
    return (static_cast<std::size_t>(t) * size.batch + b) * size.width + n;
  }
  // Gate `block` of 0 o, 1 i, 2 f, 3 g.
  std::size_t gate_at(int t, int b, int block, int n) const {
    return (static_cast<std::size_t>(t) * size.batch + b) * 4 * size.width + block * size.width + n;
  }
  double u(int block, int n, int k) const {
    return as_operand(weight[static_cast<std::size_t>(block * size.width + n) * size.width + k], precision);
  }
  bool starts_at(int t, int b) const { return starts[static_cast<std::size_t>(t * size.batch + b)] != 0; }

  LstmSizes size;
  Precision precision;
  std::vector<std::uint8_t> starts;
  std::vector<float> weight, h, c, gates, input, before_h, before_c, tanh_c, outputs;
  PackedLinear recurrent;
};

// The recurrence in double. In bf16 every step rounds h, so a difference in the last bit may become one of
// 2^-9: `h_of` gives each step's h from outside, to check it alone.
struct Reference {
  std::vector<double> gates, c, outputs;
};
template <typename BeforeH>
Reference plain_forward(const Sequence& run, const std::vector<float>& first_c, const BeforeH& h_of) {
  const auto [steps, batch, width] = run.size;
  Reference r;
  r.gates.resize(run.gates.size());
  r.outputs.resize(run.outputs.size());
  r.c.resize(run.outputs.size());
  for (int t = 0; t < steps; ++t)
    for (int b = 0; b < batch; ++b)
      for (int n = 0; n < width; ++n) {
        double gate[4];
        for (int block = 0; block < 4; ++block) {
          double sum = run.input[run.gate_at(t, b, block, n)];
          for (int k = 0; k < width; ++k)
            sum +=
                run.u(block, n, k) * as_operand(run.starts_at(t, b) ? 0.0 : h_of(r, t, b, k), run.precision);
          gate[block] = block < 3 ? sigmoid(sum) : std::tanh(sum);
          r.gates[run.gate_at(t, b, block, n)] = gate[block];
        }
        const double before = run.starts_at(t, b) ? 0.0
                              : t == 0            ? first_c[run.at(0, b, n)]
                                                  : r.c[run.at(t - 1, b, n)];
        const double c = gate[2] * before + gate[1] * gate[3];
        r.c[run.at(t, b, n)] = c;
        r.outputs[run.at(t, b, n)] = gate[0] * std::tanh(c);
      }
  return r;
}

TEST_P(Lstm, EqualsPlainLoopsOverASequenceWithStarts) {
  RandomStream random{RandomKey(1)};
  for (const Precision precision : kPrecisions) {
    for (const LstmSizes& size : kLstmSizes) {
      SCOPED_TRACE(fmt::format("{} {} x {} x {}", name_of(precision), size.steps, size.batch, size.width));
      Sequence run(size, precision, random);
      const std::vector<float> first_h = run.h, first_c = run.c;
      run.forward();
      const Reference r = plain_forward(run, first_c, [&](const Reference& so_far, int t, int b, int k) {
        if (t == 0) return static_cast<double>(first_h[run.at(0, b, k)]);
        return precision == Precision::kBf16 ? static_cast<double>(run.outputs[run.at(t - 1, b, k)])
                                             : so_far.outputs[run.at(t - 1, b, k)];
      });
      EXPECT_TRUE(close(run.gates, r.gates));
      EXPECT_TRUE(close(run.outputs, r.outputs));
      std::vector<double> tanh_c = r.c;
      for (double& value : tanh_c) value = std::tanh(value);
      EXPECT_TRUE(close(run.tanh_c, tanh_c));
      // What the gradient needs is what the steps saw, and the last state goes on.
      const std::size_t units = first_h.size();
      for (int t = 0; t < size.steps; ++t)
        for (int b = 0; b < size.batch; ++b)
          for (int n = 0; n < size.width; ++n) {
            const std::size_t i = run.at(t, b, n);
            const bool start = run.starts_at(t, b);
            ASSERT_EQ(run.before_h[i], start ? 0.0f : t == 0 ? first_h[i] : run.outputs[i - units]);
            const double before = start ? 0.0 : t == 0 ? first_c[i] : r.c[i - units];
            ASSERT_NEAR(run.before_c[i], before, 1e-5);
          }
      const auto last = static_cast<std::ptrdiff_t>(run.outputs.size() - units);
      EXPECT_EQ(run.h, std::vector<float>(run.outputs.begin() + last, run.outputs.end()));
      EXPECT_TRUE(close(run.c, std::vector<double>(r.c.begin() + last, r.c.end())));
    }
  }
}

TEST_P(Lstm, LeavesTheStateOverNoSteps) {
  RandomStream random{RandomKey(2)};
  for (const Precision precision : kPrecisions) {
    Sequence run({.steps = 0, .batch = 3, .width = 5}, precision, random);
    const auto h = run.h, c = run.c;
    run.forward();
    EXPECT_EQ(run.h, h);
    EXPECT_EQ(run.c, c);
    Buffer memory;
    LinearScratch scratch;
    lstm_gradient(run.recurrent, run.sequence(), run.outputs.data(), memory, scratch);
  }
}

TEST_P(Lstm, IsTheSameInOneSequenceAndStepByStep) {
  RandomStream random{RandomKey(3)};
  for (const Precision precision : kPrecisions) {
    Sequence whole({.steps = 6, .batch = 5, .width = 19}, precision, random);
    std::vector<float> h = whole.h, c = whole.c;
    whole.forward();
    for (int t = 0; t < 6; ++t) {
      Sequence one({.steps = 1, .batch = 5, .width = 19}, precision, random);
      one.recurrent = PackedLinear(precision, 19, 76, whole.weight.data(), nullptr);
      std::copy_n(&whole.input[whole.gate_at(t, 0, 0, 0)], one.gates.size(), one.gates.begin());
      std::copy_n(whole.starts.begin() + t * 5, 5, one.starts.begin());
      one.h = h;
      one.c = c;
      one.forward();
      h = one.h;
      c = one.c;
      EXPECT_EQ(0,
                std::memcmp(one.outputs.data(), &whole.outputs[whole.at(t, 0, 0)], one.outputs.size() * 4));
    }
    EXPECT_EQ(h, whole.h);
    EXPECT_EQ(c, whole.c);
  }
}

// Backwards in double from the activated gates, which forward left. In bf16 a step takes the kernel's own
// gradients of the step after it, rounded, for the reason above.
std::vector<double> plain_gradient(const Sequence& run, const std::vector<float>& activated,
                                   const std::vector<float>& output_gradients,
                                   const std::vector<float>& kernels_gradients) {
  const auto [steps, batch, width] = run.size;
  std::vector<double> gradients(activated.size());
  std::vector<double> dc(static_cast<std::size_t>(batch) * width, 0.0);
  for (int t = steps - 1; t >= 0; --t)
    for (int b = 0; b < batch; ++b)
      for (int n = 0; n < width; ++n) {
        const bool cut = t + 1 == steps || run.starts_at(t + 1, b);
        double dh = output_gradients[run.at(t, b, n)];
        for (int block = 0; block < 4 && !cut; ++block)
          for (int k = 0; k < width; ++k) {
            const std::size_t i = run.gate_at(t + 1, b, block, k);
            dh += run.u(block, k, n) *
                  (run.precision == Precision::kBf16 ? nearest_bf16(kernels_gradients[i]) : gradients[i]);
          }
        const auto gate = [&](int block) -> double { return activated[run.gate_at(t, b, block, n)]; };
        const double o = gate(0), i = gate(1), f = gate(2), g = gate(3);
        const double squashed = run.tanh_c[run.at(t, b, n)], before = run.before_c[run.at(t, b, n)];
        double& memory = dc[static_cast<std::size_t>(b) * width + n];
        const double through_c = (cut ? 0.0 : memory) + dh * o * (1 - squashed * squashed);
        gradients[run.gate_at(t, b, 0, n)] = dh * squashed * o * (1 - o);
        gradients[run.gate_at(t, b, 1, n)] = through_c * g * i * (1 - i);
        gradients[run.gate_at(t, b, 2, n)] = through_c * before * f * (1 - f);
        gradients[run.gate_at(t, b, 3, n)] = through_c * i * (1 - g * g);
        memory = through_c * f;
      }
  return gradients;
}

TEST_P(Lstm, HasTheGradientOfPlainLoops) {
  RandomStream random{RandomKey(4)};
  for (const Precision precision : kPrecisions) {
    Buffer memory;  // Kept from size to size.
    LinearScratch scratch;
    for (const LstmSizes& size : kLstmSizes) {
      SCOPED_TRACE(fmt::format("{} {} x {} x {}", name_of(precision), size.steps, size.batch, size.width));
      Sequence run(size, precision, random);
      run.forward();
      const std::vector<float> activated = run.gates;
      std::vector<float> output_gradients(run.outputs.size());
      for (float& value : output_gradients) value = static_cast<float>(random.uniform(-1, 1));
      lstm_gradient(run.recurrent, run.sequence(), output_gradients.data(), memory, scratch);
      EXPECT_TRUE(close(run.gates, plain_gradient(run, activated, output_gradients, run.gates)));
    }
  }
}

TEST_P(Lstm, CarriesNothingBackAcrossAStart) {
  RandomStream random{RandomKey(5)};
  for (const Precision precision : kPrecisions) {
    Sequence run({.steps = 4, .batch = 1, .width = 9}, precision, random);
    run.starts = {0, 0, 1, 0};
    run.forward();
    std::vector<float> output_gradients(run.outputs.size(), 0.0f);
    for (std::size_t i = run.at(2, 0, 0); i < output_gradients.size(); ++i) output_gradients[i] = 1;
    Buffer memory;
    LinearScratch scratch;
    lstm_gradient(run.recurrent, run.sequence(), output_gradients.data(), memory, scratch);
    for (std::size_t i = 0; i < run.gate_at(2, 0, 0, 0); ++i) ASSERT_EQ(run.gates[i], 0.0f) << i;
    EXPECT_NE(run.gates[run.gate_at(2, 0, 0, 0)], 0.0f);
  }
}

}  // namespace
}  // namespace chrysalis
