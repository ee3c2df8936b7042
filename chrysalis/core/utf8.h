// Text that came from outside, as characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace chrysalis {

// How many bytes the first character of `text` has, which is not empty; 0 where those bytes are none of
// UTF-8's.
std::size_t utf8_character(std::string_view text);

}  // namespace chrysalis
