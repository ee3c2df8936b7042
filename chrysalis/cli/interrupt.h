// Ctrl-C: the first asks for a clean stop, the second ends the program at once.
#pragma once

#include <atomic>

namespace chrysalis {

// Takes over SIGINT and SIGTERM. The flag becomes true at the first of them; the second exits with code 130.
const std::atomic<bool>& catch_interrupts();

}  // namespace chrysalis
