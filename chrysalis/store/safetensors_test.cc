#include "chrysalis/store/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

std::vector<NamedTensor> some_tensors() {
  const std::vector<float> floats{1.5F, -2.0F, std::numeric_limits<float>::quiet_NaN(), 0, 1e-40F, 6};
  const std::vector<std::int64_t> whole{-1, std::numeric_limits<std::int64_t>::max()};
  const std::vector<std::uint8_t> bytes{0, 255, 7};
  return {make_tensor("bytes", bytes),
          make_tensor("torso.conv1.weight", {2, 3}, std::span<const float>(floats)),
          make_tensor("counters", {2}, std::span<const std::int64_t>(whole)),
          make_tensor("one", {}, std::span(floats).first(1)),
          make_tensor("none", {0, 4}, std::span<const float>())};
}

// A file with this header and so many bytes of data.
std::vector<std::uint8_t> file_of(std::string_view header, std::size_t data_bytes) {
  std::vector<std::uint8_t> bytes(8 + header.size() + data_bytes);
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  std::ranges::copy(header, bytes.begin() + 8);
  return bytes;
}

// What the reader says about it; "" where it accepts it.
std::string decoding_fault(std::string_view header, std::size_t data_bytes) {
  const auto file = decode_safetensors(file_of(header, data_bytes), "a.safetensors");
  return file.ok() ? "" : file.error().message;
}

void expect_fault(const std::string& fault, std::string_view expected) {
  EXPECT_TRUE(fault.starts_with("a.safetensors: not a valid safetensors file: ")) << fault;
  EXPECT_NE(fault.find(expected), std::string::npos) << fault;
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const auto tensors = some_tensors();
  const TensorMetadata metadata{{"a", "1"}, {"b \"quoted\"", "line\nline, ümlaut"}};
  const auto bytes = encode_safetensors(tensors, metadata);
  const auto file = decode_safetensors(bytes, "a.safetensors");
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->tensors, tensors);
  EXPECT_EQ(file->metadata, metadata);
  EXPECT_EQ(bytes, encode_safetensors(file->tensors, file->metadata));
}

TEST(Safetensors, NoTensorsAndNoMetadataIsAFile) {
  const auto file = decode_safetensors(encode_safetensors({}, {}), "a.safetensors");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*file, TensorFile{});
}

// The bytes as the format's own page lays them out.
TEST(Safetensors, BytesAreThoseOfTheFormat) {
  const std::vector<float> values{1.0F};
  const auto bytes =
      encode_safetensors(std::vector{make_tensor("w", {1}, std::span<const float>(values))}, {});
  const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  auto expected = file_of(header + std::string(56 - header.size(), ' '), 4);
  std::memcpy(expected.data() + expected.size() - 4, values.data(), 4);
  EXPECT_EQ(bytes, expected);
}

TEST(Safetensors, DataIsAlignedForItsType) {
  const std::string text = [] {
    const auto bytes = encode_safetensors(some_tensors(), {});
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    EXPECT_EQ(length % 8, 0U);
    return std::string(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(length));
  }();
  EXPECT_NE(text.find(R"("counters":{"dtype":"I64","shape":[2],"data_offsets":[0,16]})"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("bytes":{"dtype":"U8","shape":[3],"data_offsets":[44,47]})"), std::string::npos)
      << text;
}

TEST(Safetensors, TextThatIsNotUtf8IsWrittenReadable) {
  const auto file = decode_safetensors(encode_safetensors({}, {{"k", "a\xFFz"}}), "a.safetensors");
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->metadata.at("k"), "a\xEF\xBF\xBDz");
}

TEST(Safetensors, EveryCutIsRefused) {
  const auto bytes = encode_safetensors(some_tensors(), {{"a", "1"}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto file = decode_safetensors(std::span(bytes).first(size), "a.safetensors");
    ASSERT_FALSE(file.ok()) << size;
    EXPECT_NE(file.error().message.find("cut short"), std::string::npos) << size << file.error().message;
  }
}

// Flips are caught by the checkpoint's hash; here they must only never crash or break a promise.
TEST(Safetensors, NoFlippedBitCrashes) {
  const auto good = encode_safetensors(some_tensors(), {{"a", "1"}});
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    auto bytes = good;
    bytes[i / 8] ^= static_cast<std::uint8_t>(1 << (i % 8));
    const auto file = decode_safetensors(bytes, "a.safetensors");
    if (!file.ok()) continue;
    for (const NamedTensor& tensor : file->tensors) {
      std::size_t expected = dtype_bytes(tensor.dtype);
      for (const std::int64_t size : tensor.shape) expected *= static_cast<std::size_t>(size);
      ASSERT_EQ(tensor.bytes.size(), expected) << i;
    }
  }
}

TEST(Safetensors, NoRandomHeaderCrashes) {
  RandomStream random{RandomKey(7)};
  const std::string_view alphabet = R"({}[]:,"0123456789-eEF32I64U8dtypeshapedata_offsets__metadata__ \)";
  for (int i = 0; i < 20000; ++i) {
    std::string header = "{";
    const int length = random.between(0, 60);
    for (int k = 0; k < length; ++k) header += alphabet[random.below(alphabet.size())];
    const auto file = decode_safetensors(file_of(header, 8), "a.safetensors");
    ASSERT_FALSE(file.ok()) << header;
  }
}

TEST(Safetensors, TheHeaderMustBeAnObjectOfBoundedLength) {
  auto huge = file_of("{}", 0);
  const std::uint64_t length = kMaxSafetensorsHeaderBytes + 1;
  std::memcpy(huge.data(), &length, 8);
  const auto file = decode_safetensors(huge, "a.safetensors");
  ASSERT_FALSE(file.ok());
  expect_fault(file.error().message, "header of 100000001 bytes, expected at most 100000000");
  expect_fault(decoding_fault("", 0), "does not start with '{'");
  expect_fault(decoding_fault("[]", 0), "does not start with '{'");
  expect_fault(decoding_fault(" {}", 0), "does not start with '{'");
  expect_fault(decoding_fault("{", 0), "not a JSON object");
  expect_fault(decoding_fault("{}x", 0), "not a JSON object");
  expect_fault(decoding_fault("{\"\xFF\":1}", 0), "not a JSON object");
  EXPECT_EQ(decoding_fault("{}  ", 0), "");
}

TEST(Safetensors, MetadataMustBeText) {
  expect_fault(decoding_fault(R"({"__metadata__":[]})", 0), "__metadata__ is not an object");
  expect_fault(decoding_fault(R"({"__metadata__":{"a":1}})", 0), "__metadata__ 'a' is not text");
}

TEST(Safetensors, EachTensorMustBeDescribedExactly) {
  expect_fault(decoding_fault(R"({"w":1})", 0), "'w': expected dtype, shape and data_offsets");
  expect_fault(decoding_fault(R"({"w":{"dtype":"U8","shape":[1]}})", 1),
               "'w': expected dtype, shape and data_offsets");
  expect_fault(decoding_fault(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})", 1),
               "'w': expected dtype, shape and data_offsets");
  expect_fault(decoding_fault(R"({"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", 2),
               "dtype \"F16\", expected F32, F64, I64 or U8");
  expect_fault(decoding_fault(R"({"w":{"dtype":3,"shape":[1],"data_offsets":[0,2]}})", 2),
               "dtype 3, expected F32");
  expect_fault(decoding_fault(R"({"w":{"dtype":"U8","shape":2,"data_offsets":[0,2]}})", 2),
               "shape is not a list");
  for (const char* size : {"-1", "1.0", "\"1\"", "9223372036854775808", "null"})
    expect_fault(
        decoding_fault(fmt::format(R"({{"w":{{"dtype":"U8","shape":[{}],"data_offsets":[0,1]}}}})", size), 1),
        "expected a whole number");
  for (const char* offsets : {"0", "[]", "[0]", "[0,1,1]", "[-1,1]", "[0,1.5]", "[0,18446744073709551615]"})
    expect_fault(
        decoding_fault(fmt::format(R"({{"w":{{"dtype":"U8","shape":[1],"data_offsets":{}}}}})", offsets), 1),
        "expected two whole numbers");
  expect_fault(decoding_fault(R"({"w":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}})", 1),
               "ends before it begins");
  expect_fault(decoding_fault(R"({"w":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}})", 2),
               "do not fit its shape");
  // 2^62 * 4 numbers of 4 bytes: the product is 0 in 64 bits.
  expect_fault(
      decoding_fault(R"({"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
      "do not fit its shape");
  EXPECT_EQ(
      decoding_fault(R"({"w":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}})", 0),
      "");
}

TEST(Safetensors, EveryByteBelongsToOneTensor) {
  const auto two = [](int a, int b, int c, int d, std::size_t bytes) {
    return decoding_fault(fmt::format(R"({{"v":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}},)"
                                      R"("w":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}}}})",
                                      b - a, a, b, d - c, c, d),
                          bytes);
  };
  EXPECT_EQ(two(0, 2, 2, 5, 5), "");
  EXPECT_EQ(two(2, 5, 0, 2, 5), "");  // The header's order is free.
  expect_fault(two(0, 3, 2, 5, 5), "'w' overlaps the one before it");
  expect_fault(two(0, 2, 3, 5, 5), "a gap before tensor 'w'");
  expect_fault(two(1, 2, 2, 5, 5), "a gap before tensor 'v'");
  expect_fault(two(0, 2, 2, 5, 9), "4 bytes after the last tensor");
  expect_fault(two(0, 2, 2, 5, 4), "cut short: tensor 'w' ends at byte 5 of 4");
  expect_fault(decoding_fault("{}", 1), "1 bytes after the last tensor");
}

TEST(Safetensors, ANameComesOnce) {
  expect_fault(decoding_fault(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                              R"("w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                              1),
               "'w' comes twice");
}

TEST(SafetensorsDeathTest, OurOwnMistakesStopTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto tensors = some_tensors();
  tensors.push_back(tensors[0]);
  EXPECT_DEATH(encode_safetensors(tensors, {}), "tensor name 'bytes' is taken");
  EXPECT_DEATH(
      encode_safetensors(std::vector{make_tensor("__metadata__", std::span<const std::uint8_t>())}, {}),
      "is taken");
  EXPECT_DEATH(encode_safetensors(std::vector{NamedTensor{.name = "w", .shape = {2}, .bytes = {1}}}, {}),
               "1 bytes");
}

}  // namespace
}  // namespace chrysalis
