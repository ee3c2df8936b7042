#include "chrysalis/agent/copy_stream.h"

#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace chrysalis {
namespace {

c10::Stream current_stream(c10::Device device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device);
}

c10::Stream another_stream(c10::Device device) {
  if (device.is_cpu()) return current_stream(device);
  return c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
}

// What `later` is given from now on waits for what `earlier` was given until now. The calling thread waits
// for nothing.
void follow(const c10::Stream& later, const c10::Stream& earlier) {
  if (later == earlier) return;
  c10::Event done(earlier.device_type());
  done.record(earlier);
  done.block(later);
}

}  // namespace

CopyStream::CopyStream(c10::Device device)
    : current_(current_stream(device)), copies_(another_stream(device)) {
  follow(copies_, current_);
}

void CopyStream::run(const std::function<void()>& copy) {
  {
    const c10::StreamGuard guard(copies_);
    copy();
  }
  follow(current_, copies_);
}

}  // namespace chrysalis
