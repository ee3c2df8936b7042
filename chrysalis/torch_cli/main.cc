#include "chrysalis/cli/command.h"
#include "chrysalis/torch_cli/torch_learning.h"

int main(int argc, char** argv) {
  return chrysalis::run_program(argc, argv, &chrysalis::torch_learning());
}
