// Counts every allocation of a test program, to show what allocates nothing. Include it in exactly one file
// of a test program: it replaces the program's operator new and aligned_alloc().
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace chrysalis {
inline std::atomic<std::int64_t> allocation_count{0};
}  // namespace chrysalis

// Not inlined: g++ would take free() beside new for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  chrysalis::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes > 0 ? bytes : 1);
}
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (void* memory = operator new(bytes, std::nothrow)) return memory;
  throw std::bad_alloc();
}
extern "C" [[gnu::noinline]] void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  chrysalis::allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
