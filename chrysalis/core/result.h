// What the world may answer: a value, or an error that a person can act on. (std::expected is C++23.)
#pragma once

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "chrysalis/core/check.h"

namespace chrysalis {

enum class ErrorCode {
  kInvalidInput,  // What the user wrote: an option, a config, a map, a file that is not what it should be.
  kIo,            // The disk, a permission, a lock.
  kDiverged,      // Training produced numbers that are not finite.
};

// One line for a person: what, where, what was expected. No trailing full stop or newline.
struct Error {
  ErrorCode code = ErrorCode::kInvalidInput;
  std::string message;

  // What the program exits with: 2 for the user's input, 1 for the rest.
  int exit_code() const { return code == ErrorCode::kInvalidInput ? 2 : 1; }
};

// A message may quote what was found in a file: control characters become '?', what is too long is cut.
inline constexpr std::size_t kMessageBytesMax = 2000;
std::string one_line(std::string message);

template <typename... Args>
Error invalid_input(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kInvalidInput, one_line(fmt::format(format, std::forward<Args>(args)...))};
}
template <typename... Args>
Error io_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kIo, one_line(fmt::format(format, std::forward<Args>(args)...))};
}

// A T, or why there is none. Reading the wrong one is our bug and CHECK-fails.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: converts on purpose, as std::expected does.
  Result(Error error) : state_(std::move(error)) {}  // NOLINT
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    if (!ok()) [[unlikely]]
      check_failed(__FILE__, __LINE__, "a result without a value", std::get<1>(state_).message);
    return std::get<0>(state_);
  }
  const T& value() const& { return const_cast<Result*>(this)->value(); }
  // By value, so that `for (auto& x : f().value())` holds on to what it walks.
  T value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    CHRYSALIS_CHECK(!ok());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

// Success, or why not.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    CHRYSALIS_CHECK(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

// What a thread's top does, as nothing above it could catch what a library throws in `work`, which returns a
// Status. `doing`: for the line that becomes of an exception.
template <typename Work>
Status caught(std::string_view doing, Work&& work) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return io_error("{}: {}", doing, exception.what());
  }
}

}  // namespace chrysalis

// Leaves the function with the error of `expression` (a Status or a Result), if it has one.
#define CHRYSALIS_RETURN_IF_ERROR(expression)                    \
  do {                                                           \
    auto chrysalis_status = (expression);                        \
    if (!chrysalis_status.ok()) return chrysalis_status.error(); \
  } while (false)

// CHRYSALIS_ASSIGN_OR_RETURN(auto x, f()): x = value of f(), or leaves with its error.
#define CHRYSALIS_CONCAT_INNER(a, b) a##b
#define CHRYSALIS_CONCAT(a, b) CHRYSALIS_CONCAT_INNER(a, b)
#define CHRYSALIS_ASSIGN_OR_RETURN(declaration, expression)          \
  auto CHRYSALIS_CONCAT(chrysalis_result_, __LINE__) = (expression); \
  if (!CHRYSALIS_CONCAT(chrysalis_result_, __LINE__).ok())           \
    return CHRYSALIS_CONCAT(chrysalis_result_, __LINE__).error();    \
  declaration = std::move(CHRYSALIS_CONCAT(chrysalis_result_, __LINE__)).value()
