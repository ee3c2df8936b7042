// Lanes as SVG text, for people: who went on how long in which state, and who took over from whom. One lane
// below the other, coloured by a value along the way, with arrows between them and marks on them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace chrysalis {

// A stretch of a lane in one colour. value: 0 to 1; NaN: grey.
struct LaneSpan {
  double begin = 0;
  double end = 0;
  double value = 0;
};

struct Lane {
  std::string name;
  std::vector<LaneSpan> spans{};
  std::vector<double> marks{};  // Where it was changed by itself: a small diamond.
};

// From a place on one lane to a place on another.
struct LaneArrow {
  std::size_t from_lane = 0;
  double from_x = 0;
  std::size_t to_lane = 0;
  double to_x = 0;
  bool alarming = false;  // Drawn red and dashed.
};

struct LaneChart {
  std::string title;
  std::string x_label;
  std::string value_label;  // Beside the scale of colours, which is there if any span has a value.
  // In the legend, each where there is one of it.
  std::string arrow_label;
  std::string alarm_label;
  std::string mark_label;
  std::vector<Lane> lanes;
  std::vector<LaneArrow> arrows;
};

// Width in pixels, at least 400; the height follows from the lanes, of which there is at least one. An arrow
// names two lanes that are there (CHECK).
std::string lane_chart_svg(const LaneChart& chart, int width = 900);

// "#rrggbb" for a value of 0 to 1, clamped: viridis (van der Walt and Smith, 2015), of which the lightness
// rises evenly, so that it reads without colour vision and in grey. NaN: a grey.
std::string lane_colour(double value);

}  // namespace chrysalis
