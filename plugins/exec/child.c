/* SPDX-License-Identifier: MIT */
/* Programs beside the stage: posix_spawn, pipes that are never waited for, and an end that leaves nothing behind. */
#include "config.h"

#include "child.h"

#include "base/error.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK       ((gsize)64 << 10)
#define KEPT_ERRORS 4096 /* bytes of standard error, for the report of a failure */
#define SHOWN_LINES 8    /* of it */
#define LONG_WORDS  300  /* bytes of such a line, its end */
#define LONG_LINE   2048 /* a line of standard error that is longer is told in parts */

void
exec_child_init(ExecChild *child)
{
  *child = (ExecChild){.to = -1, .from = -1, .said = -1};
  child->input = g_string_new(NULL);
  child->output = g_string_new(NULL);
  child->errors = g_string_new(NULL);
  child->error_line = g_string_new(NULL);
}

static void
close_one(int *descriptor)
{
  if (*descriptor >= 0)
    close(*descriptor);
  *descriptor = -1;
}

static void
close_all(ExecChild *child)
{
  close_one(&child->to);
  close_one(&child->from);
  close_one(&child->said);
}

void
exec_child_clear(ExecChild *child)
{
  exec_child_kill(child, 0);
  g_string_free(child->input, TRUE);
  g_string_free(child->output, TRUE);
  g_string_free(child->errors, TRUE);
  g_string_free(child->error_line, TRUE);
}

/* ---- Starting -------------------------------------------------------------------------------------------- */

/* Signals that this process may have set otherwise are the program's own again. */
static void
reset_signals(posix_spawnattr_t *attributes)
{
  static const int numbers[] = {SIGPIPE, SIGINT,  SIGQUIT, SIGTERM, SIGHUP,
                                SIGCHLD, SIGUSR1, SIGUSR2, SIGXFSZ};
  sigset_t defaults, none;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
    sigaddset(&defaults, numbers[i]);
  posix_spawnattr_setsigdefault(attributes, &defaults);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setpgroup(attributes, 0);
  posix_spawnattr_setflags(attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/* 0 or an errno. `ends` are the program's: input, output, error. */
static int
spawn(pid_t *pid, const ExecProgram *program, const int ends[3])
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  reset_signals(&attributes);
  int failed = 0;
  for (int i = 0; i < 3 && !failed; i++)
    failed = posix_spawn_file_actions_adddup2(&actions, ends[i], i);
  if (!failed)
    failed = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (!failed && program->folder)
    failed = posix_spawn_file_actions_addchdir_np(&actions, program->folder);
  if (!failed)
    failed = posix_spawn(pid, program->path, &actions, &attributes, (char *const *)program->argv,
                         (char *const *)program->envp);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

/* Descriptors beyond the first three, so that none is overwritten by another on the way. */
static gboolean
make_pipe(int pipe_ends[2])
{
  if (pipe2(pipe_ends, O_CLOEXEC) != 0)
    return FALSE;
  for (int i = 0; i < 2; i++) {
    if (pipe_ends[i] > 2)
      continue;
    int moved = fcntl(pipe_ends[i], F_DUPFD_CLOEXEC, 3);
    close_one(&pipe_ends[i]);
    pipe_ends[i] = moved;
  }
  if (pipe_ends[0] >= 0 && pipe_ends[1] >= 0)
    return TRUE;
  close_one(&pipe_ends[0]);
  close_one(&pipe_ends[1]);
  return FALSE;
}

static void
begin_anew(ExecChild *child)
{
  g_string_truncate(child->input, 0);
  g_string_truncate(child->output, 0);
  g_string_truncate(child->errors, 0);
  g_string_truncate(child->error_line, 0);
  child->written = child->taken = 0;
  child->output_ended = child->ended = child->deaf = false;
  child->status = 0;
}

gboolean
exec_child_start(ExecChild *child, const ExecProgram *program, GError **error)
{
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
  g_autofree char *path = weir_quote_path(program->path);
  begin_anew(child);
  gboolean fine = make_pipe(in) && make_pipe(out) && make_pipe(err);
  int failed = fine ? spawn(&child->pid, program, (int[]){in[0], out[1], err[1]}) : errno;
  close_one(&in[0]);
  close_one(&out[1]);
  close_one(&err[1]);
  child->to = in[1];
  child->from = out[0];
  child->said = err[0];
  if (failed) {
    child->pid = 0;
    close_all(child);
    weir_set_io_error(error, failed, "start", program->path);
    if (failed == ENOENT)
      g_prefix_error(error, "its interpreter (the first line, \"#!…\") or its folder is missing: ");
    return FALSE;
  }
  int ours[] = {child->to, child->from, child->said};
  for (gsize i = 0; i < G_N_ELEMENTS(ours); i++)
    fcntl(ours[i], F_SETFL, fcntl(ours[i], F_GETFL) | O_NONBLOCK);
  return TRUE;
}

/* ---- Writing --------------------------------------------------------------------------------------------- */

/* write() without SIGPIPE, whatever this process does about that: it is held back in this thread, and taken. */
static ssize_t
write_quietly(int descriptor, const char *data, gsize size)
{
  sigset_t pipe_signal, before, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  gboolean was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  ssize_t n;
  do
    n = write(descriptor, data, size);
  while (n < 0 && errno == EINTR);
  int saved = errno;
  if (n < 0 && saved == EPIPE && !was_pending) {
    const struct timespec at_once = {0, 0};
    while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
      ;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = saved;
  return n;
}

void
exec_child_write(ExecChild *child)
{
  while (child->to >= 0 && child->written < child->input->len) {
    ssize_t n =
        write_quietly(child->to, child->input->str + child->written, child->input->len - child->written);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return;
    if (n < 0) {
      child->deaf = true;
      close_one(&child->to);
      return;
    }
    child->written += (gsize)n;
  }
  if (child->written == child->input->len) {
    g_string_truncate(child->input, 0);
    child->written = 0;
  } else if (child->written > BLOCK) {
    g_string_erase(child->input, 0, (gssize)child->written);
    child->written = 0;
  }
}

void
exec_child_close_input(ExecChild *child)
{
  if (child->written == child->input->len)
    close_one(&child->to);
}

/* ---- Reading --------------------------------------------------------------------------------------------- */

static void
keep_errors(ExecChild *child, const char *data, gsize size)
{
  child->error_bytes += size;
  g_string_append_len(child->errors, data, (gssize)size);
  if (child->errors->len > KEPT_ERRORS)
    g_string_erase(child->errors, 0, (gssize)(child->errors->len - KEPT_ERRORS));
}

static void
tell_line(GString *line, void (*on_line)(const char *, gpointer), gpointer data)
{
  g_autofree char *text = g_utf8_make_valid(line->str, (gssize)line->len);
  if (on_line && *text)
    on_line(text, data);
  g_string_truncate(line, 0);
}

/* What it says: never more than a little of it is kept. */
static void
read_errors(ExecChild *child, void (*on_line)(const char *, gpointer), gpointer data)
{
  char block[4096];
  for (guint i = 0; i < 64 && child->said >= 0;
       i++) { /* one that never stops must not keep us from the rest */
    ssize_t n = read(child->said, block, sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return;
    if (n <= 0) {
      close_one(&child->said);
      tell_line(child->error_line, on_line, data);
      return;
    }
    keep_errors(child, block, (gsize)n);
    for (ssize_t k = 0; k < n; k++) {
      if (block[k] != '\n')
        g_string_append_c(child->error_line, block[k]);
      if (block[k] == '\n' || child->error_line->len >= LONG_LINE)
        tell_line(child->error_line, on_line, data);
    }
  }
}

static void
drop_taken(ExecChild *child)
{
  if (child->taken == child->output->len)
    g_string_truncate(child->output, 0);
  else if (child->taken > BLOCK)
    g_string_erase(child->output, 0, (gssize)child->taken);
  else
    return;
  child->taken = 0;
}

/* FALSE: there is no more now. */
static gboolean
read_block(ExecChild *child)
{
  gsize before = child->output->len;
  g_string_set_size(child->output, before + BLOCK);
  ssize_t n;
  do
    n = read(child->from, child->output->str + before, BLOCK);
  while (n < 0 && errno == EINTR);
  int failed = n < 0 ? errno : 0;
  g_string_set_size(child->output, before + (gsize)MAX(n, 0));
  if (n == 0 || (failed && failed != EAGAIN && failed != EWOULDBLOCK)) {
    child->output_ended = true;
    close_one(&child->from);
  }
  return n > 0;
}

/* Whether it has ended; it stays a zombie, so that its group keeps its number. */
static void
look(ExecChild *child)
{
  siginfo_t info = {0};
  if (!child->pid || child->ended)
    return;
  if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
    child->ended = info.si_pid == child->pid;
  else /* where SIGCHLD is ignored, as who started us may have said, the system has buried it itself */
    child->ended = errno == ECHILD;
}

/* It has ended, and all that it wrote is read: so have those that it started, which may hold its output open. */
static void
reap(ExecChild *child)
{
  kill(-child->pid, SIGKILL);
  while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
    ;
  child->pid = 0;
  child->output_ended = true;
  close_all(child);
}

void
exec_child_read(ExecChild *child, gsize most, void (*on_line)(const char *line, gpointer data), gpointer data)
{
  look(child); /* before reading: what comes after that is of somebody else */
  drop_taken(child);
  bool dry = child->from < 0;
  while (!dry && child->output->len - child->taken < most)
    dry = !read_block(child);
  read_errors(child, on_line, data);
  if (child->ended && child->pid && dry)
    reap(child);
}

void
exec_child_wait(ExecChild *child, double seconds)
{
  gint64 until = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
  look(child);
  while (child->pid && !child->ended && g_get_monotonic_time() < until) {
    read_errors(child, NULL, NULL);
    g_usleep(1000);
    look(child);
  }
  if (child->pid && child->ended) {
    read_errors(child, NULL, NULL);
    reap(child);
  }
}

/* ---- Ending ---------------------------------------------------------------------------------------------- */

void
exec_child_kill(ExecChild *child, double grace)
{
  gint64 until = g_get_monotonic_time() + (gint64)(grace * G_USEC_PER_SEC);
  close_one(&child->to);
  close_one(&child->from); /* who still writes to it is told so */
  if (!child->pid) {
    close_all(child);
    return;
  }
  kill(-child->pid, SIGTERM);
  look(child);
  while (!child->ended && g_get_monotonic_time() < until) {
    read_errors(child, NULL, NULL);
    g_usleep(2000);
    look(child);
  }
  kill(-child->pid, SIGKILL);
  child->ended = true;
  reap(child);
}

char *
exec_child_last_words(const ExecChild *child)
{
  g_autofree char *text = g_utf8_make_valid(child->errors->str, (gssize)child->errors->len);
  g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
  guint n = g_strv_length(lines);
  GString *out = g_string_new(NULL);
  for (guint i = n > SHOWN_LINES ? n - SHOWN_LINES : 0; i < n; i++)
    if (*g_strchomp(lines[i])) {
      const char *end = lines[i] + strlen(lines[i]);
      const char *shown = g_utf8_find_prev_char(lines[i], end - MIN((gsize)(end - lines[i]), LONG_WORDS) + 1);
      g_string_append_printf(out, "\n  it said: %s%s", shown == lines[i] ? "" : "…", shown);
    }
  return g_string_free(out, FALSE);
}

char *
exec_child_ending(const ExecChild *child)
{
  g_autofree char *words = exec_child_last_words(child);
  if (child->pid)
    return g_strconcat("closed its output", words, NULL);
  if (WIFSIGNALED(child->status))
    return g_strdup_printf("was killed by signal %d (%s)%s", WTERMSIG(child->status),
                           strsignal(WTERMSIG(child->status)), words);
  return g_strdup_printf("ended with exit status %d%s", WEXITSTATUS(child->status), words);
}
