#include "chrysalis/kernels/optimizer.h"

#include <algorithm>
#include <cmath>

#include "chrysalis/core/check.h"

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/optimizer.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR
using DoubleTag = hn::Sisd<double>;
using HalfTag = hn::Sisd<float>;
#else
using DoubleTag = hn::CappedTag<double, 8>;
using HalfTag = hn::Rebind<float, DoubleTag>;
#endif
constexpr DoubleTag kD;
constexpr HalfTag kH;

// Element i of a block adds to partial sum i, whatever the width of a vector; blocks of this many hide the
// latency of adding, and as no vector has more than 16 lanes, a block is a whole number of them.
constexpr std::size_t kPartials = 64;

// partials[i] += x[i]^2. The square of a float is exact in a double, so fused or not is the same.
HWY_INLINE void AddSquares(const float* x, double* partials) {
  for (std::size_t i = 0; i < kPartials; i += hn::Lanes(kD)) {
    const auto wide = hn::PromoteTo(kD, hn::LoadU(kH, x + i));
    hn::Store(hn::MulAdd(wide, wide, hn::Load(kD, partials + i)), kD, partials + i);
  }
}

double AddGradients(const float* const* shards, std::size_t shard_count, std::size_t count, float* sum) {
  const std::size_t lanes = hn::Lanes(kF);
  HWY_ALIGN double partials[kPartials] = {};
  std::size_t begin = 0;
  for (; begin + kPartials <= count; begin += kPartials) {
    for (std::size_t i = begin; i < begin + kPartials; i += lanes) {
      FloatV total = hn::LoadU(kF, shards[0] + i);
      for (std::size_t s = 1; s < shard_count; ++s) total = hn::Add(total, hn::LoadU(kF, shards[s] + i));
      hn::StoreU(total, kF, sum + i);
    }
    AddSquares(sum + begin, partials);
  }
  for (std::size_t i = begin; i < count; ++i) {
    float total = shards[0][i];
    for (std::size_t s = 1; s < shard_count; ++s) total += shards[s][i];
    sum[i] = total;
    partials[i - begin] += static_cast<double>(total) * static_cast<double>(total);
  }
  // Pairs of pairs, so that rounding does not grow with the number of partial sums.
  for (std::size_t half = kPartials / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) partials[i] += partials[i + half];
  return partials[0];
}

// A vector of the step. Not fused: targets without fused operations must give the same.
struct Rates {
  FloatV learning_rate, decay, rest, epsilon, scale;
  HWY_INLINE explicit Rates(const RmsPropRates& r)
      : learning_rate(hn::Set(kF, static_cast<float>(r.learning_rate))),
        decay(hn::Set(kF, static_cast<float>(r.decay))),
        rest(hn::Set(kF, static_cast<float>(1.0 - r.decay))),
        epsilon(hn::Set(kF, static_cast<float>(r.epsilon))),
        scale(hn::Set(kF, static_cast<float>(r.gradient_scale))) {}
};
// x - x is 0 where x is finite and NaN where it is not: kept in `fault`, which is 0 for as long as all is
// well.
HWY_INLINE void Step(const Rates& rates, FloatV gradient, FloatV& weights, FloatV& mean_square,
                     FloatV& fault) {
  const FloatV g = hn::Mul(rates.scale, gradient);
  mean_square = hn::Add(hn::Mul(rates.decay, mean_square), hn::Mul(rates.rest, hn::Mul(g, g)));
  const FloatV root = hn::Sqrt(hn::Add(mean_square, rates.epsilon));
  weights = hn::Sub(weights, hn::Div(hn::Mul(rates.learning_rate, g), root));
  fault = hn::Add(fault, hn::Add(hn::Sub(weights, weights), hn::Sub(mean_square, mean_square)));
}

bool RmsPropStep(const RmsPropRates& given, const RmsPropBuffers& b) {
  const Rates rates(given);
  const std::size_t lanes = hn::Lanes(kF);
  FloatV fault = hn::Zero(kF);
  std::size_t i = 0;
  for (; i + lanes <= b.count; i += lanes) {
    FloatV weights = hn::LoadU(kF, b.weights + i), mean_square = hn::LoadU(kF, b.mean_square + i);
    Step(rates, hn::LoadU(kF, b.gradient + i), weights, mean_square, fault);
    hn::StoreU(weights, kF, b.new_weights + i);
    hn::StoreU(mean_square, kF, b.new_mean_square + i);
  }
  if (i < b.count) {
    // The rest, in a vector of its own: one formula for every element.
    HWY_ALIGN float gradient[16] = {}, old_weights[16] = {}, old_mean_square[16] = {};
    const std::size_t rest = b.count - i;
    std::copy_n(b.gradient + i, rest, gradient);
    std::copy_n(b.weights + i, rest, old_weights);
    std::copy_n(b.mean_square + i, rest, old_mean_square);
    std::fill(old_mean_square + rest, old_mean_square + 16, 1.0f);
    FloatV weights = hn::Load(kF, old_weights), mean_square = hn::Load(kF, old_mean_square);
    Step(rates, hn::Load(kF, gradient), weights, mean_square, fault);
    hn::Store(weights, kF, old_weights);
    hn::Store(mean_square, kF, old_mean_square);
    std::copy_n(old_weights, rest, b.new_weights + i);
    std::copy_n(old_mean_square, rest, b.new_mean_square + i);
  }
  HWY_ALIGN float faults[16] = {};
  hn::Store(fault, kF, faults);
  return std::none_of(faults, faults + 16, [](float lane) { return lane != 0.0f; });
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {

HWY_EXPORT(AddGradients);
HWY_EXPORT(RmsPropStep);

double add_gradients(std::span<const float* const> shards, std::size_t count, float* sum) {
  CHRYSALIS_CHECK(!shards.empty());
  return HWY_DYNAMIC_DISPATCH(AddGradients)(shards.data(), shards.size(), count, sum);
}

bool rmsprop_step(const RmsPropRates& rates, const RmsPropBuffers& buffers) {
  return HWY_DYNAMIC_DISPATCH(RmsPropStep)(rates, buffers);
}

}  // namespace chrysalis
#endif  // HWY_ONCE
