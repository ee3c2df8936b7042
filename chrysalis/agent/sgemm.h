// The machine's rate of single-precision matrix products: what every other rate is set against. No Torch in
// this header.
#pragma once

#include <string>

namespace chrysalis {

// One thread, 1024 x 1024 x 1024, GFLOP/s of 2 * 1024^3 operations, median of `repeats`.
struct SgemmRates {
  double blas_gflops = 0;    // By the BLAS behind LibTorch's at::mm.
  double onednn_gflops = 0;  // By the stock operator that product() uses.
  // What the machine can do, as far as the libraries here show it. Old builds of OpenBLAS fall back to SSE on
  // processors that they do not know; to compare with that would flatter us.
  double best() const { return blas_gflops > onednn_gflops ? blas_gflops : onednn_gflops; }
};
SgemmRates measure_sgemm(int repeats);

// "OpenBLAS, kernels for SkylakeX, /usr/lib/…"; for doctor and bench.
std::string blas_description();
// The kernels that OpenBLAS chose for this processor, for example "SkylakeX"; empty for another BLAS.
std::string openblas_core_name();
// "1.13.1, CUDA available", for doctor.
std::string torch_description();

}  // namespace chrysalis
