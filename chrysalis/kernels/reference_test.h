// What the tests of kernels share: the instruction sets that can run here, numbers as kernels take them
// beside what they are worth in double, and the bound that results are held to. Memory is from the heap and
// not a byte longer than the contract of what is tested asks for, so that AddressSanitizer sees who looks
// further.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "chrysalis/core/random.h"
#include "chrysalis/kernels/target.h"

namespace chrysalis {

// All that use_simd() accepts here, also what a hypervisor hides.
inline std::vector<std::string> runnable_simd_names() {
  std::vector<std::string> names = simd_names();
  const std::string hidden = "avx512_bf16";
  if (std::find(names.begin(), names.end(), hidden) == names.end() && use_simd(hidden).ok())
    names.insert(names.begin(), hidden);
  CHRYSALIS_CHECK(use_simd("").ok());
  return names;
}

inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// A suite whose tests run on each of them.
class OnEachTarget : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(use_simd(GetParam()).ok()); }
  void TearDown() override { ASSERT_TRUE(use_simd("").ok()); }
};
#define CHRYSALIS_ON_EACH_TARGET(suite)                                           \
  INSTANTIATE_TEST_SUITE_P(On, suite, ::testing::ValuesIn(runnable_simd_names()), \
                           [](const auto& info) { return info.param; })

inline constexpr Precision kPrecisions[] = {Precision::kFloat32, Precision::kBf16};
inline const char* name_of(Precision precision) {
  return precision == Precision::kFloat32 ? "float32" : "bf16";
}

// The bfloat16 nearest to a finite x, ties to even: multiples of 2^(exponent - 7), written independently of
// the kernels' arithmetic on bits.
inline double nearest_bf16(double x) {
  if (x == 0) return x;
  const double ulp = std::ldexp(1.0, std::max(std::ilogb(x), -126) - 7);
  return std::nearbyint(x / ulp) * ulp;
}
// What becomes of a number that is an operand in this precision.
inline double as_operand(double x, Precision precision) {
  return precision == Precision::kFloat32 ? static_cast<double>(static_cast<float>(x))
                                          : nearest_bf16(static_cast<float>(x));
}
inline std::uint16_t bf16_bits(double value) {
  const auto number = static_cast<float>(value);
  std::uint32_t bits;
  std::memcpy(&bits, &number, 4);
  return static_cast<std::uint16_t>(bits >> 16);
}
inline double value_of_bf16(std::uint16_t half) {
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
  float number;
  std::memcpy(&number, &bits, 4);
  return number;
}

// Drawn so that sums of products seldom cancel: a relative bound on a result needs a result.
inline double draw(RandomStream& random) {
  return random.uniform(-0.5, 1.0);
}

// What stands where a contract allows one finite operand too many to be read: it must not count.
inline constexpr double kSlack = 1e38;

// Rows of operands in memory: `columns` of them at every `stride` operands, `skew` bytes off any alignment.
// Between rows are NaN, but in bf16 after a row of odd length kSlack.
class Operands {
 public:
  Operands(Precision precision, int rows, int columns, int stride, int skew, RandomStream& random)
      : precision_(precision),
        columns_(columns),
        stride_(stride),
        skew_(skew),
        slack_(precision == Precision::kBf16 && columns % 2 == 1) {
    for (int i = 0; i < rows * columns; ++i) values_.push_back(as_operand(draw(random), precision));
    write(rows);
  }
  // One row of these values and nothing behind it.
  Operands(Precision precision, const std::vector<double>& values, int skew)
      : precision_(precision),
        columns_(static_cast<int>(values.size())),
        stride_(columns_),
        skew_(skew),
        slack_(false) {
    for (const double value : values) values_.push_back(as_operand(value, precision));
    write(1);
  }

  double at(int row, int column) const { return values_[static_cast<std::size_t>(row) * columns_ + column]; }
  const std::vector<double>& values() const { return values_; }
  const void* data() const { return memory_.data() + skew_; }
  std::ptrdiff_t row_bytes() const {
    return static_cast<std::ptrdiff_t>(stride_) * operand_bytes(precision_);
  }

 private:
  void write(int rows) {
    const std::size_t size = operand_bytes(precision_);
    const std::size_t count =
        rows == 0 ? 0 : static_cast<std::size_t>(rows - 1) * stride_ + columns_ + (slack_ ? 1 : 0);
    memory_.resize(skew_ + count * size);
    memory_.shrink_to_fit();
    for (std::size_t i = 0; i < count; ++i) put(i, std::numeric_limits<double>::quiet_NaN());
    for (int row = 0; row < rows; ++row) {
      // Where rows touch, the number after a row is the next row's first.
      if (slack_) put(static_cast<std::size_t>(row) * stride_ + columns_, kSlack);
    }
    for (int row = 0; row < rows; ++row)
      for (int n = 0; n < columns_; ++n) put(static_cast<std::size_t>(row) * stride_ + n, at(row, n));
  }
  void put(std::size_t index, double value) {
    const auto number = static_cast<float>(value);
    const std::uint16_t half = bf16_bits(value);
    const std::size_t size = operand_bytes(precision_);
    std::memcpy(memory_.data() + skew_ + index * size,
                precision_ == Precision::kFloat32 ? static_cast<const void*>(&number) : &half, size);
  }

  Precision precision_;
  int columns_, stride_, skew_;
  bool slack_;
  std::vector<double> values_;
  std::vector<std::byte> memory_;
};

// Rows of floats that a kernel reads or writes, not aligned to a vector; what lies between rows must stay.
class Floats {
 public:
  Floats(int rows, int columns, int stride) : rows_(rows), columns_(columns), stride_(stride) {
    memory_.assign(rows == 0 ? kSkew : kSkew + static_cast<std::size_t>(rows - 1) * stride + columns, kGap);
  }
  Floats(int rows, int columns, int stride, RandomStream& random) : Floats(rows, columns, stride) {
    for (int row = 0; row < rows; ++row)
      for (int n = 0; n < columns; ++n) at(row, n) = static_cast<float>(draw(random));
  }
  float& at(int row, int column) { return memory_[kSkew + static_cast<std::size_t>(row) * stride_ + column]; }
  float at(int row, int column) const { return const_cast<Floats*>(this)->at(row, column); }
  float* data() { return memory_.data() + kSkew; }
  const float* data() const { return memory_.data() + kSkew; }
  int stride() const { return stride_; }
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  bool gaps_are_whole() const {
    for (int row = 0; row + 1 < rows_; ++row)
      for (int n = columns_; n < stride_; ++n)
        if (at(row, n) != kGap) return false;
    return memory_[0] == kGap;
  }

 private:
  static constexpr std::size_t kSkew = 1;
  static constexpr float kGap = -7777;
  int rows_, columns_, stride_;
  std::vector<float> memory_;
};

// Whether every result(i) is reference(i), for i < count, to within `tolerance` times the largest of them.
template <typename Result, typename Reference>
::testing::AssertionResult close(std::size_t count, const Result& result, const Reference& reference,
                                 double tolerance = 1e-5) {
  std::vector<double> expected(count);
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    expected[i] = reference(i);
    largest = std::max(largest, std::abs(expected[i]));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = std::abs(static_cast<double>(result(i)) - expected[i]);
    if (!(difference <= tolerance * largest)) {
      return ::testing::AssertionFailure() << "element " << i << " of " << count << " is " << result(i)
                                           << ", expected " << expected[i] << "; the largest is " << largest;
    }
  }
  return ::testing::AssertionSuccess();
}
inline ::testing::AssertionResult close(const std::vector<float>& result,
                                        const std::vector<double>& reference, double tolerance = 1e-5) {
  if (result.size() != reference.size())
    return ::testing::AssertionFailure() << result.size() << " values against " << reference.size();
  return close(
      result.size(), [&](std::size_t i) { return result[i]; }, [&](std::size_t i) { return reference[i]; },
      tolerance);
}
// The same by rows and columns; and nothing was written between the rows.
template <typename Reference>
::testing::AssertionResult close(const Floats& result, const Reference& reference, double tolerance = 1e-5) {
  if (!result.gaps_are_whole()) return ::testing::AssertionFailure() << "written between rows";
  const auto columns = static_cast<std::size_t>(std::max(1, result.columns()));
  const auto row = [columns](std::size_t i) { return static_cast<int>(i / columns); };
  const auto column = [columns](std::size_t i) { return static_cast<int>(i % columns); };
  return close(
      static_cast<std::size_t>(result.rows()) * result.columns(),
      [&](std::size_t i) { return result.at(row(i), column(i)); },
      [&](std::size_t i) { return reference(row(i), column(i)); }, tolerance);
}

}  // namespace chrysalis
