#include "chrysalis/cli/output_path.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace chrysalis {
namespace fs = std::filesystem;

Status check_output_path(const std::string& path, const std::vector<std::string_view>& endings,
                         std::string_view option) {
  if (!endings.empty() &&
      std::ranges::none_of(endings, [&](std::string_view ending) { return path.ends_with(ending); }))
    return invalid_input("{} {}: expected a name that ends in {}", option, path, fmt::join(endings, " or "));
  std::error_code ignored;
  if (path.empty() || fs::is_directory(path, ignored))
    return invalid_input("{} {}: expected the name of a file, found a directory", option, path);
  const fs::path parent = fs::path(path).parent_path();
  const fs::path directory = parent.empty() ? fs::path(".") : parent;
  std::error_code code;
  const fs::file_status status = fs::status(directory, code);
  if (status.type() == fs::file_type::not_found && code != std::errc::not_a_directory)
    return invalid_input("{} {}: there is no directory {}: create it first", option, path,
                         directory.string());
  if (status.type() != fs::file_type::directory)
    return io_error("{} {}: cannot write there: {}", option, path,
                    std::strerror(code ? code.value() : ENOTDIR));
  if (::access(directory.c_str(), W_OK) != 0)
    return io_error("{} {}: cannot write into {}: {}", option, path, directory.string(),
                    std::strerror(errno));
  return {};
}

}  // namespace chrysalis
