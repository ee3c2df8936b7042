// How a tile multiplies: for each precision the unit of 32 bits that a step takes from either side. Included
// once for each target by sources that use hwy/foreach_target.h, inside their HWY_NAMESPACE blocks' reach.
#if defined(CHRYSALIS_KERNELS_OPERANDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRYSALIS_KERNELS_OPERANDS_INL_H_
#undef CHRYSALIS_KERNELS_OPERANDS_INL_H_
#else
#define CHRYSALIS_KERNELS_OPERANDS_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using WordTag = hn::RebindToUnsigned<FloatTag>;
using FloatV = hn::Vec<FloatTag>;
using WordV = hn::Vec<WordTag>;
constexpr FloatTag kF;
constexpr WordTag kU;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(kF));

// Most rows of a tile of one and of two vectors: what leaves registers for the operands.
constexpr bool kManyRegisters = (HWY_TARGET & (HWY_AVX3 | HWY_NEON)) != 0;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Sanitizers put a check round every access, and a tile of each size would take minutes to compile.
constexpr int kMostRows[3] = {0, 5, 3};
#else
constexpr int kMostRows[3] = {0, kManyRegisters ? 24 : 12, kManyRegisters ? 12 : 6};
#endif

// The first `count` lanes, and zeros; never reads beyond them. count < kLanes.
HWY_INLINE FloatV load_some(const float* p, int count) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(kF, static_cast<std::size_t>(count)), kF, p);
#else
  HWY_ALIGN float lanes[kLanes] = {};
  for (int i = 0; i + 1 < kLanes && i < count; ++i) std::memcpy(lanes + i, p + i, 4);  // Unaligned.
  return hn::Load(kF, lanes);
#endif
}
HWY_INLINE void store_some(FloatV v, float* p, int count) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  hn::BlendedStore(v, hn::FirstN(kF, static_cast<std::size_t>(count)), kF, p);
#else
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, kF, lanes);
  for (int i = 0; i + 1 < kLanes && i < count; ++i) p[i] = lanes[i];
#endif
}

// Floats between rows of a result from which on its lines are asked for before they are needed: so far apart
// the processor does not guess them.
constexpr std::ptrdiff_t kFar = 512;

struct Float32 {
  using V = FloatV;
  static HWY_INLINE V broadcast(const char* p) {
    float value;
    std::memcpy(&value, p, 4);
    return hn::Set(kF, value);
  }
  static HWY_INLINE V load(const void* p) { return hn::LoadU(kF, static_cast<const float*>(p)); }
  static HWY_INLINE V load_some_units(const void* p, int count) {
    return load_some(static_cast<const float*>(p), count);
  }
  static HWY_INLINE FloatV mul_add(FloatV sum, V a, V b) { return hn::MulAdd(a, b, sum); }
};

struct Bf16Words {
  using V = WordV;
  static HWY_INLINE V broadcast(const char* p) {
    std::uint32_t pair;
    std::memcpy(&pair, p, 4);
    return hn::Set(kU, pair);
  }
  static HWY_INLINE V load(const void* p) { return hn::LoadU(kU, static_cast<const std::uint32_t*>(p)); }
  static HWY_INLINE V load_some_units(const void* p, int count) {
    return hn::BitCast(kU, load_some(static_cast<const float*>(p), count));
  }
};

// In the order of the instruction: the higher halves first.
struct Bf16Emulated : Bf16Words {
  static HWY_INLINE FloatV high(V pair) { return hn::BitCast(kF, hn::And(pair, hn::Set(kU, 0xffff0000u))); }
  static HWY_INLINE FloatV low(V pair) { return hn::BitCast(kF, hn::ShiftLeft<16>(pair)); }
  static HWY_INLINE FloatV mul_add(FloatV sum, V a, V b) {
    return hn::MulAdd(low(a), low(b), hn::MulAdd(high(a), high(b), sum));
  }
};

#if HWY_TARGET == HWY_AVX3
// The compiler's flag for these instructions is not part of this target, the assembler knows them anyway.
struct Bf16Native : Bf16Words {
  static HWY_INLINE FloatV mul_add(FloatV sum, V a, V b) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
  }
};
#else
using Bf16Native = Bf16Emulated;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#endif
