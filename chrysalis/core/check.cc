#include "chrysalis/core/check.h"

#include <cstdio>
#include <cstdlib>

namespace chrysalis {

void check_failed(const char* file, int line, const char* expression, const std::string& why) {
  std::fprintf(stderr, "%s:%d: check failed: %s%s%s\n", file, line, expression, why.empty() ? "" : ": ",
               why.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace chrysalis
