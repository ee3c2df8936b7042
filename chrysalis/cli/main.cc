#include "chrysalis/cli/command.h"

int main(int argc, char** argv) {
  return chrysalis::run_program(argc, argv, /*learning=*/nullptr);
}
