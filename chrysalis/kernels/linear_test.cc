#include "chrysalis/kernels/linear.h"

#include <gtest/gtest.h>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Linear : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Linear);

struct LinearSizes {
  int rows, in, out;
  std::string text() const { return fmt::format("{} rows, {} to {}", rows, in, out); }
};
// One row, none, tiles and chunks of frames that are just full, and one more; odd and single widths; heads.
const LinearSizes kLinearSizes[] = {{0, 5, 7},    {1, 1, 1},     {1, 64, 9},   {2, 3, 16},   {3, 17, 33},
                                    {5, 16, 1},   {7, 1, 40},    {11, 31, 15}, {13, 32, 32}, {32, 256, 9},
                                    {12, 7, 756}, {25, 100, 64}, {199, 9, 17}, {200, 16, 8}, {201, 5, 33},
                                    {401, 8, 3},  {6, 300, 5},   {33, 257, 20}};

struct Layer {
  Layer(const LinearSizes& size, RandomStream& random)
      : size(size), bias(static_cast<std::size_t>(size.out)) {
    weight.resize(static_cast<std::size_t>(size.in) * size.out);
    for (float& value : weight) value = static_cast<float>(draw(random));
    for (float& value : bias) value = static_cast<float>(draw(random));
  }
  double at(int out, int in, Precision precision) const {
    return as_operand(weight[static_cast<std::size_t>(out) * size.in + in], precision);
  }
  PackedLinear packed(Precision precision, bool with_bias = true) const {
    PackedLinear layer(precision, size.in, size.out, weight.data(), with_bias ? bias.data() : nullptr);
    layer.pack_gradient(weight.data());
    return layer;
  }
  LinearSizes size;
  std::vector<float> weight, bias;
};

TEST_P(Linear, EqualsPlainLoops) {
  RandomStream random{RandomKey(1)};
  for (const Precision precision : kPrecisions) {
    for (const LinearSizes& size : kLinearSizes) {
      const Layer layer(size, random);
      for (const bool with_bias : {false, true}) {
        SCOPED_TRACE(fmt::format("{} {}", name_of(precision), size.text()));
        const PackedLinear packed = layer.packed(precision, with_bias);
        EXPECT_EQ(packed.in(), size.in);
        EXPECT_EQ(packed.out(), size.out);
        EXPECT_EQ(packed.precision(), precision);
        EXPECT_EQ(packed.multiply_adds(), static_cast<double>(size.in) * size.out);
        const Operands x(precision, size.rows, size.in, size.in + 3, /*skew=*/2, random);
        const auto product = [&](int row, int n) {
          double sum = 0;
          for (int k = 0; k < size.in; ++k) sum += x.at(row, k) * layer.at(n, k, precision);
          return sum;
        };
        const auto bias = [&](int n) { return with_bias ? layer.bias[static_cast<std::size_t>(n)] : 0.0; };
        Floats y(size.rows, size.out, size.out + 1);
        packed.forward(size.rows, x.data(), x.row_bytes(), y.data(), y.stride());
        EXPECT_TRUE(close(y, [&](int row, int n) { return bias(n) + product(row, n); }));
        packed.forward(size.rows, x.data(), x.row_bytes(), y.data(), y.stride(), Finish::kRelu);
        EXPECT_TRUE(close(y, [&](int row, int n) { return std::max(0.0, bias(n) + product(row, n)); }));

        // From rows instead of the bias, which then does not count; in another place and in place.
        const Floats init(size.rows, size.out, size.out + 4, random);
        packed.forward(size.rows, x.data(), x.row_bytes(), y.data(), y.stride(), Finish::kNone, init.data(),
                       init.stride());
        const auto expected = [&](int row, int n) { return init.at(row, n) + product(row, n); };
        EXPECT_TRUE(close(y, expected));
        Floats place = init;
        packed.forward(size.rows, x.data(), x.row_bytes(), place.data(), place.stride(), Finish::kNone,
                       place.data(), place.stride());
        EXPECT_TRUE(close(place, expected));
      }
    }
  }
}

TEST_P(Linear, HasTheInputGradientOfPlainLoops) {
  RandomStream random{RandomKey(2)};
  for (const Precision precision : kPrecisions) {
    for (const LinearSizes& size : kLinearSizes) {
      SCOPED_TRACE(fmt::format("{} {}", name_of(precision), size.text()));
      const Layer layer(size, random);
      const PackedLinear packed = layer.packed(precision);
      const Operands dy(precision, size.rows, size.out, size.out + 3, /*skew=*/2, random);
      Floats mask(size.rows, size.in, size.in + 2, random), dx(size.rows, size.in, size.in + 2);
      const auto product = [&](int row, int k) {
        double sum = 0;
        for (int n = 0; n < size.out; ++n) sum += dy.at(row, n) * layer.at(n, k, precision);
        return sum;
      };
      packed.input_gradient(size.rows, dy.data(), dy.row_bytes(), dx.data(), dx.stride());
      EXPECT_TRUE(close(dx, product));
      packed.input_gradient(size.rows, dy.data(), dy.row_bytes(), dx.data(), dx.stride(), mask.data());
      EXPECT_TRUE(close(dx, [&](int row, int k) { return mask.at(row, k) > 0 ? product(row, k) : 0.0; }));

      // The same from floats, in chunks.
      LinearScratch scratch;
      const Floats floats(size.rows, size.out, size.out + 5, random);
      for (const bool masked : {false, true}) {
        input_gradient_of_floats(packed, size.rows, floats.data(), floats.stride(), dx.data(), dx.stride(),
                                 masked ? mask.data() : nullptr, scratch);
        EXPECT_TRUE(close(dx, [&](int row, int k) {
          double sum = 0;
          for (int n = 0; n < size.out; ++n)
            sum += as_operand(floats.at(row, n), precision) * layer.at(n, k, precision);
          return !masked || mask.at(row, k) > 0 ? sum : 0.0;
        }));
      }
    }
  }
}

TEST_P(Linear, AddsTheWeightGradientOfPlainLoops) {
  RandomStream random{RandomKey(3)};
  for (const Precision precision : kPrecisions) {
    LinearScratch scratch;  // Kept from size to size.
    for (const LinearSizes& size : kLinearSizes) {
      SCOPED_TRACE(fmt::format("{} {}", name_of(precision), size.text()));
      const Operands x(precision, size.rows, size.in, size.in + 3, /*skew=*/2, random);
      const Floats dy(size.rows, size.out, size.out + 5, random);
      Floats dw(size.out, size.in, size.in, random);
      const Floats before = dw;
      add_weight_gradient(precision, size.rows, size.in, size.out, x.data(), x.row_bytes(), dy.data(),
                          dy.stride(), dw.data(), scratch);
      EXPECT_TRUE(close(dw, [&](int n, int k) {
        double sum = before.at(n, k);
        for (int row = 0; row < size.rows; ++row) sum += as_operand(dy.at(row, n), precision) * x.at(row, k);
        return sum;
      }));
    }
  }
}

TEST_P(Linear, TakesRowsOfFloatsAsOperands) {
  RandomStream random{RandomKey(4)};
  for (const LinearSizes& size : kLinearSizes) {
    const Floats x(size.rows, size.in, size.in + 2, random);
    Buffer memory;
    std::ptrdiff_t operand_row = 0;
    EXPECT_EQ(
        operands_of_rows(Precision::kFloat32, size.rows, size.in, x.data(), x.stride(), memory, operand_row),
        x.data());
    EXPECT_EQ(operand_row, 4 * x.stride());
    const auto* halves = static_cast<const std::uint16_t*>(
        operands_of_rows(Precision::kBf16, size.rows, size.in, x.data(), x.stride(), memory, operand_row));
    for (int row = 0; row < size.rows; ++row)
      for (int k = 0; k < size.in; ++k)
        EXPECT_EQ(value_of_bf16(halves[row * operand_row / 2 + k]), nearest_bf16(x.at(row, k)));
  }
}

TEST_P(Linear, IsNotTouchedByWhatItsScratchHeldBefore) {
  // A diverged agent's numbers, then a healthy one's with rows of odd length.
  const float nan = std::numeric_limits<float>::quiet_NaN();
  RandomStream random{RandomKey(5)};
  const Layer wide({.rows = 9, .in = 30, .out = 30}, random), odd({.rows = 9, .in = 11, .out = 7}, random);
  for (const Precision precision : kPrecisions) {
    LinearScratch scratch;
    const std::vector<float> bad(9 * 30, nan);
    std::vector<float> dx(9 * 30);
    input_gradient_of_floats(wide.packed(precision), 9, bad.data(), 30, dx.data(), 30, nullptr, scratch);
    EXPECT_TRUE(std::isnan(dx[0]));
    const Floats dy(9, 7, 7, random);
    Floats result(9, 11, 11);
    input_gradient_of_floats(odd.packed(precision), 9, dy.data(), 7, result.data(), 11, nullptr, scratch);
    EXPECT_TRUE(close(result, [&](int row, int k) {
      double sum = 0;
      for (int n = 0; n < 7; ++n) sum += as_operand(dy.at(row, n), precision) * odd.at(n, k, precision);
      return sum;
    })) << name_of(precision);
  }
}

TEST(LinearDeathTest, StopsOnAGradientThatIsNotPacked) {
  const float one = 1;
  float dx = 0;
  const PackedLinear layer(Precision::kFloat32, 1, 1, &one, nullptr);
  EXPECT_DEATH(layer.input_gradient(1, &one, 4, &dx, 1), "pack_gradient");
}

}  // namespace
}  // namespace chrysalis
