#include "chrysalis/kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

TEST(Bf16, IsTheNearestWithTiesToEven) {
  RandomStream random{RandomKey(1)};
  for (int i = 0; i < 100'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random.next());
    float value;
    std::memcpy(&value, &bits, 4);
    if (!(std::abs(value) < 3.38e38f)) continue;  // Beyond it the nearest is an infinity, or there is none.
    ASSERT_EQ(value_of_bf16(bf16_of(value)), nearest_bf16(value)) << value;
  }
}

TEST(Bf16, RoundsEveryTieToEvenAndNeighboursToTheNearest) {
  for (std::uint32_t half = 0x3f80; half < 0x4080; ++half) {
    const auto rounded = [&](std::uint32_t low) {
      const std::uint32_t bits = half << 16 | low;
      float value;
      std::memcpy(&value, &bits, 4);
      return bf16_of(value);
    };
    EXPECT_EQ(rounded(0), half);
    EXPECT_EQ(rounded(0x7fff), half);
    EXPECT_EQ(rounded(0x8000), half + half % 2);
    EXPECT_EQ(rounded(0x8001), half + 1);
  }
}

TEST(Bf16, HoldsEveryByteExactly) {
  for (int byte = 0; byte < 256; ++byte) EXPECT_EQ(value_of_bf16(bf16_of(static_cast<float>(byte))), byte);
}

TEST(UnitsOf, CountsPairsInBf16) {
  EXPECT_EQ(units_of(7, Precision::kFloat32), 7);
  EXPECT_EQ(units_of(0, Precision::kBf16), 0);
  EXPECT_EQ(units_of(1, Precision::kBf16), 1);
  EXPECT_EQ(units_of(7, Precision::kBf16), 4);
  EXPECT_EQ(units_of(8, Precision::kBf16), 4);
}

class PackedMatrixOn : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(PackedMatrixOn);

// A number that tells where it is from, exact in bfloat16.
float number_at(int segment, int element, int column) {
  return static_cast<float>((segment * 7 + element * 3 + column * 5) % 251 + 1);
}

TEST_P(PackedMatrixOn, LaysOutPanelsAsDotTakesThem) {
  for (const Precision precision : kPrecisions) {
    for (const int columns : {1, 3, 4, 16, 17, 33, 64}) {
      for (const int run : {1, 2, 5, 6}) {
        const int segments = 3, units = units_of(run, precision);
        const PackedMatrix matrix(precision, segments, run, columns, number_at);
        EXPECT_EQ(matrix.run_units(), units);
        EXPECT_EQ(matrix.columns(), columns);
        EXPECT_FALSE(matrix.empty());
        DotArgs args;
        matrix.put_into(args);
        const PanelShape shape = args.b_shape;
        EXPECT_EQ(args.precision, precision);
        EXPECT_EQ(args.segments, segments);
        EXPECT_EQ(args.length, units);
        EXPECT_EQ(shape.depth, segments * units);
        EXPECT_EQ(matrix.bytes(), shape.units() * 4);
        const int pair = precision == Precision::kFloat32 ? 1 : 2;
        for (int n = 0; n < shape.panels() * shape.width; ++n) {
          for (int k = 0; k < shape.depth; ++k) {
            for (int i = 0; i < pair; ++i) {
              const std::size_t unit =
                  (static_cast<std::size_t>(n / shape.width) * shape.depth + k) * shape.width +
                  n % shape.width;
              const int element = k % units * pair + i;
              const double expected = n < columns && element < run ? number_at(k / units, element, n) : 0.0;
              const double packed = pair == 1 ? static_cast<const float*>(args.b)[unit]
                                              : value_of_bf16(static_cast<const std::uint16_t*>(
                                                    args.b)[2 * unit + static_cast<std::size_t>(i)]);
              ASSERT_EQ(packed, expected) << name_of(precision) << " column " << n << " unit " << k;
            }
          }
        }
      }
    }
  }
}

TEST(PackedMatrix, IsEmptyUntilPacked) {
  EXPECT_TRUE(PackedMatrix().empty());
  EXPECT_EQ(PackedMatrix().bytes(), 0U);
}

}  // namespace
}  // namespace chrysalis
