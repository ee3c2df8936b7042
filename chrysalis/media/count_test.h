// What tests of pictures look for in an SVG's text.
#pragma once

#include <string>

namespace chrysalis {

// How often `what` stands in `text`.
inline int count(const std::string& text, const std::string& what) {
  int found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace chrysalis
