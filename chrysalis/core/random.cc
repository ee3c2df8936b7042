#include "chrysalis/core/random.h"

#include <cmath>
#include <numbers>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {
constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15ULL;
}

std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

RandomKey::RandomKey(std::uint64_t run_seed, Purpose purpose, std::initializer_list<std::uint64_t> path)
    : RandomKey(run_seed) {
  *this = split(static_cast<std::uint64_t>(purpose));
  for (const std::uint64_t index : path) *this = split(index);
}

RandomKey RandomKey::split(std::uint64_t index) const {
  RandomKey key = *this;
  // Two rounds keep (a, b) and (b, a) apart and neighbouring indices unrelated.
  key.value_ = mix64(value_ ^ mix64(index + kGamma)) + kGamma;
  return key;
}

std::uint64_t RandomStream::next() {
  return mix64(key_ + ++count_ * kGamma);
}

double RandomStream::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  CHRYSALIS_CHECK(bound >= 1);
  const std::uint64_t threshold = (0 - bound) % bound;  // Words under it would favour small results.
  for (;;) {
    const std::uint64_t word = next();
    if (word >= threshold) return word % bound;
  }
}

double RandomStream::log_uniform(double low, double high) {
  return std::exp(uniform(std::log(low), std::log(high)));
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace chrysalis
