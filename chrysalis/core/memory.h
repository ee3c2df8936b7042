// The process's memory: how much it has taken, and what it does with what it has freed.
#pragma once

#include <cstddef>

namespace chrysalis {

// The most physical memory that the process has had at once, libraries included.
std::size_t peak_resident_bytes();

// Keeps freed memory in the process instead of giving it back to the system. Big tensors that come and go
// with every update otherwise cost a page fault for every 4 KiB of theirs, which halves training's speed.
// Call it once, first thing in main(). Does nothing where the C library is not glibc.
void keep_freed_memory();

}  // namespace chrysalis
