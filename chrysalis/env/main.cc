// chrysalis-dmlab-host: see dmlab_host.h.
#include "chrysalis/env/dmlab_host.h"

int main() {
  return chrysalis::dmlab::run_host();
}
