// Many frames on one picture, for people.
#pragma once

#include <span>

#include "chrysalis/media/image.h"

namespace chrysalis {

struct ContactSheetLayout {
  int columns = 6;         // At least 1.
  int factor = 3;          // Each pixel becomes factor x factor.
  int margin = 6;          // Pixels around and between frames.
  std::uint8_t grey = 32;  // Of the margins.
};

// The frames in reading order; all of one size, at least one.
Image contact_sheet(std::span<const Image> frames, const ContactSheetLayout& layout = {});

}  // namespace chrysalis
