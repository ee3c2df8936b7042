// How the process treats memory that it has freed.
#pragma once

namespace chrysalis {

// Keeps freed memory in the process instead of giving it back to the system. Big tensors that come and go
// with every update otherwise cost a page fault for every 4 KiB of theirs, which halves training's speed.
// Call it once, first thing in main(). Does nothing where the C library is not glibc.
void keep_freed_memory();

}  // namespace chrysalis
