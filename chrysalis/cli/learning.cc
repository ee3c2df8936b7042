#include "chrysalis/cli/learning.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr const char* kProgram = "chrysalis-torch";

struct Process {
  const Learning* learning = nullptr;
  char** argv = nullptr;  // Ended by null, as main()'s is.
} process;

}  // namespace

void set_learning(const Learning* learning, int argc, char** argv) {
  CHRYSALIS_CHECK(argv[argc] == nullptr);
  process = {.learning = learning, .argv = argv};
}

Status need_learning() {
  if (process.learning != nullptr) return {};
  std::error_code code;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", code);
  if (code) return io_error("cannot find {}: /proc/self/exe: {}", kProgram, code.message());
  const auto program = own.parent_path() / kProgram;
  ::execv(program.c_str(), process.argv);
  return io_error("this needs LibTorch, and {} cannot be run: {}; `make build` builds it", program.string(),
                  std::strerror(errno));
}

const Learning& learning() {
  CHRYSALIS_CHECK(process.learning != nullptr);
  return *process.learning;
}

}  // namespace chrysalis
