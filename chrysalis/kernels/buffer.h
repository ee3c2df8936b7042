// Memory for the kernels' numbers.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace chrysalis {

// Bytes, aligned to a cache line or, where they are many, to a huge page, which the system is asked for: with
// ordinary pages the gradient of a wide layer's weights spends a tenth of its time on looking addresses up.
// Zeros at first. Grows and never shrinks; growing loses what was there. After the last byte a cache line of
// zeros may be read, and never written. Movable; empty once moved from.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes) { reserve(bytes); }
  Buffer(Buffer&& other) noexcept
      : memory_(std::move(other.memory_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    memory_ = std::move(other.memory_);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }

  void reserve(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }
  template <typename T = float>
  T* as() const {
    return reinterpret_cast<T*>(memory_.get());
  }

 private:
  struct Free {
    std::size_t alignment;
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t bytes_ = 0;
};

// Buffers that go back and are given out again: what one update needed, the next one finds. One thread at a
// time; the buffers given out keep the pool alive.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  // At least `bytes`, with whatever its last user left in it.
  std::shared_ptr<Buffer> take(std::size_t bytes);

 private:
  std::vector<std::unique_ptr<Buffer>> free_;
};

// At least `bytes`, a multiple of 64 and odd in cache lines: rows at this distance share no sets of a cache.
constexpr std::size_t odd_lines(std::size_t bytes) {
  return ((bytes + 63) / 64 | 1) * 64;
}
// The same in floats for a row of so many.
constexpr std::ptrdiff_t odd_row(int floats) {
  return static_cast<std::ptrdiff_t>(odd_lines(static_cast<std::size_t>(floats) * 4) / 4);
}

}  // namespace chrysalis
