// What a void* of DM Lab's C API points to, and the way from a call in C to an answer of ours and back:
// errors become messages, and no exception leaves.
#pragma once

#include <initializer_list>
#include <new>
#include <string>
#include <utility>

#include "chrysalis/dmlab/lab.h"

namespace chrysalis::dmlab {

struct Context {
  Lab lab;
  std::string error;     // Of the last call; empty where it did what was asked.
  std::string property;  // The value that was read last.

  // What `ask` answers of the context; `otherwise` where that is an error, where there is no memory for it,
  // or no context.
  template <typename Answer, typename Ask>
  static Answer answer(void* context, Answer otherwise, Ask ask) noexcept {
    if (context == nullptr) return otherwise;
    auto& self = *static_cast<Context*>(context);
    self.error.clear();
    try {
      Result<Answer> answered = ask(self);
      if (answered.ok()) return *answered;
      self.error = answered.error().message;
    } catch (const std::bad_alloc&) {
      self.error = "out of memory";  // So short that it needs none.
    }
    return otherwise;
  }
};

// The error names the first argument that is null.
inline Status not_null(std::initializer_list<std::pair<const char*, const void*>> arguments) {
  for (const auto& [name, pointer] : arguments)
    if (pointer == nullptr) return invalid_input("argument '{}' is null", name);
  return {};
}

inline Error none_of(const char* what, int index) {
  return invalid_input("there is no {} {}: there are none", what, index);
}

inline Status in_range(const char* what, int index, int count) {
  if (index >= 0 && index < count) return {};
  return invalid_input("there is no {} {}: expected 0 to {}", what, index, count - 1);
}

}  // namespace chrysalis::dmlab
