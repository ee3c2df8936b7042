#include "chrysalis/env/level_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "chrysalis/core/bytes.h"
#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kMagic = 0x3145484341434C43;  // "CLCACHE1", the layout's name.
constexpr const char* kSuffix = ".map";
constexpr const char* kPart = "writing.part";

// In front of an entry's map.
struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t name[2] = {};  // Of what it was compiled from: a file that was renamed by hand is none.
  std::uint64_t map_hash = 0;
  std::uint64_t map_bytes = 0;
};

std::optional<Bytes> read_file(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  Bytes bytes;
  struct stat facts {};
  if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))
    bytes.resize(static_cast<std::size_t>(facts.st_size));
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = ::read(file, bytes.data() + at, bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    at += static_cast<std::size_t>(got);
  }
  close(file);
  bytes.resize(at);
  return bytes;
}

// Whole, or the file is not there.
bool write_file(const fs::path& path, std::span<const std::span<const std::uint8_t>> parts) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return false;
  bool whole = true;
  for (const auto part : parts) {
    std::size_t at = 0;
    while (whole && at < part.size()) {
      const ssize_t put = ::write(file, part.data() + at, part.size() - at);
      if (put < 0 && errno == EINTR) continue;
      whole = put > 0;
      if (whole) at += static_cast<std::size_t>(put);
    }
  }
  whole = close(file) == 0 && whole;
  if (!whole) unlink(path.c_str());
  return whole;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// 128 bits of what a map is compiled from; each part is preceded by its length, so that none runs into the
// next.
std::array<std::uint64_t, 2> name_of(std::string_view key, std::span<const char* const> sources) {
  std::array<std::uint64_t, 2> name = {mix64(1), mix64(2)};
  const auto add = [&name](std::span<const std::uint8_t> bytes) {
    for (std::uint64_t& half : name) half = mix64(hash64(bytes, mix64(half + bytes.size())));
  };
  add(bytes_of(key));
  for (const char* source : sources) add(read_file(source).value_or(Bytes()));
  return name;
}

std::uint64_t hash_of(std::span<const std::uint8_t> map) {
  return mix64(hash64(map) + map.size());
}

std::string file_name(const std::array<std::uint64_t, 2>& name) {
  return fmt::format("{:016x}{:016x}{}", name[0], name[1], kSuffix);
}

// Of everything that changes the folder; released by the kernel where a process dies.
class Lock {
 public:
  explicit Lock(const fs::path& folder)
      : file_(open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    while (file_ >= 0 && flock(file_, LOCK_EX) != 0)
      if (errno != EINTR) {
        close(file_);
        file_ = -1;
      }
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (file_ >= 0) close(file_);
  }
  bool held() const { return file_ >= 0; }

 private:
  int file_;
};

}  // namespace

Result<LevelCache> LevelCache::open(fs::path folder, std::int64_t max_bytes) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) return io_error("cannot make the level cache {}: {}", folder.string(), code.message());
  if (!Lock(folder).held())
    return io_error("cannot write to the level cache {}: {}", folder.string(), std::strerror(errno));
  return LevelCache(std::move(folder), max_bytes);
}

bool LevelCache::fetch(std::string_view key, std::span<const char* const> sources, const fs::path& to) {
  const auto name = name_of(key, sources);
  const fs::path entry = folder_ / file_name(name);
  const auto bytes = read_file(entry);
  if (!bytes) return false;
  Header header;
  const bool has_header = bytes->size() >= sizeof header;
  if (has_header) std::memcpy(&header, bytes->data(), sizeof header);
  const auto map = std::span(*bytes).subspan(has_header ? sizeof header : 0);
  if (!has_header || header.magic != kMagic || header.name[0] != name[0] || header.name[1] != name[1] ||
      header.map_bytes != map.size() || header.map_hash != hash_of(map)) {
    unlink(entry.c_str());
    return false;
  }
  utimensat(AT_FDCWD, entry.c_str(), nullptr, 0);  // Used now.
  const fs::path aside = fs::path(to) += ".part";
  const std::array<std::span<const std::uint8_t>, 1> parts = {map};
  if (!write_file(aside, parts)) return false;
  if (rename(aside.c_str(), to.c_str()) == 0) return true;
  unlink(aside.c_str());
  return false;
}

bool LevelCache::store(std::string_view key, std::span<const char* const> sources, const fs::path& from) {
  const auto map = read_file(from);
  if (!map || map->empty()) return false;
  const auto name = name_of(key, sources);
  const Header header = {.name = {name[0], name[1]}, .map_hash = hash_of(*map), .map_bytes = map->size()};
  const auto size = static_cast<std::int64_t>(sizeof header + map->size());
  if (size > max_bytes_) return false;
  const Lock lock(folder_);
  if (!lock.held()) return false;
  make_room(size);
  const fs::path aside = folder_ / kPart;  // One, as whoever writes has the lock.
  const std::array<std::span<const std::uint8_t>, 2> parts = {
      std::span(reinterpret_cast<const std::uint8_t*>(&header), sizeof header), std::span(*map)};
  if (!write_file(aside, parts)) return false;
  if (rename(aside.c_str(), (folder_ / file_name(name)).c_str()) == 0) return true;
  unlink(aside.c_str());
  return false;
}

// Until so many bytes more fit.
void LevelCache::make_room(std::int64_t bytes) const {
  struct Entry {
    fs::path path;
    std::int64_t bytes;
    timespec used;
  };
  std::vector<Entry> entries;
  std::int64_t total = bytes;
  std::error_code code;
  for (fs::directory_iterator file(folder_, code), end; !code && file != end; file.increment(code)) {
    struct stat facts {};
    if (file->path().extension() != kSuffix || lstat(file->path().c_str(), &facts) != 0) continue;
    entries.push_back({file->path(), facts.st_size, facts.st_mtim});
    total += facts.st_size;
  }
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return std::tuple(a.used.tv_sec, a.used.tv_nsec, a.path) <
           std::tuple(b.used.tv_sec, b.used.tv_nsec, b.path);
  });
  for (const Entry& entry : entries) {
    if (total <= max_bytes_) return;
    if (unlink(entry.path.c_str()) == 0) total -= entry.bytes;
  }
}

}  // namespace chrysalis
