// Line charts as SVG text, for people: no script, no fonts, no files. Readable on light and on dark paper and
// at half the size: the background is transparent, lines differ in colour and in the shape of their marks.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace chrysalis {

struct ChartSeries {
  std::string name;  // In the legend; empty: not there.
  // Points in the order of the line. One that is not finite, or not above 0 on a logarithmic axis, is a gap.
  std::vector<double> x{};
  std::vector<double> y{};    // As many.
  std::vector<double> low{};  // A band around the line; both as many as x, or both empty.
  std::vector<double> high{};
  bool marked = true;   // Each point has a mark; for few points.
  bool dashed = false;  // For limits and references.
};

struct LineChart {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<ChartSeries> series;
  bool logarithmic_x = false;
  bool x_ticks_at_points = false;  // Where the first series has its points: for few, chosen values.
  bool from_zero = true;           // The vertical axis begins at 0 or below.
};

struct ChartSize {
  int width = 420;   // Pixels, at least 200.
  int height = 280;  // At least 150.
};

// One picture of all charts, row by row, each of `size`; at least one chart, `columns` >= 1.
std::string line_charts_svg(std::span<const LineChart> charts, int columns, const ChartSize& size = {});

}  // namespace chrysalis
