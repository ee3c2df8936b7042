#include "chrysalis/media/contact_sheet.h"

#include <algorithm>
#include <cstring>

#include "chrysalis/core/check.h"

namespace chrysalis {

Image contact_sheet(std::span<const Image> frames, const ContactSheetLayout& layout) {
  CHRYSALIS_CHECK(!frames.empty() && layout.columns >= 1 && layout.margin >= 0);
  const int count = static_cast<int>(frames.size());
  const int columns = std::min(layout.columns, count), rows = (count + columns - 1) / columns;
  const int wide = frames[0].width * layout.factor, high = frames[0].height * layout.factor;
  Image sheet{
      columns * (wide + layout.margin) + layout.margin, rows * (high + layout.margin) + layout.margin, {}};
  sheet.rgb.assign(static_cast<std::size_t>(sheet.width) * sheet.height * 3, layout.grey);
  for (int i = 0; i < count; ++i) {
    CHRYSALIS_CHECK(frames[i].width == frames[0].width && frames[i].height == frames[0].height,
                    "frame {} is {} x {}, the first {} x {}", i, frames[i].width, frames[i].height,
                    frames[0].width, frames[0].height);
    const Image large = magnified(frames[i], layout.factor);
    const int x = layout.margin + i % columns * (wide + layout.margin);
    const int y = layout.margin + i / columns * (high + layout.margin);
    for (int row = 0; row < high; ++row) {
      std::memcpy(&sheet.rgb[(static_cast<std::size_t>(y + row) * sheet.width + x) * 3],
                  &large.rgb[static_cast<std::size_t>(row) * wide * 3], static_cast<std::size_t>(wide) * 3);
    }
  }
  return sheet;
}

}  // namespace chrysalis
