// What only another process can show: a lock that is held, a full disk, rights that are gone, a sudden end.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "chrysalis/core/random.h"

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

// Runs `body(ready)` in a child process until it is killed, up to 15 ms after it wrote a byte to the
// descriptor `ready`; or, unless `waits`, after it began.
template <typename Body>
void kill_in_child(bool waits, RandomStream& random, const Body& body) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    body(ready[1]);
    ::_exit(1);
  }
  char byte = 0;
  if (waits) {
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  }
  ::usleep(static_cast<useconds_t>(random.between(0, 15000)));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  for (const int fd : ready) ::close(fd);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

}  // namespace chrysalis
