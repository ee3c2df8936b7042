#include "chrysalis/store/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <bit>

#include "chrysalis/core/check.h"

namespace chrysalis {

static_assert(std::endian::native == std::endian::little);

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CHRYSALIS_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1,
                  "OpenSSL has no SHA-256");
  CHRYSALIS_CHECK_EQ(size, 32U);
  std::string hex;
  hex.reserve(64);
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string sha256_hex(std::string_view text) {
  return sha256_hex(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::string weights_sha256(std::span<const float> weights) {
  return sha256_hex(std::span(reinterpret_cast<const std::uint8_t*>(weights.data()), weights.size_bytes()));
}

}  // namespace chrysalis
