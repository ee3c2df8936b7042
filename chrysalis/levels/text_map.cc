#include "chrysalis/levels/text_map.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "chrysalis/core/field.h"
#include "chrysalis/levels/floor_plan.h"

namespace chrysalis {
namespace {

constexpr std::string_view kFirstLine = "chrysalis map 1";
constexpr int kGridSideMax = 255;
constexpr float kItemAboveFloor = 15.0f;
constexpr float kPanelThickness = 2.0f;  // A thin wall reaches 1 u into the cells on both sides.
constexpr std::string_view kKeys[] = {
    "name", "walls",           "cell_size",    "wall_height", "floor_height",  "wall", "floor", "ceiling",
    "sky",  "episode_seconds", "apple_reward", "goal_reward", "apples_return", "cell", "panel", "picture"};

// What a character of the grid stands for.
struct Glyph {
  PlanCell cell;
  bool apple = false;
  bool goal = false;
  bool spawn = false;
};

struct Picture {
  int line;  // Of the file, for messages.
  int column;
  int row;
  Side side;
  int index;
};

// A word of a line, with its column from 1.
struct Word {
  std::string_view text;
  int column;
};

class Parser {
 public:
  Parser(std::string_view text, std::string_view source) : source_(source) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      lines_.push_back(line);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    while (!lines_.empty() && lines_.back().find_first_not_of(' ') == std::string_view::npos)
      lines_.pop_back();
  }

  Result<TextMap> parse() {
    if (lines_.empty() || lines_[0] != kFirstLine)
      return error(1, 1, lines_.empty() ? "" : lines_[0], fmt::format("\"{}\"", kFirstLine));
    plan_.wall = *find_material("room_wall");
    floor_ = *find_material("room_floor");
    map_.sky = {.open = true, .material = *find_material("sky_blue")};
    std::size_t line = 1;
    for (; line < lines_.size() && lines_[line] != "grid"; ++line)
      CHRYSALIS_RETURN_IF_ERROR(header_line(static_cast<int>(line) + 1, lines_[line]));
    if (line == lines_.size()) return error(static_cast<int>(line) + 1, 1, "the end", "the line \"grid\"");
    first_row_ = line + 1;
    CHRYSALIS_RETURN_IF_ERROR(read_grid());
    build_plan(plan_, map_);
    for (const Picture& picture : pictures_) CHRYSALIS_RETURN_IF_ERROR(hang(picture));
    map_.finish();
    TextMap result;
    result.rules = rules_;
    if (!apples_return_given_) result.rules.apples_return = !has_goal_;
    result.episode_seconds = episode_seconds_;
    result.map = std::make_shared<const Map>(std::move(map_));
    return result;
  }

 private:
  Error error(int line, int column, std::string_view found, std::string_view expected) const {
    return invalid_input("{}:{}:{}: found \"{}\", expected {}", source_, line, column, found, expected);
  }

  static std::vector<Word> words_of(std::string_view line) {
    std::vector<Word> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
      const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
      words.push_back({line.substr(at, end - at), static_cast<int>(at) + 1});
      at = end;
    }
    return words;
  }

  Status header_line(int line, std::string_view text) {
    const std::vector<Word> words = words_of(text);
    if (words.empty() || words[0].text[0] == '#') return {};
    const std::string_view key = words[0].text;
    if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) {
      const std::vector<std::string> names(std::begin(kKeys), std::end(kKeys));
      return error(line, words[0].column, key, "a key or \"grid\"" + did_you_mean(key, names));
    }
    if (key == "cell" || key == "panel") return glyph_line(line, words);
    if (key == "picture") return picture_line(line, words);
    if (words.size() < 2 || words[1].text != "=")
      return error(line, words.size() < 2 ? static_cast<int>(text.size()) + 1 : words[1].column,
                   words.size() < 2 ? "" : words[1].text, "\"=\"");
    if (words.size() < 3) return error(line, static_cast<int>(text.size()) + 1, "", "a value");
    if (words.size() > 3) return error(line, words[3].column, words[3].text, "one word as the value");
    return key_line(line, key, words[2]);
  }

  Status key_line(int line, std::string_view key, const Word& value) {
    if (key == "name") {
      map_.name = value.text;
      return {};
    }
    if (key == "walls") {
      if (value.text != "block" && value.text != "thin")
        return error(line, value.column, value.text, "\"block\" or \"thin\"");
      thin_ = value.text == "thin";
      return {};
    }
    if (key == "cell_size") return number(line, value, 64, 1000, cell_size_);
    if (key == "wall_height") return number(line, value, 64, 1000, plan_.wall_height);
    if (key == "floor_height") return number(line, value, -100, 100, floor_height_);
    if (key == "wall") return material(line, value, plan_.wall);
    if (key == "floor") return material(line, value, floor_);
    if (key == "ceiling") {
      MaterialId ceiling = 0;
      CHRYSALIS_RETURN_IF_ERROR(material(line, value, ceiling));
      plan_.ceiling = ceiling;
      map_.sky.open = false;
      return {};
    }
    if (key == "sky") return material(line, value, map_.sky.material);
    if (key == "episode_seconds") return number(line, value, 1, 3600, episode_seconds_);
    if (key == "apple_reward") return number(line, value, -1000, 1000, rules_.apple_reward);
    if (key == "goal_reward") return number(line, value, -1000, 1000, rules_.goal_reward);
    if (value.text != "true" && value.text != "false")
      return error(line, value.column, value.text, "\"true\" or \"false\"");
    apples_return_given_ = true;
    rules_.apples_return = value.text == "true";
    return {};
  }

  // Whole numbers are enough for everything.
  template <typename T>
  Status number(int line, const Word& word, int low, int high, T& target) {
    int value = 0;
    const auto [end, failed] = std::from_chars(word.text.begin(), word.text.end(), value);
    if (failed != std::errc{} || end != word.text.end() || value < low || value > high)
      return error(line, word.column, word.text, fmt::format("a whole number, {} to {}", low, high));
    target = static_cast<T>(value);
    return {};
  }

  Status material(int line, const Word& word, MaterialId& target) {
    const auto id = find_material(word.text);
    if (!id) return invalid_input("{}:{}:{}: {}", source_, line, word.column, id.error().message);
    target = *id;
    return {};
  }

  // cell X = apple goal spawn floor:NAME wall:NAME height:N, in any order and number; panel X = NAME.
  Status glyph_line(int line, const std::vector<Word>& words) {
    const bool is_panel = words[0].text == "panel";
    if (words.size() < 2 || words[1].text.size() != 1)
      return error(line, words.size() < 2 ? words[0].column + 5 : words[1].column,
                   words.size() < 2 ? "" : words[1].text, "one character");
    const char character = words[1].text[0];
    if (std::strchr("# .+-|", character) != nullptr)
      return error(line, words[1].column, words[1].text, "a character other than # . + - |");
    if (words.size() < 3 || words[2].text != "=")
      return error(line, words.size() < 3 ? words[1].column + 1 : words[2].column,
                   words.size() < 3 ? "" : words[2].text, "\"=\"");
    Glyph glyph;
    glyph.cell.solid = is_panel;
    if (is_panel) {
      if (words.size() != 4) return error(line, words.back().column, words.back().text, "one material");
      MaterialId wall = 0;
      CHRYSALIS_RETURN_IF_ERROR(material(line, words[3], wall));
      glyph.cell.wall = wall;
    } else {
      glyph.cell.floor = floor_;
      glyph.cell.floor_height = floor_height_;
      for (std::size_t i = 3; i < words.size(); ++i)
        CHRYSALIS_RETURN_IF_ERROR(cell_word(line, words[i], glyph));
    }
    glyphs_[character] = glyph;
    return {};
  }

  Status cell_word(int line, const Word& word, Glyph& glyph) {
    if (word.text == "apple" || word.text == "goal" || word.text == "spawn") {
      (word.text == "apple" ? glyph.apple : word.text == "goal" ? glyph.goal : glyph.spawn) = true;
      return {};
    }
    const std::size_t colon = word.text.find(':');
    const std::string_view key = word.text.substr(0, colon);
    if (colon == std::string_view::npos || (key != "floor" && key != "wall" && key != "height"))
      return error(line, word.column, word.text, "apple, goal, spawn, floor:NAME, wall:NAME or height:N");
    const Word value{word.text.substr(colon + 1), word.column + static_cast<int>(colon) + 1};
    if (key == "floor") return material(line, value, glyph.cell.floor);
    if (key == "height")
      return number(line, value, -100, static_cast<int>(plan_.wall_height), glyph.cell.floor_height);
    MaterialId wall = 0;
    CHRYSALIS_RETURN_IF_ERROR(material(line, value, wall));
    glyph.cell.wall = wall;
    return {};
  }

  // picture = COLUMN ROW SIDE INDEX, the cell as characters of the grid, from 1, from the top left.
  Status picture_line(int line, const std::vector<Word>& words) {
    if (words.size() != 6 || words[1].text != "=")
      return error(line, words.back().column, words.back().text, "picture = COLUMN ROW SIDE INDEX");
    Picture picture{.line = line, .column = 0, .row = 0, .side = Side::kEast, .index = 0};
    CHRYSALIS_RETURN_IF_ERROR(number(line, words[2], 1, kGridSideMax, picture.column));
    CHRYSALIS_RETURN_IF_ERROR(number(line, words[3], 1, kGridSideMax, picture.row));
    constexpr std::string_view kSides[] = {"east", "north", "west", "south"};
    const auto side = std::find(std::begin(kSides), std::end(kSides), words[4].text);
    if (side == std::end(kSides))
      return error(line, words[4].column, words[4].text, "east, north, west or south");
    picture.side = static_cast<Side>(side - std::begin(kSides));
    CHRYSALIS_RETURN_IF_ERROR(number(line, words[5], 0, kPictureCount - 1, picture.index));
    pictures_.push_back(picture);
    return {};
  }

  Status read_grid() {
    const std::size_t rows = lines_.size() - first_row_;
    const std::size_t columns = rows == 0 ? 0 : lines_[first_row_].size();
    const int first_line = static_cast<int>(first_row_) + 1;
    if (rows < 3 || columns < 3 || rows > kGridSideMax || columns > kGridSideMax)
      return error(first_line, 1, fmt::format("a grid of {} x {}", columns, rows),
                   fmt::format("3 to {} characters each way", kGridSideMax));
    if (thin_ && (rows % 2 == 0 || columns % 2 == 0))
      return error(first_line, 1, fmt::format("a grid of {} x {}", columns, rows),
                   "odd sizes: thin walls have 2 w + 1 by 2 h + 1 characters");
    set_lines(columns, plan_.xs);
    set_lines(rows, plan_.ys);
    plan_.cells.resize(columns * rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::string_view row = lines_[first_row_ + i];
      if (row.size() != columns)
        return error(first_line + static_cast<int>(i), static_cast<int>(std::min(row.size(), columns)) + 1,
                     fmt::format("a row of {} characters", row.size()),
                     fmt::format("{}, as the first row", columns));
      for (std::size_t column = 0; column < columns; ++column)
        CHRYSALIS_RETURN_IF_ERROR(read_cell(column, i, rows));
      map_.layout += row;
      map_.layout += '\n';
    }
    if (map_.spawns.empty())
      return error(first_line, 1, "a grid without a spawn", "an S, or another character that is a spawn");
    return {};
  }

  // Grid lines: every cell_size_ in block style; in thin style narrow columns of wall lie on the lines of the
  // cells.
  void set_lines(std::size_t count, std::vector<float>& lines) const {
    for (std::size_t i = 0; i <= count; ++i) {
      const float cells = static_cast<float>(thin_ ? i / 2 : i);
      const float half = 0.5f * kPanelThickness;
      lines.push_back(cells * cell_size_ + (thin_ ? (i % 2 == 0 ? -half : half) : 0.0f));
    }
  }

  Status read_cell(std::size_t column, std::size_t row_from_top, std::size_t rows) {
    const char character = lines_[first_row_ + row_from_top][column];
    const int line = static_cast<int>(first_row_ + row_from_top) + 1;
    const auto wrong = [&](std::string_view expected) {
      return error(line, static_cast<int>(column) + 1, std::string_view(&character, 1), expected);
    };
    const bool on_wall_line = thin_ && (column % 2 == 0 || row_from_top % 2 == 0);
    Glyph glyph;
    const auto defined = glyphs_.find(character);
    if (defined != glyphs_.end()) {
      glyph = defined->second;
    } else if (character == '#' || (thin_ && std::strchr("+-|", character) != nullptr)) {
      glyph.cell.solid = true;
    } else if (std::strchr(" .AGS", character) != nullptr && character != '\0') {
      glyph.cell = {.solid = false, .wall = {}, .floor = floor_, .floor_height = floor_height_};
      glyph.apple = character == 'A';
      glyph.goal = character == 'G';
      glyph.spawn = character == 'S';
    } else {
      return wrong("a character of the format or one that a \"cell\" or \"panel\" line defines");
    }
    if (on_wall_line && (glyph.apple || glyph.goal || glyph.spawn))
      return wrong("a wall or an opening between two cells");
    if (thin_ && !on_wall_line && glyph.cell.solid) return wrong("a cell: thin walls stand between cells");
    const bool border =
        column == 0 || row_from_top == 0 || column + 1 == plan_.xs.size() - 1 || row_from_top + 1 == rows;
    if (border && !glyph.cell.solid) return wrong("a wall: the border must be closed");

    const int row = static_cast<int>(rows - 1 - row_from_top);  // Text runs down, y runs up.
    plan_.at(static_cast<int>(column), row) = glyph.cell;
    const Vec3 centre = plan_.floor_centre(static_cast<int>(column), row);
    if (glyph.spawn) map_.spawns.push_back({centre});
    if (glyph.apple) map_.items.push_back({ItemKind::kApple, centre + Vec3{0, 0, kItemAboveFloor}});
    if (glyph.goal) map_.items.push_back({ItemKind::kGoal, centre + Vec3{0, 0, kItemAboveFloor}});
    has_goal_ = has_goal_ || glyph.goal;
    return {};
  }

  Status hang(const Picture& picture) {
    const int row = plan_.rows() - picture.row;
    const int column = picture.column - 1;
    if (column >= plan_.columns() || row < 0 || plan_.at(column, row).solid ||
        !plan_.beside(column, row, picture.side).solid)
      return error(picture.line, 1, fmt::format("column {} row {}", picture.column, picture.row),
                   "an open cell with a wall on that side");
    map_.surfaces.push_back(
        wall_picture(plan_, column, row, picture.side, chrysalis::picture(picture.index)));
    return {};
  }

  std::string_view source_;
  std::vector<std::string_view> lines_;
  std::size_t first_row_ = 0;
  Map map_;
  FloorPlan plan_;
  ForageRules rules_;
  bool apples_return_given_ = false;
  bool has_goal_ = false;
  bool thin_ = false;
  float cell_size_ = 100.0f;
  float floor_height_ = 0.0f;
  int episode_seconds_ = 60;
  MaterialId floor_ = 0;
  std::map<char, Glyph> glyphs_;
  std::vector<Picture> pictures_;
};

}  // namespace

Result<TextMap> parse_text_map(std::string_view text, std::string_view source) {
  return Parser(text, source).parse();
}

Result<TextMap> load_text_map(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad()) return invalid_input("cannot read map {}: {}", path, std::strerror(errno));
  return parse_text_map(text.str(), path);
}

}  // namespace chrysalis
