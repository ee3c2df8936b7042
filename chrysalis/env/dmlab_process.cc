#include "chrysalis/env/dmlab_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

extern char** environ;

namespace chrysalis {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// What a process that fell has to say comes at once; what takes longer than this is not coming.
constexpr double kObituarySeconds = 5;
constexpr double kEndSeconds = 10;

// A descriptor that is closed with its owner, at a number that is none of the host's.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) {
    if (number < 0) return;
    number_ = fcntl(number, F_DUPFD_CLOEXEC, 10);
    const int reason = errno;
    close(number);
    errno = reason;
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

struct Pair {
  Descriptor ours;
  Descriptor theirs;
};

Result<Pair> make_sockets() {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0) {
    Pair pair{Descriptor(sockets[0]), Descriptor(sockets[1])};
    if (pair.ours.number() >= 0 && pair.theirs.number() >= 0) return pair;
  }
  return io_error(
      "no socket for a process of DM Lab: {}{}", std::strerror(errno),
      errno == EMFILE || errno == EINVAL ? "; each takes two descriptors, raise `ulimit -n`" : "");
}

// Memory that two processes share and that goes with the last of them. The host cannot make it smaller under
// the program's feet.
Result<Descriptor> make_memory(std::size_t size) {
  Descriptor memory(memfd_create("chrysalis-dmlab", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (memory.number() < 0 || ftruncate(memory.number(), static_cast<off_t>(size)) != 0 ||
      fcntl(memory.number(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return io_error("no memory to share with a process of DM Lab: {}", std::strerror(errno));
  return memory;
}

// In a process group of its own: Ctrl-C is for the program, which ends its processes itself.
Result<pid_t> spawn_host(const fs::path& host, const Descriptor& commands, const Descriptor& life,
                         const Descriptor& memory, int folder) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, commands.number(), dmlab::kCommandDescriptor);
  posix_spawn_file_actions_adddup2(&files, life.number(), dmlab::kLifeDescriptor);
  posix_spawn_file_actions_adddup2(&files, memory.number(), dmlab::kPixelDescriptor);
  posix_spawn_file_actions_adddup2(&files, folder, dmlab::kFolderDescriptor);
  posix_spawn_file_actions_addclosefrom_np(&files, dmlab::kFolderDescriptor + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const std::string name = host.string();
  std::array<char*, 2> arguments = {const_cast<char*>(name.c_str()), nullptr};
  pid_t pid = -1;
  const int refused = posix_spawn(&pid, name.c_str(), &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (refused != 0) return io_error("cannot run {}: {}", name, std::strerror(refused));
  return pid;
}

// Whether it has ended within `seconds`; it is reaped then.
bool reap(pid_t pid, double seconds) {
  const auto until = Clock::now() + std::chrono::duration<double>(seconds);
  for (auto pause = std::chrono::microseconds(100);;
       pause = std::min(2 * pause, std::chrono::microseconds(5000))) {
    const pid_t ended = waitpid(pid, nullptr, WNOHANG);
    // ECHILD: the program has told the system to reap its children.
    if (ended == pid || (ended < 0 && errno == ECHILD)) return true;
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(pause);
  }
}

std::string ending_text(int wait_status) {
  if (WIFSIGNALED(wait_status))
    return fmt::format("was ended by signal {} ({})", WTERMSIG(wait_status),
                       strsignal(WTERMSIG(wait_status)));
  return fmt::format("exited with code {}", WEXITSTATUS(wait_status));
}

// The last line that says something.
std::string last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  return std::string(text.substr(text.find_last_of('\n') + 1));  // npos + 1 is 0.
}

template <std::size_t kSize>
std::string_view text_of(const std::array<char, kSize>& text) {
  return {text.data(), strnlen(text.data(), kSize)};
}

}  // namespace

std::vector<fs::path> folders_of_this_program() {
  std::error_code code;
  std::vector<fs::path> folders = {fs::read_symlink("/proc/self/exe", code).parent_path()};
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&folders_of_this_program), &info) != 0 && info.dli_fname != nullptr)
    folders.push_back(fs::absolute(info.dli_fname, code).parent_path());
  return folders;
}

Result<fs::path> find_dmlab_host(const std::string& configured, const std::vector<fs::path>& folders) {
  std::error_code code;
  if (!configured.empty()) {
    if (fs::is_regular_file(configured, code)) return fs::absolute(configured);
    return invalid_input("dmlab.host {} is no file: expected the program {}", configured,
                         dmlab::kHostProgram);
  }
  for (const fs::path& folder : folders)
    for (const fs::path& at : {folder, folder.parent_path() / "libexec" / "chrysalis"})
      if (fs::is_regular_file(at / dmlab::kHostProgram, code)) return at / dmlab::kHostProgram;
  return invalid_input("{} is neither in {} nor in {}: expected its path in dmlab.host", dmlab::kHostProgram,
                       folders.front().string(),
                       (folders.front().parent_path() / "libexec" / "chrysalis").string());
}

Result<std::unique_ptr<DmlabProcess>> DmlabProcess::start(Settings settings) {
  const auto size =
      static_cast<std::size_t>(settings.launch.width) * static_cast<std::size_t>(settings.launch.height) * 3;
  CHRYSALIS_ASSIGN_OR_RETURN(Pair commands, make_sockets());
  CHRYSALIS_ASSIGN_OR_RETURN(Pair life, make_sockets());
  CHRYSALIS_ASSIGN_OR_RETURN(Descriptor memory, make_memory(size));
  CHRYSALIS_ASSIGN_OR_RETURN(auto folder,
                             TemporaryFolder::create(settings.temporary_folder, "chrysalis-dmlab"));
  settings.launch.temporary_folder = folder.path().string();
  std::unique_ptr<DmlabProcess> process(new DmlabProcess(std::move(folder)));
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, memory.number(), 0);
  if (mapped == MAP_FAILED) return io_error("cannot map the memory for pixels: {}", std::strerror(errno));
  process->pixels_ = {static_cast<std::uint8_t*>(mapped), size};
  process->commands_ = commands.ours.release();
  process->life_ = life.ours.release();
  const Descriptor folder_lock(fcntl(process->folder_.descriptor(), F_DUPFD_CLOEXEC, 10));
  if (folder_lock.number() < 0)
    return io_error("no descriptor for a process of DM Lab: {}", std::strerror(errno));
  CHRYSALIS_ASSIGN_OR_RETURN(process->keeper_, spawn_host(settings.host, commands.theirs, life.theirs, memory,
                                                          folder_lock.number()));
  process->folder_.let_go();
  const std::vector<std::uint8_t> message = settings.launch.bytes();
  if (message.size() > dmlab::kMaxLaunchBytes)
    return invalid_input("dmlab.settings are {} bytes long: expected less than {}", message.size(),
                         dmlab::kMaxLaunchBytes);
  ::send(process->commands_, message.data(), message.size(), MSG_NOSIGNAL);
  return process;
}

DmlabProcess::~DmlabProcess() {
  const bool is_owner = owner_ == getpid();
  for (const int socket : {commands_, life_}) {
    if (socket < 0) continue;
    // A child of fork() may hold it too. The keeper ends with the latter, after the engine.
    if (is_owner) shutdown(socket, SHUT_RDWR);
    close(socket);
  }
  if (!is_owner) folder_.forget();
  if (is_owner && keeper_ > 0 && !reap(keeper_, kEndSeconds)) {
    kill(keeper_, SIGKILL);
    reap(keeper_, kEndSeconds);
  }
  if (!pixels_.empty()) munmap(pixels_.data(), pixels_.size());
}

void DmlabProcess::send(const dmlab::Command& command) {
  ::send(commands_, &command, sizeof command, MSG_NOSIGNAL);
}

Result<dmlab::Reply> DmlabProcess::receive(double seconds) {
  const auto until = Clock::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    const double left = std::chrono::duration<double>(until - Clock::now()).count();
    std::array<pollfd, 2> fds = {{{commands_, POLLIN, 0}, {life_, POLLIN, 0}}};
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(std::ceil(std::max(0.0, left) * 1000)));
    if (ready < 0) continue;  // EINTR.
    if (ready == 0) {
      if (left > 0) continue;
      return io_error("process {} of DM Lab has not answered for {} s", keeper_, seconds);
    }
    if (fds[0].revents == 0) return io_error("process {} of DM Lab {}", keeper_, how_it_ended());
    dmlab::Reply reply;
    const ssize_t got = recv(commands_, &reply, sizeof reply, 0);
    // ECONNRESET says, once and before what was sent, that the other side went with commands unread.
    if (got < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    if (got != sizeof reply) return io_error("process {} of DM Lab {}", keeper_, how_it_ended());
    if (reply.kind == dmlab::Reply::Kind::kRefused) return invalid_input("{}", text_of(reply.text));
    if (reply.kind == dmlab::Reply::Kind::kFailed) return io_error("{}", text_of(reply.text));
    return reply;
  }
}

// Once it has.
std::string DmlabProcess::how_it_ended() {
  pollfd life = {life_, POLLIN, 0};
  dmlab::Obituary obituary;
  if (poll(&life, 1, static_cast<int>(kObituarySeconds * 1000)) != 1 ||
      recv(life_, &obituary, sizeof obituary, 0) != sizeof obituary)
    return "is gone, and so is its keeper";
  const std::string said = last_line(text_of(obituary.last_output));
  return ending_text(obituary.wait_status) + (said.empty() ? "" : fmt::format(": \"{}\"", said));
}

}  // namespace chrysalis
