#include "chrysalis/media/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chrysalis/core/check.h"
#include "chrysalis/media/chart_axis.h"
#include "chrysalis/media/svg_drawing.h"

namespace chrysalis {
namespace {

// Of middling lightness, as the ink is.
constexpr std::array kColours = {"#2f7fd1", "#d9731a", "#2b9a5e", "#a45bc9", "#d1435b", "#1b98a6"};

// A mark's outline around (0, 0); each series has its own.
std::string mark_path(std::size_t series) {
  constexpr std::array kMarks = {"M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", "M-3.2 -3.2h6.4v6.4h-6.4z",
                                 "M0 -4.2L4 3H-4z", "M0 -4.5L4.5 0L0 4.5L-4.5 0z"};
  return kMarks[series % kMarks.size()];
}

struct Point {
  double x, y;
};

class Panel {
 public:
  Panel(const LineChart& chart, const ChartSize& size) : chart_(chart), size_(size) {
    fit_axes();
    lay_out();
  }

  std::string draw() {
    out_.text(size_.width / 2.0, kSvgLine, "middle", chart_.title, " font-weight=\"600\"");
    draw_legend();
    draw_axes();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      draw_band(i);
      draw_line(i);
    }
    return out_.take();
  }

 private:
  bool shown(double x, double y) const {
    return std::isfinite(x) && std::isfinite(y) && (!chart_.logarithmic_x || x > 0);
  }

  void fit_axes() {
    double x0 = INFINITY, x1 = -INFINITY, y0 = chart_.from_zero ? 0 : INFINITY, y1 = -y0;
    const auto take = [&](double x, double y) {
      if (!shown(x, y)) return;
      x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
    };
    for (const ChartSeries& series : chart_.series) {
      CHRYSALIS_CHECK_EQ(series.x.size(), series.y.size());
      CHRYSALIS_CHECK(series.low.size() == series.high.size() &&
                      (series.low.empty() || series.low.size() == series.x.size()));
      for (std::size_t i = 0; i < series.x.size(); ++i) {
        take(series.x[i], series.y[i]);
        if (series.low.empty()) continue;
        take(series.x[i], series.low[i]);
        take(series.x[i], series.high[i]);
      }
    }
    empty_ = x0 > x1;
    if (empty_) x0 = x1 = 1, y0 = 0, y1 = 1;
    const int x_ticks = std::max(2, size_.width / 60), y_ticks = std::max(2, size_.height / 45);
    x_ = chart_.logarithmic_x ? logarithmic_axis(x0, x1, x_ticks) : linear_axis(x0, x1, x_ticks, false);
    if (chart_.x_ticks_at_points && !empty_) {
      x_.ticks = chart_.series.front().x;
      std::erase_if(x_.ticks, [this](double x) { return !shown(x, 0); });
    }
    y_ = linear_axis(y0, y1, y_ticks, true);
  }

  void lay_out() {
    left_ = 0;
    for (const double tick : y_.ticks) left_ = std::max(left_, kSvgLine + 8 + svg_width(tick_text(tick)));
    // Half of the last number may stand beyond the plot.
    right_ =
        size_.width - std::max(14.0, x_.ticks.empty() ? 0 : svg_width(tick_text(x_.ticks.back())) / 2 + 2);
    // The legend wraps between left and right.
    double x = left_;
    int lines = 0;
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const std::string& name = chart_.series[i].name;
      if (name.empty()) continue;
      const double width = 34 + svg_width(name);
      if (lines == 0 || x + width > right_) {
        x = left_;
        ++lines;
      }
      legend_.push_back({.series = i, .at = {x, kSvgLine * (1.0 + lines)}});
      x += width + 8;
    }
    top_ = kSvgLine * (1.5 + lines) + 4;
    bottom_ = size_.height - 2.4 * kSvgLine;
  }

  Point at(double x, double y) const {
    return {left_ + (right_ - left_) * x_.fraction(x), bottom_ - (bottom_ - top_) * y_.fraction(y)};
  }

  void draw_axes() {
    for (const double tick : y_.ticks) {
      const double y = at(x_.low, tick).y;
      out_.line(left_, y, right_, y, tick == y_.low ? 1 : 0.25);
      out_.text(left_ - 6, y + 4.5, "end", tick_text(tick));
    }
    for (const double tick : x_.ticks) {
      const double x = at(tick, y_.low).x;
      out_.line(x, bottom_, x, bottom_ + 4, 1);
      out_.text(x, bottom_ + kSvgLine, "middle", tick_text(tick));
    }
    out_.text((left_ + right_) / 2, size_.height - 7.0, "middle", chart_.x_label);
    const double middle = (top_ + bottom_) / 2;
    out_.text(kSvgFont, middle, "middle", chart_.y_label,
              fmt::format(" transform=\"rotate(-90 {} {:.1f})\"", kSvgFont, middle).c_str());
    if (empty_) out_.text((left_ + right_) / 2, middle, "middle", "no data");
  }

  void draw_legend() {
    for (const Entry& entry : legend_) {
      const auto [x, y] = entry.at;
      stroke(entry.series, fmt::format("M{:.1f} {:.1f}h24", x, y - 4.5));
      if (chart_.series[entry.series].marked) mark(entry.series, {x + 12, y - 4.5});
      out_.text(x + 30, y, "start", chart_.series[entry.series].name);
    }
  }

  void draw_band(std::size_t index) {
    const ChartSeries& series = chart_.series[index];
    // Each stretch without a gap is an outline: along the upper edge, back along the lower one.
    std::string upper, lower;
    const auto close = [&] {
      if (!upper.empty())
        out_.add("<path d=\"M{}L{}z\" fill=\"{}\" fill-opacity=\"0.2\"/>\n", upper, lower, colour(index));
      upper.clear();
      lower.clear();
    };
    for (std::size_t i = 0; i < series.low.size(); ++i) {
      if (!shown(series.x[i], series.low[i]) || !shown(series.x[i], series.high[i])) {
        close();
        continue;
      }
      const Point above = at(series.x[i], series.high[i]), below = at(series.x[i], series.low[i]);
      upper += fmt::format("{}{:.1f} {:.1f}", upper.empty() ? "" : "L", above.x, above.y);
      lower = fmt::format("{:.1f} {:.1f}{}{}", below.x, below.y, lower.empty() ? "" : "L", lower);
    }
    close();
  }

  void draw_line(std::size_t index) {
    const ChartSeries& series = chart_.series[index];
    std::string path;
    bool down = false;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      const bool here = shown(series.x[i], series.y[i]);
      if (here) {
        const Point point = at(series.x[i], series.y[i]);
        path += fmt::format("{}{:.1f} {:.1f}", down ? "L" : "M", point.x, point.y);
        // One without neighbours is a line of no length, which its round ends make a dot.
        const bool goes_on = i + 1 < series.x.size() && shown(series.x[i + 1], series.y[i + 1]);
        if (!down && !goes_on) path += "h0";
      }
      down = here;
    }
    if (!path.empty()) stroke(index, path);
    if (!series.marked) return;
    for (std::size_t i = 0; i < series.x.size(); ++i)
      if (shown(series.x[i], series.y[i])) mark(index, at(series.x[i], series.y[i]));
  }

  static const char* colour(std::size_t series) { return kColours[series % kColours.size()]; }
  void stroke(std::size_t series, const std::string& path) {
    out_.add(
        "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\" "
        "stroke-linecap=\"round\"{}/>\n",
        path, colour(series), chart_.series[series].dashed ? " stroke-dasharray=\"6 4\"" : "");
  }
  void mark(std::size_t series, const Point& point) {
    out_.add("<path d=\"{}\" transform=\"translate({:.1f} {:.1f})\" fill=\"{}\"/>\n", mark_path(series),
             point.x, point.y, colour(series));
  }

  struct Entry {
    std::size_t series;
    Point at;
  };
  const LineChart& chart_;
  ChartSize size_;
  bool empty_ = false;
  ChartAxis x_, y_;
  double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;  // Of the plot.
  std::vector<Entry> legend_;
  SvgDrawing out_;
};

}  // namespace

std::string line_charts_svg(std::span<const LineChart> charts, int columns, const ChartSize& size) {
  CHRYSALIS_CHECK(!charts.empty() && columns >= 1);
  CHRYSALIS_CHECK(size.width >= 200 && size.height >= 150, "{} x {}", size.width, size.height);
  const int count = static_cast<int>(charts.size());
  columns = std::min(columns, count);
  const int width = columns * size.width, height = (count + columns - 1) / columns * size.height;
  std::string svg = svg_begin(width, height);
  for (int i = 0; i < count; ++i)
    svg += fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n", i % columns * size.width,
                       i / columns * size.height, Panel(charts[i], size).draw());
  return svg + "</svg>\n";
}

}  // namespace chrysalis
