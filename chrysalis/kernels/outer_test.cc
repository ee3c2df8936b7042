#include "chrysalis/kernels/outer.h"

#include <gtest/gtest.h>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Outer : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Outer);

struct OuterCase {
  Precision precision = Precision::kFloat32;
  int rows = 13, columns = 17, segments = 1, length = 5;
};

// In bf16 a unit is a pair of neighbouring frames' operands: unit m of a step is operands 2 m and 2 m + 1.
void check_outer(const OuterCase& c, RandomStream& random) {
  SCOPED_TRACE(
      fmt::format("{} {} x {} from {} x {}", name_of(c.precision), c.rows, c.columns, c.segments, c.length));
  const int pair = c.precision == Precision::kFloat32 ? 1 : 2, steps = c.segments * c.length;
  // Steps of a segment follow each other; after each segment one more that belongs to none.
  const int block = c.length + 1;
  const Operands a(c.precision, c.segments * block, pair * c.rows, pair * (c.rows + 2), /*skew=*/3, random);
  const Operands b(c.precision, c.segments * block, pair * c.columns, pair * (c.columns + 1), /*skew=*/1,
                   random);
  Floats out(c.rows, c.columns, c.columns + 3, random);
  const Floats before = out;
  OuterArgs args;
  args.precision = c.precision;
  args.rows = c.rows;
  args.columns = c.columns;
  args.segments = c.segments;
  args.length = c.length;
  args.a = a.data();
  args.a_step = a.row_bytes();
  args.a_segment = block * a.row_bytes();
  args.b = b.data();
  args.b_step = b.row_bytes();
  args.b_segment = block * b.row_bytes();
  args.c = out.data();
  args.c_row = out.stride();
  outer(args);
  EXPECT_TRUE(close(out, [&](int m, int n) {
    double sum = before.at(m, n);
    for (int step = 0; step < steps; ++step)
      for (int frame = 0; frame < pair; ++frame) {
        const int at = step / c.length * block + step % c.length;
        sum += a.at(at, pair * m + frame) * b.at(at, pair * n + frame);
      }
    return sum;
  }));
}

TEST_P(Outer, EqualsPlainLoopsForRowsAndColumnsOfAnyNumber) {
  RandomStream random{RandomKey(1)};
  for (const Precision precision : kPrecisions)
    for (const int rows : {0, 1, 2, 6, 7, 12, 13, 24, 25, 49})
      for (const int columns : {1, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 64, 71})
        check_outer({.precision = precision, .rows = rows, .columns = columns}, random);
}

TEST_P(Outer, EqualsPlainLoopsForEveryNumberOfColumnsUpTo300) {
  RandomStream random{RandomKey(2)};
  for (const Precision precision : kPrecisions)
    for (int columns = 1; columns <= 300; ++columns)
      check_outer({.precision = precision, .rows = 3, .columns = columns, .length = 2}, random);
}

TEST_P(Outer, EqualsPlainLoopsForAnyNumberOfSteps) {
  RandomStream random{RandomKey(3)};
  for (const Precision precision : kPrecisions)
    for (const int segments : {1, 2, 7})
      for (const int length : {1, 2, 3, 50, 201})
        check_outer({.precision = precision, .segments = segments, .length = length}, random);
}

TEST_P(Outer, AddsNothingOverNoSteps) {
  for (const Precision precision : kPrecisions) {
    for (const auto& [segments, length] : {std::pair{0, 4}, {3, 0}}) {
      for (const int columns : {5, 16, 40}) {
        RandomStream random{RandomKey(4)};
        Floats out(9, columns, columns + 1, random);
        const Floats before = out;
        OuterArgs args;
        args.precision = precision;
        args.rows = 9;
        args.columns = columns;
        args.segments = segments;
        args.length = length;
        args.c = out.data();
        args.c_row = out.stride();
        outer(args);
        EXPECT_TRUE(close(
            out, [&](int m, int n) { return before.at(m, n); }, 0.0));
      }
    }
  }
}

}  // namespace
}  // namespace chrysalis
