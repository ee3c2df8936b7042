// What the program needs LibTorch for, with LibTorch.
#pragma once

#include "chrysalis/cli/learning.h"

namespace chrysalis {

const Learning& torch_learning();

}  // namespace chrysalis
