// An array with a name, outside any library: what checkpoints hold and rooms hand to each other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"

namespace chrysalis {

enum class DType { kF32, kF64, kI64, kU8 };
constexpr std::size_t dtype_bytes(DType dtype) {
  return dtype == DType::kF32 ? 4 : dtype == DType::kU8 ? 1 : 8;
}

struct NamedTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;  // Empty: a single number.
  std::vector<std::uint8_t> bytes;  // Row-major, little-endian; product(shape) * dtype_bytes long.
  friend bool operator==(const NamedTensor&, const NamedTensor&) = default;
};

// From numbers; `shape` must multiply to values.size().
NamedTensor make_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const float> values);
NamedTensor make_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const double> values);
NamedTensor make_tensor(std::string name, std::vector<std::int64_t> shape,
                        std::span<const std::int64_t> values);
NamedTensor make_tensor(std::string name, std::span<const std::uint8_t> bytes);
// The tensor called `name`, or null.
const NamedTensor* find_tensor(std::span<const NamedTensor> tensors, std::string_view name);
// The same where it must be there and of this kind and size. Errors: it is not.
Result<const NamedTensor*> expect_tensor(std::span<const NamedTensor> tensors, const std::string& name,
                                         DType dtype, const std::vector<std::int64_t>& shape);

}  // namespace chrysalis
