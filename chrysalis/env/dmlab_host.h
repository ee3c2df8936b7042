// The host process of one DM Lab, started by DmlabProcess. It is two processes: the engine has the library,
// which may exit, abort or hang; the keeper, its parent, has nothing to do but to tell how the engine ended
// and to remove what it leaves. When the program ends, however it ends, the keeper kills the engine; when the
// keeper is killed, the kernel kills the engine, and the program cleans up.
#pragma once

namespace chrysalis::dmlab {

// The whole of the host program. Answers its exit code.
int run_host();

}  // namespace chrysalis::dmlab
