// Compiled maps on the disk, for DM Lab's level cache: what takes seconds to compile is there at once the
// next time. Any number of processes share a folder: an entry is written aside and renamed, so none is ever
// seen half, and one that does not have the hash that it was stored with is not served but removed. The
// folder stays within its size: what was used longest ago goes first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "chrysalis/core/result.h"

namespace chrysalis {

class LevelCache {
 public:
  // Makes the folder if it is not there. Error: it cannot be made or written.
  static Result<LevelCache> open(std::filesystem::path folder, std::int64_t max_bytes);

  // Copies the map that was compiled for `key` from files with the contents that `sources` have now to `to`,
  // whole or not at all; false where there is none. A source that cannot be read counts as empty.
  bool fetch(std::string_view key, std::span<const char* const> sources, const std::filesystem::path& to);
  // Takes the file `from` in. A cache that cannot (full disk, map larger than the cache) goes without:
  // false.
  bool store(std::string_view key, std::span<const char* const> sources, const std::filesystem::path& from);

 private:
  LevelCache(std::filesystem::path folder, std::int64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}
  void make_room(std::int64_t bytes) const;

  std::filesystem::path folder_;
  std::int64_t max_bytes_;
};

}  // namespace chrysalis
