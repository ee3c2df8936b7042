// Frames on their way from the unrolls to a GPU. Needs Torch; for sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "chrysalis/agent/copy_stream.h"
#include "chrysalis/agent/torso.h"

namespace chrysalis {

// Takes frames to a device as bytes, a chunk at a time, through page-locked memory and a stream of their own:
// while the device computes with a chunk, this thread gathers the next one and the device fetches it. The
// bytes stay there for the backward pass, which so needs no second transfer.
//
// On a CPU it gives the same bytes by the same way, without the streams and the page-locked memory.
class StagedFrames {
 public:
  // `frames` must outlive this object, which may go as soon as its last chunk is on the way.
  StagedFrames(const Frames& frames, c10::Device device);

  // The next `count` frames, [count, height, width, 3] bytes on the device. What the current stream is given
  // from now on may read them.
  at::Tensor next(std::int64_t count);

  // [frames, height, width, 3] bytes on the device; those that next() has returned are there.
  const at::Tensor& bytes() const { return bytes_; }

 private:
  // Constant after construction.
  const Frames& frames_;
  at::Tensor host_;   // As bytes_.
  at::Tensor bytes_;  // Its memory; the contents come by and by.

  CopyStream stream_;
  std::int64_t done_ = 0;
};

}  // namespace chrysalis
