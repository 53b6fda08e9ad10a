/* SPDX-License-Identifier: MIT */
/* Forks, listens, and keeps a deadline: see isolate.h. */
#include "config.h"

#include "harness/isolate.h"

#include "base/child.h"
#include "base/error.h"
#include "core/weir/host.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ERROR_LIMIT = 4096, CHUNK = 65536, WAIT_MS = 50 };

/* ---- Signals -------------------------------------------------------------------------------------------- */

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction before[G_N_ELEMENTS(deadly)];
static volatile sig_atomic_t interrupted; /* the signal, or 0 */

static void
on_signal(int number)
{
  interrupted = number;
}

/* Those that the caller handles or ignores stay as they are. */
void
harness_isolate_begin(void)
{
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  interrupted = 0;
  for (guint i = 0; i < G_N_ELEMENTS(deadly); i++)
    if (sigaction(deadly[i], NULL, &before[i]) == 0 && before[i].sa_handler == SIG_DFL)
      sigaction(deadly[i], &action, NULL);
}

gboolean
harness_isolate_interrupted(void)
{
  return interrupted != 0;
}

static void
restore_signals(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(deadly); i++)
    sigaction(deadly[i], &before[i], NULL);
}

void
harness_isolate_end(void)
{
  restore_signals();
  if (interrupted)
    raise(interrupted);
}

/* ---- The child ------------------------------------------------------------------------------------------ */

static void
on_crash(int number)
{
  weir_crash_report(number, STDERR_FILENO);
  signal(number, SIG_DFL);
  raise(number);
}

/* A stack that has overflowed cannot hold the handler's frame. */
static void
catch_crashes(void)
{
  static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  static char stack[65536];
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&other, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
    struct sigaction now, action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    /* What a sanitizer catches stays its own. */
    if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
      sigaction(numbers[i], &action, NULL);
  }
}

static void
be_child(HarnessWork work, gpointer data, int out, int errors)
{
  setpgid(0, 0);
  restore_signals();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  dup2(errors, STDERR_FILENO);
  catch_crashes();
  work(out, data);
  fflush(NULL);
  exit(0); /* and not _exit(): a leak checker looks now */
}

/* ---- The parent ----------------------------------------------------------------------------------------- */

static gboolean
drain_errors(int fd, GString *into)
{
  char bytes[CHUNK];
  gssize n = read(fd, bytes, sizeof bytes);
  if (n > 0)
    g_string_append_len(into, bytes, MIN(n, ERROR_LIMIT - (gssize)into->len));
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static gboolean
drain_out(int fd, HarnessHear hear, gpointer data)
{
  char bytes[CHUNK];
  gssize n = read(fd, bytes, sizeof bytes);
  if (n > 0 && hear)
    hear(bytes, (gsize)n, data);
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Until the child has ended and its pipes are empty, its time is over, or a signal wants all to end. What it has started
   may keep the pipes open; that ends with it. */
static void
listen_to(pid_t pid, int out, int errors, HarnessHear hear, gpointer data, const double *seconds,
          HarnessEnd *end)
{
  struct pollfd from[] = {{.fd = out, .events = POLLIN},
                          {.fd = errors, .events = POLLIN},
                          {.fd = weir_child_descriptor(pid), .events = POLLIN}};
  int descriptor = from[2].fd;
  gint64 last = g_get_monotonic_time();
  gboolean ended = FALSE;
  while (!interrupted) {
    int n = poll(from, G_N_ELEMENTS(from), ended ? 0 : WAIT_MS);
    if (n > 0 && from[0].revents) {
      last = ended ? last : g_get_monotonic_time();
      if (!drain_out(out, hear, data))
        from[0].fd = -1;
    }
    if (n > 0 && from[1].revents && !drain_errors(errors, end->errors))
      from[1].fd = -1;
    if (ended && n <= 0)
      break;
    if (!ended && weir_child_has_ended(pid)) {
      ended = TRUE;
      from[2].fd = -1;
      kill(-pid, SIGKILL);
    }
    if ((double)(g_get_monotonic_time() - last) / 1e6 > *seconds) {
      end->late = !ended;
      break;
    }
  }
  if (descriptor >= 0)
    close(descriptor);
}

static void
close_pipe(int ends[2])
{
  for (int i = 0; i < 2; i++)
    if (ends[i] >= 0)
      close(ends[i]);
}

gboolean
harness_isolate(HarnessWork work, HarnessHear hear, gpointer data, const double *seconds, HarnessEnd *end,
                GError **error)
{
  int out[2] = {-1, -1}, errors[2] = {-1, -1};
  pid_t pid = -1;
  memset(end, 0, sizeof *end);
  end->errors = g_string_new(NULL);
  fflush(NULL);
  if (pipe2(out, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0)
    pid = fork();
  if (pid == 0) {
    close(out[0]);
    close(errors[0]);
    be_child(work, data, out[1], errors[1]);
  }
  if (pid < 0) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED, "cannot start a child process: %s", g_strerror(errno));
    close_pipe(out);
    close_pipe(errors);
    return FALSE;
  }
  setpgid(pid, pid); /* the child does the same; whoever comes first */
  close(out[1]);
  close(errors[1]);
  out[1] = errors[1] = -1;
  listen_to(pid, out[0], errors[0], hear, data, seconds, end);
  kill(-pid, SIGKILL); /* the child, which is not reaped yet, and what it has started */
  while (waitpid(pid, &end->status, 0) < 0 && errno == EINTR)
    ;
  close_pipe(out);
  close_pipe(errors);
  return TRUE;
}

void
harness_end_clear(HarnessEnd *end)
{
  if (end->errors)
    g_string_free(end->errors, TRUE);
  end->errors = NULL;
}

char *
harness_end_reason(const HarnessEnd *end)
{
  GString *text = g_string_new(NULL);
  if (end->late)
    g_string_append(text, "did not come back in time and was stopped");
  else if (WIFSIGNALED(end->status))
    g_string_append_printf(text, "crashed (signal %d, %s)", WTERMSIG(end->status),
                           strsignal(WTERMSIG(end->status)));
  else if (WEXITSTATUS(end->status) == HARNESS_GIVEN_UP)
    g_string_append(text, "did not come back");
  else if (WEXITSTATUS(end->status))
    g_string_append_printf(text, "ended the process (exit code %d)", WEXITSTATUS(end->status));
  if (text->len && end->errors->len) {
    g_autofree char *valid = g_utf8_make_valid(end->errors->str, -1);
    g_string_append_printf(text, "\n%s", g_strstrip(valid));
  }
  return g_string_free(text, text->len == 0);
}
