#include "chrysalis/kernels/elementwise.h"

#include <cmath>
#include <cstring>

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/elementwise.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/contrib/math/math-inl.h>

#include "chrysalis/kernels/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {

using ByteTag = hn::Rebind<std::uint8_t, FloatTag>;
using HalfTag = hn::Rebind<std::uint16_t, FloatTag>;
constexpr ByteTag kBytes;
constexpr HalfTag kHalves;

// Bits of the nearest bfloat16, in the lower half of each lane. Not for NaN.
HWY_INLINE WordV bf16_bits(FloatV v) {
  const WordV bits = hn::BitCast(kU, v);
  const WordV odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(kU, 1u));
  return hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(kU, 0x7fffu))));
}
HWY_INLINE FloatV floats_of(const std::uint8_t* from) {
  return hn::ConvertTo(
      kF, hn::BitCast(hn::RebindToSigned<FloatTag>(), hn::PromoteTo(kU, hn::LoadU(kBytes, from))));
}

void BytesToFloats(const std::uint8_t* from, float* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(floats_of(from + i), kF, to + i);
  for (; i < count; ++i) to[i] = from[i];
}

void BytesToBf16(const std::uint8_t* from, std::uint16_t* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    hn::StoreU(hn::TruncateTo(kHalves, hn::ShiftRight<16>(hn::BitCast(kU, floats_of(from + i)))), kHalves,
               to + i);
  for (; i < count; ++i) to[i] = bf16_of(from[i]);
}

void FloatsToBf16(const float* from, std::uint16_t* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    hn::StoreU(hn::TruncateTo(kHalves, bf16_bits(hn::LoadU(kF, from + i))), kHalves, to + i);
  for (; i < count; ++i) to[i] = bf16_of(from[i]);
}

void Bf16ToFloats(const std::uint16_t* from, float* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const WordV bits = hn::PromoteTo(kU, hn::LoadU(kHalves, from + i));
    hn::StoreU(hn::BitCast(kF, hn::ShiftLeft<16>(bits)), kF, to + i);
  }
  for (; i < count; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(from[i]) << 16;
    std::memcpy(to + i, &bits, 4);
  }
}

void PairsOfBytes(const std::uint8_t* first, const std::uint8_t* second, std::uint32_t* to,
                  std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const WordV low = hn::ShiftRight<16>(hn::BitCast(kU, floats_of(first + i)));
    hn::StoreU(hn::Or(low, hn::BitCast(kU, floats_of(second + i))), kU, to + i);
  }
  for (; i < count; ++i) to[i] = bf16_of(first[i]) | static_cast<std::uint32_t>(bf16_of(second[i])) << 16;
}

void PairsOfFloats(const float* first, const float* second, std::uint32_t* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    WordV pair = bf16_bits(hn::LoadU(kF, first + i));
    if (second != nullptr) pair = hn::Or(pair, hn::ShiftLeft<16>(bf16_bits(hn::LoadU(kF, second + i))));
    hn::StoreU(pair, kU, to + i);
  }
  for (; i < count; ++i)
    to[i] =
        bf16_of(first[i]) | (second == nullptr ? 0u : static_cast<std::uint32_t>(bf16_of(second[i])) << 16);
}

void PairsOfBf16(const std::uint16_t* first, const std::uint16_t* second, std::uint32_t* to,
                 std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const WordV low = hn::PromoteTo(kU, hn::LoadU(kHalves, first + i));
    hn::StoreU(hn::Or(low, hn::ShiftLeft<16>(hn::PromoteTo(kU, hn::LoadU(kHalves, second + i)))), kU, to + i);
  }
  for (; i < count; ++i) to[i] = first[i] | static_cast<std::uint32_t>(second[i]) << 16;
}

void AddRows(const float* x, int rows, std::ptrdiff_t stride, int columns, float* sum) {
  // Four rows at a time: as many streams as the processor foresees, and no long chain of sums.
  int row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float *a = x + row * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    int n = 0;
    for (; n + kLanes <= columns; n += kLanes) {
      const FloatV two = hn::Add(hn::LoadU(kF, a + n), hn::LoadU(kF, b + n));
      const FloatV other = hn::Add(hn::LoadU(kF, c + n), hn::LoadU(kF, d + n));
      hn::StoreU(hn::Add(hn::LoadU(kF, sum + n), hn::Add(two, other)), kF, sum + n);
    }
    for (; n < columns; ++n) sum[n] += (a[n] + b[n]) + (c[n] + d[n]);
  }
  for (; row < rows; ++row)
    for (int n = 0; n < columns; ++n) sum[n] += x[row * stride + n];
}

void MaskByRelu(const float* y, float* x, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const auto alive = hn::Gt(hn::LoadU(kF, y + i), hn::Zero(kF));
    hn::StoreU(hn::IfThenElseZero(alive, hn::LoadU(kF, x + i)), kF, x + i);
  }
  for (; i < count; ++i) x[i] = y[i] > 0 ? x[i] : 0.0f;
}

void Scale(float factor, float* x, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    hn::StoreU(hn::Mul(hn::LoadU(kF, x + i), hn::Set(kF, factor)), kF, x + i);
  for (; i < count; ++i) x[i] *= factor;
}

void AddScaled(const float* a, const float* b, float factor, const float* c, float* to, int count) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    FloatV sum = hn::LoadU(kF, a + i);
    if (b != nullptr) sum = hn::Add(sum, hn::LoadU(kF, b + i));
    hn::StoreU(hn::MulAdd(hn::Set(kF, factor), hn::LoadU(kF, c + i), sum), kF, to + i);
  }
  for (; i < count; ++i) to[i] = a[i] + (b == nullptr ? 0.0f : b[i]) + factor * c[i];
}

// For x up to 104, beyond which hn::Exp() is anything; below -104 it is 0. NaN stays, which it takes for 0: a
// diverged network must not look healthy.
HWY_INLINE FloatV exp_of(FloatV x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(kF, x));
}

// 1 / (1 + exp(-x)). Far out on the left exp overflows to infinity and the quotient to 0, as it should.
HWY_INLINE FloatV sigmoid(FloatV x) {
  const FloatV one = hn::Set(kF, 1.0f), most = hn::Set(kF, 100.0f), minus_x = hn::Neg(x);
  return hn::Div(one, hn::Add(one, exp_of(hn::IfThenElse(hn::Gt(minus_x, most), most, minus_x))));
}

// One vector of units; `some` > 0: only the first so many lanes.
HWY_INLINE FloatV load_lanes(const float* p, int some) {
  return some == 0 ? hn::LoadU(kF, p) : load_some(p, some);
}
HWY_INLINE void store_lanes(FloatV v, float* p, int some) {
  if (some == 0) {
    hn::StoreU(v, kF, p);
  } else {
    store_some(v, p, some);
  }
}

void LstmStep(float* gates, const float* before_c, float* c, float* tanh_c, float* h, int width) {
  for (int n = 0; n < width; n += kLanes) {
    const int some = width - n < kLanes ? width - n : 0;
    const FloatV o = sigmoid(load_lanes(gates + n, some));
    const FloatV i = sigmoid(load_lanes(gates + width + n, some));
    const FloatV f = sigmoid(load_lanes(gates + 2 * width + n, some));
    const FloatV g = hn::Tanh(kF, load_lanes(gates + 3 * width + n, some));
    const FloatV memory = hn::MulAdd(f, load_lanes(before_c + n, some), hn::Mul(i, g));
    const FloatV squashed = hn::Tanh(kF, memory);
    store_lanes(o, gates + n, some);
    store_lanes(i, gates + width + n, some);
    store_lanes(f, gates + 2 * width + n, some);
    store_lanes(g, gates + 3 * width + n, some);
    store_lanes(memory, c + n, some);
    store_lanes(squashed, tanh_c + n, some);
    store_lanes(hn::Mul(o, squashed), h + n, some);
  }
}

void LstmStepGradient(float* gates, const float* before_c, const float* tanh_c, const float* dh, float* dc,
                      int width) {
  const FloatV one = hn::Set(kF, 1.0f);
  for (int n = 0; n < width; n += kLanes) {
    const int some = width - n < kLanes ? width - n : 0;
    const FloatV o = load_lanes(gates + n, some), i = load_lanes(gates + width + n, some);
    const FloatV f = load_lanes(gates + 2 * width + n, some), g = load_lanes(gates + 3 * width + n, some);
    const FloatV squashed = load_lanes(tanh_c + n, some), out = load_lanes(dh + n, some);
    const FloatV to_c = hn::Mul(o, hn::NegMulAdd(squashed, squashed, one));
    const FloatV memory = hn::MulAdd(out, to_c, load_lanes(dc + n, some));
    const FloatV before = load_lanes(before_c + n, some);
    store_lanes(hn::Mul(hn::Mul(out, squashed), hn::Mul(o, hn::Sub(one, o))), gates + n, some);
    store_lanes(hn::Mul(hn::Mul(memory, g), hn::Mul(i, hn::Sub(one, i))), gates + width + n, some);
    store_lanes(hn::Mul(hn::Mul(memory, before), hn::Mul(f, hn::Sub(one, f))), gates + 2 * width + n, some);
    store_lanes(hn::Mul(hn::Mul(memory, i), hn::NegMulAdd(g, g, one)), gates + 3 * width + n, some);
    store_lanes(hn::Mul(memory, f), dc + n, some);
  }
}

void LogSoftmax(float* x, int rows, int columns) {
  for (int row = 0; row < rows; ++row, x += columns) {
    float most = x[0];
    for (int n = 1; n < columns; ++n) most = x[n] > most ? x[n] : most;
    const FloatV top = hn::Set(kF, most);
    FloatV sums = hn::Zero(kF);
    int n = 0;
    for (; n + kLanes <= columns; n += kLanes)
      sums = hn::Add(sums, exp_of(hn::Sub(hn::LoadU(kF, x + n), top)));
    float sum = hn::GetLane(hn::SumOfLanes(kF, sums));
    if (n < columns) {
      HWY_ALIGN float tail[kLanes];
      hn::Store(exp_of(hn::Sub(load_some(x + n, columns - n), top)), kF, tail);
      for (int i = 0; i < columns - n; ++i) sum += tail[i];
    }
    // Not x - (most + ln sum): far from 0 that sum is rounded to more than a probability can bear.
    const float shift = std::log(sum);
    for (n = 0; n < columns; ++n) x[n] = (x[n] - most) - shift;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chrysalis {
HWY_EXPORT(BytesToFloats);
HWY_EXPORT(BytesToBf16);
HWY_EXPORT(FloatsToBf16);
HWY_EXPORT(Bf16ToFloats);
HWY_EXPORT(PairsOfBytes);
HWY_EXPORT(PairsOfFloats);
HWY_EXPORT(PairsOfBf16);
HWY_EXPORT(AddRows);
HWY_EXPORT(MaskByRelu);
HWY_EXPORT(Scale);
HWY_EXPORT(AddScaled);
HWY_EXPORT(LstmStep);
HWY_EXPORT(LstmStepGradient);
HWY_EXPORT(LogSoftmax);

void operands_of_bytes(Precision precision, const std::uint8_t* from, void* to, std::size_t count) {
  if (precision == Precision::kFloat32) {
    HWY_DYNAMIC_DISPATCH(BytesToFloats)(from, static_cast<float*>(to), count);
  } else {
    HWY_DYNAMIC_DISPATCH(BytesToBf16)(from, static_cast<std::uint16_t*>(to), count);
  }
}
void operands_of_floats(Precision precision, const float* from, void* to, std::size_t count) {
  if (precision == Precision::kFloat32) {
    if (count > 0) std::memcpy(to, from, count * 4);
  } else {
    HWY_DYNAMIC_DISPATCH(FloatsToBf16)(from, static_cast<std::uint16_t*>(to), count);
  }
}
void floats_of_operands(Precision precision, const void* from, float* to, std::size_t count) {
  if (precision == Precision::kFloat32) {
    if (count > 0) std::memcpy(to, from, count * 4);
  } else {
    HWY_DYNAMIC_DISPATCH(Bf16ToFloats)(static_cast<const std::uint16_t*>(from), to, count);
  }
}
void pairs_of_bytes(const std::uint8_t* first, const std::uint8_t* second, std::uint32_t* to,
                    std::size_t count) {
  HWY_DYNAMIC_DISPATCH(PairsOfBytes)(first, second, to, count);
}
void pairs_of_floats(const float* first, const float* second, std::uint32_t* to, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(PairsOfFloats)(first, second, to, count);
}
void pairs_of_bf16(const std::uint16_t* first, const std::uint16_t* second, std::uint32_t* to,
                   std::size_t count) {
  HWY_DYNAMIC_DISPATCH(PairsOfBf16)(first, second, to, count);
}
void add_rows(const float* x, int rows, std::ptrdiff_t stride, int columns, float* sum) {
  HWY_DYNAMIC_DISPATCH(AddRows)(x, rows, stride, columns, sum);
}
void mask_by_relu(const float* y, float* x, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(MaskByRelu)(y, x, count);
}
void scale(float factor, float* x, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(Scale)(factor, x, count);
}
void add_scaled(const float* a, const float* b, float factor, const float* c, float* to, int count) {
  HWY_DYNAMIC_DISPATCH(AddScaled)(a, b, factor, c, to, count);
}
void lstm_step(float* gates, const float* before_c, float* c, float* tanh_c, float* h, int width) {
  HWY_DYNAMIC_DISPATCH(LstmStep)(gates, before_c, c, tanh_c, h, width);
}
void lstm_step_gradient(float* gates, const float* before_c, const float* tanh_c, const float* dh, float* dc,
                        int width) {
  HWY_DYNAMIC_DISPATCH(LstmStepGradient)(gates, before_c, tanh_c, dh, dc, width);
}
void log_softmax(float* x, int rows, int columns) {
  HWY_DYNAMIC_DISPATCH(LogSoftmax)(x, rows, columns);
}

}  // namespace chrysalis
#endif
