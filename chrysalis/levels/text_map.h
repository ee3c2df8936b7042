// Text maps: a header of keys and a grid of characters, for the fixed levels and for files of users.
// The format is described in docs/formats/map.md, version 1.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/forage_level.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

struct TextMap {
  std::shared_ptr<const Map> map;
  ForageRules rules;
  int episode_seconds = 60;
};

// `source` is what errors call the text: SOURCE:LINE:COLUMN: what was found and what was expected.
Result<TextMap> parse_text_map(std::string_view text, std::string_view source);

// The same from a file; the error of a file that cannot be read names it and says why.
Result<TextMap> load_text_map(const std::string& path);

}  // namespace chrysalis
