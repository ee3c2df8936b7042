#include "chrysalis/media/lane_chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "chrysalis/media/count_test.h"

namespace chrysalis {
namespace {

LaneChart two_lanes() {
  return {.title = "Who <came> from whom",
          .x_label = "agent steps",
          .value_label = "alpha",
          .arrow_label = "copied",
          .alarm_label = "replaced",
          .mark_label = "explored",
          .lanes = {{.name = "a", .spans = {{0, 50, 0.0}, {50, 100, 1.0}}},
                    {.name = "b", .spans = {{0, 80, 0.5}}}},
          .arrows = {}};
}

TEST(lane_chart, has_a_lane_of_each_name_and_a_legend_of_what_is_there) {
  LaneChart chart = two_lanes();
  const std::string plain = lane_chart_svg(chart);
  EXPECT_TRUE(plain.starts_with("<svg ") && plain.ends_with("</svg>\n"));
  for (const char* words :
       {">Who &lt;came&gt; from whom<", ">agent steps<", ">alpha<", ">a<", ">b<", ">100<"})
    EXPECT_NE(plain.find(words), std::string::npos) << words;
  for (const char* words : {">copied<", ">replaced<", ">explored<"})
    EXPECT_EQ(plain.find(words), std::string::npos) << words;
  chart.arrows = {{.from_lane = 0, .from_x = 20, .to_lane = 1, .to_x = 30}};
  chart.lanes[0].marks = {10, 60};
  std::string svg = lane_chart_svg(chart);
  EXPECT_NE(svg.find(">copied<"), std::string::npos);
  EXPECT_EQ(svg.find(">replaced<"), std::string::npos);
  EXPECT_EQ(count(svg, "#303030"), 3);  // Two marks and the legend's.
  chart.arrows[0].alarming = true;
  svg = lane_chart_svg(chart);
  EXPECT_EQ(svg.find(">copied<"), std::string::npos);
  EXPECT_NE(svg.find(">replaced<"), std::string::npos);
  EXPECT_EQ(count(svg, "stroke-dasharray"), 2);
}

TEST(lane_chart, spans_lie_end_to_end_in_their_colours) {
  const std::string svg = lane_chart_svg(two_lanes());
  double x[2], width[2];
  for (int i = 0; i < 2; ++i) {
    const std::size_t colour = svg.find("height=\"14\" fill=\"" + lane_colour(i) + "\"");
    ASSERT_NE(colour, std::string::npos);
    ASSERT_EQ(std::sscanf(svg.c_str() + svg.rfind("<rect", colour), "<rect x=\"%lf\" y=\"%*f\" width=\"%lf\"",
                          &x[i], &width[i]),
              2);
  }
  EXPECT_NEAR(x[0] + width[0], x[1], 0.11);
  EXPECT_NEAR(width[0], width[1], 0.11);
  EXPECT_LT(x[1] + width[1], 900);
}

TEST(lane_chart, without_any_value_there_is_no_scale_and_lanes_are_grey) {
  const LaneChart chart{.title = "t",
                        .x_label = "x",
                        .value_label = "alpha",
                        .arrow_label = "",
                        .alarm_label = "",
                        .mark_label = "",
                        .lanes = {{.name = "a", .spans = {{0, 50, NAN}}}, {.name = "b"}},
                        .arrows = {}};
  const std::string svg = lane_chart_svg(chart);
  EXPECT_EQ(svg.find(">alpha<"), std::string::npos);
  EXPECT_NE(svg.find(lane_colour(NAN)), std::string::npos);
}

// WCAG's relative lightness, near enough.
double lightness(const std::string& colour) {
  unsigned r = 0, g = 0, b = 0;
  EXPECT_EQ(std::sscanf(colour.c_str(), "#%02x%02x%02x", &r, &g, &b), 3);
  return 0.2126 * std::pow(r / 255.0, 2.2) + 0.7152 * std::pow(g / 255.0, 2.2) +
         0.0722 * std::pow(b / 255.0, 2.2);
}

TEST(lane_chart, the_scale_grows_lighter_all_the_way) {
  double before = -1;
  for (int i = 0; i <= 100; ++i) {
    const double now = lightness(lane_colour(i / 100.0));
    EXPECT_GT(now, before) << i;
    before = now;
  }
  EXPECT_EQ(lane_colour(0), "#440154");
  EXPECT_EQ(lane_colour(1), "#fde725");
  EXPECT_EQ(lane_colour(-1), lane_colour(0));
  EXPECT_EQ(lane_colour(2), lane_colour(1));
}

TEST(LaneChartDeathTest, arrows_to_nowhere_are_our_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  LaneChart chart = two_lanes();
  chart.arrows = {{.from_lane = 0, .from_x = 1, .to_lane = 2, .to_x = 1}};
  EXPECT_DEATH(lane_chart_svg(chart), "check failed");
  chart.arrows[0].to_lane = 0;
  EXPECT_DEATH(lane_chart_svg(chart), "check failed");
}

}  // namespace
}  // namespace chrysalis
