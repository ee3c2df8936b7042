// Drives the whole program as a person does: its own process, its own directory, what it printed and how it
// ended. Most processes are forks of the test, which go straight to what main() calls; kExec starts the
// executable itself. Loading LibTorch's libraries takes half a second: the test program of what trains has
// them loaded.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chrysalis {

using Arguments = std::vector<std::string>;
using Json = nlohmann::json;

struct ProgramOutcome {
  int exit_code = -1;  // -1: ended by `signal`.
  int signal = 0;
  std::string out;
  std::string err;
};

enum class Start { kFork, kExec };

// One process of the program, killed with the test if that ends first.
class Program {
 public:
  // Runs in `directory`. file_bytes: no file that it writes may grow beyond this, as on a full disk; 0: any.
  Program(const Arguments& arguments, const std::filesystem::path& directory, std::size_t file_bytes = 0,
          Start start = Start::kFork);
  Program(const Program&) = delete;
  ~Program();

  bool running();
  std::string err() const;  // So far.
  void send(int signal);
  // Until `happened` or its end; false if it ended first.
  bool wait_for(const std::function<bool()>& happened);
  ProgramOutcome wait();

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  pid_t pid_;
  int status_ = 0;
  bool ended_ = false;
  File out_;
  File err_;
};

// From start to end.
ProgramOutcome run(const Arguments& arguments, const std::filesystem::path& directory);
// All of them, some at a time; outcomes in the same order.
std::vector<ProgramOutcome> run_all(const std::vector<Arguments>& all, const std::filesystem::path& directory,
                                    Start start = Start::kFork);

// Names of all that lies below the directory, sorted, with the sizes of files.
std::vector<std::string> listing(const std::filesystem::path& directory);

// A config that trains 1,500 agent steps in about a second: `map:` or catalog levels at 20 x 20 pixels, a
// network of a few units, a checkpoint every tenth of a second.
extern const char* const kTinyConfig;
// What makes any verb's agent that small.
extern const Arguments kTinySettings;

Arguments operator+(Arguments a, const Arguments& b);

}  // namespace chrysalis
