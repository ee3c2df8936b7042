// The program's end of one DM Lab in a process of its own: starts the host, sends commands, awaits replies,
// and leaves nothing behind. Nothing here retries; see DmlabEnvironment. One thread at a time.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/env/dmlab_protocol.h"
#include "chrysalis/env/temporary_folder.h"

namespace chrysalis {

// Where the running program is, and the library that this is in, which may be another, as in Python.
std::vector<std::filesystem::path> folders_of_this_program();
// The host program: `configured`, or where that is empty kHostProgram in one of the folders, at least one, or
// beside it in libexec/chrysalis. Error: it is not there.
Result<std::filesystem::path> find_dmlab_host(
    const std::string& configured,
    const std::vector<std::filesystem::path>& folders = folders_of_this_program());

class DmlabProcess {
 public:
  struct Settings {
    std::filesystem::path host;
    std::filesystem::path temporary_folder;  // In which each process has its own; empty: TMPDIR, or /tmp.
    dmlab::Launch launch;                    // Without a temporary folder.
  };

  // Starts the process and sends it the launch, without waiting for it. Error: the system refuses.
  static Result<std::unique_ptr<DmlabProcess>> start(Settings settings);
  // Ends the process, waits for it, and removes its temporary folder. In a child of fork() lets go of it all.
  ~DmlabProcess();
  DmlabProcess(const DmlabProcess&) = delete;
  DmlabProcess& operator=(const DmlabProcess&) = delete;

  // Commands are carried out in their order, the first of them after the launch; as many replies follow. One
  // that does not reach a process which is gone is told by receive().
  void send(const dmlab::Command& command);
  // The next reply, waiting up to `seconds`. Error: the process fell, hangs, or says that it cannot; after
  // that it is good for nothing. kInvalidInput where it refuses the installation or the settings.
  Result<dmlab::Reply> receive(double seconds);
  // [H, W, 3] RGB, of the last kStarted or kStepped reply.
  std::span<const std::uint8_t> pixels() const { return pixels_; }

  pid_t pid() const { return keeper_; }  // Of the keeper; the engine is its child.
  const std::filesystem::path& temporary_folder() const { return folder_.path(); }

 private:
  explicit DmlabProcess(TemporaryFolder folder) : folder_(std::move(folder)) {}
  std::string how_it_ended();

  const pid_t owner_ = getpid();
  TemporaryFolder folder_;
  pid_t keeper_ = -1;
  int commands_ = -1;
  int life_ = -1;
  std::span<std::uint8_t> pixels_;  // Shared memory without a name.
};

}  // namespace chrysalis
