// Welch's t-test: are one member's returns greater than another's? Pure.
#pragma once

#include <cstdint>
#include <span>

namespace chrysalis {

struct WelchTest {
  double own_mean = 0;
  double other_mean = 0;
  double own_variance = 0;  // Unbiased: divided by n - 1.
  double other_variance = 0;
  double t = 0;                   // Positive where the other's mean is greater; never NaN.
  double degrees_of_freedom = 0;  // Finite, at least 1.
  double p = 0.5;                 // In [0, 1], never NaN.
};

// One-sided, of the hypothesis that the mean behind `other` is greater than the mean behind `own`, for
// variances that may differ (Welch 1947; Czarnecki et al. 2018 leave the kind of t-test open):
//
//   t  = (m_other - m_own) / sqrt(u + v)             with u = s_own^2 / n_own, v = s_other^2 / n_other
//   df = (u + v)^2 / (u^2 / (n_own - 1) + v^2 / (n_other - 1))
//   p  = P(T_df >= t)
//
// Two samples without variance: where the means are equal nothing speaks for either side, t = 0 and p = 0.5,
// as for any other two samples of equal means; where they differ nothing but the difference is left,
// t = +-infinity and p = 0 or 1. Both then have the degrees of freedom of equal variances, n_own + n_other
// - 2.
//
// Each sample has at least two numbers, finite and small enough to be squared; else it is our bug.
WelchTest welch_test(std::span<const double> own, std::span<const double> other);

}  // namespace chrysalis
