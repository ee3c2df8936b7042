// The text of a map as lines of words that know their places, and what all lines have in common: numbers,
// names, materials, and errors that say where. docs/formats/map.md has the format.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/world/material.h"

namespace chrysalis {

inline constexpr int kMapVersion = 2;  // The newest; all before are read too.

// Of a file: line and column, from 1.
struct MapPlace {
  int line = 1;
  int column = 1;
};

struct MapWord {
  std::string_view text;  // Of the map's text, which must outlive it.
  MapPlace place;
};
// Of a line, separated by blanks, and at its end an empty one, for what is missing.
using MapLine = std::vector<MapWord>;

class MapText {
 public:
  // `source` is what errors call the text. Both must outlive this.
  MapText(std::string_view text, std::string_view source);

  // Reads the first line: "chrysalis map " and the version.
  Status read_version();
  int version() const { return version_; }

  int line_count() const { return static_cast<int>(lines_.size()); }
  std::string_view line(int number) const;
  MapLine words(int line) const;

  // SOURCE:LINE:COLUMN: found "…", expected …. One line, whatever was found.
  Error error(MapPlace place, std::string_view found, std::string_view expected) const;
  Error error(const MapWord& word, std::string_view expected) const {
    return error(word.place, word.text, expected);
  }

  Result<int> number(const MapWord& word, int low, int high) const;
  template <typename T>
  Status number(const MapWord& word, int low, int high, T& target) const {
    CHRYSALIS_ASSIGN_OR_RETURN(const int read, number(word, low, high));
    target = static_cast<T>(read);
    return {};
  }
  Result<double> decimal(const MapWord& word, double low, double high) const;
  Result<MaterialId> material(const MapWord& word) const;
  template <typename T>
  Status material(const MapWord& word, T& target) const {
    CHRYSALIS_ASSIGN_OR_RETURN(target, material(word));
    return {};
  }
  // Which of the names; the error lists them and gives the nearest.
  Result<int> choice(const MapWord& word, std::span<const std::string_view> names) const;

 private:
  std::string_view source_;
  int version_ = kMapVersion;
  std::vector<std::string_view> lines_;
};

}  // namespace chrysalis
