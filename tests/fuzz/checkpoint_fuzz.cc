// Checkpoints. The first byte says what the rest is: tensors, or the JSON that stands beside them.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "chrysalis/core/check.h"
#include "chrysalis/store/checkpoint.h"
#include "chrysalis/store/safetensors.h"
#include "fuzz.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

// A checkpoint on the disk, and its directory, which goes with it.
class OnDisk {
 public:
  OnDisk() : root_(fs::temp_directory_path() / fmt::format("chrysalis_checkpoint_fuzz_{}", getpid())) {
    fs::create_directories(root_);
    const std::vector<float> values{1, 2, 3};
    const std::vector<NamedTensor> tensors = {make_tensor("w", {3}, std::span<const float>(values))};
    directory_ = root_ / write_checkpoint(root_, {.member = 2, .update = 10, .agent_steps = 32000}, tensors,
                                          {{"level", "seek_apples"}})
                             ->name();
    info_ = file_text(directory_ / "checkpoint.json");
  }
  ~OnDisk() { fs::remove_all(root_); }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;
  const fs::path& directory() const { return directory_; }
  const std::string& info() const { return info_; }

 private:
  fs::path root_, directory_;
  std::string info_;
};
const OnDisk& on_disk() {
  static const OnDisk checkpoint;
  return checkpoint;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const std::vector<float> floats{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> wholes{-1, 7};
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  const std::vector<NamedTensor> tensors = {make_tensor("w", {2, 3}, std::span<const float>(floats)),
                                            make_tensor("n", {2}, std::span<const std::int64_t>(wholes)),
                                            make_tensor("b", bytes)};
  const auto text = [](std::span<const std::uint8_t> encoded) {
    return std::string(1, '\0') + std::string(encoded.begin(), encoded.end());
  };
  return {text(encode_safetensors(tensors, {{"level", "seek_apples"}})), text(encode_safetensors({}, {})),
          "\x01" + on_disk().info()};
}

std::vector<std::string> fuzz_words() {
  return {};
}

}  // namespace chrysalis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chrysalis;
  if (size == 0) return 0;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    const auto file = decode_safetensors(rest, "fuzz.safetensors");
    if (!file) return check_message(file.error()), 0;
    const auto again = decode_safetensors(encode_safetensors(file->tensors, file->metadata), "again");
    CHRYSALIS_CHECK(again.ok(), "{}", again.error().message);
    CHRYSALIS_CHECK(*again == *file, "written out and read again, it differs");
    return 0;
  }
  std::ofstream(on_disk().directory() / "checkpoint.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(rest.data()), static_cast<std::streamsize>(rest.size()));
  const auto checkpoint = read_checkpoint(on_disk().directory());
  if (!checkpoint) return check_message(checkpoint.error()), 0;
  CHRYSALIS_CHECK(checkpoint->metadata.size() == 1 && checkpoint->tensors.size() == 1);
  return 0;
}
