// Checks for our own bugs: a wrong index, a wrong shape, a broken invariant. They are always on, print what
// was compared and where, and abort. What the world may answer (a bad config, a full disk) is a Result
// instead. The prefix is there because LibTorch defines CHECK.
#pragma once

#include <fmt/format.h>

#include <string>

namespace chrysalis {

[[noreturn]] void check_failed(const char* file, int line, const char* expression, const std::string& why);

}  // namespace chrysalis

// CHRYSALIS_CHECK(condition, "format {}", args…): the message is formatted only on failure.
#define CHRYSALIS_CHECK(condition, ...)                                                         \
  do {                                                                                          \
    if (!(condition)) [[unlikely]]                                                              \
      ::chrysalis::check_failed(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__)); \
  } while (false)

// CHRYSALIS_CHECK_EQ(a, b): as above, prints both values.
#define CHRYSALIS_CHECK_EQ(a, b)                                                           \
  do {                                                                                     \
    const auto& chrysalis_a = (a);                                                         \
    const auto& chrysalis_b = (b);                                                         \
    if (!(chrysalis_a == chrysalis_b)) [[unlikely]]                                        \
      ::chrysalis::check_failed(__FILE__, __LINE__, #a " == " #b,                          \
                                ::fmt::format("{} against {}", chrysalis_a, chrysalis_b)); \
  } while (false)

// Checks in pixel and physics loops: only in debug builds.
#ifdef NDEBUG
#define CHRYSALIS_DCHECK(condition, ...) static_cast<void>(0)
#else
#define CHRYSALIS_DCHECK(condition, ...) CHRYSALIS_CHECK(condition __VA_OPT__(, ) __VA_ARGS__)
#endif
