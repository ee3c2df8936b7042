// The words with a colon in a text map, NAME:VALUE: of areas, boxes, spawns, items and the grid's characters.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/map_draft.h"
#include "chrysalis/levels/map_text.h"

namespace chrysalis {

inline constexpr int kMapHeightMin = -1000, kMapHeightMax = 2000;
inline constexpr std::string_view kMapSides[] = {"east", "north", "west", "south"};  // As Side.

// What they say.
struct MapOptions {
  std::optional<MaterialId> floor = {}, wall = {}, ceiling = {}, material = {}, top = {};
  std::optional<int> height = {}, headroom = {}, z = {}, from = {}, to = {}, depth = {};
  std::optional<int> facing = {}, respawn = {}, rounds = {};
  MapPlace respawn_place = {}, rounds_place = {};
};

// What stands before the first colon of a word, and what behind it.
std::pair<MapWord, std::optional<MapWord>> split_at_colon(const MapWord& word);

// All words of a line from `first` on, of which only `allowed` may come.
Status read_options(const MapText& text, const MapLine& line, std::size_t first,
                    const std::vector<std::string_view>& allowed, MapOptions& options);
// One. plain: the words without a colon that might have stood there too, for the error.
Status read_option(const MapText& text, const MapWord& word, const std::vector<std::string_view>& allowed,
                   const std::vector<std::string_view>& plain, MapOptions& options);

// The kinds of items by name, ItemKind the index.
const std::vector<std::string_view>& item_names();

// The error says what an item of the kind cannot have.
Status check_item(const MapText& text, ItemKind kind, const MapOptions& options);
// Puts one into the draft; the error says that there are too many.
Status add_item(const MapText& text, const DraftSpot& spot, ItemKind kind, const MapOptions& options,
                MapDraft& draft);

}  // namespace chrysalis
