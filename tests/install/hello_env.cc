#include <cstdio>

#include "chrysalis/core/random.h"

int main() {
  chrysalis::RandomStream dice(chrysalis::RandomKey(7, chrysalis::Purpose::kEpisode));
  std::printf("thrown: %d\n", dice.between(1, 6));
}
