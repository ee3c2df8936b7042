#include "chrysalis/core/utf8.h"

#include <cstdint>

namespace chrysalis {

std::size_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  if (size > text.size()) return 0;
  std::uint32_t code = size == 1 ? byte(0) : byte(0) & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};  // Of each size: less is spelled shorter.
  const bool continues_nothing = byte(0) >= 0x80 && byte(0) < 0xC0;
  const bool is_half = code >= 0xD800 && code < 0xE000;
  const bool wrong =
      continues_nothing || byte(0) >= 0xF8 || code < kLeast[size - 1] || code > 0x10FFFF || is_half;
  return wrong ? 0 : size;
}

}  // namespace chrysalis
