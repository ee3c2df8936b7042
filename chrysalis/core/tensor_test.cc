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

}  // namespace
}  // namespace chrysalis
