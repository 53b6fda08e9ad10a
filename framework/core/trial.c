/* SPDX-License-Identifier: MIT */
/* Forks, opens a shared object in the child, and tells from a pipe and the exit status how that went. */
#include "config.h"

#include "base/error.h"
#include "base/quote.h"
#include "core/loader_text.h"
#include "core/trial.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child says; shorter than PIPE_BUF, so that it arrives whole or not at all. */
typedef struct {
  enum { OPENED = 1, REFUSED = 2 } kind;
  char text[1024];
} Report;

static void
isolate_child(void)
{
  int null = open("/dev/null", O_RDWR);
  sigset_t none;
  sigemptyset(&none);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  for (int s = 1; s < NSIG; s++)
    signal(s, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int fd = 0; fd < 3 && null >= 0; fd++)
    dup2(null, fd);
}

static void
run_child(const char *file, int out)
{
  Report report;
  memset(&report, 0, sizeof report);
  isolate_child();
  if (dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    report.kind = OPENED;
  } else {
    report.kind = REFUSED;
    g_strlcpy(report.text, dlerror(), sizeof report.text);
  }
  if (write(out, &report, sizeof report) < 0)
    _exit(1);
  _exit(0);
}

static gboolean
has_ended(pid_t pid)
{
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

/* Wait for the report, the child's end or the deadline. Its end is looked for too, since a process that the
 * constructor left behind may keep the pipe open. */
static gboolean
wait_for_report(pid_t pid, int in, Report *report, gboolean *ended)
{
  gint64 deadline = g_get_monotonic_time() + (gint64)WEIR_TRIAL_SECONDS * G_USEC_PER_SEC;
  for (;;) {
    struct pollfd p = {.fd = in, .events = POLLIN};
    *ended = has_ended(pid);
    poll(&p, 1, *ended ? 0 : 20);
    if (p.revents & POLLIN)
      return read(in, report, sizeof *report) == (gssize)sizeof *report &&
             (report->kind == OPENED || report->kind == REFUSED) &&
             memchr(report->text, '\0', sizeof report->text) != NULL;
    if (*ended || g_get_monotonic_time() > deadline)
      return FALSE;
    if (p.revents & POLLHUP) /* it closed the pipe and goes on */
      g_usleep(20000);
  }
}

static gboolean
judge(const char *file, const Report *report, int status, gboolean ended, GError **error)
{
  static const char *const rule = "breaks contract rule W19: a constructor of it";
  g_autofree char *path = weir_quote_path(file);
  if (report && report->kind == OPENED)
    return TRUE;
  if (report)
    weir_set_dlopen_error(error, file, report->text);
  else if (!ended)
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "plugin %s %s does not return within %d seconds; it was opened on trial and stopped", path,
                rule, WEIR_TRIAL_SECONDS);
  else if (WIFSIGNALED(status))
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "plugin %s %s crashes when it is opened: signal %d (%s)", path, rule, WTERMSIG(status),
                strsignal(WTERMSIG(status)));
  else
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "plugin %s %s ends the process when it is opened: exit code %d", path, rule,
                WEXITSTATUS(status));
  return FALSE;
}

gboolean
weir_trial_open(const char *file, GError **error)
{
  int ends[2], status = 0;
  gboolean ended, reported;
  Report report;
  pid_t pid;
  if (pipe2(ends, O_CLOEXEC) < 0) {
    weir_set_io_error(error, errno, "make a pipe to try", file);
    return FALSE;
  }
  pid = fork();
  if (pid == 0)
    run_child(file, ends[1]);
  close(ends[1]);
  if (pid < 0) {
    weir_set_io_error(error, errno, "start a process to try", file);
    close(ends[0]);
    return FALSE;
  }
  setpgid(pid, pid); /* the child does the same; whoever comes first */
  reported = wait_for_report(pid, ends[0], &report, &ended);
  close(ends[0]);
  kill(-pid, SIGKILL); /* the child, which is not reaped yet, and what it has started */
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  return judge(file, reported ? &report : NULL, status, ended, error);
}
