#include "chrysalis/levels/text_map.h"

#include <algorithm>
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
#include "chrysalis/levels/map_placer.h"
#include "chrysalis/levels/map_text.h"
#include "chrysalis/world/pick_up.h"

namespace chrysalis {
namespace {

constexpr int kForageSeconds = 60;
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
    if (!has_grid && grid_word_) return text_.error(*grid_word_, "the line \"grid\" after it");
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
  void needs_grid(const MapWord& word) {
    if (!grid_word_) grid_word_ = word;
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

  Status read_glyph(const MapLine& line) {
    needs_grid(line[0]);
    return grid_.read_glyph(line);
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

  // --- what lines say together ---

  Status check_rules() {
    placer_.settle_pools();
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

  MapText text_;
  MapGrid grid_{text_};
  MapDraft draft_;
  MapPlacer placer_{text_, grid_, draft_};
  ForageRules rules_;
  Arena arena_;
  bool laser_tag_ = false;
  std::optional<bool> apples_return_;
  std::optional<int> episode_seconds_;
  std::vector<MapWord> laser_tag_keys_, forage_keys_;  // As they were met.
  MapPlace bots_place_;
  std::optional<MapWord> grid_word_;  // The first that means nothing without a grid.
};

const std::vector<Parser::Key>& Parser::keys() {
  static const std::vector<std::string_view> kRoom = {"floor", "wall", "ceiling", "height", "headroom"};
  static const std::vector<Key> all = {
      {"name", 1, [](Parser& p, const MapLine& l) { return p.read_name(l); }},
      {"walls", 1,
       [](Parser& p, const MapLine& l) {
         p.needs_grid(l[0]);
         return p.choice_key(l, kWallStyles, p.grid_.thin);
       }},
      {"cell_size", 1,
       [](Parser& p, const MapLine& l) {
         p.needs_grid(l[0]);
         return p.number_key(l, 64, 1000, p.grid_.cell_size);
       }},
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
      {"cell", 1, [](Parser& p, const MapLine& l) { return p.read_glyph(l); }},
      {"panel", 1, [](Parser& p, const MapLine& l) { return p.read_glyph(l); }},
      {"picture", 1,
       [](Parser& p, const MapLine& l) {
         if (l[1].text == "=") p.needs_grid(l[0]);
         return p.placer_.read_picture(l);
       }},
      {"room", 2,
       [](Parser& p, const MapLine& l) { return p.placer_.read_area(l, DraftArea::Kind::kOpen, kRoom); }},
      {"door", 2,
       [](Parser& p, const MapLine& l) { return p.placer_.read_area(l, DraftArea::Kind::kDoor, kRoom); }},
      {"block", 2,
       [](Parser& p, const MapLine& l) { return p.placer_.read_area(l, DraftArea::Kind::kSolid, {"wall"}); }},
      {"stairs", 2, [](Parser& p, const MapLine& l) { return p.placer_.read_stairs(l); }},
      {"lava", 2, [](Parser& p, const MapLine& l) { return p.placer_.read_lava(l); }},
      {"box", 2, [](Parser& p, const MapLine& l) { return p.placer_.read_box(l); }},
      {"kill", 2, [](Parser& p, const MapLine& l) { return p.placer_.read_kill(l); }},
      {"spawn", 2, [](Parser& p, const MapLine& l) { return p.placer_.read_spawn(l); }},
      {"item", 2, [](Parser& p, const MapLine& l) { return p.placer_.read_item(l); }},
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
