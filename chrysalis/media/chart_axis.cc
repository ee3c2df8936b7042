#include "chrysalis/media/chart_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `step`.
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0})
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

// Ends that differ.
void leave_room(double& low, double& high) {
  if (low < high) return;
  const double room = low == 0 ? 1 : std::abs(low) / 2;
  if (low >= 0) {
    low = low == 0 ? 0 : low - room;
    high += room;
  } else {
    low -= room;
    high += room;
  }
}

}  // namespace

double ChartAxis::fraction(double value) const {
  if (logarithmic) return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

ChartAxis linear_axis(double low, double high, int most_ticks, bool widened) {
  CHRYSALIS_CHECK(std::isfinite(low) && std::isfinite(high) && low <= high, "{} to {}", low, high);
  CHRYSALIS_CHECK(most_ticks >= 2);
  leave_room(low, high);
  // Rounding the ends outwards may take one step more than the range has, hence the search.
  double step = round_step((high - low) / (most_ticks - 1));
  double first = 0, last = 0;
  while (true) {
    first = widened ? std::floor(low / step + 1e-9) : std::ceil(low / step - 1e-9);
    last = widened ? std::ceil(high / step - 1e-9) : std::floor(high / step + 1e-9);
    if (last - first < most_ticks) break;
    step = round_step(step * 1.01);
  }
  ChartAxis axis{.low = widened ? first * step : low, .high = widened ? last * step : high};
  for (double i = first; i <= last; ++i) axis.ticks.push_back(i == 0 ? 0.0 : i * step);
  return axis;
}

ChartAxis logarithmic_axis(double low, double high, int most_ticks) {
  CHRYSALIS_CHECK(low > 0 && std::isfinite(high) && low <= high, "{} to {}", low, high);
  CHRYSALIS_CHECK(most_ticks >= 2);
  if (low == high) {
    low /= 2;
    high *= 2;
  }
  ChartAxis axis{.low = low, .high = high, .logarithmic = true};
  const auto ticks_of = [&](std::initializer_list<double> factors, int every) {
    axis.ticks.clear();
    for (int power = static_cast<int>(std::floor(std::log10(low)));
         std::pow(10.0, power) <= high * (1 + 1e-9); ++power)
      for (const double factor : factors) {
        const double tick = factor * std::pow(10.0, power);
        if (power % every == 0 && tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9))
          axis.ticks.push_back(tick);
      }
    return static_cast<int>(axis.ticks.size()) <= most_ticks;
  };
  if (ticks_of({1, 2, 5}, 1)) return axis;
  for (int every = 1; !ticks_of({1}, every); ++every) {
  }
  return axis;
}

std::string tick_text(double value) {
  struct Unit {
    double size;
    const char* name;
  };
  constexpr std::array kUnits = {Unit{1e9, "G"}, Unit{1e6, "M"}, Unit{1e3, "k"}};
  for (const Unit& unit : kUnits)
    if (std::abs(value) >= unit.size) return fmt::format("{:.4g}{}", value / unit.size, unit.name);
  return fmt::format("{:.4g}", value);
}

}  // namespace chrysalis
