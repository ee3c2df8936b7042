#include "chrysalis/population/welch.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};

// Measured from the first number, so that a constant sample has exactly its mean and exactly no variance:
// what rounding left there would make any difference of means significant.
Moments moments(std::span<const double> sample) {
  CHRYSALIS_CHECK(sample.size() >= 2, "{} numbers", sample.size());
  const auto n = static_cast<double>(sample.size());
  const double origin = sample[0];
  double sum = 0;
  for (const double x : sample) sum += x - origin;
  const double shifted_mean = sum / n;
  double squares = 0;
  for (const double x : sample) squares += (x - origin - shifted_mean) * (x - origin - shifted_mean);
  CHRYSALIS_CHECK(std::isfinite(squares), "a sample from {} has squares {}", origin, squares);
  return {origin + shifted_mean, squares / (n - 1)};
}

}  // namespace

WelchTest welch_test(std::span<const double> own, std::span<const double> other) {
  const auto [own_mean, own_variance] = moments(own);
  const auto [other_mean, other_variance] = moments(other);
  const auto own_n = static_cast<double>(own.size());
  const auto other_n = static_cast<double>(other.size());

  WelchTest test{.own_mean = own_mean,
                 .other_mean = other_mean,
                 .own_variance = own_variance,
                 .other_variance = other_variance};
  const double own_part = own_variance / own_n;
  const double both = own_part + other_variance / other_n;
  const double difference = other_mean - own_mean;
  test.t = difference == 0 ? 0 : difference / std::sqrt(both);
  test.degrees_of_freedom = own_n + other_n - 2;
  if (both > 0) {
    // By the parts' ratio: their squares might vanish in underflow.
    const double share = own_part / both;
    test.degrees_of_freedom = 1 / (share * share / (own_n - 1) + (1 - share) * (1 - share) / (other_n - 1));
  }
  if (std::isinf(test.t)) {
    test.p = test.t > 0 ? 0 : 1;
  } else {
    const boost::math::students_t distribution(test.degrees_of_freedom);
    test.p = boost::math::cdf(boost::math::complement(distribution, test.t));
  }
  return test;
}

}  // namespace chrysalis
