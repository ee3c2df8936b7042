#include "chrysalis/agent/staged_frames.h"

#include <ATen/ATen.h>

#include <cstring>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

at::Tensor empty_bytes(const Frames& frames, const at::TensorOptions& options) {
  return at::empty({static_cast<std::int64_t>(frames.pixels.size()), frames.height, frames.width, 3},
                   options.dtype(at::kByte));
}

}  // namespace

StagedFrames::StagedFrames(const Frames& frames, c10::Device device)
    : frames_(frames),
      // LibTorch keeps page-locked memory for the next time, and gives it out again only when the copies from
      // it are done.
      host_(empty_bytes(frames, at::TensorOptions().pinned_memory(!device.is_cpu()))),
      bytes_(empty_bytes(frames, at::TensorOptions().device(device))),
      stream_(device) {}

at::Tensor StagedFrames::next(std::int64_t count) {
  CHRYSALIS_CHECK(count >= 1 && done_ + count <= bytes_.size(0), "{} frames after {} of {}", count, done_,
                  bytes_.size(0));
  const auto frame_bytes = static_cast<std::size_t>(frames_.height) * frames_.width * 3;
  const at::Tensor from = host_.narrow(0, done_, count);
  at::Tensor to = bytes_.narrow(0, done_, count);
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(from.data_ptr<std::uint8_t>() + i * frame_bytes, frames_.pixels[done_ + i], frame_bytes);
  }
  stream_.run([&] { to.copy_(from, /*non_blocking=*/true); });
  done_ += count;
  return to;
}

}  // namespace chrysalis
