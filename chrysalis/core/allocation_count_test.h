// Allocations so far, in test programs one of whose files includes allocations_test.h.
#pragma once

#include <cstdint>

namespace chrysalis {

// Of this thread, so that a logger's or a test runner's other threads do not count.
inline thread_local std::int64_t allocation_count = 0;

}  // namespace chrysalis
