// DM Lab's C API over our levels: the one export of libchrysalis_dmlab.so. The functions behind it never
// throw and never fault: what a call could not do is answered as env_c_api.h has it, or where a function
// answers nothing with an observation, name or bound that is empty, and error_message() says why until the
// next call. What is not recoverable is a context that is none, or was released.
#pragma once

#include "chrysalis/env/dmlab_api.h"

// Any number of times, from any thread; a context belongs to one thread at a time. 0, or 2 out of memory, 3 a
// null argument, 4 no runfiles path. The path must be there, and nothing is read from it; the other
// parameters change nothing.
extern "C" int dmlab_connect(const chrysalis::dmlab::LaunchParams* params, chrysalis::dmlab::EnvCApi* api,
                             void** context);
