// The grid of a text map: what its characters stand for, and its rows.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/map_draft.h"
#include "chrysalis/levels/map_options.h"
#include "chrysalis/levels/map_text.h"

namespace chrysalis {

inline constexpr int kMapGridSideMax = 255;  // Characters each way.

class MapGrid {
 public:
  explicit MapGrid(const MapText& text) : text_(text) {}

  bool thin = false;         // Walls are panels between cells.
  float cell_size = 100.0f;  // u.

  // cell X = WORD…: what there is, and options. panel X = MATERIAL.
  Status read_glyph(const MapLine& line);
  // On a wall of a cell, whose column and row are counted as characters, from 1, from the top left.
  void hang(const DraftPicture& picture) { pictures_.push_back(picture); }
  // The rows from `first_line` to the end of the text, into the draft.
  Status read(int first_line, MapDraft& draft) const;

 private:
  struct Glyph {
    bool solid = false;
    bool spawn = false;
    std::vector<ItemKind> items;  // In their order.
    MapOptions options;
  };
  Status read_cell_word(const MapWord& word, const std::vector<std::string_view>& plain, Glyph& glyph);
  std::vector<float> lines_of(int count) const;
  Status read_cell(char character, int column, int row, MapPlace place, MapDraft& draft) const;

  const MapText& text_;
  std::map<char, Glyph> glyphs_;
  std::vector<DraftPicture> pictures_;
};

}  // namespace chrysalis
