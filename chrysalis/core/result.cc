#include "chrysalis/core/result.h"

namespace chrysalis {

std::string one_line(std::string message) {
  if (message.size() > kMessageBytesMax) message.replace(kMessageBytesMax, std::string::npos, "...");
  for (char& c : message)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return message;
}

}  // namespace chrysalis
