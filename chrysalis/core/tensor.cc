#include "chrysalis/core/tensor.h"

#include <fmt/ranges.h>

#include <cstring>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {
template <typename T>
NamedTensor make(std::string name, DType dtype, std::vector<std::int64_t> shape, std::span<const T> values) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  CHRYSALIS_CHECK_EQ(static_cast<std::size_t>(count), values.size());
  NamedTensor tensor{.name = std::move(name), .dtype = dtype, .shape = std::move(shape), .bytes = {}};
  tensor.bytes.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), values.size_bytes());
  return tensor;
}
}  // namespace

NamedTensor make_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const float> values) {
  return make(std::move(name), DType::kF32, std::move(shape), values);
}
NamedTensor make_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const double> values) {
  return make(std::move(name), DType::kF64, std::move(shape), values);
}
NamedTensor make_tensor(std::string name, std::vector<std::int64_t> shape,
                        std::span<const std::int64_t> values) {
  return make(std::move(name), DType::kI64, std::move(shape), values);
}
NamedTensor make_tensor(std::string name, std::span<const std::uint8_t> bytes) {
  return make(std::move(name), DType::kU8, {static_cast<std::int64_t>(bytes.size())}, bytes);
}

const NamedTensor* find_tensor(std::span<const NamedTensor> tensors, std::string_view name) {
  for (const NamedTensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

Result<const NamedTensor*> expect_tensor(std::span<const NamedTensor> tensors, const std::string& name,
                                         DType dtype, const std::vector<std::int64_t>& shape) {
  const NamedTensor* tensor = find_tensor(tensors, name);
  if (tensor == nullptr) return invalid_input("tensor {} is missing", name);
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  const auto words = [](DType type) {
    switch (type) {
      case DType::kF32:
        return "32-bit floats";
      case DType::kF64:
        return "64-bit floats";
      case DType::kI64:
        return "64-bit integers";
      case DType::kU8:
        break;
    }
    return "bytes";
  };
  if (tensor->shape != shape || tensor->dtype != dtype ||
      tensor->bytes.size() != count * dtype_bytes(dtype)) {
    return invalid_input("tensor {} is a [{}] of {}, {} bytes; expected a [{}] of {}", name,
                         fmt::join(tensor->shape, ", "), words(tensor->dtype), tensor->bytes.size(),
                         fmt::join(shape, ", "), words(dtype));
  }
  return tensor;
}

}  // namespace chrysalis
