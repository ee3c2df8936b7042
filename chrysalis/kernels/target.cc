#include "chrysalis/kernels/target.h"

#include "chrysalis/core/field.h"

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <mutex>

// clang-format off: the order matters.
#include "chrysalis/kernels/compiled_targets.h"
// clang-format on

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chrysalis/kernels/target.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h, which compiles this file once for each target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chrysalis {
namespace HWY_NAMESPACE {
int Lanes() {
  return static_cast<int>(hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::CappedTag<float, 16>()));
}
std::int64_t Target() {
  return HWY_TARGET;
}
}  // namespace HWY_NAMESPACE
}  // namespace chrysalis
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace chrysalis {
HWY_EXPORT(Lanes);
HWY_EXPORT(Target);

namespace {

constexpr const char* kBf16Name = "avx512_bf16";
std::atomic<int> forced_bf16{-1};  // -1: as the processor says.

struct Named {
  std::int64_t target;
  const char* name;
};
constexpr Named kNames[] = {
    {HWY_AVX3, "avx512"}, {HWY_AVX2, "avx2"}, {HWY_SSE4, "sse4"}, {HWY_NEON, "neon"}, {HWY_SCALAR, "scalar"}};

bool reports_bf16() {
#if HWY_ARCH_X86
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1u << 5)) != 0;
#else
  return false;
#endif
}

#if HWY_ARCH_X86
sigjmp_buf probe_failed;
void on_illegal_instruction(int) {
  siglongjmp(probe_failed, 1);
}
__attribute__((target("avx512f"))) void execute_bf16() {
  asm volatile("vpxord %%zmm0, %%zmm0, %%zmm0\n\tvdpbf16ps %%zmm0, %%zmm0, %%zmm0" ::: "xmm0");
}
#endif

// Executes the instruction, for processors whose hypervisor does not report it.
bool executes_bf16() {
#if HWY_ARCH_X86
  static std::mutex mu;
  const std::lock_guard lock(mu);
  struct sigaction old, probe{};
  probe.sa_handler = on_illegal_instruction;
  sigaction(SIGILL, &probe, &old);
  volatile bool works = false;
  if (sigsetjmp(probe_failed, 1) == 0) {
    execute_bf16();
    works = true;
  }
  sigaction(SIGILL, &old, nullptr);
  return works;
#else
  return false;
#endif
}

// Compiled, and the processor runs them, whatever use_simd() has restricted Highway to.
std::int64_t runnable_targets() {
  static const std::int64_t targets = (hwy::SupportedTargets() | HWY_STATIC_TARGET) & HWY_TARGETS;
  return targets;
}

void restrict_to(std::int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace

bool bf16_native() {
  const int forced = forced_bf16.load(std::memory_order_relaxed);
  if (forced >= 0) return forced == 1;
  static const bool reported = reports_bf16();
  return reported && HWY_DYNAMIC_DISPATCH(Target)() == HWY_AVX3;
}

int simd_lanes() {
  return HWY_DYNAMIC_DISPATCH(Lanes)();
}

std::string simd_name() {
  if (bf16_native()) return kBf16Name;
  const std::int64_t target = HWY_DYNAMIC_DISPATCH(Target)();
  for (const Named& named : kNames)
    if (named.target == target) return named.name;
  return hwy::TargetName(target);
}

std::vector<std::string> simd_names() {
  std::vector<std::string> names;
  if (reports_bf16() && (runnable_targets() & HWY_AVX3) != 0) names.emplace_back(kBf16Name);
  for (const Named& named : kNames)
    if ((runnable_targets() & named.target) != 0) names.emplace_back(named.name);
  return names;
}

Status use_simd(const std::string& name) {
  const std::int64_t runnable = runnable_targets();  // Found before Highway is restricted for the first time.
  if (name.empty()) {
    restrict_to(0);
    forced_bf16 = -1;
    return {};
  }
  const bool bf16 = name == kBf16Name;
  std::vector<std::string> known = {kBf16Name};
  for (const Named& named : kNames) {
    known.emplace_back(named.name);
    if (name != named.name && !(bf16 && named.target == HWY_AVX3)) continue;
    if ((runnable & named.target) == 0 || (bf16 && !reports_bf16() && !executes_bf16())) {
      return invalid_input("this processor does not run {} instructions; expected one of {}", name,
                           fmt::join(simd_names(), ", "));
    }
    restrict_to(named.target);
    forced_bf16 = bf16 ? 1 : 0;
    return {};
  }
  return invalid_input("unknown instructions '{}'; expected one of {}{}", name, fmt::join(simd_names(), ", "),
                       did_you_mean(name, known));
}

}  // namespace chrysalis
#endif
