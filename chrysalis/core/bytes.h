// Plain state to bytes and back, for saving a world in the middle of an episode and for hashing it.
// Little-endian machines only (checked at compile time); what is written has no padding and no pointers.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chrysalis/core/result.h"

namespace chrysalis {

static_assert(std::endian::native == std::endian::little);

template <typename T>
concept PlainNumber = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class ByteWriter {
 public:
  template <PlainNumber T>
  void number(T value) {
    append(&value, sizeof(T));
  }
  template <PlainNumber T>
  void numbers(std::span<const T> values) {
    number<std::uint64_t>(values.size());
    append(values.data(), values.size_bytes());
  }
  void text(std::string_view value) { numbers(std::span<const char>(value)); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

 private:
  void append(const void* from, std::size_t size) {
    if (size == 0) return;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + size);
    std::memcpy(bytes_.data() + at, from, size);
  }

  std::vector<std::uint8_t> bytes_;
};

// Reads what ByteWriter wrote, in the same order. Never reads past the end: a short or malformed buffer makes
// failed() true and every further read zero, so callers check once, at the end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  template <PlainNumber T>
  T number() {
    T value{};
    if (bytes_.size() - at_ < sizeof(T)) {
      failed_ = true;
    } else if (!failed_) {
      if constexpr (std::is_same_v<T, bool>) {
        // Any other byte in a bool would be undefined behaviour.
        failed_ = bytes_[at_] > 1;
        value = bytes_[at_] == 1;
      } else {
        std::memcpy(&value, bytes_.data() + at_, sizeof(T));
      }
      at_ += sizeof(T);
    }
    return value;
  }
  template <PlainNumber T>
  void number(T& value) {
    value = number<T>();
  }
  template <PlainNumber T>
  void numbers(std::vector<T>& values) {
    const auto count = number<std::uint64_t>();
    if (failed_ || count > (bytes_.size() - at_) / sizeof(T)) {
      failed_ = true;
      values.clear();
      return;
    }
    values.resize(count);
    if (count > 0) std::memcpy(values.data(), bytes_.data() + at_, count * sizeof(T));
    at_ += count * sizeof(T);
  }
  std::string text() {
    std::vector<char> chars;
    numbers(chars);
    return {chars.begin(), chars.end()};
  }
  bool failed() const { return failed_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// FNV-1a, 64 bits: tells two states or two pictures apart; no defence against malice.
inline std::uint64_t hash64(std::span<const std::uint8_t> bytes, std::uint64_t hash = 0xCBF29CE484222325ULL) {
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3ULL;
  return hash;
}

}  // namespace chrysalis
