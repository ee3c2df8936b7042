// Copies to a device beside what it computes. For every kind of device that LibTorch knows, and compiled with
// any LibTorch. Needs Torch; for sources only.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <functional>

namespace chrysalis {

// A stream of the device beside the one that is current in this thread, for copies that run while the current
// one computes. A CPU has no streams: there a copy is done when its call returns.
class CopyStream {
 public:
  // Copies come after everything that the current stream was given so far: memory that is allocated before
  // may be written.
  explicit CopyStream(c10::Device device);

  // Calls `copy`, whose operators go to the stream of copies. What the current stream is given afterwards
  // waits for them; what it was given before does not hold them up.
  void run(const std::function<void()>& copy);

 private:
  c10::Stream current_;
  c10::Stream copies_;
};

}  // namespace chrysalis
