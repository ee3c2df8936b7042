// The two convolutions, from bytes to features, in chunks of frames that fit the cache. Needs Torch; for
// sources only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace chrysalis {

// Pictures by pointer: [height, width, 3] bytes each, on the host. They must live until the backward pass is
// over.
struct Frames {
  std::vector<const std::uint8_t*> pixels;
  int height = 0;
  int width = 0;
  bool staged = false;  // Through StagedFrames also where the weights are on the host: for tests.
};

// relu(conv2(relu(conv1(frames / 255)))), gradients to the four parameters. Shapes as weight_layout() has
// them. Returns [frames, h2 * w2 * F2], features of a frame in the order rows, columns, filters.
//
// Only a chunk of the frames is ever held as floats; the backward pass converts it again. Activations after
// conv1 are kept, and on a GPU the frames' bytes (staged_frames.h). The result and the gradients do not
// depend on chunk_frames, up to the order of the gradients' sums.
at::Tensor convolve(const Frames& frames, const at::Tensor& weight1, const at::Tensor& bias1,
                    const at::Tensor& weight2, const at::Tensor& bias2, int chunk_frames);

}  // namespace chrysalis
