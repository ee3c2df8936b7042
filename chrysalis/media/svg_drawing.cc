#include "chrysalis/media/svg_drawing.h"

#include <algorithm>

#include "chrysalis/core/utf8.h"

namespace chrysalis {
namespace {

// As XML has it, which knows neither control characters nor what is not UTF-8.
std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t size = utf8_character(text);
    if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '&')
      safe += "&amp;";
    else if (size == 0 || static_cast<unsigned char>(c) < 0x20)
      safe += '?';
    else
      safe += text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return safe;
}

}  // namespace

std::string svg_begin(int width, int height) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"system-ui, sans-serif\" font-size=\"{2}\">\n",
      width, height, kSvgFont);
}

double svg_width(std::string_view words) {
  double ems = 0;
  for (const char c : words) {
    const auto is_of = [c](std::string_view letters) { return letters.find(c) != std::string_view::npos; };
    ems += is_of("ijl.,:;'| ") ? 0.32 : is_of("ftrI()[]/-") ? 0.40 : is_of("mwMW%@") ? 0.97 : 0.63;
  }
  return ems * kSvgFont;
}

void SvgDrawing::text(double x, double y, const char* anchor, const std::string& words, const char* more) {
  add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\"{}>{}</text>\n", x, y, anchor, kSvgInk,
      more, escaped(words));
}

void SvgDrawing::line(double x0, double y0, double x1, double y1, double opacity) {
  add("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"{}\" stroke-opacity=\"{}\"/>\n", x0, y0, x1, y1,
      kSvgInk, opacity);
}

}  // namespace chrysalis
