#include "chrysalis/kernels/dot.h"

#include <gtest/gtest.h>

#include <memory>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Dot : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Dot);

int operands_in(int units, Precision precision) {
  return precision == Precision::kFloat32 ? units : 2 * units;
}

// A right side in panels, laid out by the words of PanelShape and not by PackedMatrix: exactly its units.
struct RightSide {
  RightSide(Precision precision, int depth, int columns, RandomStream& random)
      : shape(panel_shape(depth, columns)), units(shape.units()), precision(precision) {
    const int elements = operands_in(depth, precision);
    values.resize(static_cast<std::size_t>(elements) * columns);
    for (double& value : values) value = as_operand(draw(random), precision);
    for (int k = 0; k < depth; ++k) {
      for (int n = 0; n < columns; ++n) {
        const int panel = n / shape.width;
        std::uint32_t& unit =
            units[(static_cast<std::size_t>(panel) * depth + k) * shape.width + n % shape.width];
        if (precision == Precision::kFloat32) {
          const auto value = static_cast<float>(at(k, n));
          std::memcpy(&unit, &value, 4);
        } else {
          unit = bf16_bits(at(2 * k, n)) | static_cast<std::uint32_t>(bf16_bits(at(2 * k + 1, n))) << 16;
        }
      }
    }
  }
  double at(int element, int column) const {
    return values[static_cast<std::size_t>(element) * shape.columns + column];
  }
  PanelShape shape;
  std::vector<std::uint32_t> units;
  std::vector<double> values;
  Precision precision;
};

enum class Init { kNone, kBias, kRows, kInPlace };

struct DotCase {
  Precision precision = Precision::kFloat32;
  int rows = 3, columns = 17, segments = 1, length = 5;
  Finish finish = Finish::kNone;
  Init init = Init::kNone;
  int depth_before = 0, depth_after = 0;  // Units of the right side that the product leaves out.

  std::string text() const {
    return fmt::format("{} {} x {} x {} x {}, finish {}, init {}, depth {} + {}", name_of(precision), rows,
                       segments, length, columns, static_cast<int>(finish), static_cast<int>(init),
                       depth_before, depth_after);
  }
};

void check_dot(const DotCase& c, RandomStream& random) {
  SCOPED_TRACE(c.text());
  const int run = operands_in(c.length, c.precision);
  const RightSide b(c.precision, c.depth_before + c.segments * c.length + c.depth_after, c.columns, random);
  // Segment s of row m is a row of its own in memory: a_segment = one row, a_row = all segments. Three
  // operands between rows, and an address that no type asks for.
  const Operands a(c.precision, c.rows * c.segments, run, run + 3, /*skew=*/1, random);
  const Floats init(c.rows, c.columns, c.columns + 2, random);
  const Floats mask(c.rows, c.columns, c.columns + 5, random);
  Floats out(c.rows, c.columns, c.columns + 5);
  if (c.init == Init::kInPlace)
    for (int m = 0; m < c.rows; ++m)
      for (int n = 0; n < c.columns; ++n) out.at(m, n) = init.at(m, n);

  DotArgs args;
  args.precision = c.precision;
  args.rows = c.rows;
  args.a = a.data();
  args.a_row = c.segments * a.row_bytes();
  args.a_segment = a.row_bytes();
  args.segments = c.segments;
  args.length = c.length;
  args.b = b.units.data();
  args.b_shape = b.shape;
  args.depth_begin = c.depth_before;
  args.finish = c.finish;
  args.mask = c.finish == Finish::kMask ? mask.data() : nullptr;
  if (c.init == Init::kBias) args.init = init.data();
  if (c.init == Init::kRows) args.init = init.data(), args.init_row = init.stride();
  if (c.init == Init::kInPlace) args.init = out.data(), args.init_row = out.stride();
  args.c = out.data();
  args.c_row = out.stride();
  dot(args);

  EXPECT_TRUE(close(out, [&](int m, int n) {
    double sum = c.init == Init::kNone ? 0.0 : init.at(c.init == Init::kBias ? 0 : m, n);
    for (int s = 0; s < c.segments; ++s)
      for (int k = 0; k < run; ++k)
        sum += a.at(m * c.segments + s, k) * b.at(operands_in(c.depth_before, c.precision) + s * run + k, n);
    if (c.finish == Finish::kRelu) return std::max(0.0, sum);
    if (c.finish == Finish::kMask) return mask.at(m, n) > 0 ? sum : 0.0;
    return sum;
  }));
}

TEST_P(Dot, EqualsPlainLoopsForRowsAndColumnsOfAnyNumber) {
  RandomStream random{RandomKey(1)};
  for (const Precision precision : kPrecisions)
    for (const int rows : {0, 1, 2, 6, 7, 11, 12, 13, 24, 25, 49})
      for (const int columns : {1, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 64, 71})
        check_dot({.precision = precision, .rows = rows, .columns = columns, .length = 9}, random);
}

TEST_P(Dot, EqualsPlainLoopsForEveryNumberOfColumnsUpTo300) {
  RandomStream random{RandomKey(2)};
  for (const Precision precision : kPrecisions)
    for (int columns = 1; columns <= 300; ++columns)
      check_dot({.precision = precision, .columns = columns, .length = 3}, random);
}

TEST_P(Dot, EqualsPlainLoopsForSegmentsOfAnyLength) {
  RandomStream random{RandomKey(3)};
  for (const Precision precision : kPrecisions)
    for (const int segments : {0, 1, 2, 5})
      for (const int length : {0, 1, 2, 24, 25, 400})
        check_dot({.precision = precision, .segments = segments, .length = length}, random);
}

TEST_P(Dot, EqualsPlainLoopsWithEveryInitAndFinish) {
  RandomStream random{RandomKey(4)};
  for (const Precision precision : kPrecisions)
    for (const Init init : {Init::kNone, Init::kBias, Init::kRows, Init::kInPlace})
      for (const Finish finish : {Finish::kNone, Finish::kRelu, Finish::kMask})
        for (const int columns : {3, 16, 40})
          for (const int length : {0, 3})
            check_dot({.precision = precision,
                       .rows = 14,
                       .columns = columns,
                       .length = length,
                       .finish = finish,
                       .init = init},
                      random);
}

TEST_P(Dot, TakesOnlyItsPartOfTheDepth) {
  RandomStream random{RandomKey(5)};
  for (const Precision precision : kPrecisions)
    for (const int columns : {3, 16, 33, 70})
      check_dot({.precision = precision,
                 .columns = columns,
                 .segments = 2,
                 .length = 4,
                 .depth_before = 3,
                 .depth_after = 2},
                random);
}

TEST_P(Dot, GivesARowTheSameBitsWhateverRowsAreBesideIt) {
  RandomStream random{RandomKey(6)};
  constexpr int kRows = 60, kLength = 77;
  for (const Precision precision : kPrecisions) {
    for (const int columns : {5, 16, 39, 64}) {
      const RightSide b(precision, kLength, columns, random);
      const int run = operands_in(kLength, precision);
      const Operands a(precision, kRows, run, run, 0, random);
      const auto product = [&](int first, int rows) {
        std::vector<float> out(static_cast<std::size_t>(rows) * columns);
        DotArgs args;
        args.precision = precision;
        args.rows = rows;
        args.a = static_cast<const char*>(a.data()) + first * a.row_bytes();
        args.a_row = a.row_bytes();
        args.length = kLength;
        args.b = b.units.data();
        args.b_shape = b.shape;
        args.c = out.data();
        args.c_row = columns;
        dot(args);
        return out;
      };
      const std::vector<float> all = product(0, kRows);
      for (const int rows : {1, 2, 5, 11, 13, 25}) {
        for (int first = 0; first + rows <= kRows; first += rows) {
          const std::vector<float> some = product(first, rows);
          ASSERT_EQ(0, std::memcmp(some.data(), all.data() + static_cast<std::size_t>(first) * columns,
                                   some.size() * 4))
              << name_of(precision) << ", " << rows << " rows from " << first << ", " << columns
              << " columns";
        }
      }
    }
  }
}

// Of a product with nothing but what it starts from.
std::vector<float> finished(const std::vector<float>& init, Finish finish, const std::vector<float>& mask) {
  std::vector<float> out(init.size());
  DotArgs args;
  args.rows = 1;
  args.b_shape = panel_shape(0, static_cast<int>(init.size()));
  args.init = init.data();
  args.finish = finish;
  args.mask = mask.data();
  args.c = out.data();
  dot(args);
  return out;
}

TEST_P(Dot, KeepsNaNInAReluSoThatADivergedNetworkShows) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t columns : {1U, 16U, 19U, 64U}) {
    std::vector<float> init(columns, -1.0f);
    init[columns / 2] = nan;
    const std::vector<float> out = finished(init, Finish::kRelu, {});
    for (std::size_t i = 0; i < columns; ++i)
      EXPECT_TRUE(i == columns / 2 ? std::isnan(out[i]) : out[i] == 0.0f) << i << " of " << columns;
  }
}

TEST_P(Dot, MasksByWhatIsAboveZeroAlone) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), tiny = std::numeric_limits<float>::denorm_min();
  for (const std::size_t columns : {7U, 64U + 7U}) {
    std::vector<float> init(columns, 3.0f), mask(columns, 1.0f);
    const std::size_t last = columns - 7;
    const float shades[] = {0.0f, -0.0f, -1.0f, nan, tiny, 2.0f, 1.0f};
    std::copy(std::begin(shades), std::end(shades), mask.begin() + static_cast<std::ptrdiff_t>(last));
    init[last] = nan;  // Behind a mask of zero even this is none.
    const std::vector<float> out = finished(init, Finish::kMask, mask);
    const float expected[] = {0, 0, 0, 0, 3, 3, 3};
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(out[last + i], expected[i]) << i << " of " << columns;
  }
}

TEST_P(Dot, HasPanelsThatCoverTheColumns) {
  for (const int columns : {1, 4, 15, 16, 17, 32, 33, 300}) {
    const PanelShape shape = panel_shape(7, columns);
    EXPECT_EQ(shape.depth, 7);
    EXPECT_EQ(shape.columns, columns);
    EXPECT_EQ(shape.width % simd_lanes(), 0);
    EXPECT_GE(shape.panels() * shape.width, columns);
    EXPECT_LT((shape.panels() - 1) * shape.width, columns);
    EXPECT_EQ(shape.units(), static_cast<std::size_t>(7) * shape.panels() * shape.width);
  }
}

}  // namespace
}  // namespace chrysalis
