#include "chrysalis/core/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

namespace chrysalis {
namespace {

struct Log {
  std::shared_ptr<spdlog::sinks::stderr_color_sink_mt> terminal =
      std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  spdlog::logger logger{"chrysalis", terminal};

  Log() {
    // On a terminal the line that shows progress is cleared first.
    terminal->set_pattern(isatty(STDERR_FILENO) == 1 ? "\r\033[K%^%l%$: %v" : "%^%l%$: %v");
    logger.flush_on(spdlog::level::info);
    // A full disk must not flood the terminal through the log: the store reports it once, clearly.
    logger.set_error_handler([](const std::string&) {});
  }
};

Log& the_log() {
  static Log log;
  return log;
}

}  // namespace

void log_line(LogLevel level, std::string_view text) {
  const auto severity = level == LogLevel::kInfo      ? spdlog::level::info
                        : level == LogLevel::kWarning ? spdlog::level::warn
                                                      : spdlog::level::err;
  the_log().logger.log(severity, text);
}

Status log_to_file(const std::string& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, /*truncate=*/false);
    sink->set_pattern("%Y-%m-%dT%H:%M:%S%z %l %v");
    auto& sinks = the_log().logger.sinks();
    sinks.resize(1);  // The terminal stays, an earlier run's file goes.
    sinks.push_back(std::move(sink));
    return {};
  } catch (const spdlog::spdlog_ex& error) {
    return io_error("cannot open log {}: {}", path, error.what());
  }
}

void log_quietly() {
  the_log().terminal->set_level(spdlog::level::off);
}

}  // namespace chrysalis
