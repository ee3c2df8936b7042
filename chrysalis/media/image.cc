#include "chrysalis/media/image.h"

#include <cstring>

#include "chrysalis/core/check.h"

namespace chrysalis {

Image magnified(const Image& image, int factor) {
  CHRYSALIS_CHECK(factor >= 1, "{}", factor);
  CHRYSALIS_CHECK_EQ(image.rgb.size(), static_cast<std::size_t>(image.width) * image.height * 3);
  Image large{image.width * factor, image.height * factor, {}};
  const std::size_t row_bytes = static_cast<std::size_t>(large.width) * 3;
  large.rgb.resize(row_bytes * large.height);
  for (int y = 0; y < large.height; ++y) {
    std::uint8_t* row = large.rgb.data() + y * row_bytes;
    if (y % factor != 0) {
      std::memcpy(row, row - row_bytes, row_bytes);
      continue;
    }
    const std::uint8_t* from = image.rgb.data() + static_cast<std::size_t>(y / factor) * image.width * 3;
    for (int x = 0; x < large.width; ++x) std::memcpy(row + 3 * x, from + 3 * (x / factor), 3);
  }
  return large;
}

}  // namespace chrysalis
