// What the pictures of this room share: SVG text with one ink, one size of letters, no script and no files.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace chrysalis {

// A grey whose contrast with white and with black is at least 3, for a background that is transparent.
inline constexpr const char* kSvgInk = "#7a7a7a";
inline constexpr int kSvgFont = 13;
inline constexpr int kSvgLine = 18;  // Height of a line of text.

// The opening tag of a picture; "</svg>\n" closes it.
std::string svg_begin(int width, int height);

// About how wide they will be, pixels: whoever opens the picture has a font of his own, and most are
// narrower.
double svg_width(std::string_view words);

// SVG elements, one after the other.
class SvgDrawing {
 public:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  // `anchor`: start, middle or end of the words stands at x, their foot at y. `more`: attributes. Words may
  // hold anything.
  void text(double x, double y, const char* anchor, const std::string& words, const char* more = "");
  void line(double x0, double y0, double x1, double y1, double opacity);
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace chrysalis
