#include "chrysalis/levels/map_options.h"

#include <algorithm>

#include "chrysalis/core/field.h"

namespace chrysalis {
namespace {

constexpr int kHeadroomMin = 48;  // A crouching body is 40 u high.
constexpr int kRespawnSecondsMax = 600;
constexpr std::size_t kNameMax = 32;  // Longer words are no misspelling.

bool is_gadget(ItemKind kind) {
  return kind == ItemKind::kOrb || kind == ItemKind::kBeam || kind == ItemKind::kDisc;
}

// As a body has it: -180 to 180, and not 180 itself.
int yaw_of(int degrees) {
  return degrees >= 180 ? degrees - 360 : degrees;
}

Status read_facing(const MapText& text, const MapWord& word, MapOptions& options) {
  for (int side = 0; side < 4; ++side)
    if (word.text == kMapSides[side]) return options.facing = yaw_of(side * 90), Status();
  const auto degrees = text.number(word, -180, 360);
  if (!degrees) return text.error(word, "east, north, west, south, or degrees from -180 to 360");
  options.facing = yaw_of(*degrees);
  return {};
}

struct Option {
  std::string_view name;
  int version;  // The first that has it.
  Status (*read)(const MapText& text, const MapWord& value, MapOptions& options);
};

const std::vector<Option>& all_options() {
  static const std::vector<Option> all = {
      {"floor", 1, [](const MapText& t, const MapWord& w, MapOptions& o) { return t.material(w, o.floor); }},
      {"wall", 1, [](const MapText& t, const MapWord& w, MapOptions& o) { return t.material(w, o.wall); }},
      {"height", 1,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         return t.number(w, kMapHeightMin, 1000, o.height.emplace());
       }},
      {"ceiling", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) { return t.material(w, o.ceiling); }},
      {"headroom", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         return t.number(w, kHeadroomMin, 1000, o.headroom.emplace());
       }},
      {"material", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) { return t.material(w, o.material); }},
      {"top", 2, [](const MapText& t, const MapWord& w, MapOptions& o) { return t.material(w, o.top); }},
      {"z", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         return t.number(w, kMapHeightMin, kMapHeightMax, o.z.emplace());
       }},
      {"from", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         return t.number(w, kMapHeightMin, 1000, o.from.emplace());
       }},
      {"to", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         return t.number(w, kMapHeightMin, 1000, o.to.emplace());
       }},
      {"depth", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         return t.number(w, 32, 1000, o.depth.emplace());
       }},
      {"facing", 2, [](const MapText& t, const MapWord& w, MapOptions& o) { return read_facing(t, w, o); }},
      {"respawn", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         o.respawn_place = w.place;
         return t.number(w, 1, kRespawnSecondsMax, o.respawn.emplace());
       }},
      {"rounds", 2,
       [](const MapText& t, const MapWord& w, MapOptions& o) {
         o.rounds_place = w.place;
         return t.number(w, 1, kRoundsMax, o.rounds.emplace());
       }},
  };
  return all;
}

}  // namespace

std::pair<MapWord, std::optional<MapWord>> split_at_colon(const MapWord& word) {
  const std::size_t colon = word.text.find(':');
  const MapWord name{word.text.substr(0, colon), word.place};
  if (colon == std::string_view::npos) return {name, {}};
  const int column = word.place.column + static_cast<int>(colon) + 1;
  return {name, MapWord{word.text.substr(colon + 1), {word.place.line, column}}};
}

Status read_options(const MapText& text, const MapLine& line, std::size_t first,
                    const std::vector<std::string_view>& allowed, MapOptions& options) {
  for (std::size_t i = first; i + 1 < line.size(); ++i)
    CHRYSALIS_RETURN_IF_ERROR(read_option(text, line[i], allowed, {}, options));
  return {};
}

Status read_option(const MapText& text, const MapWord& word, const std::vector<std::string_view>& allowed,
                   const std::vector<std::string_view>& plain, MapOptions& options) {
  const auto [name, value] = split_at_colon(word);
  std::vector<std::string> names(plain.begin(), plain.end());
  for (const Option& option : all_options()) {
    if (option.version > text.version() ||
        std::find(allowed.begin(), allowed.end(), option.name) == allowed.end())
      continue;
    if (option.name == name.text && value) return option.read(text, *value, options);
    names.push_back(fmt::format("{}:", option.name));
  }
  if (names.empty()) return text.error(word, "the end of the line");
  return text.error(word, fmt::format("one of {}{}", fmt::join(names, " "),
                                      did_you_mean(name.text.substr(0, kNameMax), names)));
}

const std::vector<std::string_view>& item_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (std::size_t kind = 0; kind < kItemKindCount; ++kind)
      all.push_back(item_type(static_cast<ItemKind>(kind)).name);
    return all;
  }();
  return names;
}

Status check_item(const MapText& text, ItemKind kind, const MapOptions& options) {
  if (options.rounds && !is_gadget(kind))
    return text.error(options.rounds_place, item_type(kind).name, "rounds of an orb, a beam or a disc only");
  if (options.respawn && kind == ItemKind::kGoal)
    return text.error(options.respawn_place, "goal", "an item that stays away: a goal restarts the map");
  return {};
}

Status add_item(const MapText& text, const DraftSpot& spot, ItemKind kind, const MapOptions& options,
                MapDraft& draft) {
  if (draft.items.size() == kMapItemsMax)
    return text.error(spot.place, "one item more", fmt::format("at most {} items", kMapItemsMax));
  ItemPlacement item{.kind = kind, .position = {}};
  item.rounds = options.rounds;
  if (options.respawn) item.respawn_ms = *options.respawn * 1000;
  draft.items.push_back({spot, item});
  return {};
}

}  // namespace chrysalis
