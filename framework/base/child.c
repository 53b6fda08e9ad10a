/* SPDX-License-Identifier: MIT */
/* The end of a child process: see child.h. */
#include "config.h"

#include "base/child.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int
weir_child_descriptor(pid_t pid)
{
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, pid, 0);
#else
  (void)pid;
  return -1;
#endif
}

gboolean
weir_child_has_ended(pid_t pid)
{
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}
