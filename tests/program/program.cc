#include "program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "chrysalis/cli/command.h"
#include "chrysalis/core/check.h"
#ifdef CHRYSALIS_TEST_LEARNS
#include "chrysalis/torch_cli/torch_learning.h"
#endif

namespace chrysalis {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kAtOnce = 2;

const Learning* learning_of_forks() {
#ifdef CHRYSALIS_TEST_LEARNS
  return &torch_learning();
#else
  return nullptr;
#endif
}

std::string text_of(std::FILE* file) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0;
       (got = ::pread(fileno(file), buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

}  // namespace

const char* const kTinyConfig = R"(
[level]
name = "seek_apples"
episode_seconds = 1
[environment]
width = 20
height = 20
[agent]
conv1_filters = 4
conv2_filters = 4
hidden = 16
core_width = 16
[train]
agent_steps = 1500
environments = 4
group_environments = 2
workers = 2
[learner]
unroll = 5
batch_unrolls = 4
shards = 2
[store]
checkpoint_seconds = 0.1
)";

const Arguments kTinySettings = {"--set", "environment.width=20", "--set", "environment.height=20",
                                 "--set", "agent.core_width=16",  "--set", "agent.hidden=16",
                                 "--set", "learner.unroll=5",     "--set", "learner.batch_unrolls=4",
                                 "--set", "train.environments=4", "--set", "level.episode_seconds=1"};

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Program::Program(const Arguments& arguments, const fs::path& directory, std::size_t file_bytes, Start start)
    : out_(std::tmpfile(), &std::fclose), err_(std::tmpfile(), &std::fclose) {
  std::vector<char*> argv = {const_cast<char*>("chrysalis")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::fflush(nullptr);  // Or the fork would print it again.
  pid_ = ::fork();
  CHRYSALIS_CHECK(pid_ >= 0, "cannot fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit limit{file_bytes, file_bytes};
  const bool ready = ::chdir(directory.c_str()) == 0 && ::dup2(::open("/dev/null", O_RDONLY), 0) == 0 &&
                     ::dup2(fileno(out_.get()), 1) == 1 && ::dup2(fileno(err_.get()), 2) == 2 &&
                     (file_bytes == 0 || ::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  if (ready && start == Start::kFork)
    std::exit(run_program(static_cast<int>(argv.size()) - 1, argv.data(), learning_of_forks()));
  if (ready) ::execv(CHRYSALIS_PROGRAM, argv.data());
  ::_exit(127);
}

Program::~Program() {
  if (ended_) return;
  send(SIGKILL);
  wait();
}

bool Program::running() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !ended_;
}

std::string Program::err() const {
  return text_of(err_.get());
}

void Program::send(int signal) {
  if (!ended_) ::kill(pid_, signal);
}

bool Program::wait_for(const std::function<bool()>& happened) {
  while (!happened()) {
    if (!running()) return happened();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

ProgramOutcome Program::wait() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, 0) == pid_;
  return {.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1,
          .signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : 0,
          .out = text_of(out_.get()),
          .err = text_of(err_.get())};
}

ProgramOutcome run(const Arguments& arguments, const fs::path& directory) {
  return Program(arguments, directory).wait();
}

std::vector<ProgramOutcome> run_all(const std::vector<Arguments>& all, const fs::path& directory,
                                    Start start) {
  std::vector<std::unique_ptr<Program>> programs;
  std::vector<ProgramOutcome> outcomes;
  for (std::size_t i = 0; i < all.size(); ++i) {
    while (programs.size() < std::min(all.size(), i + kAtOnce))
      programs.push_back(std::make_unique<Program>(all[programs.size()], directory, 0, start));
    outcomes.push_back(programs[i]->wait());
    programs[i].reset();
  }
  return outcomes;
}

std::vector<std::string> listing(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    names.push_back(fmt::format("{} {}", entry.path().lexically_relative(directory).string(),
                                entry.is_regular_file() ? entry.file_size() : 0));
  std::ranges::sort(names);
  return names;
}

}  // namespace chrysalis
