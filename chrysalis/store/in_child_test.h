// What only another process can show: a lock that is held, a full disk, rights that are gone, a sudden end.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

namespace chrysalis {

// Runs `body` in a child process and gives its exit status: 0 if it returned true.
template <typename Body>
int in_child(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace chrysalis
