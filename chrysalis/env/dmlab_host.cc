#include "chrysalis/env/dmlab_host.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "chrysalis/env/dmlab_library.h"
#include "chrysalis/env/dmlab_protocol.h"

namespace chrysalis::dmlab {
namespace {

// One packet; 0 where the other side is gone.
std::size_t receive(int socket, void* into, std::size_t size) {
  ssize_t got;
  do {
    got = recv(socket, into, size, 0);
  } while (got < 0 && errno == EINTR);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

// Whether it went; a program that is gone is noticed by the next receive().
bool send_packet(int socket, const void* packet, std::size_t size) {
  return send(socket, packet, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

void reply(Reply reply, const std::string& text = {}) {
  text.copy(reply.text.data(), reply.text.size() - 1);
  send_packet(kCommandDescriptor, &reply, sizeof reply);
}

// ---- The engine.

Reply::Kind kind_of(const Error& error) {
  return error.code == ErrorCode::kInvalidInput ? Reply::Kind::kRefused : Reply::Kind::kFailed;
}

Result<Reply> carry_out(Library& library, const Command& command, std::span<std::uint8_t> pixels) {
  Reply answer;
  if (command.kind == Command::Kind::kStart) {
    CHRYSALIS_ASSIGN_OR_RETURN(answer.frames_left, library.start(command.episode, command.seed));
    answer.kind = Reply::Kind::kStarted;
  } else {
    CHRYSALIS_ASSIGN_OR_RETURN(const Library::Step step, library.step(command.action, command.frames));
    answer = {.kind = Reply::Kind::kStepped,
              .ended = step.ended,
              .reward = step.reward,
              .frames_left = step.frames_left};
  }
  CHRYSALIS_RETURN_IF_ERROR(library.observe(pixels));
  return answer;
}

// Until the program is gone, or the library cannot go on.
void run_commands(Library& library, std::span<std::uint8_t> pixels) {
  for (Command command; receive(kCommandDescriptor, &command, sizeof command) == sizeof command;) {
    const auto answer = carry_out(library, command, pixels);
    if (!answer.ok()) return reply({.kind = kind_of(answer.error())}, answer.error().message);
    reply(*answer);
  }
}

void run_engine(const Launch& launch) {
  // A core is for one engine: without these the software renderer of each has a thread for every core, and a
  // cache of shaders in the person's home folder.
  setenv("LP_NUM_THREADS", "0", /*overwrite=*/0);
  setenv("MESA_SHADER_CACHE_DISABLE", "true", /*overwrite=*/0);
  setenv("TMPDIR", launch.temporary_folder.c_str(), /*overwrite=*/1);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // What it prints last comes last, also where it exits.
  const std::size_t size =
      static_cast<std::size_t>(launch.width) * static_cast<std::size_t>(launch.height) * 3;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, kPixelDescriptor, 0);
  if (memory == MAP_FAILED)
    return reply({.kind = Reply::Kind::kFailed},
                 fmt::format("cannot map the memory for pixels: {}", std::strerror(errno)));
  const std::span pixels(static_cast<std::uint8_t*>(memory), size);
  auto library = Library::open(launch);
  if (!library.ok()) return reply({.kind = kind_of(library.error())}, library.error().message);
  reply({.kind = Reply::Kind::kLaunched});
  run_commands(**library, pixels);
  _exit(0);  // As the library is: see ~Library().
}

// ---- The keeper.

class Keeper {
 public:
  // engine: in a process group of its own. output: what it prints.
  Keeper(pid_t engine, int output, int child_signals)
      : engine_(engine), output_(output), child_signals_(child_signals) {}

  // Until the engine or the program ends.
  void watch() {
    for (;;) {
      std::array<pollfd, 3> fds = {
          {{kLifeDescriptor, POLLIN, 0}, {child_signals_, POLLIN, 0}, {output_, POLLIN, 0}}};
      if (poll(fds.data(), fds.size(), -1) < 0) continue;
      if (fds[0].revents != 0) break;
      if (fds[1].revents != 0 && has_ended()) break;
      if (fds[2].revents != 0 && !read_output()) output_ = -1;  // Ignored by poll from now on.
    }
    // And whatever it started: the group has its number until the engine is waited for.
    kill(-engine_, SIGKILL);
    waitpid(engine_, &status_, 0);
    while (output_ >= 0 && read_output()) {
    }
  }

  void tell() const {
    Obituary obituary{.wait_status = status_};
    last_output_.copy(obituary.last_output.data(), obituary.last_output.size() - 1);
    send_packet(kLifeDescriptor, &obituary, sizeof obituary);
  }

 private:
  bool has_ended() const {
    signalfd_siginfo signal;
    while (::read(child_signals_, &signal, sizeof signal) > 0) {
    }
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(engine_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == engine_;
  }
  // False: there is no more now, or ever.
  bool read_output() {
    std::array<char, 4096> chunk;
    const ssize_t got = ::read(output_, chunk.data(), chunk.size());
    if (got <= 0) return got < 0 && errno == EINTR;
    last_output_.append(chunk.data(), static_cast<std::size_t>(got));
    constexpr std::size_t kKept = sizeof(Obituary::last_output) - 1;
    if (last_output_.size() > kKept) last_output_.erase(0, last_output_.size() - kKept);
    return true;
  }

  pid_t engine_;
  int output_;
  int child_signals_;
  int status_ = 0;
  std::string last_output_;
};

// In the engine, after the fork.
void become_engine(pid_t keeper, int output, const sigset_t& signals) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(1);  // It was killed before the line above.
  setpgid(0, 0);
  sigprocmask(SIG_SETMASK, &signals, nullptr);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  close(kLifeDescriptor);
  // What the library starts holds neither the program nor the folder.
  for (const int descriptor : {kCommandDescriptor, kPixelDescriptor, kFolderDescriptor})
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

// Error: what the system refuses.
Status keep(const Launch& launch) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return io_error("no pipe for an engine: {}", std::strerror(errno));
  fcntl(output[0], F_SETFL, O_NONBLOCK);
  sigset_t before, child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, &before);
  const int child_signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (child_signals < 0) return io_error("no signals of an engine: {}", std::strerror(errno));
  const pid_t keeper = getpid();
  const pid_t engine = fork();
  if (engine < 0) return io_error("cannot fork an engine: {}", std::strerror(errno));
  if (engine == 0) {
    become_engine(keeper, output[1], before);
    run_engine(launch);
    _exit(0);
  }
  setpgid(engine, engine);  // In both, so that it is done before either goes on.
  close(output[1]);
  close(kCommandDescriptor);
  close(kPixelDescriptor);
  Keeper watcher(engine, output[0], child_signals);
  watcher.watch();
  watcher.tell();  // First, as a large folder takes its time.
  std::error_code ignored;
  std::filesystem::remove_all(launch.temporary_folder, ignored);
  return {};
}

}  // namespace

int run_host() {
  for (const int descriptor : {kCommandDescriptor, kLifeDescriptor, kPixelDescriptor, kFolderDescriptor})
    if (fcntl(descriptor, F_GETFD) < 0) {
      std::fprintf(stderr,
                   "%s: this is the other half of chrysalis, which starts it where a level is DM Lab's\n",
                   kHostProgram);
      return 2;
    }
  std::vector<std::uint8_t> message(kMaxLaunchBytes);
  message.resize(receive(kCommandDescriptor, message.data(), message.size()));
  if (message.empty()) return 0;  // The program is gone already.
  const auto launch = Launch::read(message);
  const Status status = launch.ok() ? keep(*launch) : Status(launch.error());
  if (status.ok()) return 0;
  reply({.kind = kind_of(status.error())}, status.error().message);
  return 1;
}

}  // namespace chrysalis::dmlab
