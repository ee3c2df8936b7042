// The machine's rate of single-precision matrix products: what every other rate is set against. No Torch in
// this header.
#pragma once

#include <string>

#include "chrysalis/cli/learning.h"

namespace chrysalis {

// One thread, 1024 x 1024 x 1024, median of `repeats`.
SgemmRates measure_sgemm(int repeats);

// "OpenBLAS, kernels for SkylakeX, /usr/lib/…"; for doctor and bench.
std::string blas_description();
// The kernels that OpenBLAS chose for this processor, for example "SkylakeX"; empty for another BLAS.
std::string openblas_core_name();
// "1.13.1, CUDA available", for doctor.
std::string torch_description();

}  // namespace chrysalis
