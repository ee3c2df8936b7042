#include "chrysalis/kernels/buffer.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace chrysalis {
namespace {
constexpr std::size_t kLine = 64, kHugePage = std::size_t{2} << 20;
}

void Buffer::Free::operator()(std::byte* memory) const {
  ::operator delete(memory, std::align_val_t(alignment));
}

void Buffer::reserve(std::size_t bytes) {
  if (bytes <= bytes_) return;
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kLine;
  const std::size_t whole = (bytes + kLine + alignment - 1) / alignment * alignment;
  memory_.reset();
  bytes_ = 0;
  auto* memory = static_cast<std::byte*>(::operator new(whole, std::align_val_t(alignment)));
  memory_ = {memory, Free{alignment}};
#ifdef MADV_HUGEPAGE
  // A wish: where the system has no huge pages, ordinary ones do.
  if (alignment == kHugePage) madvise(memory_.get(), whole, MADV_HUGEPAGE);
#endif
  std::memset(memory_.get(), 0, whole);
  bytes_ = bytes;
}

std::shared_ptr<Buffer> BufferPool::take(std::size_t bytes) {
  // The smallest that is large enough, so that big ones stay for big requests.
  auto best = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it)
    if ((*it)->bytes() >= bytes && (best == free_.end() || (*it)->bytes() < (*best)->bytes())) best = it;
  std::unique_ptr<Buffer> buffer;
  if (best != free_.end()) {
    buffer = std::move(*best);
    free_.erase(best);
  } else {
    buffer = std::make_unique<Buffer>(bytes);
  }
  return {buffer.release(),
          [pool = shared_from_this()](Buffer* returned) { pool->free_.emplace_back(returned); }};
}

}  // namespace chrysalis
