#include "chrysalis/kernels/draw.h"

#include <algorithm>
#include <limits>

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/draw.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/highway.h>

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

constexpr int kBlock = 16;  // A multiple of every target's lanes.

// exp(x) = 2^n exp(r), |r| <= ln 2 / 2, by the polynomial of Cephes' expf. hn::Exp() fuses products and sums
// where a target can, and so differs between targets in the last bit. 0 below -87 and for NaN.
HWY_INLINE FloatV probability(FloatV x) {
  const hn::RebindToSigned<FloatTag> integers;
  const FloatV lowest = hn::Set(kF, -87.0f);
  const auto possible = hn::Gt(x, lowest);
  const FloatV kept = hn::Min(hn::IfThenElse(possible, x, lowest), hn::Set(kF, 1.0f));
  const FloatV n = hn::Round(hn::Mul(kept, hn::Set(kF, 1.44269504088896341f)));
  // ln 2 in two parts, the first of few bits: n times it is exact.
  const FloatV r =
      hn::Sub(hn::Sub(kept, hn::Mul(n, hn::Set(kF, 0.693359375f))), hn::Mul(n, hn::Set(kF, -2.12194440e-4f)));
  FloatV y = hn::Set(kF, 1.9875691500e-4f);
  for (const float next :
       {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    y = hn::Add(hn::Mul(y, r), hn::Set(kF, next));
  y = hn::Add(hn::Add(hn::Mul(y, hn::Mul(r, r)), r), hn::Set(kF, 1.0f));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(integers, n), hn::Set(integers, 127)));
  return hn::IfThenElseZero(possible, hn::Mul(y, hn::BitCast(kF, exponent)));
}

// p: [kBlock].
HWY_INLINE double sum_of(const float* p) {
  double sums[kBlock / 2];
  for (int i = 0; i < kBlock / 2; ++i) sums[i] = static_cast<double>(p[i]) + static_cast<double>(p[i + 8]);
  for (int half = kBlock / 4; half >= 1; half /= 2)
    for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
  return sums[0];
}

// The first i with target < before + p_0 + ... + p_i, else the last with p_i > 0: the sum one after the other
// may be rounded to less than the block's.
HWY_INLINE int place_of(const float* p, double before, double target) {
  int place = -1;
  for (int i = 0; i < kBlock; ++i) {
    if (!(p[i] > 0)) continue;
    place = i;
    before += static_cast<double>(p[i]);
    if (target < before) break;
  }
  return place;
}

// p: [kBlock], those from `first` on; beyond the last action 0.
HWY_INLINE void probabilities(const float* log_policy, int count, int first, float* p) {
  static_assert(kBlock % kLanes == 0);
  HWY_ALIGN float padded[kBlock];
  const float* block = log_policy + first;
  if (count - first < kBlock) {
    std::fill_n(padded, kBlock, -std::numeric_limits<float>::infinity());
    std::copy_n(block, count - first, padded);
    block = padded;
  }
  for (int i = 0; i < kBlock; i += kLanes) hn::Store(probability(hn::LoadU(kF, block + i)), kF, p + i);
}

int Draw(const float* log_policy, int count, double target) {
  HWY_ALIGN float p[kBlock];
  double before = 0;
  int last_possible = -1;  // First action of the last block that has a possible one.
  for (int first = 0; first < count; first += kBlock) {
    probabilities(log_policy, count, first, p);
    const double sum = sum_of(p);
    if (target < before + sum) return first + place_of(p, before, target);
    if (sum > 0) last_possible = first;
    before += sum;
  }
  if (last_possible < 0) return -1;
  probabilities(log_policy, count, last_possible, p);
  return last_possible + place_of(p, 0, std::numeric_limits<double>::infinity());
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {

HWY_EXPORT(Draw);

int draw(const float* log_policy, int count, double target) {
  return HWY_DYNAMIC_DISPATCH(Draw)(log_policy, count, target);
}

}  // namespace chrysalis
#endif  // HWY_ONCE
