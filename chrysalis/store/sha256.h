// SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chrysalis {

std::string sha256_hex(std::span<const std::uint8_t> bytes);
std::string sha256_hex(std::string_view text);

// Of the numbers' bytes, little-endian: two sets of weights are the same bit for bit or differ here.
std::string weights_sha256(std::span<const float> weights);

}  // namespace chrysalis
