// The log: lines with a time and a level, to standard error and, once a run is open, to its log.txt. Any
// thread.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "chrysalis/core/result.h"

namespace chrysalis {

enum class LogLevel { kInfo, kWarning, kError };

void log_line(LogLevel level, std::string_view text);
// From now on lines go to `path` as well (appended).
Status log_to_file(const std::string& path);
// Lines no longer go to standard error: for commands that own the terminal or print JSON.
void log_quietly();

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace chrysalis
