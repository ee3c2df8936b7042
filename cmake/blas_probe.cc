// Prints the BLAS that LibTorch runs its matrix products on, and exits 0; or 1 where it is the slow reference
// BLAS. Run once by CMake (torch.cmake). Asks the loaded process, not the linker's wishes: Debian chooses the
// BLAS behind libblas.so.3 at run time.
#include <ATen/ATen.h>
#include <dlfcn.h>

#include <cstdio>

int main() {
  // Touches libtorch_cpu, so that the linker keeps it and its libraries are loaded.
  const at::Tensor product = at::mm(at::ones({2, 2}), at::ones({2, 2}));
  if (product[0][0].item<float>() != 2.0f) return 2;
  if (at::hasMKL()) {
    std::printf("MKL, inside LibTorch");
    return 0;
  }
  // Looked up the way LibTorch's own calls are. The library that answers, or one that it loads, is known by a
  // symbol of its own; Debian's libblas.so.3 of OpenBLAS is a thin file in front of libopenblas.so.0.
  void* sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  Dl_info where{};
  if (sgemm == nullptr || dladdr(sgemm, &where) == 0) {
    std::printf("a BLAS inside LibTorch");
    return 0;
  }
  void* library = dlopen(where.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  const struct {
    const char* symbol;
    const char* name;
  } fast[] = {
      {"openblas_get_config", "OpenBLAS"},  {"MKL_Get_Version", "MKL"},
      {"bli_info_get_version_str", "BLIS"}, {"armplversion", "Arm Performance Libraries"},
      {"ATL_buildinfo", "ATLAS"},
  };
  for (const auto& [symbol, name] : fast) {
    if (library != nullptr && dlsym(library, symbol) != nullptr) {
      std::printf("%s, %s", name, where.dli_fname);
      return 0;
    }
  }
  std::printf("reference BLAS, %s", where.dli_fname);
  return 1;
}
