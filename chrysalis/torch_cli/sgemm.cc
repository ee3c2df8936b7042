#include "chrysalis/torch_cli/sgemm.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "chrysalis/agent/product.h"

namespace chrysalis {
namespace {

constexpr std::int64_t kSide = 1024;

template <typename Multiply>
double median_gflops(int repeats, Multiply&& multiply) {
  multiply();  // Warm-up: pages, threads, generated code.
  std::vector<double> rates;
  for (int i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    multiply();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    rates.push_back(2.0 * kSide * kSide * kSide / elapsed.count() * 1e-9);
  }
  std::ranges::nth_element(rates, rates.begin() + repeats / 2);
  return rates[static_cast<std::size_t>(repeats / 2)];
}

}  // namespace

SgemmRates measure_sgemm(int repeats) {
  use_one_thread();
  const at::NoGradGuard no_grad;
  const at::Tensor a = at::rand({kSide, kSide});
  const at::Tensor b = at::rand({kSide, kSide});
  at::Tensor c = at::empty({kSide, kSide});
  return {.blas_gflops = median_gflops(repeats, [&] { at::mm_out(c, a, b); }),
          .onednn_gflops = median_gflops(repeats, [&] { c = product(a, b); })};
}

std::string openblas_core_name() {
  auto* name = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name == nullptr ? "" : name();
}

std::string blas_description() {
  if (at::hasMKL()) return "MKL, inside LibTorch";
  void* sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  Dl_info where{};
  if (sgemm == nullptr || dladdr(sgemm, &where) == 0) return "inside LibTorch";
  const std::string core = openblas_core_name();
  if (core.empty()) return where.dli_fname;
  return fmt::format("OpenBLAS, kernels for {}, {}", core, where.dli_fname);
}

std::string torch_description() {
  return fmt::format("{}, CUDA {}", TORCH_VERSION,
                     torch::cuda::is_available() ? "available" : "not available");
}

}  // namespace chrysalis
