#include "chrysalis/levels/text_map.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <span>
#include <utility>
#include <vector>

#include "chrysalis/core/field.h"
#include "chrysalis/levels/map_draft.h"
#include "chrysalis/levels/map_grid.h"
#include "chrysalis/levels/map_options.h"
#include "chrysalis/levels/map_text.h"
#include "chrysalis/world/pick_up.h"

namespace chrysalis {
namespace {

constexpr int kForageSeconds = 60;
constexpr int kPlaceMax = 16000;  // Of a coordinate, either way.
constexpr int kHeightMin = -1000, kHeightMax = 2000;
constexpr int kStepHeight = 16;  // Of stairs; a body climbs 18 u.
constexpr int kLavaDepth = 48, kLavaKillsBelow = 16;
constexpr int kBotsMax = 19;
// A body that stands between two spawns is in the way at one of them at most.
constexpr float kSpawnsApart = 60.0f, kSpawnsApartUp = 112.0f;
constexpr int kArenaSpawnsMax = 256, kArenaItemsMax = 256;

constexpr std::string_view kFlags[] = {"false", "true"};
constexpr std::string_view kWallStyles[] = {"block", "thin"};
constexpr std::string_view kRules[] = {"forage", "laser_tag"};

bool is_of_forage(ItemKind kind) {
  return kind == ItemKind::kApple || kind == ItemKind::kGoal;
}
class Parser {
 public:
  Parser(std::string_view text, std::string_view source) : text_(text, source) {}

  Result<TextMap> parse() {
    CHRYSALIS_RETURN_IF_ERROR(text_.read_version());
    int line = 2;
    for (; line <= text_.line_count() && text_.line(line) != "grid"; ++line)
      CHRYSALIS_RETURN_IF_ERROR(header_line(text_.words(line)));
    const bool has_grid = line <= text_.line_count();
    const auto is_open = [](const DraftArea& area) { return area.kind != DraftArea::Kind::kSolid; };
    if (!has_grid && std::none_of(draft_.areas.begin(), draft_.areas.end(), is_open))
      return text_.error(
          {line, 1}, "the end",
          text_.version() == 1 ? "the line \"grid\"" : "the line \"grid\", or a room before it");
    if (has_grid) CHRYSALIS_RETURN_IF_ERROR(grid_.read(line + 1, draft_));
    if (draft_.spawns.empty())
      return text_.error(
          {line, 1}, has_grid ? "a grid without a spawn" : "the end",
          text_.version() == 1 ? "an S, or another character that is a spawn" : "an S or a spawn");
    CHRYSALIS_RETURN_IF_ERROR(check_rules());
    draft_.lid = text_.version() > 1;
    CHRYSALIS_ASSIGN_OR_RETURN(Map map, build_map(draft_, text_));
    return finish(std::move(map));
  }

 private:
  struct Key {
    std::string_view name;
    int version;  // The first that has it.
    Status (*read)(Parser& parser, const MapLine& line);
  };
  static const std::vector<Key>& keys();

  Status header_line(const MapLine& words) {
    const MapWord& name = words[0];
    if (name.text.empty() || name.text[0] == '#') return {};
    std::vector<std::string> names;
    for (const Key& key : keys()) {
      if (key.name == name.text && key.version <= text_.version()) return key.read(*this, words);
      if (key.name == name.text)
        return text_.error(name,
                           fmt::format("a key of version {}; this one is of {}, and so must the file be",
                                       text_.version(), key.version));
      if (key.version <= text_.version()) names.emplace_back(key.name);
    }
    return text_.error(name, "a key or \"grid\"" + did_you_mean(name.text.substr(0, 32), names));
  }

  // --- KEY = VALUE ---

  // The words of a line behind KEY =, the last one empty.
  Result<std::span<const MapWord>> values(const MapLine& line) const {
    if (line.size() < 2 || line[1].text != "=") return text_.error(line[1], "\"=\"");
    if (line[2].text.empty()) return text_.error(line[2], "a value");
    return std::span(line).subspan(2);
  }
  Result<MapWord> value(const MapLine& line) const {
    CHRYSALIS_ASSIGN_OR_RETURN(const auto words, values(line));
    if (!words[1].text.empty()) return text_.error(words[1], "one word as the value");
    return words[0];
  }
  template <typename T>
  Status number_key(const MapLine& line, int low, int high, T& target) const {
    CHRYSALIS_ASSIGN_OR_RETURN(const MapWord word, value(line));
    return text_.number(word, low, high, target);
  }
  template <typename T>
  Status material_key(const MapLine& line, T& target) const {
    CHRYSALIS_ASSIGN_OR_RETURN(const MapWord word, value(line));
    return text_.material(word, target);
  }
  template <typename T>
  Status choice_key(const MapLine& line, std::span<const std::string_view> names, T& target) const {
    CHRYSALIS_ASSIGN_OR_RETURN(const MapWord word, value(line));
    CHRYSALIS_ASSIGN_OR_RETURN(const int read, text_.choice(word, names));
    target = static_cast<T>(read);
    return {};
  }

  Status read_name(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const MapWord word, value(line));
    draft_.name = word.text;
    return {};
  }

  Status read_skill(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const MapWord word, value(line));
    CHRYSALIS_ASSIGN_OR_RETURN(arena_.skill, text_.decimal(word, kBotSkillMin, kBotSkillMax));
    return {};
  }

  Status read_profiles(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const auto words, values(line));
    arena_.bot_profiles.clear();
    for (const MapWord& word : words.first(words.size() - 1))
      CHRYSALIS_RETURN_IF_ERROR(
          text_.number(word, 0, kBotProfileCount - 1, arena_.bot_profiles.emplace_back()));
    if (arena_.bot_profiles.size() > kBotsMax)
      return text_.error(words[kBotsMax], fmt::format("at most {} profiles", kBotsMax));
    return {};
  }

  // Three colours as RRGGBB.
  Status read_outfit(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const auto words, values(line));
    Outfit outfit;
    for (std::size_t i = 0; i < outfit.regions.size(); ++i) {
      const MapWord& word = words[std::min(i, words.size() - 1)];
      std::uint32_t rgb = 0;
      const char* end = word.text.data() + word.text.size();
      const auto [at, failed] = std::from_chars(word.text.data(), end, rgb, 16);
      if (failed != std::errc{} || at != end || word.text.size() != 6)
        return text_.error(word, "three colours, each as RRGGBB");
      outfit.regions[i] = {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
                           static_cast<std::uint8_t>(rgb)};
    }
    if (const MapWord& rest = words[3]; !rest.text.empty())
      return text_.error(rest, "three colours and no more");
    arena_.bot_outfit = outfit;
    return {};
  }

  // GADGET or GADGET:ROUNDS, the last one in hand.
  Status read_loadout(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const auto words, values(line));
    std::vector<std::string_view> names;
    for (std::size_t gadget = 0; gadget < kGadgetCount; ++gadget)
      names.push_back(gadget_type(static_cast<Gadget>(gadget)).name);
    Loadout loadout{.owned = 1, .rounds = {}, .held = Gadget::kImpulse};
    for (const MapWord& word : words.first(words.size() - 1)) {
      const auto [name, rounds] = split_at_colon(word);
      CHRYSALIS_ASSIGN_OR_RETURN(const int gadget, text_.choice(name, names));
      loadout.held = static_cast<Gadget>(gadget);
      loadout.owned = static_cast<std::uint8_t>(loadout.owned | 1u << static_cast<unsigned>(gadget));
      std::int32_t& held_rounds = loadout.rounds[static_cast<std::size_t>(gadget)];
      held_rounds = gadget_type(loadout.held).rounds;
      if (!rounds) continue;
      if (held_rounds == 0) return text_.error(*rounds, "nothing: this gadget needs no rounds");
      CHRYSALIS_RETURN_IF_ERROR(text_.number(*rounds, 1, kRoundsMax, held_rounds));
    }
    draft_.loadout = loadout;
    return {};
  }

  // --- KIND NUMBER… OPTION… ---

  // As many numbers as `low` and `high` have, behind the key.
  template <std::size_t N>
  Status read_numbers(const MapLine& line, const std::array<int, N>& low, const std::array<int, N>& high,
                      std::array<float, N>& numbers) const {
    for (std::size_t i = 0; i < N; ++i) {
      const MapWord& word = line[std::min(i + 1, line.size() - 1)];
      CHRYSALIS_RETURN_IF_ERROR(text_.number(word, low[i], high[i], numbers[i]));
    }
    return {};
  }

  Result<DraftRect> read_rect(const MapLine& line) const {
    constexpr int kMin = -kPlaceMax, kMax = kPlaceMax;
    std::array<float, 4> at{};
    CHRYSALIS_RETURN_IF_ERROR(
        (read_numbers<4>(line, {kMin, kMin, kMin, kMin}, {kMax, kMax, kMax, kMax}, at)));
    for (const std::size_t axis : {0, 1})
      if (at[axis] >= at[axis + 2])
        return text_.error(line[axis + 3], fmt::format("more than {}: X0 Y0 X1 Y1", at[axis]));
    return DraftRect{at[0], at[1], at[2], at[3]};
  }

  Result<Solid> read_solid(const MapLine& line) const {
    constexpr int kMin = -kPlaceMax, kMax = kPlaceMax;
    std::array<float, 6> at{};
    CHRYSALIS_RETURN_IF_ERROR((read_numbers<6>(line, {kMin, kMin, kHeightMin, kMin, kMin, kHeightMin},
                                               {kMax, kMax, kHeightMax, kMax, kMax, kHeightMax}, at)));
    for (const std::size_t axis : {0, 1, 2})
      if (at[axis] >= at[axis + 3])
        return text_.error(line[axis + 4], fmt::format("more than {}: X0 Y0 Z0 X1 Y1 Z1", at[axis]));
    return Solid{{at[0], at[1], at[2]}, {at[3], at[4], at[5]}};
  }

  Status add_area(const MapLine& line, const DraftArea& area) {
    if (draft_.areas.size() == kMapAreasMax)
      return text_.error(line[0].place, "one area more",
                         fmt::format("at most {} rooms, doors, blocks, pools and steps", kMapAreasMax));
    draft_.areas.push_back(area);
    return {};
  }

  // room, door, block: X0 Y0 X1 Y1
  Status read_area(const MapLine& line, DraftArea::Kind kind, const std::vector<std::string_view>& allowed) {
    CHRYSALIS_ASSIGN_OR_RETURN(const DraftRect rect, read_rect(line));
    MapOptions options;
    CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 5, allowed, options));
    return add_area(line, {.place = line[0].place,
                           .kind = kind,
                           .rect = rect,
                           .floor = options.floor,
                           .wall = options.wall,
                           .ceiling = options.ceiling,
                           .floor_height = options.height,
                           .headroom = options.headroom});
  }

  // stairs X0 Y0 X1 Y1 SIDE from:N to:N, a step at a time; the last one lies at `to`.
  Status read_stairs(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const DraftRect rect, read_rect(line));
    CHRYSALIS_ASSIGN_OR_RETURN(const int side,
                               text_.choice(line[5 < line.size() ? 5 : line.size() - 1], kMapSides));
    MapOptions options;
    CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 6, {"from", "to", "floor", "wall"}, options));
    if (!options.from || !options.to) return text_.error(line.back(), "from:N and to:N");
    const int rise = *options.to - *options.from;
    const int steps = std::max(1, (std::abs(rise) + kStepHeight - 1) / kStepHeight);
    const auto between = [steps](float begin, float end, int i) {
      return begin + (end - begin) * static_cast<float>(i) / static_cast<float>(steps);
    };
    for (int i = 0; i < steps; ++i) {
      DraftArea step{.place = line[0].place, .rect = rect, .floor = options.floor, .wall = options.wall};
      step.floor_height = between(static_cast<float>(*options.from), static_cast<float>(*options.to), i + 1);
      switch (static_cast<Side>(side)) {
        case Side::kEast:
          step.rect.x0 = between(rect.x0, rect.x1, i);
          step.rect.x1 = between(rect.x0, rect.x1, i + 1);
          break;
        case Side::kWest:
          step.rect.x1 = between(rect.x1, rect.x0, i);
          step.rect.x0 = between(rect.x1, rect.x0, i + 1);
          break;
        case Side::kNorth:
          step.rect.y0 = between(rect.y0, rect.y1, i);
          step.rect.y1 = between(rect.y0, rect.y1, i + 1);
          break;
        case Side::kSouth:
          step.rect.y1 = between(rect.y1, rect.y0, i);
          step.rect.y0 = between(rect.y1, rect.y0, i + 1);
          break;
      }
      CHRYSALIS_RETURN_IF_ERROR(add_area(line, step));
    }
    return {};
  }

  // lava X0 Y0 X1 Y1: a pool under the floor at `height`, which kills before one lands in it.
  Status read_lava(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const DraftRect rect, read_rect(line));
    MapOptions options;
    CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 5, {"height", "depth", "floor", "wall"}, options));
    pools_.push_back({draft_.areas.size(), draft_.kill_volumes.size(), options.height,
                      options.depth.value_or(kLavaDepth)});
    CHRYSALIS_RETURN_IF_ERROR(add_area(line, {.place = line[0].place,
                                              .rect = rect,
                                              .floor = options.floor.value_or(*find_material("lava")),
                                              .wall = options.wall}));
    return add_kill_volume(line, {{rect.x0, rect.y0, 0}, {rect.x1, rect.y1, 0}});
  }

  Status add_kill_volume(const MapLine& line, const Solid& volume) {
    if (draft_.kill_volumes.size() == kMapKillVolumesMax)
      return text_.error(line[0], fmt::format("at most {} volumes that kill", kMapKillVolumesMax));
    draft_.kill_volumes.push_back(volume);
    return {};
  }

  Status read_kill(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const Solid volume, read_solid(line));
    MapOptions none;
    CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 7, {}, none));
    return add_kill_volume(line, volume);
  }

  Status read_box(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const Solid box, read_solid(line));
    MapOptions options;
    CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, 7, {"material", "top"}, options));
    if (draft_.boxes.size() == kMapBoxesMax)
      return text_.error(line[0], fmt::format("at most {} boxes", kMapBoxesMax));
    const MaterialId sides = options.material.value_or(*find_material("metal"));
    draft_.boxes.push_back({line[0].place, box, sides, options.top.value_or(sides)});
    return {};
  }

  // Pairs of numbers from `first` on; moves `first` behind them.
  Result<std::vector<DraftSpot>> read_spots(const MapLine& line, std::size_t& first) const {
    std::vector<DraftSpot> spots;
    do {
      DraftSpot& spot = spots.emplace_back();
      spot.place = line[first].place;
      for (float* at : {&spot.x, &spot.y}) {
        CHRYSALIS_RETURN_IF_ERROR(text_.number(line[first], -kPlaceMax, kPlaceMax, *at));
        ++first;
      }
    } while (!line[first].text.empty() && line[first].text.find(':') == std::string_view::npos);
    return spots;
  }

  // spawn X Y, any number of such pairs.
  Status read_spawn(const MapLine& line) {
    std::size_t at = 1;
    CHRYSALIS_ASSIGN_OR_RETURN(std::vector<DraftSpot> spots, read_spots(line, at));
    MapOptions options;
    CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, at, {"z", "facing"}, options));
    for (DraftSpot& spot : spots) {
      spot.z = options.z;
      draft_.spawns.push_back({spot, options.facing});
    }
    return {};
  }

  // item KIND X Y, any number of such pairs.
  Status read_item(const MapLine& line) {
    CHRYSALIS_ASSIGN_OR_RETURN(const int kind, text_.choice(line[1], item_names()));
    std::size_t at = std::min<std::size_t>(2, line.size() - 1);
    CHRYSALIS_ASSIGN_OR_RETURN(std::vector<DraftSpot> spots, read_spots(line, at));
    MapOptions options;
    CHRYSALIS_RETURN_IF_ERROR(read_options(text_, line, at, {"z", "respawn", "rounds"}, options));
    CHRYSALIS_RETURN_IF_ERROR(check_item(text_, static_cast<ItemKind>(kind), options));
    for (DraftSpot& spot : spots) {
      spot.z = options.z;
      CHRYSALIS_RETURN_IF_ERROR(add_item(text_, spot, static_cast<ItemKind>(kind), options, draft_));
    }
    return {};
  }

  // picture = COLUMN ROW SIDE INDEX, the cell as characters of the grid, from 1, from the top left.
  // picture X Y SIDE INDEX, on the wall that is seen from there.
  Status read_picture(const MapLine& line) {
    const bool in_grid = line[1].text == "=";
    if (!in_grid && text_.version() == 1) return text_.error(line[1], "\"=\"");
    const std::size_t first = in_grid ? 2 : 1;
    if (line.size() < first + 5)
      return text_.error(line.back(), in_grid ? "picture = COLUMN ROW SIDE INDEX" : "picture X Y SIDE INDEX");
    DraftPicture picture;
    picture.from.place = line[0].place;
    const int low = in_grid ? 1 : -kPlaceMax, high = in_grid ? kMapGridSideMax : kPlaceMax;
    CHRYSALIS_RETURN_IF_ERROR(text_.number(line[first], low, high, picture.from.x));
    CHRYSALIS_RETURN_IF_ERROR(text_.number(line[first + 1], low, high, picture.from.y));
    CHRYSALIS_ASSIGN_OR_RETURN(const int side, text_.choice(line[first + 2], kMapSides));
    picture.side = static_cast<Side>(side);
    CHRYSALIS_ASSIGN_OR_RETURN(const int index, text_.number(line[first + 3], 0, kPictureCount - 1));
    picture.picture = chrysalis::picture(index);
    MapOptions options;
    CHRYSALIS_RETURN_IF_ERROR(read_options(
        text_, line, first + 4,
        in_grid ? std::vector<std::string_view>() : std::vector<std::string_view>{"z"}, options));
    picture.from.z = options.z;
    picture.reach = INFINITY;
    if (in_grid) {
      grid_.hang(picture);
    } else {
      draft_.pictures.push_back(picture);
    }
    return {};
  }

  // --- what lines say together ---

  Status check_rules() {
    for (const Pool& pool : pools_) {
      // Keys may stand behind the pool's line.
      const float rim = pool.height ? static_cast<float>(*pool.height) : draft_.floor_height;
      const float lava = rim - static_cast<float>(pool.depth);
      draft_.areas[pool.area].floor_height = lava;
      draft_.kill_volumes[pool.volume].min.z = lava;
      draft_.kill_volumes[pool.volume].max.z = rim - static_cast<float>(kLavaKillsBelow);
    }
    for (const MapWord& key : laser_tag_keys_)
      if (!laser_tag_)
        return text_.error(key, "a key of the rules of forage; this one needs rules = laser_tag");
    for (const MapWord& key : forage_keys_)
      if (laser_tag_)
        return text_.error(key, "a key of the rules of laser_tag; this one needs rules = forage");
    for (const DraftItem& item : draft_.items)
      if (is_of_forage(item.item.kind) == laser_tag_)
        return text_.error(item.middle.place, item_type(item.item.kind).name,
                           laser_tag_ ? "orb, beam, disc, armour or health, as rules = laser_tag"
                                      : "apple or goal, or rules = laser_tag");
    return laser_tag_ ? check_arena() : Status();
  }

  Status check_arena() const {
    const auto& spawns = draft_.spawns;
    if (spawns.size() > kArenaSpawnsMax)
      return text_.error(spawns[kArenaSpawnsMax].feet.place, "one spawn more",
                         fmt::format("at most {} spawns, as rules = laser_tag", kArenaSpawnsMax));
    if (draft_.items.size() > kArenaItemsMax)
      return text_.error(draft_.items[kArenaItemsMax].middle.place, "one item more",
                         fmt::format("at most {} items, as rules = laser_tag", kArenaItemsMax));
    if (spawns.size() <= static_cast<std::size_t>(arena_.bot_count))
      return text_.error(bots_place_, fmt::format("{} bots and {} spawns", arena_.bot_count, spawns.size()),
                         "a spawn for each bot and for the agent");
    return {};
  }

  // Whoever comes back must find a spawn that nobody stands in.
  Status check_spawns_apart(const Map& map) const {
    for (std::size_t i = 0; i < map.spawns.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Vec3 apart = map.spawns[i].floor - map.spawns[j].floor;
        if (std::abs(apart.x) < kSpawnsApart && std::abs(apart.y) < kSpawnsApart &&
            std::abs(apart.z) < kSpawnsApartUp)
          return text_.error(draft_.spawns[i].feet.place,
                             fmt::format("a spawn near the one of line {}", draft_.spawns[j].feet.place.line),
                             fmt::format("{} u between two, in x or in y", kSpawnsApart));
      }
    }
    return {};
  }

  Result<TextMap> finish(Map map) {
    TextMap result;
    result.episode_seconds = episode_seconds_.value_or(laser_tag_ ? kLaserTagSeconds : kForageSeconds);
    if (laser_tag_) CHRYSALIS_RETURN_IF_ERROR(check_spawns_apart(map));
    const auto is_goal = [](const ItemPlacement& item) { return item.kind == ItemKind::kGoal; };
    rules_.apples_return = apples_return_.value_or(std::none_of(map.items.begin(), map.items.end(), is_goal));
    rules_.taken_at_once = most_taken_at_once(map);
    result.rules = rules_;
    result.map = std::make_shared<const Map>(std::move(map));
    if (laser_tag_) {
      arena_.map = result.map;
      arena_.graph = std::make_shared<const NavigationGraph>(*result.map);
      result.arena = arena_;
    }
    return result;
  }

  struct Pool {
    std::size_t area;    // Index.
    std::size_t volume;  // Likewise.
    std::optional<int> height;
    int depth;
  };

  MapText text_;
  MapGrid grid_{text_};
  MapDraft draft_;
  ForageRules rules_;
  Arena arena_;
  bool laser_tag_ = false;
  std::optional<bool> apples_return_;
  std::optional<int> episode_seconds_;
  std::vector<MapWord> laser_tag_keys_, forage_keys_;  // As they were met.
  MapPlace bots_place_;
  std::vector<Pool> pools_;
};

const std::vector<Parser::Key>& Parser::keys() {
  static const std::vector<std::string_view> kRoom = {"floor", "wall", "ceiling", "height", "headroom"};
  static const std::vector<Key> all = {
      {"name", 1, [](Parser& p, const MapLine& l) { return p.read_name(l); }},
      {"walls", 1, [](Parser& p, const MapLine& l) { return p.choice_key(l, kWallStyles, p.grid_.thin); }},
      {"cell_size", 1,
       [](Parser& p, const MapLine& l) { return p.number_key(l, 64, 1000, p.grid_.cell_size); }},
      {"wall_height", 1,
       [](Parser& p, const MapLine& l) { return p.number_key(l, 64, 1000, p.draft_.wall_height); }},
      {"floor_height", 1,
       [](Parser& p, const MapLine& l) { return p.number_key(l, -100, 100, p.draft_.floor_height); }},
      {"wall", 1, [](Parser& p, const MapLine& l) { return p.material_key(l, p.draft_.wall); }},
      {"floor", 1, [](Parser& p, const MapLine& l) { return p.material_key(l, p.draft_.floor); }},
      {"ceiling", 1, [](Parser& p, const MapLine& l) { return p.material_key(l, p.draft_.ceiling); }},
      {"sky", 1, [](Parser& p, const MapLine& l) { return p.material_key(l, p.draft_.sky); }},
      {"episode_seconds", 1,
       [](Parser& p, const MapLine& l) { return p.number_key(l, 1, 3600, p.episode_seconds_); }},
      {"apple_reward", 1,
       [](Parser& p, const MapLine& l) {
         p.forage_keys_.push_back(l[0]);
         return p.number_key(l, -1000, 1000, p.rules_.apple_reward);
       }},
      {"goal_reward", 1,
       [](Parser& p, const MapLine& l) {
         p.forage_keys_.push_back(l[0]);
         return p.number_key(l, -1000, 1000, p.rules_.goal_reward);
       }},
      {"death_reward", 2,
       [](Parser& p, const MapLine& l) {
         p.forage_keys_.push_back(l[0]);
         return p.number_key(l, -1000, 1000, p.rules_.death_reward);
       }},
      {"apples_return", 1,
       [](Parser& p, const MapLine& l) {
         p.forage_keys_.push_back(l[0]);
         return p.choice_key(l, kFlags, p.apples_return_.emplace());
       }},
      {"rules", 2, [](Parser& p, const MapLine& l) { return p.choice_key(l, kRules, p.laser_tag_); }},
      {"bots", 2,
       [](Parser& p, const MapLine& l) {
         p.laser_tag_keys_.push_back(l[0]);
         p.bots_place_ = l[0].place;
         return p.number_key(l, 0, kBotsMax, p.arena_.bot_count);
       }},
      {"skill", 2,
       [](Parser& p, const MapLine& l) {
         p.laser_tag_keys_.push_back(l[0]);
         return p.read_skill(l);
       }},
      {"profiles", 2,
       [](Parser& p, const MapLine& l) {
         p.laser_tag_keys_.push_back(l[0]);
         return p.read_profiles(l);
       }},
      {"bot_outfit", 2,
       [](Parser& p, const MapLine& l) {
         p.laser_tag_keys_.push_back(l[0]);
         return p.read_outfit(l);
       }},
      {"loadout", 2,
       [](Parser& p, const MapLine& l) {
         p.laser_tag_keys_.push_back(l[0]);
         return p.read_loadout(l);
       }},
      {"cell", 1, [](Parser& p, const MapLine& l) { return p.grid_.read_glyph(l); }},
      {"panel", 1, [](Parser& p, const MapLine& l) { return p.grid_.read_glyph(l); }},
      {"picture", 1, [](Parser& p, const MapLine& l) { return p.read_picture(l); }},
      {"room", 2, [](Parser& p, const MapLine& l) { return p.read_area(l, DraftArea::Kind::kOpen, kRoom); }},
      {"door", 2, [](Parser& p, const MapLine& l) { return p.read_area(l, DraftArea::Kind::kDoor, kRoom); }},
      {"block", 2,
       [](Parser& p, const MapLine& l) { return p.read_area(l, DraftArea::Kind::kSolid, {"wall"}); }},
      {"stairs", 2, [](Parser& p, const MapLine& l) { return p.read_stairs(l); }},
      {"lava", 2, [](Parser& p, const MapLine& l) { return p.read_lava(l); }},
      {"box", 2, [](Parser& p, const MapLine& l) { return p.read_box(l); }},
      {"kill", 2, [](Parser& p, const MapLine& l) { return p.read_kill(l); }},
      {"spawn", 2, [](Parser& p, const MapLine& l) { return p.read_spawn(l); }},
      {"item", 2, [](Parser& p, const MapLine& l) { return p.read_item(l); }},
  };
  return all;
}

}  // namespace

Result<TextMap> parse_text_map(std::string_view text, std::string_view source) {
  if (text.size() > kTextMapBytesMax)
    return invalid_input("map {} is longer than {} bytes", source, kTextMapBytesMax);
  return Parser(text, source).parse();
}

Result<TextMap> load_text_map(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kTextMapBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad())
    return invalid_input("cannot read map {}: {}", path, std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_text_map(text, path);
}

}  // namespace chrysalis
