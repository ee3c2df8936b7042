#include "chrysalis/core/memory.h"

#include <sys/resource.h>

#include <cstdlib>  // Defines __GLIBC__ where it is the C library.

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace chrysalis {

std::size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  constexpr std::size_t kUnit = 1;
#else
  constexpr std::size_t kUnit = 1024;
#endif
  return static_cast<std::size_t>(usage.ru_maxrss) * kUnit;
}

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);  // Big blocks come from the heap, which is kept, not from mmap.
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 64 << 20);  // The heap grows in steps of 64 MiB.
#endif
}

}  // namespace chrysalis
