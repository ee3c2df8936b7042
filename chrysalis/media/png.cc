#include "chrysalis/media/png.h"

#include <png.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "chrysalis/core/check.h"

namespace chrysalis {

Status write_png(const std::string& path, const Image& image) {
  CHRYSALIS_CHECK_EQ(image.rgb.size(), static_cast<std::size_t>(image.width) * image.height * 3);
  if (image.rgb.empty())
    return invalid_input("{}: a picture of {} x {} has no pixels", path, image.width, image.height);
  const std::string beside = path + ".part";
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_file(&png, beside.c_str(), 0, image.rgb.data(), 0, nullptr)) {
    std::remove(beside.c_str());
    return io_error("cannot write {}: {}", path, png.message);
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    std::remove(beside.c_str());
    return io_error("cannot rename {} to {}: {}", beside, path, std::strerror(reason));
  }
  return {};
}

Result<Image> read_png(const std::string& path) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&png, path.c_str())) {
    return io_error("cannot read {}: {}", path, png.message);
  }
  png.format = PNG_FORMAT_RGB;
  Image image{static_cast<int>(png.width), static_cast<int>(png.height), {}};
  image.rgb.resize(PNG_IMAGE_SIZE(png));
  const png_color black{};
  if (!png_image_finish_read(&png, &black, image.rgb.data(), 0, nullptr)) {
    const std::string reason = png.message;
    png_image_free(&png);
    return io_error("cannot read {}: {}", path, reason);
  }
  return image;
}

}  // namespace chrysalis
