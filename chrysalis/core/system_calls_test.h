// Runs work where the kernel kills the process at its first system call, to show what makes none. Only where
// CHRYSALIS_WATCHES_SYSTEM_CALLS is defined: on Linux, and not under sanitizers, which make calls of their
// own.
#pragma once

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CHRYSALIS_WATCHES_SYSTEM_CALLS

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <string>

namespace chrysalis {

inline constexpr const char* kNoSystemCall = "no system call";

// Calls `work` in a copy of this process to which every system call but the one that ends it is forbidden.
// Answers kNoSystemCall if it came to its end, else what happened to it. Call it from the program's only
// thread.
template <typename Work>
std::string system_calls_of(Work&& work) {
  const pid_t child = fork();
  if (child < 0) return "fork() failed";
  if (child == 0) {
    sock_filter program[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_exit_group},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
    };
    const sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(2);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(3);
    work();
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) return "waitpid() failed";
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGSYS ? "a system call" : "signal " + std::to_string(WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? kNoSystemCall
                                  : "exit " + std::to_string(WEXITSTATUS(status)) +
                                        (WEXITSTATUS(status) <= 3 ? ": seccomp is not to be had here" : "");
}

}  // namespace chrysalis

#endif  // CHRYSALIS_WATCHES_SYSTEM_CALLS
