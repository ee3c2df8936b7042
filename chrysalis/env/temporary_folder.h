// A folder that goes when the last process that holds it is gone, however they die: whoever survives removes
// it, and where nobody did, whoever makes the next one. Processes hold it by a lock on its descriptor, which
// children inherit and the kernel lets go of.
#pragma once

#include <filesystem>
#include <string_view>

#include "chrysalis/core/result.h"

namespace chrysalis {

class TemporaryFolder {
 public:
  // Makes `base`/PREFIX-XXXXXX (base empty: TMPDIR, or /tmp), after removing those of this user there that
  // nobody holds any more. Error: the folder cannot be made.
  static Result<TemporaryFolder> create(std::filesystem::path base, std::string_view prefix);

  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  // remove().
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }
  // Holds the folder; a child that inherits it holds it too. -1 after let_go().
  int descriptor() const { return descriptor_; }
  // Leaves the folder to the children.
  void let_go();
  // Leaves it to others for good: it is not removed here.
  void forget();
  // Waits up to `seconds` until no other process holds it, and removes it. Whether it is gone.
  bool remove(double seconds = 5);

 private:
  TemporaryFolder(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}

  std::filesystem::path path_;  // Empty: moved from, or removed.
  int descriptor_ = -1;
};

}  // namespace chrysalis
