// Where the numbers of an axis stand and how they are spelled.
#pragma once

#include <string>
#include <vector>

namespace chrysalis {

struct ChartAxis {
  double low = 0;
  double high = 1;  // Above low.
  bool logarithmic = false;
  std::vector<double> ticks{};  // Rising, within [low, high]; round numbers.

  // 0 at low, 1 at high.
  double fraction(double value) const;
};

// Over [low, high] with at most `most_ticks` (at least 2) ticks at round numbers. widened: the ends move out
// to the ticks beyond the data. Where all data are one number, the axis leaves room around it.
ChartAxis linear_axis(double low, double high, int most_ticks, bool widened);
// The same for powers: ticks at 1, 2 and 5 times powers of ten, or, over a wide range, at powers alone. low >
// 0.
ChartAxis logarithmic_axis(double low, double high, int most_ticks);

// "0", "0.25", "800", "1.5k", "20M": up to four digits.
std::string tick_text(double value);

}  // namespace chrysalis
