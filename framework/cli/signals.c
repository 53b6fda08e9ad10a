/* SPDX-License-Identifier: MIT */
/* Signals of a run: see signals.h. */
#include "cli/signals.h"

#include "cli/terminal.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic(WeirRun *) the_run;
static volatile sig_atomic_t n_signals;
static volatile sig_atomic_t is_announced;
static volatile sig_atomic_t is_terminal; /* stderr */

static void
on_cancel(int number)
{
  static const char text[] = "pipeline-run: " CLI_CANCELLING "\n";
  int saved = errno;
  (void)number;
  if (n_signals++) {
    cli_terminal_restore();
    if (is_terminal && write(STDERR_FILENO, "\n", 1) < 0) /* the terminal has written ^C into the line */
      is_terminal = 0;
    _exit(WEIR_EXIT_INTERRUPTED);
  }
  WeirRun *run = atomic_load(&the_run);
  if (run)
    weir_run_cancel(run);
  if (is_announced && write(STDERR_FILENO, text, sizeof text - 1) < 0)
    is_announced = 0;
  errno = saved;
}

/* Crashes: give the cursor back, name the stage, then let the signal have its way. */
static void
on_crash(int number)
{
  cli_terminal_restore();
  weir_crash_report(number, STDERR_FILENO);
  signal(number, SIG_DFL);
  raise(number);
}

/* A stage has called exit(): the run is not done, and must not look as if it were. */
static void
on_exit_in_stage(void)
{
  if (!weir_crash_is_in_stage())
    return;
  cli_terminal_restore();
  weir_crash_report(0, STDERR_FILENO);
  _exit(WEIR_EXIT_FAILED);
}

/* Ctrl-Z: the next frame takes the cursor again. */
static void
on_stop(int number)
{
  int saved = errno;
  (void)number;
  cli_terminal_restore();
  raise(SIGSTOP);
  errno = saved;
}

static void
handle(int number, void (*handler)(int), int flags)
{
  struct sigaction now, action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  /* What the caller ignores (nohup) stays ignored; what a sanitizer catches stays its own. */
  if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
    sigaction(number, &action, NULL);
}

void
cli_signals_tell_crashes(void)
{
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (guint i = 0; i < G_N_ELEMENTS(crashes); i++)
    handle(crashes[i], on_crash, SA_ONSTACK);
  atexit(on_exit_in_stage);
}

void
cli_signals_install(WeirRun *run, gboolean announce)
{
  atomic_store(&the_run, run);
  is_announced = announce;
  is_terminal = isatty(STDERR_FILENO);
  handle(SIGINT, on_cancel, SA_RESTART);
  handle(SIGTERM, on_cancel, SA_RESTART);
  handle(SIGHUP, on_cancel, SA_RESTART);
  handle(SIGTSTP, on_stop, SA_RESTART);
  /* What cannot be written any more is an error of the write, not the end of the process. */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  /* How a program ended that a stage started is only known while nobody says to forget it. */
  signal(SIGCHLD, SIG_DFL);
}

void
cli_signals_forget(void)
{
  atomic_store(&the_run, NULL);
}

gboolean
cli_signals_cancelled(void)
{
  return n_signals > 0;
}
