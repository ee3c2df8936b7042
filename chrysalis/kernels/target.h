// Which instructions the kernels run on. One source is compiled for each, and the best that the processor has
// is chosen when the first kernel runs.
#pragma once

#include <string>
#include <vector>

#include "chrysalis/core/result.h"

namespace chrysalis {

// Of the operands of products. Sums, gradients of weights, the core's memory and the optimizer are float32
// always.
enum class Precision { kFloat32, kBf16 };

// Bytes that an operand takes in memory.
constexpr int operand_bytes(Precision precision) {
  return precision == Precision::kFloat32 ? 4 : 2;
}

// In use: "avx512_bf16", "avx512", "avx2", "sse4", "neon" or "scalar".
std::string simd_name();
// Those that can run here, best first.
std::vector<std::string> simd_names();
// Uses this one from now on, for measurements and tests; "" is the best again. Not while kernels run. Packed
// weights made before must not be used after. "avx512_bf16" may be asked for where a hypervisor hides that
// the processor has it: it is tried first. Error: no such name, or it cannot run here; what is in use stays.
Status use_simd(const std::string& name);

// Whether products of bfloat16 run on instructions of their own, or are emulated in float32: the same values
// up to rounding, no faster than float32.
bool bf16_native();

// Floats in a vector.
int simd_lanes();

}  // namespace chrysalis
