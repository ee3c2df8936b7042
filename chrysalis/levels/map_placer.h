// The lines of a text map that place something, KIND NUMBER… OPTION…: areas, boxes, volumes that kill,
// spawns, items and pictures.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"
#include "chrysalis/levels/map_draft.h"
#include "chrysalis/levels/map_grid.h"
#include "chrysalis/levels/map_text.h"

namespace chrysalis {

// Each reads a whole line into the draft, pictures on cells into the grid; all three must outlive it.
class MapPlacer {
 public:
  MapPlacer(const MapText& text, MapGrid& grid, MapDraft& draft) : text_(text), grid_(grid), draft_(draft) {}

  // room, door, block: X0 Y0 X1 Y1, and those options that are `allowed`.
  Status read_area(const MapLine& line, DraftArea::Kind kind, const std::vector<std::string_view>& allowed);
  // stairs X0 Y0 X1 Y1 SIDE from:N to:N, a step at a time; the last one lies at `to`.
  Status read_stairs(const MapLine& line);
  // lava X0 Y0 X1 Y1: a pool under the floor at `height`, which kills before one lands in it.
  Status read_lava(const MapLine& line);
  // kill X0 Y0 Z0 X1 Y1 Z1
  Status read_kill(const MapLine& line);
  // box X0 Y0 Z0 X1 Y1 Z1
  Status read_box(const MapLine& line);
  // spawn X Y, any number of such pairs.
  Status read_spawn(const MapLine& line);
  // item KIND X Y, any number of such pairs.
  Status read_item(const MapLine& line);
  // picture = COLUMN ROW SIDE INDEX, the cell as characters of the grid, from 1, from the top left.
  // picture X Y SIDE INDEX, on the wall that is seen from there.
  Status read_picture(const MapLine& line);

  // After the last line: how high pools without a height of their own lie, as the map's floor may be told
  // behind them.
  void settle_pools();

 private:
  struct Pool {
    std::size_t area;    // Index.
    std::size_t volume;  // Likewise.
    std::optional<int> height;
    int depth;
  };

  template <std::size_t N>
  Status read_numbers(const MapLine& line, const std::array<int, N>& low, const std::array<int, N>& high,
                      std::array<float, N>& numbers) const;
  Result<DraftRect> read_rect(const MapLine& line) const;
  Result<Solid> read_solid(const MapLine& line) const;
  Result<std::vector<DraftSpot>> read_spots(const MapLine& line, std::size_t& first) const;
  Status add_area(const MapLine& line, const DraftArea& area);
  Status add_kill_volume(const MapLine& line, const Solid& volume);

  const MapText& text_;
  MapGrid& grid_;
  MapDraft& draft_;
  std::vector<Pool> pools_;
};

}  // namespace chrysalis
