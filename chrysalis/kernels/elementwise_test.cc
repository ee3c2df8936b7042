#include "chrysalis/kernels/elementwise.h"

#include <gtest/gtest.h>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Elementwise : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Elementwise);

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// All tails of all vectors, none, and a longer one.
std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t length = 0; length <= 50; ++length) all.push_back(length);
  all.push_back(997);
  return all;
}

std::vector<float> floats(std::size_t count, RandomStream& random, double scale = 1) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(-scale, scale));
  return values;
}
std::vector<std::uint8_t> bytes(std::size_t count, RandomStream& random) {
  std::vector<std::uint8_t> values(count);
  for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(random.below(256));
  return values;
}
std::uint32_t pair_of(double first, double second) {
  return bf16_bits(first) | static_cast<std::uint32_t>(bf16_bits(second)) << 16;
}

TEST_P(Elementwise, MakesOperandsOfBytesExactly) {
  RandomStream random{RandomKey(1)};
  for (const std::size_t count : lengths()) {
    const std::vector<std::uint8_t> from = bytes(count, random);
    std::vector<float> to(count);
    operands_of_bytes(Precision::kFloat32, from.data(), to.data(), count);
    std::vector<std::uint16_t> halves(count);
    operands_of_bytes(Precision::kBf16, from.data(), halves.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(to[i], from[i]);
      ASSERT_EQ(value_of_bf16(halves[i]), from[i]);
    }
  }
}

TEST_P(Elementwise, MakesOperandsOfFloatsAndBack) {
  RandomStream random{RandomKey(2)};
  for (const std::size_t count : lengths()) {
    const std::vector<float> from = floats(count, random);
    for (const Precision precision : kPrecisions) {
      std::vector<std::byte> operands(count * static_cast<std::size_t>(operand_bytes(precision)));
      operands_of_floats(precision, from.data(), operands.data(), count);
      std::vector<float> back(count);
      floats_of_operands(precision, operands.data(), back.data(), count);
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(back[i], as_operand(from[i], precision)) << i;
    }
  }
}

TEST_P(Elementwise, RoundsToTheNearestBfloat16TiesToEvenAndKeepsWhatIsNotFinite) {
  std::vector<float> from;
  std::vector<double> expected;
  for (std::uint32_t half : {0x3f80u, 0x3f81u, 0x0000u, 0x0001u, 0x8000u, 0xc2ffu, 0x7f00u}) {
    for (const std::uint32_t low : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const std::uint32_t bits = half << 16 | low;
      float value;
      std::memcpy(&value, &bits, 4);
      from.push_back(value);
      expected.push_back(nearest_bf16(value));
    }
  }
  for (const float odd : {kInfinity, -kInfinity, kNaN, -kNaN}) from.push_back(odd), expected.push_back(odd);
  std::vector<std::uint16_t> to(from.size());
  operands_of_floats(Precision::kBf16, from.data(), to.data(), from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (std::isnan(from[i])) {
      EXPECT_TRUE(std::isnan(value_of_bf16(to[i])));
    } else {
      EXPECT_EQ(value_of_bf16(to[i]), expected[i]) << from[i];
    }
  }
}

TEST_P(Elementwise, PairsNeighbouringFramesTheFirstInTheLowerHalf) {
  RandomStream random{RandomKey(3)};
  for (const std::size_t count : lengths()) {
    const auto first = floats(count, random), second = floats(count, random);
    const auto first_bytes = bytes(count, random), second_bytes = bytes(count, random);
    std::vector<std::uint16_t> first_halves(count), second_halves(count);
    for (std::size_t i = 0; i < count; ++i) {
      first_halves[i] = static_cast<std::uint16_t>(random.next());
      second_halves[i] = static_cast<std::uint16_t>(random.next());
    }
    std::vector<std::uint32_t> of_floats(count), of_bytes(count), of_bf16(count);
    pairs_of_floats(first.data(), second.data(), of_floats.data(), count);
    pairs_of_bytes(first_bytes.data(), second_bytes.data(), of_bytes.data(), count);
    pairs_of_bf16(first_halves.data(), second_halves.data(), of_bf16.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(of_floats[i], pair_of(nearest_bf16(first[i]), nearest_bf16(second[i])));
      ASSERT_EQ(of_bytes[i], pair_of(first_bytes[i], second_bytes[i]));
      ASSERT_EQ(of_bf16[i], first_halves[i] | static_cast<std::uint32_t>(second_halves[i]) << 16);
    }
    pairs_of_floats(first.data(), nullptr, of_floats.data(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(of_floats[i], pair_of(nearest_bf16(first[i]), 0));
  }
}

TEST_P(Elementwise, AddsRows) {
  RandomStream random{RandomKey(4)};
  for (const int columns : {1, 3, 4, 7, 16, 17, 40, 300}) {
    for (const int rows : {0, 1, 2, 33}) {
      const Floats x(rows, columns, columns + 3, random);
      Floats sum(1, columns, columns, random);
      const Floats before = sum;
      add_rows(x.data(), rows, x.stride(), columns, sum.data());
      EXPECT_TRUE(close(sum,
                        [&](int, int n) {
                          double total = before.at(0, n);
                          for (int row = 0; row < rows; ++row) total += x.at(row, n);
                          return total;
                        }))
          << rows << " x " << columns;
    }
  }
}

TEST_P(Elementwise, MasksByRelu) {
  RandomStream random{RandomKey(5)};
  for (const std::size_t count : lengths()) {
    auto y = floats(count, random);
    for (std::size_t i = 0; i < count; ++i)
      if (i % 5 < 3) y[i] = i % 5 == 0 ? 0.0f : i % 5 == 1 ? -0.0f : kNaN;
    auto x = floats(count, random);
    if (count > 0) x[0] = kNaN;
    const auto before = x;
    mask_by_relu(y.data(), x.data(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(x[i], y[i] > 0 ? before[i] : 0.0f) << i;
  }
}

TEST_P(Elementwise, ScalesAndAddsScaled) {
  RandomStream random{RandomKey(6)};
  for (const std::size_t count : lengths()) {
    const auto a = floats(count, random), b = floats(count, random), c = floats(count, random);
    auto x = a;
    scale(-2.5f, x.data(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(x[i], -2.5f * a[i]);
    for (const bool with_b : {false, true}) {
      std::vector<float> to(count);
      add_scaled(a.data(), with_b ? b.data() : nullptr, 0.75f, c.data(), to.data(), static_cast<int>(count));
      EXPECT_TRUE(close(
          count, [&](std::size_t i) { return to[i]; },
          [&](std::size_t i) { return a[i] + (with_b ? b[i] : 0.0) + 0.75 * c[i]; }, 1e-6));
    }
  }
}

struct Step {
  explicit Step(int width) : gates(1, 4 * width, 4 * width), before_c(1, width, width) {
    for (Floats* each : {&c, &tanh_c, &h}) *each = Floats(1, width, width);
  }
  Floats gates, before_c, c{0, 1, 1}, tanh_c{0, 1, 1}, h{0, 1, 1};
};

TEST_P(Elementwise, StepsAnLstm) {
  RandomStream random{RandomKey(7)};
  for (const std::size_t length : lengths()) {
    const int width = static_cast<int>(length);
    Step step(width);
    for (int n = 0; n < 4 * width; ++n) step.gates.at(0, n) = static_cast<float>(random.uniform(-6, 6));
    for (int n = 0; n < width; ++n) step.before_c.at(0, n) = static_cast<float>(random.uniform(-2, 2));
    const Floats x = step.gates;
    lstm_step(step.gates.data(), step.before_c.data(), step.c.data(), step.tanh_c.data(), step.h.data(),
              width);
    const auto gate = [&](int n) {
      return n < 3 * width ? sigmoid(x.at(0, n)) : std::tanh(static_cast<double>(x.at(0, n)));
    };
    const auto c = [&](int n) {
      return gate(2 * width + n) * step.before_c.at(0, n) + gate(width + n) * gate(3 * width + n);
    };
    EXPECT_TRUE(close(
        step.gates, [&](int, int n) { return gate(n); }, 1e-6));
    EXPECT_TRUE(close(
        step.c, [&](int, int n) { return c(n); }, 1e-6));
    EXPECT_TRUE(close(
        step.tanh_c, [&](int, int n) { return std::tanh(c(n)); }, 1e-6));
    EXPECT_TRUE(close(
        step.h, [&](int, int n) { return gate(n) * std::tanh(c(n)); }, 1e-6));
  }
}

TEST_P(Elementwise, SaturatesGatesHoweverFarOutTheyAre) {
  for (const float far : {30.0f, 88.0f, 89.0f, 104.0f, 105.0f, 128.0f, 180.0f, 200.0f, 300.0f, 1e3f, 1e5f,
                          3e9f, 1e30f, kInfinity}) {
    for (const float x : {far, -far}) {
      Step step(1);
      for (int n = 0; n < 4; ++n) step.gates.at(0, n) = x;
      step.before_c.at(0, 0) = 0.5f;
      lstm_step(step.gates.data(), step.before_c.data(), step.c.data(), step.tanh_c.data(), step.h.data(), 1);
      for (int n = 0; n < 3; ++n) EXPECT_NEAR(step.gates.at(0, n), x > 0 ? 1 : 0, 1e-6) << x;
      EXPECT_NEAR(step.gates.at(0, 3), x > 0 ? 1 : -1, 1e-6) << x;
      EXPECT_NEAR(step.c.at(0, 0), x > 0 ? 1.5 : 0, 1e-6) << x;
      EXPECT_NEAR(step.h.at(0, 0), x > 0 ? std::tanh(1.5) : 0, 1e-6) << x;
    }
  }
}

TEST_P(Elementwise, KeepsNaNInGatesSoThatADivergedNetworkShows) {
  for (const int width : {1, 21}) {
    for (int bad = 0; bad < 5; ++bad) {
      Step step(width);
      for (int n = 0; n < 4 * width; ++n) step.gates.at(0, n) = 0.5f;
      for (int n = 0; n < width; ++n) step.before_c.at(0, n) = 0.5f;
      const int unit = width - 1;
      if (bad < 4) step.gates.at(0, bad * width + unit) = kNaN;
      if (bad == 4) step.before_c.at(0, unit) = kNaN;
      lstm_step(step.gates.data(), step.before_c.data(), step.c.data(), step.tanh_c.data(), step.h.data(),
                width);
      if (bad < 4) {
        EXPECT_TRUE(std::isnan(step.gates.at(0, bad * width + unit))) << bad;
      }
      EXPECT_EQ(std::isnan(step.c.at(0, unit)), bad > 0) << bad;
      EXPECT_TRUE(std::isnan(step.h.at(0, unit))) << bad;
      for (int n = 0; n < unit; ++n) EXPECT_FALSE(std::isnan(step.h.at(0, n)));
    }
  }
}

TEST_P(Elementwise, StepsAnLstmBackwards) {
  RandomStream random{RandomKey(8)};
  for (const std::size_t length : lengths()) {
    const int width = static_cast<int>(length);
    Step step(width);
    Floats dh(1, width, width, random), dc(1, width, width, random);
    for (int n = 0; n < 4 * width; ++n) step.gates.at(0, n) = static_cast<float>(random.uniform(-3, 3));
    for (int n = 0; n < width; ++n) step.before_c.at(0, n) = static_cast<float>(random.uniform(-2, 2));
    lstm_step(step.gates.data(), step.before_c.data(), step.c.data(), step.tanh_c.data(), step.h.data(),
              width);
    const Floats gates = step.gates, dc_after = dc;
    lstm_step_gradient(step.gates.data(), step.before_c.data(), step.tanh_c.data(), dh.data(), dc.data(),
                       width);
    const auto gate = [&](int block, int n) -> double { return gates.at(0, block * width + n); };
    // The chain rule through h = o tanh(c), c = f before_c + i g.
    const auto through_c = [&](int n) {
      const double squashed = step.tanh_c.at(0, n);
      return dc_after.at(0, n) + dh.at(0, n) * gate(0, n) * (1 - squashed * squashed);
    };
    EXPECT_TRUE(close(dc, [&](int, int n) { return through_c(n) * gate(2, n); }));
    EXPECT_TRUE(close(step.gates, [&](int, int column) {
      const int block = column / width, n = column % width;
      const double y = gate(block, n);
      if (block == 0) return dh.at(0, n) * static_cast<double>(step.tanh_c.at(0, n)) * y * (1 - y);
      if (block == 1) return through_c(n) * gate(3, n) * y * (1 - y);
      if (block == 2) return through_c(n) * step.before_c.at(0, n) * y * (1 - y);
      return through_c(n) * gate(1, n) * (1 - y * y);
    }));
  }
}

// ln of the softmax of each row, in double.
std::vector<double> log_softmax_of(const std::vector<float>& x, int rows, int columns) {
  std::vector<double> result;
  for (int row = 0; row < rows; ++row) {
    const float* from = x.data() + static_cast<std::ptrdiff_t>(row) * columns;
    const double most = *std::max_element(from, from + columns);
    double sum = 0;
    for (int n = 0; n < columns; ++n) sum += std::exp(from[n] - most);
    for (int n = 0; n < columns; ++n) result.push_back(from[n] - most - std::log(sum));
  }
  return result;
}

TEST_P(Elementwise, TakesLogSoftmaxOfRows) {
  RandomStream random{RandomKey(9)};
  for (const int columns : {1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 33, 756}) {
    for (const int rows : {0, 1, 5}) {
      std::vector<float> x = floats(static_cast<std::size_t>(rows) * columns, random, 8);
      const std::vector<double> expected = log_softmax_of(x, rows, columns);
      log_softmax(x.data(), rows, columns);
      EXPECT_TRUE(close(x, expected)) << rows << " x " << columns;
    }
  }
}

TEST_P(Elementwise, TakesLogSoftmaxOfLogitsFarFromZeroAndFarApart) {
  RandomStream random{RandomKey(10)};
  for (const float offset : {-3e4f, 3e4f, 1e6f}) {
    for (const int columns : {9, 756}) {
      // Steps of a quarter, exact beside the offset.
      std::vector<float> x(static_cast<std::size_t>(columns));
      for (float& value : x) value = offset + 0.25f * static_cast<float>(random.between(-20, 20));
      const std::vector<double> expected = log_softmax_of(x, 1, columns);
      log_softmax(x.data(), 1, columns);
      EXPECT_TRUE(close(x, expected)) << columns << " columns about " << offset;
    }
  }
  std::vector<float> x = {-3e38f, 0, -500, -kInfinity, -104.5f};
  log_softmax(x.data(), 1, 5);
  EXPECT_TRUE(x[0] < -2.9e38f);
  EXPECT_EQ(x[1], 0);
  EXPECT_EQ(x[2], -500);
  EXPECT_EQ(x[3], -kInfinity);
  EXPECT_EQ(x[4], -104.5f);
}

TEST_P(Elementwise, SpreadsNaNOverItsRowOfALogSoftmaxAndNoFurther) {
  for (const int columns : {3, 16, 21, 37}) {
    for (int bad = 0; bad < columns; ++bad) {
      std::vector<float> x(static_cast<std::size_t>(3 * columns), 0.5f);
      x[static_cast<std::size_t>(columns + bad)] = kNaN;
      log_softmax(x.data(), 3, columns);
      for (int i = 0; i < 3 * columns; ++i)
        ASSERT_EQ(std::isnan(x[static_cast<std::size_t>(i)]), i / columns == 1) << bad << " of " << columns;
    }
  }
}

}  // namespace
}  // namespace chrysalis
