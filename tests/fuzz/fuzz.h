// A fuzzer is one function in the form of libFuzzer's, LLVMFuzzerTestOneInput, which aborts where a reader
// breaks its contract, and what to begin with. driver.cc runs it in CI, always on the same inputs; libFuzzer
// runs it for as long as one likes (CONTRIBUTING.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/level.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace chrysalis {

// Of each fuzzer: valid inputs, and words of their language; none for inputs that are no text.
std::vector<std::string> fuzz_seeds();
std::vector<std::string> fuzz_words();

// What every answer to a user is: one line of printable characters, not endless.
void check_message(const Error& error);

// 100 frames of a level that begins or was restored: rewards within the spec, no rule of the world broken,
// saved and restored to the same; then one picture.
void play_a_little(Level& level);

std::string file_text(const std::string& path);

}  // namespace chrysalis
