#include "chrysalis/kernels/mixture_loss.h"

#include <algorithm>
#include <cmath>

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/mixture_loss.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/contrib/math/math-inl.h>

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

// So many are summed in floats before they join the doubles.
constexpr std::size_t kMixtureBlock = 256;
// The logarithm of a weight of 0, and of the policies beside a row's last actions: far enough that exp() is
// exactly 0, and finite, so that 0 times it is 0.
constexpr float kNever = -1e4f;
// Weights' logarithms must dwarf any policy's.
constexpr float kLogOfNoWeight = -1e30f;

// A sum in two floors.
struct BlockSum {
  FloatV block;
  double sum = 0;
  // Written down, as an implicit one would be compiled for no target.
  BlockSum() : block(hn::Zero(kF)) {}
  HWY_INLINE void add(FloatV v) { block = hn::Add(block, v); }
  HWY_INLINE void close() {
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(kF, block)));
    block = hn::Zero(kF);
  }
};

// pi_2 where pi_1 is nothing: m = alpha q, ln m = ln alpha + ln q.
class ComplexAlone {
 public:
  ComplexAlone(double alpha, double entropy_scale)
      : slope_(hn::Set(kF, static_cast<float>(-entropy_scale * alpha))),
        offset_(hn::Set(
            kF, static_cast<float>(-entropy_scale * alpha * (1 + (alpha > 0 ? std::log(alpha) : 0))))) {}

  // The gradient -entropy_scale alpha q (ln q + ln alpha + 1), where ln alpha alone would be infinite at 0.
  HWY_INLINE FloatV step(FloatV y) {
    const FloatV q = hn::Exp(kF, y);
    mass_.add(q);
    negentropy_.add(hn::Mul(q, y));
    return hn::Mul(q, hn::MulAdd(slope_, y, offset_));
  }

  HWY_INLINE void row(const float* y, std::size_t count, float* gradient) {
    const std::size_t lanes = hn::Lanes(kF);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
      hn::StoreU(step(hn::LoadU(kF, y + i)), kF, gradient + i);
      if ((i + lanes) % kMixtureBlock == 0) close();
    }
    if (i < count) {
      HWY_ALIGN float rest[kLanes];
      std::fill(std::copy_n(y + i, count - i, rest), rest + kLanes, kNever);
      hn::Store(step(hn::Load(kF, rest)), kF, rest);
      std::copy_n(rest, count - i, gradient + i);
    }
    close();
  }

  double mass() const { return mass_.sum; }
  double negentropy() const { return negentropy_.sum; }

 private:
  HWY_INLINE void close() {
    mass_.close();
    negentropy_.close();
  }
  FloatV slope_, offset_;
  BlockSum mass_, negentropy_;  // sum q, sum q ln q.
};

// Both policies' probabilities of the same actions.
class Pairs {
 public:
  Pairs(double alpha, double entropy_scale, double kl_scale)
      : log_simple_(hn::Set(kF, alpha < 1 ? static_cast<float>(std::log1p(-alpha)) : kLogOfNoWeight)),
        log_complex_(hn::Set(kF, alpha > 0 ? static_cast<float>(std::log(alpha)) : kLogOfNoWeight)),
        simple_(hn::Set(kF, static_cast<float>(1 - alpha))),
        complex_(hn::Set(kF, static_cast<float>(alpha))),
        entropy_scale_(hn::Set(kF, static_cast<float>(-entropy_scale))),
        kl_scale_(hn::Set(kF, static_cast<float>(kl_scale))) {}

  // ln p and ln q; become the gradients.
  HWY_INLINE void step(FloatV& x, FloatV& y) {
    const FloatV p = hn::Exp(kF, x), q = hn::Exp(kF, y), one = hn::Set(kF, 1.0f);
    const FloatV u = hn::Add(x, log_simple_), v = hn::Add(y, log_complex_);
    const FloatV from_simple = hn::Mul(simple_, p), from_complex = hn::Mul(complex_, q);
    const FloatV high = hn::Max(u, v), low = hn::Min(u, v), excess = hn::Sub(x, y);
    // Max() and Exp() lose what is no number; 0 times it, which is none either, brings it back.
    const FloatV log_m =
        hn::MulAdd(hn::Zero(kF), excess, hn::Add(high, hn::Log1p(kF, hn::Exp(kF, hn::Sub(low, high)))));
    const FloatV slope = hn::Mul(entropy_scale_, hn::Add(log_m, one));
    negentropy_.add(hn::Mul(hn::Add(from_simple, from_complex), log_m));
    simple_negentropy_.add(hn::Mul(p, x));
    complex_negentropy_.add(hn::Mul(q, y));
    kl_.add(hn::Mul(p, excess));
    mass_.add(q);
    const FloatV pull = hn::Mul(kl_scale_, p);
    x = hn::MulAdd(slope, from_simple, hn::Mul(pull, hn::Add(excess, one)));
    y = hn::Sub(hn::Mul(slope, from_complex), pull);
  }

  // indices: where the policy y has x's actions; null: in the same order.
  HWY_INLINE void row(const float* x, const float* y, const int* indices, std::size_t count,
                      float* x_gradient, float* y_gradient) {
    const std::size_t lanes = hn::Lanes(kF);
    std::size_t i = 0;
    if (indices == nullptr) {
      for (; i + lanes <= count; i += lanes) {
        FloatV a = hn::LoadU(kF, x + i), b = hn::LoadU(kF, y + i);
        step(a, b);
        hn::StoreU(a, kF, x_gradient + i);
        hn::StoreU(b, kF, y_gradient + i);
        if ((i + lanes) % kMixtureBlock == 0) close();
      }
    }
    for (; i < count; i += lanes) {
      const std::size_t some = std::min(lanes, count - i);
      const auto place = [&](std::size_t k) { return indices == nullptr ? i + k : indices[i + k]; };
      HWY_ALIGN float xs[kLanes], ys[kLanes];
      std::fill_n(xs, kLanes, kNever);
      std::fill_n(ys, kLanes, kNever);
      for (std::size_t k = 0; k < some; ++k) {
        xs[k] = x[i + k];
        ys[k] = y[place(k)];
      }
      FloatV a = hn::Load(kF, xs), b = hn::Load(kF, ys);
      step(a, b);
      hn::Store(a, kF, xs);
      hn::Store(b, kF, ys);
      for (std::size_t k = 0; k < some; ++k) {
        x_gradient[i + k] = xs[k];
        y_gradient[place(k)] = ys[k];
      }
      if ((i + lanes) % kMixtureBlock == 0) close();
    }
    close();
  }

  MixtureSums sums() const {
    return {.entropy = -negentropy_.sum,
            .simple_entropy = -simple_negentropy_.sum,
            .complex_entropy = -complex_negentropy_.sum,
            .kl = kl_.sum,
            .simple_mass = mass_.sum};
  }

 private:
  HWY_INLINE void close() {
    negentropy_.close();
    simple_negentropy_.close();
    complex_negentropy_.close();
    kl_.close();
    mass_.close();
  }
  FloatV log_simple_, log_complex_, simple_, complex_, entropy_scale_, kl_scale_;
  BlockSum negentropy_, simple_negentropy_, complex_negentropy_, kl_, mass_;
};

MixtureSums MixtureLoss(const MixturePolicies& in, double entropy_scale, double kl_scale,
                        float* simple_gradient, float* complex_gradient) {
  Pairs pairs(in.alpha, entropy_scale, kl_scale);
  if (in.indices.empty()) {
    // Every action is a pair, and rows follow each other: it is one long row.
    pairs.row(in.simple, in.complex, nullptr, in.rows * in.joint_count, simple_gradient, complex_gradient);
    return pairs.sums();
  }
  ComplexAlone alone(in.alpha, entropy_scale);
  for (std::size_t row = 0; row < in.rows; ++row) {
    const float *x = in.simple + row * in.simple_count, *y = in.complex + row * in.joint_count;
    float *dx = simple_gradient + row * in.simple_count, *dy = complex_gradient + row * in.joint_count;
    alone.row(y, in.joint_count, dy);
    pairs.row(x, y, in.indices.data(), in.simple_count, dx, dy);  // Over what alone.row() wrote there.
  }
  MixtureSums sums = pairs.sums();
  // What alone has counted of the pairs' actions is taken out again.
  const double mass = alone.mass() - sums.simple_mass;
  const double negentropy = alone.negentropy() + sums.complex_entropy;
  if (in.alpha > 0) sums.entropy -= in.alpha * (negentropy + std::log(in.alpha) * mass);
  sums.complex_entropy = -alone.negentropy();
  return sums;
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {

HWY_EXPORT(MixtureLoss);

MixtureSums mixture_loss(const MixturePolicies& policies, double entropy_scale, double kl_scale,
                         float* simple_gradient, float* complex_gradient) {
  return HWY_DYNAMIC_DISPATCH(MixtureLoss)(policies, entropy_scale, kl_scale, simple_gradient,
                                           complex_gradient);
}

}  // namespace chrysalis
#endif  // HWY_ONCE
