// A picture in memory.
#pragma once

#include <cstdint>
#include <vector>

namespace chrysalis {

// height x width x 3 bytes, rows from the top, interleaved RGB.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;
  friend bool operator==(const Image&, const Image&) = default;
};

// Every pixel `factor` (at least 1) times as wide and high; hard edges, so that each pixel stays countable.
Image magnified(const Image& image, int factor);

}  // namespace chrysalis
