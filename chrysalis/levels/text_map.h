// Text maps: a level in one readable file, for the fixed levels and for files of users. The format, its
// limits and its versions are described in docs/formats/map.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/forage_level.h"
#include "chrysalis/levels/laser_tag_level.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

struct TextMap {
  std::shared_ptr<const Map> map;
  ForageRules rules;           // Of a map without an arena.
  std::optional<Arena> arena;  // Of laser tag, on the same map.
  int episode_seconds = 60;
};

inline constexpr std::size_t kTextMapBytesMax = 1 << 20;

// `source` is what errors call the text: SOURCE:LINE:COLUMN: what was found and what was expected, one line.
Result<TextMap> parse_text_map(std::string_view text, std::string_view source);

// The same from a file; the error of a file that cannot be read names it and says why.
Result<TextMap> load_text_map(const std::string& path);

}  // namespace chrysalis
