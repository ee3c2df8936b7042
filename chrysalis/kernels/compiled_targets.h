// Which targets Highway compiles the kernels for; included before any of its headers. SSSE3 differs from SSE4
// in nothing that kernels use, and tiles are arrays of vectors, which SVE and RVV, whose vectors have no size
// at compile time, do not allow: those processors run NEON or scalar kernels.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
