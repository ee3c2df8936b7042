#include "chrysalis/core/tensor.h"

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

}  // namespace chrysalis
