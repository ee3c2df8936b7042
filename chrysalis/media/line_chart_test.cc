#include "chrysalis/media/line_chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <utility>

#include "chrysalis/media/count_test.h"

namespace chrysalis {
namespace {

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

LineChart chart_of(std::vector<double> x, std::vector<double> y) {
  return {.title = "Return",
          .x_label = "agent steps",
          .y_label = "mean return",
          .series = {{.name = "seed 1", .x = std::move(x), .y = std::move(y)}}};
}

std::string svg_of(const LineChart& chart) {
  return line_charts_svg({&chart, 1}, 1, {.width = 400, .height = 300});
}

TEST(line_chart, has_title_labels_legend_and_ticks) {
  const std::string svg = svg_of(chart_of({0, 1e6, 2e6}, {0, 10, 40}));
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"400\" height=\"300\""));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  for (const char* words : {">Return<", ">agent steps<", ">mean return<", ">seed 1<", ">0<", ">2M<", ">40<"})
    EXPECT_TRUE(contains(svg, words)) << words;
}

TEST(line_chart, puts_points_where_their_numbers_are) {
  // The axes run from 0 to 2M and from 0 to 40: the first point is in the lower left corner, the last in the
  // upper right one, the middle one half way and a quarter up.
  const std::string svg = svg_of(chart_of({0, 1e6, 2e6}, {0, 10, 40}));
  double x[3], y[3];
  const std::size_t at = svg.find("<path d=\"M", svg.find(">40<"));
  const std::size_t line = svg.find("fill=\"none\" stroke=\"#2f7fd1\"", at);
  const std::size_t begin = svg.rfind("<path d=\"M", line);
  ASSERT_EQ(std::sscanf(svg.c_str() + begin, "<path d=\"M%lf %lfL%lf %lfL%lf %lf", &x[0], &y[0], &x[1], &y[1],
                        &x[2], &y[2]),
            6);
  EXPECT_NEAR(x[1], (x[0] + x[2]) / 2, 0.11);
  EXPECT_NEAR(y[1], y[0] + (y[2] - y[0]) / 4, 0.11);
  EXPECT_GT(x[0], 20);
  EXPECT_LT(x[2], 400);
  EXPECT_GT(y[2], 20);
  EXPECT_LT(y[0], 300);
}

TEST(line_chart, breaks_the_line_where_a_number_is_missing) {
  const std::string whole = svg_of(chart_of({0, 1, 2, 3}, {1, 2, 3, 4}));
  const std::string broken = svg_of(chart_of({0, 1, 2, 3}, {1, NAN, 3, 4}));
  EXPECT_FALSE(contains(broken, "nan"));
  const auto line_of = [](const std::string& svg) {
    const std::size_t at = svg.rfind("stroke-width=\"2\"");
    return svg.substr(svg.rfind("<path", at), at - svg.rfind("<path", at));
  };
  EXPECT_EQ(count(line_of(whole), "M"), 1);
  EXPECT_EQ(count(line_of(broken), "M"), 2);
  // A mark for each point that is there, and one in the legend.
  EXPECT_EQ(count(whole, "<path d=\"M-3.5"), 5);
  EXPECT_EQ(count(broken, "<path d=\"M-3.5"), 4);
}

TEST(line_chart, a_logarithmic_axis_leaves_out_what_is_not_above_zero) {
  LineChart chart = chart_of({0, 1, 10, 100}, {1, 1, 1, 1});
  chart.logarithmic_x = true;
  const std::string svg = svg_of(chart);
  EXPECT_EQ(count(svg, "<path d=\"M-3.5"), 4);
  EXPECT_TRUE(contains(svg, ">100<"));
  EXPECT_FALSE(contains(svg, "inf"));
}

TEST(line_chart, may_have_its_ticks_where_the_points_are) {
  LineChart chart = chart_of({-8, 8, 64, 400}, {1, 1, 1, 1});
  chart.logarithmic_x = true;
  EXPECT_FALSE(contains(svg_of(chart), ">64<"));
  chart.x_ticks_at_points = true;
  const std::string svg = svg_of(chart);
  for (const char* words : {">8<", ">64<", ">400<"}) EXPECT_TRUE(contains(svg, words)) << words;
  EXPECT_FALSE(contains(svg, ">-8<"));
  EXPECT_FALSE(contains(svg, ">100<"));
}

TEST(line_chart, draws_bands_in_one_piece_for_each_stretch) {
  LineChart chart = chart_of({0, 1, 2, 3}, {2, 2, 2, 2});
  chart.series[0].low = {1, 1, 1, 1};
  chart.series[0].high = {3, 3, 3, 90};
  EXPECT_EQ(count(svg_of(chart), "fill-opacity"), 1);
  EXPECT_TRUE(contains(svg_of(chart), ">80<")) << "the axis holds the band too";
  chart.series[0].high[1] = NAN;
  EXPECT_EQ(count(svg_of(chart), "fill-opacity"), 2);
}

TEST(line_chart, series_differ_in_colour_mark_and_dashes) {
  LineChart chart = chart_of({0, 1}, {0, 1});
  chart.series.push_back({.name = "limit", .x = {0, 1}, .y = {2, 2}, .marked = false, .dashed = true});
  chart.series.push_back({.name = "seed 2", .x = {0, 1}, .y = {3, 2}});
  const std::string svg = svg_of(chart);
  EXPECT_EQ(count(svg, "stroke-dasharray"), 2);  // The line and its legend.
  EXPECT_EQ(count(svg, "<path d=\"M-3.2"), 0);   // No marks of the second.
  EXPECT_EQ(count(svg, "<path d=\"M0 -4.2"), 3);
  for (const char* colour : {"#2f7fd1", "#d9731a", "#2b9a5e"}) EXPECT_TRUE(contains(svg, colour));
}

TEST(line_chart, a_series_without_a_name_is_not_in_the_legend) {
  LineChart chart = chart_of({0, 1}, {0, 1});
  const int with = count(svg_of(chart), "stroke-width=\"2\"");
  chart.series[0].name = "";
  EXPECT_EQ(count(svg_of(chart), "stroke-width=\"2\""), with - 1);
}

// Left end and foot of a text.
std::pair<double, double> place_of(const std::string& svg, const std::string& words) {
  double x = NAN, y = NAN;
  const std::size_t at = svg.rfind("<text", svg.find(">" + words + "<"));
  EXPECT_EQ(std::sscanf(svg.c_str() + at, "<text x=\"%lf\" y=\"%lf\"", &x, &y), 2);
  return {x, y};
}

TEST(line_chart, the_legend_leaves_wide_letters_their_room) {
  LineChart chart = chart_of({1, 2}, {1, 2});
  chart.series.push_back({.name = "second", .x = {1}, .y = {1}});
  chart.series[0].name = "mmmmmmmmmm";  // 126 px in DejaVu Sans.
  const auto wide = place_of(svg_of(chart), "mmmmmmmmmm"), after_wide = place_of(svg_of(chart), "second");
  EXPECT_EQ(after_wide.second, wide.second);
  EXPECT_GE(after_wide.first - wide.first, 126 + 30);
  chart.series[0].name = "mmmmmmmmmmmmmmmmmmmm";
  EXPECT_GT(place_of(svg_of(chart), "second").second, wide.second) << "on the next line";
  chart.series[0].name = "iiiiiiiiiiiiiiiiiiii";
  EXPECT_EQ(place_of(svg_of(chart), "second").second, wide.second) << "narrow ones are no reason";
}

TEST(line_chart, names_may_hold_anything) {
  LineChart chart = chart_of({0, 1}, {0, 1});
  chart.title = "a < b & c > d";
  EXPECT_TRUE(contains(svg_of(chart), ">a &lt; b &amp; c &gt; d<"));
  chart.title = "a\xff\xc3\xa9\x01z\xe2\x82";
  EXPECT_TRUE(contains(svg_of(chart),
                       ">a?\xc3\xa9?z?"
                       "?<"));  // In two, as ??< is a trigraph.
}

TEST(line_chart, a_point_without_neighbours_is_a_dot) {
  const std::string svg = svg_of(chart_of({0, 1, 2, 3, 4}, {1, NAN, 2, 3, 4}));
  const std::size_t path = svg.find("<path d=\"M");
  ASSERT_NE(path, std::string::npos);
  EXPECT_TRUE(contains(svg, "h0M")) << svg;
  EXPECT_TRUE(contains(svg, "stroke-linecap=\"round\"")) << svg;
}

TEST(line_chart, without_data_it_says_so) {
  EXPECT_TRUE(contains(svg_of(chart_of({}, {})), ">no data<"));
  EXPECT_TRUE(contains(svg_of(chart_of({NAN}, {1})), ">no data<"));
  EXPECT_FALSE(contains(svg_of(chart_of({1}, {1})), ">no data<"));
}

TEST(line_chart, several_stand_row_by_row) {
  const std::vector<LineChart> charts(3, chart_of({0, 1}, {0, 1}));
  const std::string svg = line_charts_svg(charts, 2, {.width = 300, .height = 200});
  EXPECT_TRUE(contains(svg, "width=\"600\" height=\"400\""));
  for (const char* place : {"<g transform=\"translate(0 0)\">", "<g transform=\"translate(300 0)\">",
                            "<g transform=\"translate(0 200)\">"})
    EXPECT_TRUE(contains(svg, place)) << place;
  EXPECT_EQ(count(svg, "<g "), count(svg, "</g>"));
}

TEST(LineChartDeathTest, columns_of_unequal_length_are_our_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(svg_of(chart_of({0, 1}, {0})), "2 against 1");
}

}  // namespace
}  // namespace chrysalis
