// Where a verb writes its file: asked before the work, not after an hour of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chrysalis/core/result.h"

namespace chrysalis {

// Whether `path`, which `option` gave, can become a file. Errors: the name has none of `endings` (empty: any
// name will do), a directory lies there, the directory that it names is missing, is none, or may not be
// written.
Status check_output_path(const std::string& path, const std::vector<std::string_view>& endings,
                         std::string_view option = "--out");

}  // namespace chrysalis
