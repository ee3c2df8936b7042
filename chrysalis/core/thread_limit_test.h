// A system that has no thread left, in test programs one of whose files includes this.
#pragma once

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <limits>

namespace chrysalis {

inline std::atomic<int> threads_to_be_had = std::numeric_limits<int>::max();

// While it is there, that many threads can be started.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads) { threads_to_be_had = threads; }
  ~ThreadLimit() { threads_to_be_had = std::numeric_limits<int>::max(); }
};

}  // namespace chrysalis

// In place of the C library's, which it calls.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) noexcept {
  if (chrysalis::threads_to_be_had-- <= 0) return EAGAIN;
  static const auto create = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return create(thread, attributes, start, argument);
}
