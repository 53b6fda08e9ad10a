/* SPDX-License-Identifier: MIT */
/* Standard output of the commands: see output.h. */
#include "cli/output.h"

#include "cli/console.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The real standard output; NULL: nothing was reserved. */
static FILE *reserved;

void
cli_output_reserve(void)
{
  int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  reserved = fd >= 0 ? fdopen(fd, "w") : NULL;
  if (!reserved) { /* it was closed: then all writes to it fail, and are reported */
    if (fd >= 0)
      close(fd);
    return;
  }
  if (dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
    return;
  /* Without standard error what they print goes nowhere, and the descriptor is not given to a file that is opened. */
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0 && nowhere != STDOUT_FILENO)
    dup2(nowhere, STDOUT_FILENO);
  if (nowhere > STDERR_FILENO)
    close(nowhere);
}

FILE *
cli_output_file(void)
{
  return reserved ? reserved : stdout;
}

int
cli_output(CliTerminal *terminal, const char *text)
{
  FILE *out = cli_output_file();
  gsize length = strlen(text);
  gboolean newline = length && text[length - 1] != '\n';
  errno = 0;
  if (fwrite(text, 1, length, out) == length && (!newline || putc('\n', out) != EOF) && fflush(out) == 0)
    return WEIR_EXIT_OK;
  g_autofree char *why = g_strdup_printf("cannot write standard output: %s", g_strerror(errno ? errno : EIO));
  cli_print_error(terminal, why);
  return WEIR_EXIT_FAILED;
}

guint
cli_output_columns(void)
{
  guint columns, rows;
  g_autoptr(CliTerminal) terminal = cli_terminal_new(fileno(cli_output_file()));
  cli_terminal_size(terminal, &columns, &rows);
  return columns ? CLAMP(columns, 40, 100) : 80;
}
