#include <cstdio>
#include <vector>

#include "chrysalis/env/make_environment.h"

int main() {
  auto environment = chrysalis::make_environment({.name = "seek_apples"}, {.width = 96, .height = 72});
  if (!environment) return std::fprintf(stderr, "%s\n", environment.error().message.c_str()), 1;
  (*environment)->reset(7);
  int agent_steps = 1;
  while (!(*environment)->step({.move_forward = 1}).ended) ++agent_steps;
  std::vector<std::uint8_t> rgb((*environment)->spec().observation_bytes());
  (*environment)->observe(rgb);
  std::printf("%d agent steps, %zu bytes of pixels\n", agent_steps, rgb.size());
}
