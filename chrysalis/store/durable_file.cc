#include "chrysalis/store/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace chrysalis {
namespace fs = std::filesystem;

Error file_error(const fs::path& path, std::string_view trying, int error_number) {
  return io_error("{}: cannot {}: {}", path.string(), trying, std::strerror(error_number));
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

int FileDescriptor::close() {
  if (fd_ < 0) return 0;
  return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno;
}

Result<std::vector<std::uint8_t>> read_file(const fs::path& path) {
  // O_NONBLOCK: a FIFO in the file's place is refused below instead of waited for.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return file_error(path, "open the file", errno);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return file_error(path, "read the file", errno);
  if (!S_ISREG(about.st_mode))
    return invalid_input("{}: expected a file, found something else", path.string());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(about.st_size));
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + at, bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(path, "read the file", errno);
    if (got == 0) break;
    at += static_cast<std::size_t>(got);
  }
  bytes.resize(at);
  return bytes;
}

Status write_file(const fs::path& path, std::span<const std::uint8_t> bytes) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.valid()) return file_error(path, "create the file", errno);
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t put = ::write(file.get(), bytes.data() + at, bytes.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return file_error(path, "write the file", errno);
    at += static_cast<std::size_t>(put);
  }
  if (::fsync(file.get()) != 0) return file_error(path, "write the file to the disk", errno);
  if (const int closed = file.close(); closed != 0) return file_error(path, "write the file", closed);
  return {};
}

Status replace_file(const fs::path& path, std::string_view text) {
  fs::path aside = path;
  aside += fmt::format(".tmp-{}", ::getpid());
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  Status status = write_file(aside, bytes);
  if (status.ok()) status = rename_path(aside, path);
  if (!status.ok()) {
    ::unlink(aside.c_str());
    return status;
  }
  return sync_directory(path.parent_path().empty() ? fs::path(".") : path.parent_path());
}

Status sync_directory(const fs::path& path) {
  const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return file_error(path, "open the directory", errno);
  // EINVAL: a file system whose directories need no fsync and know none.
  if (::fsync(directory.get()) != 0 && errno != EINVAL)
    return file_error(path, "write the directory to the disk", errno);
  return {};
}

Status rename_path(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return file_error(from, fmt::format("rename it to {}", to.string()), errno);
  return {};
}

Status make_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0777) != 0) return file_error(path, "create the directory", errno);
  return {};
}

Status remove_tree(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return file_error(path, "remove it", code.value());
  return {};
}

}  // namespace chrysalis
