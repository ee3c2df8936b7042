// The observations of DM Lab, of our levels: the same names, order, types and shapes on every level. Belongs
// to one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chrysalis/dmlab/episode.h"
#include "chrysalis/dmlab/settings.h"
#include "chrysalis/env/dmlab_api.h"
#include "chrysalis/render/renderer.h"

namespace chrysalis::dmlab {

// The layout of a map as DM Lab writes it, walls '*' and spawn points 'P', where `draws_mazes`; the map's own
// text otherwise.
std::string maze_layout(const Map& map, bool draws_mazes);
// Whether a level draws mazes itself. Others have maps of their makers, in whose texts letters mean anything.
bool draws_mazes(const LevelSpec& level);

class Observations {
 public:
  // The level's spec, and sizes that a Renderer takes.
  Observations(const Settings& settings, const LevelSpec& level);

  static int count();
  static const char* name(int index);  // 0 to count() - 1, as in what follows.
  // What it gives is valid until the next call.
  ObservationSpec spec(int index);
  // Before the episode's start all numbers are 0, texts and lists empty.
  Observation observe(int index, Episode& episode);
  // Of no elements, for an index that there is not.
  static ObservationSpec empty_spec();
  static Observation empty();

 private:
  friend struct ObservationCatalog;
  enum class Camera { kTopDown, kPlayer, kPlayerWithReticle };
  struct Layout {
    bool blue_first = false;
    bool depth = false;
    bool planar = false;
  };

  // Each fills `bytes_`, `doubles_` or `text_`, and player_count_.
  void draw_view(Episode& episode, Layout layout);
  void draw_camera(Episode& episode, Camera camera, bool planar);
  void draw_reticle();
  template <typename Value>
  void list_players(const Episode& episode, Value value);

  std::int64_t width_, height_, alt_width_, alt_height_, frames_per_step_;
  std::string player_name_;
  bool draws_mazes_;

  // The view of one moment of an episode.
  std::uint64_t view_moment_ = 0;
  std::vector<std::uint8_t> view_;
  std::vector<float> inverse_depth_;
  std::optional<Renderer> alt_renderer_;  // Made when it is first asked for.
  std::vector<std::uint8_t> alt_view_;

  // What was given last.
  std::array<int, 3> shape_{};
  std::vector<std::uint8_t> bytes_;
  std::vector<double> doubles_;
  std::string text_;
};

}  // namespace chrysalis::dmlab
