// How many times the test program has allocated. Its operator new lives in a file of its own, so that no compiler
// mixes up what it inlines.
#pragma once

#include <cstdint>

namespace chrysalis {
std::int64_t allocation_count();
}
