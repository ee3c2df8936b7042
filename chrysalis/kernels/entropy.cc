#include "chrysalis/kernels/entropy.h"

#include <algorithm>

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/entropy.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/contrib/math/math-inl.h>

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

// So many are summed in floats before they join the double.
constexpr std::size_t kBlock = 256;

double Entropy(const float* log_policy, std::size_t count, float scale, float* gradient) {
  const std::size_t lanes = hn::Lanes(kF);
  const FloatV one = hn::Set(kF, 1.0f), factor = hn::Set(kF, -scale);
  double sum = 0;
  FloatV block = hn::Zero(kF);
  const auto step = [&](FloatV x) HWY_ATTR {
    const FloatV p = hn::Exp(kF, x);
    block = hn::Add(block, hn::Mul(p, x));
    return hn::Mul(factor, hn::Mul(p, hn::Add(x, one)));
  };
  const auto close = [&]() HWY_ATTR {
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(kF, block)));
    block = hn::Zero(kF);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(step(hn::LoadU(kF, log_policy + i)), kF, gradient + i);
    if ((i + lanes) % kBlock == 0) close();
  }
  if (i < count) {
    // The rest, beside zeros, whose p x is 0.
    HWY_ALIGN float rest[16] = {};
    std::copy_n(log_policy + i, count - i, rest);
    hn::Store(step(hn::Load(kF, rest)), kF, rest);
    std::copy_n(rest, count - i, gradient + i);
  }
  close();
  return -sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {

HWY_EXPORT(Entropy);

double entropy(const float* log_policy, std::size_t count, float scale, float* gradient) {
  return HWY_DYNAMIC_DISPATCH(Entropy)(log_policy, count, scale, gradient);
}

}  // namespace chrysalis
#endif  // HWY_ONCE
