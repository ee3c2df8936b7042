#include <algorithm>
#include <chrono>

#include "chrysalis/cli/bench.h"
#include "chrysalis/core/check.h"

namespace chrysalis {

double median(std::vector<double> samples) {
  CHRYSALIS_CHECK(!samples.empty());
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::ranges::nth_element(samples, middle);
  return *middle;
}

double median_rate(double seconds, double items, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  work();  // Warm-up.
  std::vector<double> rates;
  for (int repeat = 0; repeat < kBenchRepeats; ++repeat) {
    const auto begin = Clock::now();
    double done = 0;
    std::chrono::duration<double> elapsed{};
    do {
      work();
      done += items;
      elapsed = Clock::now() - begin;
    } while (elapsed.count() < seconds / kBenchRepeats);
    rates.push_back(done / elapsed.count());
  }
  return median(rates);
}

}  // namespace chrysalis
