// PNG files of 8-bit RGB.
#pragma once

#include <string>

#include "chrysalis/core/result.h"
#include "chrysalis/media/image.h"

namespace chrysalis {

// Written beside `path` and renamed, so that `path` is always whole: the old picture or the new one.
Status write_png(const std::string& path, const Image& image);
// Any PNG, turned into RGB (alpha is dropped).
Result<Image> read_png(const std::string& path);

}  // namespace chrysalis
