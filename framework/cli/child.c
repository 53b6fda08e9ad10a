/* SPDX-License-Identifier: MIT */
/* Runs this program again as a child: see child.h. */
#include "config.h"

#include "cli/child.h"

#include "base/child.h"
#include "base/error.h"
#include "cli/text.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ERROR_LIMIT = 4096, CHUNK = 65536, WAIT_MS = 20 };

extern char **environ;

void
cli_child_free(CliChild *child)
{
  if (!child)
    return;
  g_string_free(child->out, TRUE);
  g_string_free(child->errors, TRUE);
  g_free(child);
}

/* Start it with stdin from nowhere and both outputs into pipes. Returns an errno value. */
static int
start(const char *const *arguments, const int out[2], const int errors[2], pid_t *pid)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int result = posix_spawn_file_actions_init(&actions);
  if (result)
    return result;
  posix_spawnattr_init(&attributes); /* a group of its own: what it starts ends with it */
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  result = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!result)
    result = posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  if (!result)
    result = posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
  if (!result)
    result = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, (char *const *)arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return result;
}

/* Read what is there. FALSE: the pipe has ended. */
static gboolean
drain(int fd, GString *into, gsize limit, gboolean *beyond)
{
  char bytes[CHUNK];
  gssize n = read(fd, bytes, sizeof bytes);
  if (n < 0)
    return errno == EINTR || errno == EAGAIN;
  gsize room = limit - MIN(limit, into->len);
  g_string_append_len(into, bytes, (gssize)MIN((gsize)n, room));
  if (beyond && (gsize)n > room)
    *beyond = TRUE;
  return n > 0;
}

/* Read both pipes until the child has ended and they are empty, the time is over, or there is too much. Both can come
   first: a child may close its pipes and go on, and what it has started may keep them open; that ends with it. */
static void
collect(CliChild *child, pid_t pid, int out, int errors, gsize limit, double seconds)
{
  struct pollfd from[] = {{.fd = out, .events = POLLIN},
                          {.fd = errors, .events = POLLIN},
                          {.fd = weir_child_descriptor(pid), .events = POLLIN}};
  int descriptor = from[2].fd;
  gint64 end = g_get_monotonic_time() + (gint64)(seconds * 1e6);
  gboolean ended = FALSE;
  while (!child->large) {
    int n = poll(from, G_N_ELEMENTS(from), ended ? 0 : WAIT_MS);
    if (n > 0 && from[0].revents && !drain(out, child->out, limit, &child->large))
      from[0].fd = -1;
    if (n > 0 && from[1].revents && !drain(errors, child->errors, ERROR_LIMIT, NULL))
      from[1].fd = -1;
    if (ended && n <= 0)
      break;
    if (!ended && weir_child_has_ended(pid)) {
      ended = TRUE;
      from[2].fd = -1;
      kill(-pid, SIGKILL);
    }
    if (g_get_monotonic_time() > end) {
      child->late = !ended;
      break;
    }
  }
  if (descriptor >= 0)
    close(descriptor);
}

CliChild *
cli_child_run(const char *const *arguments, gsize out_limit, double seconds, GError **error)
{
  int out[2] = {-1, -1}, errors[2] = {-1, -1}, problem = 0;
  pid_t pid = -1;
  CliChild *child = NULL;
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0)
    problem = errno;
  if (!problem)
    problem = start(arguments, out, errors, &pid);
  if (out[1] >= 0)
    close(out[1]);
  if (errors[1] >= 0)
    close(errors[1]);
  if (problem) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED, "cannot start a child process: %s",
                g_strerror(problem));
  } else {
    child = g_new0(CliChild, 1);
    child->out = g_string_new(NULL);
    child->errors = g_string_new(NULL);
    collect(child, pid, out[0], errors[0], out_limit, seconds);
    kill(-pid, SIGKILL); /* the child, which is not reaped yet, and what it has started */
    while (waitpid(pid, &child->status, 0) < 0 && errno == EINTR)
      ;
  }
  if (out[0] >= 0)
    close(out[0]);
  if (errors[0] >= 0)
    close(errors[0]);
  return child;
}

char *
cli_child_failure(const CliChild *child)
{
  GString *text = g_string_new(NULL);
  if (child->late)
    g_string_append(text, "did not come back in time and was stopped");
  else if (child->large)
    g_string_append(text, "says more of itself than fits");
  else if (WIFSIGNALED(child->status))
    g_string_append_printf(text, "crashed while it was opened (signal %d, %s)", WTERMSIG(child->status),
                           strsignal(WTERMSIG(child->status)));
  else if (WEXITSTATUS(child->status))
    g_string_append_printf(text, "ended this program while it was opened (status %d)",
                           WEXITSTATUS(child->status));
  if (text->len && child->errors->len) {
    g_autofree char *clean = cli_text_clean(child->errors->str, TRUE);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(clean), "\n", 9);
    for (guint i = 0; i < 8 && lines[i]; i++)
      g_string_append_printf(text, "\n  %s", lines[i]);
  }
  return g_string_free(text, text->len == 0);
}
