#include "chrysalis/core/tensor.h"

#include <gtest/gtest.h>

#include <cstring>

namespace chrysalis {
namespace {

TEST(named_tensor, keeps_its_numbers_row_by_row) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const NamedTensor tensor = make_tensor("weight", {2, 3}, values);
  EXPECT_EQ(tensor.name, "weight");
  EXPECT_EQ(tensor.dtype, DType::kF32);
  EXPECT_EQ(tensor.shape, (std::vector<std::int64_t>{2, 3}));
  ASSERT_EQ(tensor.bytes.size(), 24u);
  std::vector<float> read(6);
  std::memcpy(read.data(), tensor.bytes.data(), 24);
  EXPECT_EQ(read, values);
}

TEST(named_tensor, may_be_a_single_number_bytes_or_empty) {
  const std::vector<std::int64_t> one = {-5};
  const NamedTensor single = make_tensor("frames", {}, one);
  EXPECT_EQ(single.dtype, DType::kI64);
  EXPECT_EQ(single.bytes.size(), dtype_bytes(DType::kI64));
  const std::vector<std::uint8_t> raw = {1, 2, 3};
  const NamedTensor bytes = make_tensor("state", raw);
  EXPECT_EQ(bytes.shape, (std::vector<std::int64_t>{3}));
  EXPECT_EQ(bytes.bytes, raw);
  EXPECT_TRUE(make_tensor("none", {0, 4}, std::span<const float>()).bytes.empty());
}

TEST(named_tensor, refuses_a_shape_of_another_size) {
  const std::vector<float> values = {1, 2, 3};
  EXPECT_DEATH(make_tensor("weight", {2, 2}, values), "4 against 3");
}

TEST(named_tensor, is_found_by_its_name) {
  const std::vector<float> one = {1};
  const std::vector<NamedTensor> tensors = {make_tensor("a", {}, one), make_tensor("b", {1}, one)};
  EXPECT_EQ(find_tensor(tensors, "b"), &tensors[1]);
  EXPECT_EQ(find_tensor(tensors, "c"), nullptr);
}

TEST(named_tensor, is_refused_where_it_is_not_what_was_expected) {
  const std::vector<float> pair = {1, 2};
  std::vector<NamedTensor> tensors = {make_tensor("torso.bias", {2}, pair)};
  const auto error_of = [&](const std::string& name, DType dtype, const std::vector<std::int64_t>& shape) {
    const auto tensor = expect_tensor(tensors, name, dtype, shape);
    return tensor.ok() ? std::string() : tensor.error().message;
  };
  EXPECT_EQ(expect_tensor(tensors, "torso.bias", DType::kF32, {2}).value(), &tensors[0]);
  EXPECT_EQ(error_of("torso.bios", DType::kF32, {2}), "tensor torso.bios is missing");
  EXPECT_EQ(error_of("torso.bias", DType::kF32, {2, 1}),
            "tensor torso.bias is a [2] of 32-bit floats, 8 bytes; expected a [2, 1] of 32-bit floats");
  EXPECT_EQ(error_of("torso.bias", DType::kI64, {2}),
            "tensor torso.bias is a [2] of 32-bit floats, 8 bytes; expected a [2] of 64-bit integers");
  tensors[0].bytes.pop_back();
  EXPECT_EQ(error_of("torso.bias", DType::kF32, {2}),
            "tensor torso.bias is a [2] of 32-bit floats, 7 bytes; expected a [2] of 32-bit floats");
}

}  // namespace
}  // namespace chrysalis
