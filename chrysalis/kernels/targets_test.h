// Kernel tests on every instruction set.
#pragma once

#include <hwy/highway.h>

namespace chrysalis {

// Calls `check` once for each of Highway's targets that this machine has, while kernels run on it.
template <typename Check>
void on_every_target(Check&& check) {
  for (auto rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    hwy::SetSupportedTargetsForTest(rest & -rest);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    check();
    hwy::SetSupportedTargetsForTest(0);
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace chrysalis
