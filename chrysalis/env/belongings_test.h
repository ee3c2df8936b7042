// What a test may leave behind: processes, descriptors, memory that is shared, files. To be the same after as
// before.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace chrysalis {

struct Belongings {
  int processes = 0;    // Of this one's making, wherever they hang by now.
  int zombies = 0;      // Children that ended and were not waited for.
  int descriptors = 0;  // Open ones.
  int mappings = 0;     // Of memory shared with processes of DM Lab.
  int files = 0;        // In the folder, at any depth.
  friend bool operator==(const Belongings&, const Belongings&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Belongings& b) {
    return out << b.processes << " processes, " << b.zombies << " zombies, " << b.descriptors
               << " descriptors, " << b.mappings << " mappings, " << b.files << " files";
  }
};

// Every process that inherits the environment from here on is known by this.
inline const std::string& belongings_mark() {
  static const std::string mark = [] {
    setenv("CHRYSALIS_TEST_MARK", std::to_string(getpid()).c_str(), 1);
    return "CHRYSALIS_TEST_MARK=" + std::to_string(getpid());
  }();
  return mark;
}

// As much as there is; a process may be gone before its file is read.
inline std::string contents_of(const std::filesystem::path& path) {
  std::string text;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char chunk[4096];
  for (ssize_t got; (got = read(file, chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(got));
  close(file);
  return text;
}

// Of every process there is.
inline std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  std::error_code code;
  for (std::filesystem::directory_iterator entry("/proc", code), end; !code && entry != end;
       entry.increment(code))
    if (const pid_t pid = std::atoi(entry->path().filename().c_str()); pid > 0) found.push_back(pid);
  return found;
}

// The processes with the mark, this one aside: their numbers.
inline std::vector<pid_t> marked_processes() {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes()) {
    const std::string environment = contents_of("/proc/" + std::to_string(pid) + "/environ");
    if (pid != getpid() && environment.find(belongings_mark() + '\0') != std::string::npos)
      found.push_back(pid);
  }
  return found;
}

inline Belongings belongings(const std::filesystem::path& folder) {
  Belongings all;
  all.processes = static_cast<int>(marked_processes().size());
  for (const pid_t pid : all_processes()) {
    // "pid (name) state parent …"
    const std::string stat = contents_of("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t at = stat.rfind(')');
    if (at == std::string::npos || at + 4 > stat.size() || stat[at + 2] != 'Z') continue;
    if (std::atoi(stat.c_str() + at + 4) == getpid()) ++all.zombies;
  }
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++all.descriptors;
  }
  const std::string maps = contents_of("/proc/self/maps");
  for (std::size_t at = 0; (at = maps.find("memfd:chrysalis-dmlab", at)) != std::string::npos; ++at)
    ++all.mappings;
  std::error_code code;
  for (std::filesystem::recursive_directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code))
    ++all.files;
  return all;
}

// Waits until they are as they should be, as the kernel takes its time to end a process; answers what they
// are then.
inline Belongings belongings_once_as(const Belongings& expected, const std::filesystem::path& folder,
                                     int seconds = 20) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (;;) {
    const Belongings now = belongings(folder);
    if (now == expected || std::chrono::steady_clock::now() > until) return now;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace chrysalis
