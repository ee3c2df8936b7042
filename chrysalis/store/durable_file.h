// Files and directories that are on the disk when the call returns, and errors that name the path, what was
// tried and what the system answered. POSIX only. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chrysalis/core/result.h"

namespace chrysalis {

// "<path>: cannot <trying>: <what errno means>".
Error file_error(const std::filesystem::path& path, std::string_view trying, int error_number);

// A file descriptor that is closed when it goes; -1 where there is none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { close(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // 0, or the errno of a close that failed: on some file systems that is where a full disk is first told.
  int close();

 private:
  int fd_ = -1;
};

// The whole of a regular file.
Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path);

// Creates or replaces the file, writes and fsyncs it. The name itself is on the disk only after
// sync_directory() of the directory. A failure may leave a file that is cut short: write under a name that
// nobody reads.
Status write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
// As above, under a temporary name beside it and renamed into place: a reader sees the old file or the new
// one.
Status replace_file(const std::filesystem::path& path, std::string_view text);

Status sync_directory(const std::filesystem::path& path);
Status rename_path(const std::filesystem::path& from, const std::filesystem::path& to);
// Creates one directory; its parent must exist. One that is there already is an error.
Status make_directory(const std::filesystem::path& path);
// Removes a file or a directory with all that is in it. What is not there is no error.
Status remove_tree(const std::filesystem::path& path);

}  // namespace chrysalis
