#include "chrysalis/population/welch.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

using Sample = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// P(T >= t) as the integral of the density, by Simpson's rule. With x = sqrt(df) tan(a) the density is a
// constant times cos(a)^(df - 1), and the tail ends at a = pi / 2.
double tail_by_integration(double t, double df) {
  constexpr int kIntervals = 20000;
  const double begin = std::atan(t / std::sqrt(df));
  const double width = (std::numbers::pi / 2 - begin) / kIntervals;
  const auto density = [df](double a) { return std::pow(std::max(0.0, std::cos(a)), df - 1); };
  double sum = density(begin) + density(std::numbers::pi / 2);
  for (int i = 1; i < kIntervals; ++i) sum += (i % 2 == 1 ? 4 : 2) * density(begin + i * width);
  const double constant =
      std::exp(std::lgamma((df + 1) / 2) - std::lgamma(df / 2)) / std::sqrt(std::numbers::pi);
  return constant * sum * width / 3;
}

Sample normal_sample(RandomStream& random, int n, double mean, double deviation) {
  Sample sample(n);
  for (double& x : sample) x = mean + deviation * random.normal();
  return sample;
}

// Knuth's: uniform numbers multiplied until they fall under e^-mean.
Sample poisson_sample(RandomStream& random, int n, double mean) {
  Sample sample(n);
  for (double& x : sample) {
    int events = -1;
    for (double product = 1; product > std::exp(-mean); ++events) product *= random.uniform();
    x = events;
  }
  return sample;
}

// How often `draw` (a pair of samples from a stream) comes out significant at 5 %.
template <typename DrawPair>
double significant_rate(int pairs, std::uint64_t seed, DrawPair draw) {
  int significant = 0;
  for (int i = 0; i < pairs; ++i) {
    RandomStream random(RandomKey(seed).split(static_cast<std::uint64_t>(i)));
    const auto [own, other] = draw(random);
    significant += welch_test(own, other).p < 0.05;
  }
  return static_cast<double>(significant) / pairs;
}

double binomial_error(double rate, int trials) {
  return std::sqrt(rate * (1 - rate) / trials);
}

TEST(welch_test, is_what_a_hand_computes) {
  // s^2 / n: 5/3 / 4 and 4 / 3, together 7/4.
  const WelchTest test = welch_test(Sample{1, 2, 3, 4}, Sample{3, 5, 7});
  EXPECT_EQ(test.own_mean, 2.5);
  EXPECT_EQ(test.other_mean, 5.0);
  EXPECT_DOUBLE_EQ(test.own_variance, 5.0 / 3);
  EXPECT_EQ(test.other_variance, 4.0);
  EXPECT_DOUBLE_EQ(test.t, 2.5 / std::sqrt(1.75));
  EXPECT_DOUBLE_EQ(test.degrees_of_freedom, 3.0625 / (25.0 / 144 / 3 + 16.0 / 9 / 2));
}

TEST(welch_test, has_the_closed_forms_of_one_and_two_degrees_of_freedom) {
  // One sample constant leaves the other's n - 1 = 1: p = 1/2 - atan(t) / pi.
  const WelchTest one = welch_test(Sample{0, 0}, Sample{0, 2});
  EXPECT_EQ(one.degrees_of_freedom, 1.0);
  EXPECT_EQ(one.t, 1.0);
  EXPECT_NEAR(one.p, 0.25, 1e-15);
  // Equal variances, n = 2 each: p = 1/2 - t / (2 sqrt(2 + t^2)).
  const WelchTest two = welch_test(Sample{0, 2}, Sample{1, 3});
  EXPECT_EQ(two.degrees_of_freedom, 2.0);
  EXPECT_NEAR(two.p, 0.5 - 0.5 * std::sqrt(0.5 / 2.5), 1e-15);
}

TEST(welch_test, agrees_with_plain_loops_and_the_integral_of_the_density) {
  RandomStream random(RandomKey(21));
  for (int i = 0; i < 40; ++i) {
    const int own_n = random.between(3, 40);
    const int other_n = random.between(3, 40);
    const Sample own = normal_sample(random, own_n, 10, random.uniform(0.1, 5));
    const Sample other = normal_sample(random, other_n, 10.5, random.uniform(0.1, 5));
    const auto mean = [](const Sample& sample) {
      double sum = 0;
      for (const double x : sample) sum += x;
      return sum / static_cast<double>(sample.size());
    };
    // As the mean of squared differences of all pairs: another way to the same number.
    const auto variance = [](const Sample& sample) {
      double sum = 0;
      for (const double x : sample)
        for (const double y : sample) sum += (x - y) * (x - y);
      return sum / 2 / static_cast<double>(sample.size() * (sample.size() - 1));
    };
    const double u = variance(own) / own_n;
    const double v = variance(other) / other_n;
    const double df = (u + v) * (u + v) / (u * u / (own_n - 1) + v * v / (other_n - 1));
    const double t = (mean(other) - mean(own)) / std::sqrt(u + v);
    const WelchTest test = welch_test(own, other);
    EXPECT_NEAR(test.own_mean, mean(own), 1e-12);
    EXPECT_NEAR(test.other_mean, mean(other), 1e-12);
    EXPECT_NEAR(test.own_variance, variance(own), 1e-11);
    EXPECT_NEAR(test.t, t, 1e-10);
    EXPECT_NEAR(test.degrees_of_freedom, df, 1e-9);
    EXPECT_NEAR(test.p, tail_by_integration(t, df), 1e-9) << "t " << t << " df " << df;
    // The quantile goes the other way.
    EXPECT_NEAR(-boost::math::quantile(boost::math::students_t(df), test.p), t, 1e-8);
  }
}

TEST(welch_test, is_one_sided) {
  const Sample low = {1, 2, 3, 4, 5};
  const Sample high = {11, 12, 13, 14, 16};
  const WelchTest up = welch_test(low, high);
  const WelchTest down = welch_test(high, low);
  EXPECT_LT(up.p, 0.001);
  EXPECT_GT(down.p, 0.999);
  EXPECT_EQ(up.t, -down.t);
  EXPECT_NEAR(up.p + down.p, 1, 1e-12);
}

TEST(welch_test, of_equal_samples_speaks_for_neither) {
  const Sample sample = {0.1, 0.7, 0.2, 0.9};
  const WelchTest test = welch_test(sample, sample);
  EXPECT_EQ(test.t, 0.0);
  EXPECT_EQ(test.p, 0.5);
  EXPECT_DOUBLE_EQ(test.degrees_of_freedom, 6.0);
}

TEST(welch_test, of_constant_samples_is_decided_by_their_means) {
  const Sample own(30, 0.1);
  const WelchTest equal = welch_test(own, Sample(30, 0.1));
  EXPECT_EQ(equal.t, 0.0);
  EXPECT_EQ(equal.p, 0.5);
  EXPECT_EQ(equal.own_variance, 0.0);
  EXPECT_EQ(equal.degrees_of_freedom, 58.0);
  // Lengths whose sums round differently.
  EXPECT_EQ(welch_test(own, Sample(7, 0.1)).p, 0.5);
  const WelchTest greater = welch_test(own, Sample(30, 0.2));
  EXPECT_EQ(greater.t, kInfinity);
  EXPECT_EQ(greater.p, 0.0);
  const WelchTest smaller = welch_test(own, Sample(30, 0.0));
  EXPECT_EQ(smaller.t, -kInfinity);
  EXPECT_EQ(smaller.p, 1.0);
}

TEST(welch_test, has_the_other_samples_freedom_where_one_is_constant) {
  const WelchTest test = welch_test(Sample(30, 2.0), Sample{1, 2, 3, 5});
  EXPECT_EQ(test.degrees_of_freedom, 3.0);
  EXPECT_NEAR(test.p, tail_by_integration(test.t, 3), 1e-9);
  EXPECT_EQ(welch_test(Sample{1, 2, 3, 5}, Sample(30, 2.0)).degrees_of_freedom, 3.0);
}

TEST(welch_test, is_never_not_a_number) {
  const Sample samples[] = {{0, 0, 0},
                            {0, 0, 1},
                            {1e-160, 2e-160, 4e-160},
                            {1e-200, 2e-200, 4e-200},
                            {1e150, -1e150, 0},
                            {1e15, 1e15 + 0.125, 1e15},
                            {-3, -3, -3},
                            {5e-324, 0, 0}};
  for (const Sample& own : samples)
    for (const Sample& other : samples) {
      const WelchTest test = welch_test(own, other);
      EXPECT_FALSE(std::isnan(test.t));
      EXPECT_TRUE(test.p >= 0 && test.p <= 1) << test.p;
      EXPECT_TRUE(test.degrees_of_freedom >= 1 && test.degrees_of_freedom <= 4 + 1e-9)
          << test.degrees_of_freedom;
    }
}

TEST(welch_test, refuses_samples_without_a_variance) {
  EXPECT_DEATH(welch_test(Sample{1}, Sample{1, 2}), "1 numbers");
  EXPECT_DEATH(welch_test(Sample{1, 2}, Sample{}), "0 numbers");
  EXPECT_DEATH(welch_test(Sample{1, NAN}, Sample{1, 2}), "has squares");
  EXPECT_DEATH(welch_test(Sample{1, 2}, Sample{kInfinity, 2}), "has squares");
}

TEST(welch_test, errs_five_times_in_a_hundred_on_equal_members) {
  constexpr int kPairs = 10000;
  const double rate = significant_rate(kPairs, 31, [](RandomStream& random) {
    const Sample own = normal_sample(random, 30, 7, 2);
    return std::pair(own, normal_sample(random, 30, 7, 2));
  });
  RecordProperty("false_positive_rate", std::to_string(rate));
  EXPECT_NEAR(rate, 0.05, 3 * binomial_error(0.05, kPairs));
}

TEST(welch_test, errs_as_often_where_variances_differ) {
  constexpr int kPairs = 10000;
  const double rate = significant_rate(kPairs, 32, [](RandomStream& random) {
    const Sample own = normal_sample(random, 30, 7, 0.5);
    return std::pair(own, normal_sample(random, 30, 7, 5));
  });
  RecordProperty("false_positive_rate", std::to_string(rate));
  EXPECT_NEAR(rate, 0.05, 3 * binomial_error(0.05, kPairs));
}

TEST(welch_test, finds_a_shift_of_one_standard_deviation) {
  constexpr int kPairs = 10000;
  const double rate = significant_rate(kPairs, 33, [](RandomStream& random) {
    const Sample own = normal_sample(random, 30, 7, 2);
    return std::pair(own, normal_sample(random, 30, 9, 2));
  });
  // Of the pooled test, which Welch's approaches where variances and sizes are equal: t is noncentral with
  // the shift over its standard error.
  const double critical = boost::math::quantile(boost::math::students_t(58), 0.95);
  const boost::math::non_central_t shifted(58, std::sqrt(30 / 2.0));
  const double expected = boost::math::cdf(boost::math::complement(shifted, critical));
  RecordProperty("power", std::to_string(rate));
  RecordProperty("expected_power", std::to_string(expected));
  EXPECT_GT(rate, 0.95);
  EXPECT_NEAR(rate, expected, 3 * binomial_error(expected, kPairs));
}

// Returns are counts of rewards, often few and skewed, where the t distribution is only approximate. The test
// must not become a licence to copy: no more errors than the level, but for the binomial error of counting.
TEST(welch_test, errs_no_more_on_few_or_skewed_returns) {
  constexpr int kPairs = 10000;
  const double bound = 0.05 + 5 * binomial_error(0.05, kPairs);
  for (const int n : {5, 10, 30})
    for (const double mean : {0.5, 2.0, 10.0}) {
      const double rate = significant_rate(kPairs, 34, [n, mean](RandomStream& random) {
        const Sample own = poisson_sample(random, n, mean);
        return std::pair(own, poisson_sample(random, n, mean));
      });
      RecordProperty(fmt::format("false_positive_rate_n_{}_mean_{}", n, mean), std::to_string(rate));
      EXPECT_GT(rate, 0.01) << "n " << n << " mean " << mean;
      EXPECT_LT(rate, bound) << "n " << n << " mean " << mean;
    }
}

}  // namespace
}  // namespace chrysalis
