#include "chrysalis/kernels/mixture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "chrysalis/core/check.h"

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/mixture.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/contrib/math/math-inl.h>

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

// ln(exp(a) + exp(b)), from the larger one on. -infinity where both are.
HWY_INLINE FloatV log_add(FloatV a, FloatV b) {
  const FloatV most = hn::Max(a, b), least = hn::Min(a, b);
  // Where both are -infinity, or far apart, the difference is none or too large for hn::Exp(): -104 is
  // enough.
  const FloatV lowest = hn::Set(kF, -104.0f), difference = hn::Sub(least, most);
  const FloatV kept = hn::IfThenElse(hn::Gt(difference, lowest), difference, lowest);
  return hn::Add(most, hn::Log1p(kF, hn::Exp(kF, kept)));
}

void MixDense(float log_first, float log_second, const float* first, float* second, int count) {
  const FloatV by_first = hn::Set(kF, log_first), by_second = hn::Set(kF, log_second);
  int n = 0;
  for (; n + kLanes <= count; n += kLanes)
    hn::StoreU(
        log_add(hn::Add(hn::LoadU(kF, first + n), by_first), hn::Add(hn::LoadU(kF, second + n), by_second)),
        kF, second + n);
  if (n == count) return;
  const FloatV a = hn::Add(load_some(first + n, count - n), by_first),
               b = hn::Add(load_some(second + n, count - n), by_second);
  store_some(log_add(a, b), second + n, count - n);
}

void AddConstant(float constant, const float* from, float* to, int count) {
  const FloatV v = hn::Set(kF, constant);
  int n = 0;
  for (; n + kLanes <= count; n += kLanes) hn::StoreU(hn::Add(hn::LoadU(kF, from + n), v), kF, to + n);
  for (; n < count; ++n) to[n] = from[n] + constant;
}

// pi_1's actions a block at a time: gathered, mixed, put back.
void MixAt(float log_first, float log_second, const float* first, const int* places, int place_count,
           float* second, int count) {
  constexpr int kBlock = 64;
  float block[kBlock];
  // From here on ln alpha is in all of them.
  AddConstant(log_second, second, second, count);
  for (int begin = 0; begin < place_count; begin += kBlock) {
    const int size = std::min(kBlock, place_count - begin);
    for (int i = 0; i < size; ++i) block[i] = second[places[begin + i]];
    MixDense(log_first, 0.0f, first + begin, block, size);
    for (int i = 0; i < size; ++i) second[places[begin + i]] = block[i];
  }
}

float SumOf(const float* x, int count) {
  float sum = 0;
  int n = 0;
  if (count >= kLanes) {
    FloatV sums = hn::Zero(kF);
    for (; n + kLanes <= count; n += kLanes) sums = hn::Add(sums, hn::LoadU(kF, x + n));
    sum = hn::GetLane(hn::SumOfLanes(kF, sums));
  }
  for (; n < count; ++n) sum += x[n];
  return sum;
}

// joint is built in its own first elements: those of the last factors, once for each value of the one before.
// The copy for value 0 comes last, as it overwrites what the others are made of.
void ExpandFactors(const float* logs, const int* factors, int factor_count, float* joint) {
  const float* values = logs;
  for (int k = 0; k < factor_count; ++k) values += factors[k];
  int size = 1;
  for (int k = factor_count - 1; k >= 0; --k) {
    values -= factors[k];
    if (k == factor_count - 1) {
      std::copy_n(values, factors[k], joint);
    } else {
      for (int i = factors[k] - 1; i >= 0; --i)
        AddConstant(values[i], joint, joint + static_cast<std::ptrdiff_t>(i) * size, size);
    }
    size *= factors[k];
  }
}

void FoldFactors(const float* joint, int actions, const int* factors, int factor_count, float* scratch,
                 float* sums) {
  int size = actions;
  for (int k = 0; k < factor_count; ++k) {
    size /= factors[k];
    for (int i = 0; i < factors[k]; ++i) sums[i] = SumOf(joint + static_cast<std::ptrdiff_t>(i) * size, size);
    sums += factors[k];
    if (k + 1 == factor_count) return;
    // What is left sums over this factor; scratch may be where it came from.
    if (joint != scratch) std::copy_n(joint, size, scratch);
    for (int i = 1; i < factors[k]; ++i) {
      const float* more = joint + static_cast<std::ptrdiff_t>(i) * size;
      int n = 0;
      for (; n + kLanes <= size; n += kLanes)
        hn::StoreU(hn::Add(hn::LoadU(kF, scratch + n), hn::LoadU(kF, more + n)), kF, scratch + n);
      for (; n < size; ++n) scratch[n] += more[n];
    }
    joint = scratch;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {
namespace {

HWY_EXPORT(MixDense);
HWY_EXPORT(MixAt);
HWY_EXPORT(ExpandFactors);
HWY_EXPORT(FoldFactors);

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

int product_of(std::span<const int> factors) {
  int product = 1;
  for (const int factor : factors) product *= factor;
  return product;
}
int sum_of(std::span<const int> factors) {
  int sum = 0;
  for (const int factor : factors) sum += factor;
  return sum;
}

}  // namespace

void mix_policies(double alpha, const float* log_simple, std::span<const int> simple_actions, int rows,
                  int actions, float* log_policy) {
  CHRYSALIS_CHECK(alpha >= 0 && alpha <= 1);
  if (alpha == 1) return;
  const bool dense = simple_actions.empty();
  const int simple_count = dense ? actions : static_cast<int>(simple_actions.size());
  const auto log_first = static_cast<float>(std::log1p(-alpha)),
             log_second = static_cast<float>(std::log(alpha));
  for (int row = 0; row < rows; ++row, log_simple += simple_count, log_policy += actions) {
    // A softmax makes all of its row NaN or none; so does this, whoever is asked for the first action.
    if (std::isnan(log_simple[0]) || (alpha > 0 && std::isnan(log_policy[0]))) {
      std::fill_n(log_policy, actions, std::numeric_limits<float>::quiet_NaN());
    } else if (alpha == 0 && dense) {
      std::copy_n(log_simple, actions, log_policy);
    } else if (alpha == 0) {
      std::fill_n(log_policy, actions, kImpossible);
      for (int i = 0; i < simple_count; ++i) log_policy[simple_actions[i]] = log_simple[i];
    } else if (dense) {
      HWY_DYNAMIC_DISPATCH(MixDense)(log_first, log_second, log_simple, log_policy, actions);
    } else {
      HWY_DYNAMIC_DISPATCH(MixAt)
      (log_first, log_second, log_simple, simple_actions.data(), simple_count, log_policy, actions);
    }
  }
}

void expand_factors(const float* logs, std::span<const int> factors, int rows, float* joint) {
  const int actions = product_of(factors), width = sum_of(factors);
  for (int row = 0; row < rows; ++row, logs += width, joint += actions)
    HWY_DYNAMIC_DISPATCH(ExpandFactors)(logs, factors.data(), static_cast<int>(factors.size()), joint);
}

void fold_factors(const float* joint, std::span<const int> factors, int rows, float* scratch, float* sums) {
  const int actions = product_of(factors), width = sum_of(factors);
  for (int row = 0; row < rows; ++row, joint += actions, sums += width) HWY_DYNAMIC_DISPATCH(FoldFactors)
  (joint, actions, factors.data(), static_cast<int>(factors.size()), scratch, sums);
}

}  // namespace chrysalis
#endif  // HWY_ONCE
