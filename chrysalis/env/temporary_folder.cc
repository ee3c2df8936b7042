#include "chrysalis/env/temporary_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

namespace chrysalis {
namespace {

namespace fs = std::filesystem;

// Whether `path` is still the folder behind the descriptor, and nobody has removed it since.
bool is_still(const fs::path& path, int descriptor) {
  struct stat named {
  }, held{};
  return lstat(path.c_str(), &named) == 0 && fstat(descriptor, &held) == 0 && named.st_ino == held.st_ino &&
         named.st_dev == held.st_dev;
}

int open_folder(const fs::path& path) {
  return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Removes a folder of this user that nobody holds.
void remove_if_abandoned(const fs::path& path) {
  const int descriptor = open_folder(path);
  if (descriptor < 0) return;
  struct stat facts {};
  if (fstat(descriptor, &facts) == 0 && facts.st_uid == geteuid() &&
      flock(descriptor, LOCK_EX | LOCK_NB) == 0 && is_still(path, descriptor)) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  close(descriptor);
}

void sweep(const fs::path& base, const std::string& prefix) {
  std::error_code code;
  for (fs::directory_iterator entry(base, code), end; !code && entry != end; entry.increment(code))
    if (entry->path().filename().string().starts_with(prefix)) remove_if_abandoned(entry->path());
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::create(fs::path base, std::string_view prefix) {
  if (base.empty()) {
    const char* set = std::getenv("TMPDIR");
    base = set != nullptr && *set != '\0' ? set : "/tmp";
  }
  std::error_code code;
  base = fs::absolute(base, code);
  const std::string start = std::string(prefix) + "-";
  sweep(base, start);
  for (;;) {
    std::string path = (base / (start + "XXXXXX")).string();
    if (mkdtemp(path.data()) == nullptr)
      return io_error("cannot make a temporary folder in {}: {}", base.string(), std::strerror(errno));
    const int descriptor = open_folder(path);
    // Another's sweep may have been quicker than the lock: then there is no folder any more.
    if (descriptor >= 0 && flock(descriptor, LOCK_EX) == 0 && is_still(path, descriptor))
      return TemporaryFolder(path, descriptor);
    if (descriptor >= 0) {
      close(descriptor);
    } else if (errno != ENOENT) {
      const int reason = errno;
      rmdir(path.c_str());
      return io_error("cannot open the temporary folder {}: {}", path, std::strerror(reason));
    }
  }
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), descriptor_(std::exchange(other.descriptor_, -1)) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  remove();
}

void TemporaryFolder::let_go() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void TemporaryFolder::forget() {
  let_go();
  path_.clear();
}

bool TemporaryFolder::remove(double seconds) {
  let_go();
  if (path_.empty()) return true;
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::error_code code;
  for (;;) {
    remove_if_abandoned(path_);
    if (!fs::exists(path_, code)) break;
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  path_.clear();
  return true;
}

}  // namespace chrysalis
