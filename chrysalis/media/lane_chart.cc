#include "chrysalis/media/lane_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "chrysalis/core/check.h"
#include "chrysalis/media/chart_axis.h"
#include "chrysalis/media/svg_drawing.h"

namespace chrysalis {
namespace {

constexpr double kPitch = 34;  // From lane to lane.
constexpr double kThick = 14;  // Of a lane.
constexpr double kTip = 7;     // Length of an arrow's head.
constexpr const char* kAlarm = "#d1435b";
constexpr double kWideLetter = 8;  // For names that must not be cut off, whatever the font.
constexpr double kScale = 120;     // Width of the scale of colours.

class LanePicture {
 public:
  LanePicture(const LaneChart& chart, int width) : chart_(chart), width_(width) {
    CHRYSALIS_CHECK(!chart.lanes.empty() && width >= 400);
    double end = 0;
    std::size_t letters = 0;
    for (const Lane& lane : chart.lanes) {
      letters = std::max(letters, lane.name.size());
      for (const LaneSpan& span : lane.spans) {
        end = std::max(end, span.end);
        valued_ |= std::isfinite(span.value);
      }
      marked_ |= !lane.marks.empty();
    }
    for (const LaneArrow& arrow : chart.arrows) {
      CHRYSALIS_CHECK(arrow.from_lane < chart.lanes.size() && arrow.to_lane < chart.lanes.size());
      CHRYSALIS_CHECK(arrow.from_lane != arrow.to_lane);
      end = std::max({end, arrow.from_x, arrow.to_x});
      (arrow.alarming ? alarming_ : pointed_) = true;
    }
    axis_ = linear_axis(0, end, std::max(2, width / 90), false);
    left_ = 18 + static_cast<double>(letters) * kWideLetter;
    right_ = width - 18.0;
    lay_out_legend();
  }

  std::string draw() {
    const double bottom = foot();
    const int height = static_cast<int>(bottom + 2.6 * kSvgLine);
    out_.text(width_ / 2.0, kSvgLine, "middle", chart_.title, " font-weight=\"600\"");
    draw_legend();
    for (const double tick : axis_.ticks) {
      out_.line(x_of(tick), top_, x_of(tick), bottom, 0.2);
      out_.text(x_of(tick), bottom + kSvgLine, "middle", tick_text(tick));
    }
    out_.line(left_, bottom, right_, bottom, 1);
    out_.text((left_ + right_) / 2, bottom + 2.1 * kSvgLine, "middle", chart_.x_label);
    for (std::size_t i = 0; i < chart_.lanes.size(); ++i) draw_lane(i);
    for (const bool alarming : {false, true})  // Alarms on top.
      for (const LaneArrow& arrow : chart_.arrows)
        if (arrow.alarming == alarming) draw_arrow(arrow);
    for (std::size_t i = 0; i < chart_.lanes.size(); ++i)
      for (const double x : chart_.lanes[i].marks) draw_mark(x_of(x), y_of(i));
    return svg_begin(width_, height) + out_.take() + "</svg>\n";
  }

 private:
  double x_of(double x) const { return left_ + (right_ - left_) * axis_.fraction(x); }
  double y_of(std::size_t lane) const { return top_ + kPitch * (static_cast<double>(lane) + 0.5); }
  double foot() const { return top_ + kPitch * static_cast<double>(chart_.lanes.size()); }

  // Entries stand in a row that wraps.
  enum class Kind { kScale, kArrow, kAlarm, kMark };
  struct Entry {
    Kind kind;
    std::string words;
    double x, y;
  };
  void lay_out_legend() {
    double x = left_, y = 2.3 * kSvgLine;
    const auto add = [&](bool there, Kind kind, const std::string& words, double picture) {
      if (!there || words.empty()) return;
      const double width = picture + 8 + svg_width(words);
      if (x > left_ && x + width > right_) x = left_, y += kSvgLine;
      legend_.push_back({kind, words, x, y});
      x += width + 14;
    };
    // The numbers 0 and 1 stand at the ends of the scale.
    add(valued_, Kind::kScale, chart_.value_label, kScale + 30);
    add(pointed_, Kind::kArrow, chart_.arrow_label, 28);
    add(alarming_, Kind::kAlarm, chart_.alarm_label, 28);
    add(marked_, Kind::kMark, chart_.mark_label, 10);
    top_ = legend_.empty() ? 1.6 * kSvgLine : y + 0.8 * kSvgLine;
  }

  void draw_legend() {
    for (const Entry& entry : legend_) {
      const double middle = entry.y - 4.5;
      double words = entry.x + 36;
      if (entry.kind == Kind::kScale) {
        out_.text(entry.x, entry.y, "start", "0");
        constexpr int kSteps = 40;
        for (int i = 0; i < kSteps; ++i)
          out_.add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"10\" fill=\"{}\"/>\n",
                   entry.x + 12 + kScale * i / kSteps, middle - 5, kScale / kSteps + 0.4,
                   lane_colour((i + 0.5) / kSteps));
        out_.text(entry.x + kScale + 17, entry.y, "start", "1");
        words = entry.x + kScale + 34;
      } else if (entry.kind == Kind::kMark) {
        draw_mark(entry.x + 5, middle);
        words = entry.x + 16;
      } else {
        draw_curve({entry.x, middle, entry.x + 28, middle}, entry.kind == Kind::kAlarm);
      }
      out_.text(words, entry.y, "start", entry.words);
    }
  }

  void draw_lane(std::size_t index) {
    const Lane& lane = chart_.lanes[index];
    const double y = y_of(index);
    out_.text(left_ - 8, y + 4.5, "end", lane.name);
    for (const LaneSpan& span : lane.spans)
      out_.add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>\n",
               x_of(span.begin), y - kThick / 2, std::max(0.5, x_of(span.end) - x_of(span.begin)), kThick,
               lane_colour(span.value));
    if (lane.spans.empty()) return;
    // An outline, because one end of the colours is near to white and the other to black.
    const double begin = x_of(lane.spans.front().begin), end = x_of(lane.spans.back().end);
    out_.add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"none\" stroke=\"{}\"/>\n",
             begin, y - kThick / 2, end - begin, kThick, kSvgInk);
  }

  void draw_mark(double x, double y) {
    out_.add("<path d=\"M{:.1f} {:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z\" fill=\"#ffffff\" stroke=\"#303030\"/>\n",
             x, y - 4.5);
  }

  void draw_arrow(const LaneArrow& arrow) {
    const double from = y_of(arrow.from_lane), to = y_of(arrow.to_lane);
    const double side = to > from ? 1 : -1;
    draw_curve({x_of(arrow.from_x), from + side * kThick / 2, x_of(arrow.to_x), to - side * kThick / 2},
               arrow.alarming);
  }

  struct Ends {
    double x0, y0, x1, y1;
  };
  // An arrow that leaves and arrives upright where it goes from lane to lane, and is straight in a row.
  void draw_curve(const Ends& e, bool alarming) {
    const char* colour = alarming ? kAlarm : kSvgInk;
    const bool upright = e.y0 != e.y1;
    const double rise = (e.y1 - e.y0) / 2;
    // The line ends where the head begins.
    const double head_x = upright ? 0 : kTip, head_y = upright ? std::copysign(kTip, rise) : 0;
    out_.add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>\n", e.x0, e.y0, colour);
    const std::string path =
        fmt::format("M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", e.x0, e.y0,
                    e.x0 + (upright ? 0 : 8), e.y0 + (upright ? rise : 0), e.x1 - (upright ? 0 : 8),
                    e.y1 - (upright ? rise : 0), e.x1 - head_x, e.y1 - head_y);
    // A light rim sets it off from the lanes that it crosses.
    out_.add("<path d=\"{}\" fill=\"none\" stroke=\"#ffffff\" stroke-opacity=\"0.7\" stroke-width=\"4\"/>\n",
             path);
    out_.add("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\"{}/>\n", path, colour,
             alarming ? " stroke-dasharray=\"4 3\"" : "");
    out_.add("<path d=\"M{0:.1f} {1:.1f}L{2:.1f} {3:.1f}L{4:.1f} {5:.1f}z\" fill=\"{6}\"/>\n", e.x1, e.y1,
             e.x1 - head_x + head_y / 1.8, e.y1 - head_y + head_x / 1.8, e.x1 - head_x - head_y / 1.8,
             e.y1 - head_y - head_x / 1.8, colour);
  }

  const LaneChart& chart_;
  int width_;
  bool valued_ = false, marked_ = false, pointed_ = false, alarming_ = false;
  ChartAxis axis_;
  double left_ = 0, right_ = 0, top_ = 0;
  std::vector<Entry> legend_;
  SvgDrawing out_;
};

}  // namespace

std::string lane_colour(double value) {
  if (std::isnan(value)) return "#b0b0b0";
  // Viridis at 0, 1/8, …, 1, and straight lines between.
  constexpr std::array<std::array<int, 3>, 9> kViridis = {{{68, 1, 84},
                                                           {71, 45, 123},
                                                           {59, 82, 139},
                                                           {44, 114, 142},
                                                           {33, 145, 140},
                                                           {40, 174, 128},
                                                           {94, 201, 98},
                                                           {173, 220, 48},
                                                           {253, 231, 37}}};
  const double at = std::clamp(value, 0.0, 1.0) * (kViridis.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(at), kViridis.size() - 2);
  const double share = at - static_cast<double>(below);
  std::array<int, 3> rgb{};
  for (std::size_t c = 0; c < 3; ++c)
    rgb[c] = static_cast<int>(
        std::lround(kViridis[below][c] + share * (kViridis[below + 1][c] - kViridis[below][c])));
  return fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

std::string lane_chart_svg(const LaneChart& chart, int width) {
  return LanePicture(chart, width).draw();
}

}  // namespace chrysalis
