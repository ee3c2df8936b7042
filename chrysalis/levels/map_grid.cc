#include "chrysalis/levels/map_grid.h"

#include <algorithm>
#include <cstring>

namespace chrysalis {
namespace {

constexpr float kPanelThickness = 2.0f;  // A thin wall reaches 1 u into the cells on both sides.

float middle_of(const std::vector<float>& lines, int index) {
  const auto i = static_cast<std::size_t>(index);
  return 0.5f * (lines[i] + lines[i + 1]);
}

}  // namespace

Status MapGrid::read_glyph(const MapLine& line) {
  const bool is_panel = line[0].text == "panel";
  const MapWord& name = line[1];
  if (name.text.size() != 1) return text_.error(name, "one character");
  if (std::strchr("# .+-|", name.text[0]) != nullptr)
    return text_.error(name, "a character other than # . + - |");
  if (line[2].text != "=") return text_.error(line[2], "\"=\"");
  Glyph glyph;
  glyph.solid = is_panel;
  if (is_panel) {
    CHRYSALIS_RETURN_IF_ERROR(text_.material(line[3], glyph.options.wall));
    if (line.size() > 5) return text_.error(line[4], "one material");
  } else {
    std::vector<std::string_view> plain = item_names();
    if (text_.version() == 1) plain.resize(2);  // Apples and goals.
    plain.push_back("spawn");
    for (std::size_t i = 3; i + 1 < line.size(); ++i)
      CHRYSALIS_RETURN_IF_ERROR(read_cell_word(line[i], plain, glyph));
    std::sort(glyph.items.begin(), glyph.items.end());
    glyph.items.erase(std::unique(glyph.items.begin(), glyph.items.end()), glyph.items.end());
    for (const ItemKind kind : glyph.items) CHRYSALIS_RETURN_IF_ERROR(check_item(text_, kind, glyph.options));
  }
  glyphs_[name.text[0]] = glyph;
  return {};
}

Status MapGrid::read_cell_word(const MapWord& word, const std::vector<std::string_view>& plain,
                               Glyph& glyph) {
  const auto found = std::find(plain.begin(), plain.end(), word.text);
  if (found == plain.end())
    return read_option(text_, word,
                       {"floor", "wall", "height", "ceiling", "headroom", "facing", "respawn", "rounds"},
                       plain, glyph.options);
  if (*found == "spawn") {
    glyph.spawn = true;
  } else {
    glyph.items.push_back(static_cast<ItemKind>(found - plain.begin()));
  }
  return {};
}

Status MapGrid::read(int first_line, MapDraft& draft) const {
  const int rows = text_.line_count() - first_line + 1;
  const int columns = rows <= 0 ? 0 : static_cast<int>(text_.line(first_line).size());
  if (rows < 3 || columns < 3 || rows > kMapGridSideMax || columns > kMapGridSideMax)
    return text_.error({first_line, 1}, fmt::format("a grid of {} x {}", columns, std::max(rows, 0)),
                       fmt::format("3 to {} characters each way", kMapGridSideMax));
  if (thin && (rows % 2 == 0 || columns % 2 == 0))
    return text_.error({first_line, 1}, fmt::format("a grid of {} x {}", columns, rows),
                       "odd sizes: thin walls have 2 w + 1 by 2 h + 1 characters");
  draft.xs = lines_of(columns);
  draft.ys = lines_of(rows);
  draft.cells.resize(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    const std::string_view line = text_.line(first_line + row);
    if (static_cast<int>(line.size()) != columns)
      return text_.error({first_line + row, std::min(static_cast<int>(line.size()), columns) + 1},
                         fmt::format("a row of {} characters", line.size()),
                         fmt::format("{}, as the first row", columns));
    for (int column = 0; column < columns; ++column)
      CHRYSALIS_RETURN_IF_ERROR(read_cell(line[static_cast<std::size_t>(column)], column, rows - 1 - row,
                                          {first_line + row, column + 1}, draft));
    draft.layout += line;
    draft.layout += '\n';
  }
  for (DraftPicture picture : pictures_) {
    const int column = static_cast<int>(picture.from.x) - 1, row = rows - static_cast<int>(picture.from.y);
    if (column >= columns || row < 0)
      return text_.error(picture.from.place, fmt::format("column {} row {}", column + 1, rows - row),
                         fmt::format("a cell of the grid of {} x {}", columns, rows));
    picture.from.x = middle_of(draft.xs, column);
    picture.from.y = middle_of(draft.ys, row);
    picture.reach = 0.5f * cell_size + 1.0f;
    draft.pictures.push_back(picture);
  }
  return {};
}

// Every cell_size in block style; in thin style narrow columns of wall lie on the lines of the cells.
std::vector<float> MapGrid::lines_of(int count) const {
  std::vector<float> lines;
  for (int i = 0; i <= count; ++i) {
    const float cells = static_cast<float>(thin ? i / 2 : i);
    const float half = 0.5f * kPanelThickness;
    lines.push_back(cells * cell_size + (thin ? (i % 2 == 0 ? -half : half) : 0.0f));
  }
  return lines;
}

Status MapGrid::read_cell(char character, int column, int row, MapPlace place, MapDraft& draft) const {
  const auto wrong = [&](std::string_view expected) {
    return text_.error(place, std::string_view(&character, 1), expected);
  };
  const bool on_wall_line = thin && (column % 2 == 0 || row % 2 == 0);
  Glyph glyph;
  const auto defined = glyphs_.find(character);
  if (defined != glyphs_.end()) {
    glyph = defined->second;
  } else if (character == '#' || (thin && (character == '+' || character == '-' || character == '|'))) {
    glyph.solid = true;
  } else if (character == 'A') {
    glyph.items = {ItemKind::kApple};
  } else if (character == 'G') {
    glyph.items = {ItemKind::kGoal};
  } else if (character == 'S') {
    glyph.spawn = true;
  } else if (character != ' ' && character != '.') {
    return wrong("a character of the format or one that a \"cell\" or \"panel\" line defines");
  }
  if (on_wall_line && (!glyph.items.empty() || glyph.spawn))
    return wrong("a wall or an opening between two cells");
  if (thin && !on_wall_line && glyph.solid) return wrong("a cell: thin walls stand between cells");
  const int columns = static_cast<int>(draft.xs.size()) - 1, rows = static_cast<int>(draft.ys.size()) - 1;
  const bool border = column == 0 || row == 0 || column + 1 == columns || row + 1 == rows;
  if (border && !glyph.solid) return wrong("a wall: the border must be closed");

  const MapOptions& options = glyph.options;
  PlanCell& cell = draft.cells[static_cast<std::size_t>(row * columns + column)];
  cell = {.solid = glyph.solid, .wall = options.wall};
  if (glyph.solid) return {};
  cell.floor = options.floor.value_or(draft.floor);
  cell.floor_height = options.height ? static_cast<float>(*options.height) : draft.floor_height;
  if (cell.floor_height > draft.wall_height)
    return wrong(fmt::format("a floor no higher than the walls, {}", draft.wall_height));
  if (options.ceiling || options.headroom) {
    const MaterialId wall = options.wall.value_or(draft.wall);
    const float height =
        options.headroom ? cell.floor_height + static_cast<float>(*options.headroom) : draft.wall_height;
    if (height > draft.wall_height)
      return wrong(fmt::format("a ceiling no higher than the walls, {}", draft.wall_height));
    cell.ceiling = PlanCeiling{options.ceiling.value_or(wall), height};
  }
  const DraftSpot spot{place, middle_of(draft.xs, column), middle_of(draft.ys, row), {}};
  if (glyph.spawn) draft.spawns.push_back({spot, options.facing});
  for (const ItemKind kind : glyph.items)
    CHRYSALIS_RETURN_IF_ERROR(add_item(text_, spot, kind, options, draft));
  return {};
}

}  // namespace chrysalis
