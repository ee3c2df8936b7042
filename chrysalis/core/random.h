// Randomness by key. A stream is named by what it is for (run seed, purpose, member, environment, episode, …)
// and never by what ran before it, so the same episode comes out whatever the thread count or the order of
// tasks.
//
// The generator is SplitMix64 (Steele, Lea, Flood 2014): output i is a bijective mix of key + i * gamma, so
// its whole state is two words and a stream can be saved, restored or split at no cost.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>

namespace chrysalis {

// What a stream is for. Values are part of the meaning of a seed: append, never renumber.
enum class Purpose : std::uint64_t {
  kEpisode = 1,          // Map, items, spawn, theme of one episode.
  kAction = 2,           // Sampling from the behaviour policy.
  kInitialWeights = 3,   // A member's first weights.
  kHyperparameters = 4,  // A member's first hyperparameters.
  kPopulation = 5,       // Exploit and explore.
  kEvaluation = 6,       // Episodes that are never trained on.
  kRandomPolicy = 7,     // The uniform policy.
  kProjections = 8,      // Directions of the sobolev loss.
};

std::uint64_t mix64(std::uint64_t value);

// A key: hash-like, order matters. Cheap to copy and to split.
class RandomKey {
 public:
  explicit RandomKey(std::uint64_t seed) : value_(mix64(seed)) {}
  RandomKey(std::uint64_t run_seed, Purpose purpose, std::initializer_list<std::uint64_t> path = {});
  RandomKey split(std::uint64_t index) const;
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_;
};

class RandomStream {
 public:
  explicit RandomStream(RandomKey key) : key_(key.value()) {}
  RandomStream(std::uint64_t key, std::uint64_t count) : key_(key), count_(count) {}  // A saved stream.
  std::uint64_t key() const { return key_; }
  std::uint64_t count() const { return count_; }  // Words drawn so far.

  std::uint64_t next();
  // [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Uniform over [0, bound) without bias; bound >= 1.
  std::uint64_t below(std::uint64_t bound);
  // Uniform over [low, high], both included.
  int between(int low, int high) {
    const std::int64_t span = std::int64_t{high} - low;
    return static_cast<int>(low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(span) + 1)));
  }
  bool chance(double probability) { return uniform() < probability; }
  double log_uniform(double low, double high);
  double normal();  // Mean 0, variance 1 (Box-Muller; two words a draw).
  // Fisher-Yates.
  template <typename Range>
  void shuffle(Range& range) {
    for (std::uint64_t i = range.size(); i > 1; --i) std::swap(range[i - 1], range[below(i)]);
  }

 private:
  std::uint64_t key_;
  std::uint64_t count_ = 0;
};

}  // namespace chrysalis
