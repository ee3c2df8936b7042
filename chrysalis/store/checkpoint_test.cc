#include "chrysalis/store/checkpoint.h"

#include <gtest/gtest.h>

#include "chrysalis/store/scratch_directory_test.h"
#include "chrysalis/store/sha256.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

std::vector<NamedTensor> three_numbers(float value) {
  const std::vector<float> values{value, 2, 3};
  return {make_tensor("w", {3}, std::span<const float>(values))};
}

std::size_t entries_in(const fs::path& path) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(sha256_hex(std::string_view()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(std::string_view("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // sha256 of 00 00 80 3f: one as a little-endian float.
  const std::vector<float> one{1.0F};
  const std::vector<std::uint8_t> bytes{0x00, 0x00, 0x80, 0x3F};
  EXPECT_EQ(weights_sha256(one), sha256_hex(bytes));
}

TEST(CheckpointFiles, ReadBackWhatWasWritten) {
  const ScratchDirectory scratch;
  const TrainingPosition position{.member = 2, .update = 10, .agent_steps = 32000};
  const auto info = write_checkpoint(scratch.path(), position, three_numbers(1), {{"level", "seek_apples"}});
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->position, position);
  EXPECT_EQ(info->name().size(), 16U);
  const auto checkpoint = read_checkpoint(scratch / info->name());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->info, *info);
  EXPECT_EQ(checkpoint->tensors, three_numbers(1));
  EXPECT_EQ(checkpoint->metadata, (TensorMetadata{{"level", "seek_apples"}}));
  EXPECT_EQ(entries_in(scratch.path()), 1U);
}

TEST(CheckpointFiles, AreNamedByTheirContent) {
  const ScratchDirectory scratch;
  const auto name = [&](const TrainingPosition& position, float value, const TensorMetadata& metadata) {
    const auto info = write_checkpoint(scratch.path(), position, three_numbers(value), metadata);
    return info.ok() ? info->name() : info.error().message;
  };
  const std::string first = name({0, 1, 100}, 1, {});
  EXPECT_EQ(first, sha256_hex(bytes_of_file(scratch / first / "state.safetensors")).substr(0, 16));
  EXPECT_EQ(first, name({0, 1, 100}, 1, {}));
  EXPECT_EQ(entries_in(scratch.path()), 1U);
  EXPECT_NE(first, name({1, 1, 100}, 1, {}));
  EXPECT_NE(first, name({0, 2, 100}, 1, {}));
  EXPECT_NE(first, name({0, 1, 101}, 1, {}));
  EXPECT_NE(first, name({0, 1, 100}, 2, {}));
  EXPECT_NE(first, name({0, 1, 100}, 1, {{"a", "b"}}));
  EXPECT_EQ(entries_in(scratch.path()), 6U);
}

TEST(CheckpointFiles, ADamagedOneIsReplacedByTheSameContent) {
  const ScratchDirectory scratch;
  const auto info = write_checkpoint(scratch.path(), {}, three_numbers(1), {});
  ASSERT_TRUE(info.ok());
  put_text(scratch / info->name() / "state.safetensors", "x");
  ASSERT_FALSE(read_checkpoint(scratch / info->name()).ok());
  const auto again = write_checkpoint(scratch.path(), {}, three_numbers(1), {});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(read_checkpoint(scratch / info->name()).ok());
  EXPECT_EQ(entries_in(scratch.path()), 1U);
}

// Every bit of both files, and every length that they could be cut to.
TEST(CheckpointFiles, NoFlippedBitAndNoCutIsReadAsGood) {
  const ScratchDirectory scratch;
  const auto info = write_checkpoint(scratch.path(), {1, 2, 3}, three_numbers(1), {{"k", "v"}});
  ASSERT_TRUE(info.ok());
  for (const char* file : {"state.safetensors", "checkpoint.json"}) {
    const fs::path path = scratch / info->name() / file;
    const auto good = bytes_of_file(path);
    ASSERT_FALSE(good.empty());
    const auto refused = [&] {
      const auto checkpoint = read_checkpoint(scratch / info->name());
      return !checkpoint.ok() && checkpoint.error().message.find(info->name()) != std::string::npos &&
             checkpoint.error().message.find(file) != std::string::npos;
    };
    for (std::size_t i = 0; i < good.size() * 8; ++i) {
      put_byte(path, i / 8, static_cast<std::uint8_t>(good[i / 8] ^ (1 << (i % 8))));
      ASSERT_TRUE(refused()) << file << " bit " << i;
      put_byte(path, i / 8, good[i / 8]);
    }
    put_byte(path, good.size(), ' ');
    ASSERT_TRUE(refused()) << file;
    for (std::size_t size = good.size(); size-- > 0;) {
      fs::resize_file(path, size);
      ASSERT_TRUE(refused()) << file << " cut at " << size;
    }
    put_file(path, good);
    ASSERT_TRUE(read_checkpoint(scratch / info->name()).ok());
  }
}

std::string fault_in(const fs::path& directory) {
  const auto checkpoint = read_checkpoint(directory);
  return checkpoint.ok() ? "" : checkpoint.error().message;
}

TEST(CheckpointFiles, TheErrorSaysWhatIsWrong) {
  const ScratchDirectory scratch;
  const auto info = write_checkpoint(scratch.path(), {1, 2, 3}, three_numbers(1), {});
  ASSERT_TRUE(info.ok());
  const fs::path directory = scratch / info->name();
  const auto state = bytes_of_file(directory / "state.safetensors");
  const auto has = [&](std::string_view expected) {
    const std::string fault = fault_in(directory);
    EXPECT_NE(fault.find(expected), std::string::npos) << fault;
  };
  put_file(directory / "state.safetensors", {state.begin(), state.end() - 1});
  has(fmt::format("state.safetensors: cut short: {} bytes, expected {}", state.size() - 1, state.size()));
  ASSERT_FALSE(state.empty());
  auto flipped = state;
  flipped[state.size() - 1] ^= 1;
  put_file(directory / "state.safetensors", flipped);
  has("state.safetensors: damaged: its bytes do not match their hash");
  fs::remove(directory / "state.safetensors");
  has("state.safetensors: cannot open the file");
  put_text(directory / "checkpoint.json", R"({"format": 2})");
  has("checkpoint.json: checkpoint format 2, this program reads format 1");
  put_text(directory / "checkpoint.json", R"({"format": 1})");
  has("a field is missing");
  put_text(directory / "checkpoint.json", "{");
  has("not a JSON object");
  fs::remove(directory / "checkpoint.json");
  has("checkpoint.json: cannot open the file");
}

// A description that is whole, beside the whole state of another checkpoint.
TEST(CheckpointFiles, AStateOfAnotherCheckpointIsRefused) {
  const ScratchDirectory scratch;
  const auto one = write_checkpoint(scratch.path(), {0, 1, 1}, three_numbers(1), {});
  const auto two = write_checkpoint(scratch.path(), {0, 2, 2}, three_numbers(1), {});
  ASSERT_TRUE(one.ok() && two.ok());
  fs::copy_file(scratch / one->name() / "state.safetensors", scratch / two->name() / "state.safetensors",
                fs::copy_options::overwrite_existing);
  EXPECT_NE(fault_in(scratch / two->name()).find("do not match their hash"), std::string::npos);

  // Whole files that contradict each other: the position is in both.
  std::string json = text_of_file(scratch / one->name() / "checkpoint.json");
  const std::size_t at = json.find("\"update\": 1");
  ASSERT_NE(at, std::string::npos);
  json.replace(at, 11, "\"update\": 9");
  const std::size_t self = json.find(",\n  \"self_sha256\"");
  const std::string signed_part = json.substr(0, self) + "\n}";
  put_text(scratch / one->name() / "checkpoint.json",
           json.substr(0, self) + ",\n  \"self_sha256\": \"" + sha256_hex(signed_part) + "\"\n}\n");
  EXPECT_NE(fault_in(scratch / one->name()).find("'chrysalis.update' is '9' there"), std::string::npos)
      << fault_in(scratch / one->name());
}

TEST(CheckpointFiles, WhatAKilledWriterLeftIsRemoved) {
  const ScratchDirectory scratch;
  const auto info = write_checkpoint(scratch.path(), {}, three_numbers(1), {});
  ASSERT_TRUE(info.ok());
  fs::create_directories(scratch / ".tmp-123-0");
  put_text(scratch / ".tmp-123-0" / "state.safetensors", "half");
  put_text(scratch / "notes.txt", "of the user");
  ASSERT_TRUE(remove_temporaries(scratch.path()).ok());
  EXPECT_FALSE(fs::exists(scratch / ".tmp-123-0"));
  EXPECT_TRUE(fs::exists(scratch / "notes.txt"));
  EXPECT_TRUE(read_checkpoint(scratch / info->name()).ok());
  EXPECT_FALSE(remove_temporaries(scratch / "no").ok());
}

TEST(CheckpointFiles, RemovingLeavesNothing) {
  const ScratchDirectory scratch;
  const auto info = write_checkpoint(scratch.path(), {}, three_numbers(1), {});
  ASSERT_TRUE(info.ok());
  ASSERT_TRUE(remove_checkpoint(scratch / info->name()).ok());
  EXPECT_EQ(entries_in(scratch.path()), 0U);
  const Status again = remove_checkpoint(scratch / info->name());
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find(info->name()), std::string::npos);
}

TEST(CheckpointFiles, AnUnwritableDirectoryIsAnErrorThatNamesIt) {
  const ScratchDirectory scratch;
  put_text(scratch / "file", "");
  for (const fs::path& path : {scratch / "no", scratch / "file", fs::path("/proc")}) {
    const auto info = write_checkpoint(path, {}, three_numbers(1), {});
    ASSERT_FALSE(info.ok()) << path;
    EXPECT_EQ(info.error().code, ErrorCode::kIo);
    EXPECT_TRUE(info.error().message.starts_with(path.string())) << info.error().message;
  }
}

TEST(CheckpointDeathTest, OurOwnMetadataKeysAreReserved) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const ScratchDirectory scratch;
  EXPECT_DEATH(static_cast<void>(write_checkpoint(scratch.path(), {}, {}, {{"chrysalis.update", "1"}})),
               "is reserved");
}

}  // namespace
}  // namespace chrysalis
