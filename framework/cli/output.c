/* SPDX-License-Identifier: MIT */
/* Standard output of the commands: see output.h. */
#include "cli/output.h"

#include "cli/console.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
cli_output(CliTerminal *terminal, const char *text)
{
  gsize length = strlen(text);
  gboolean newline = length && text[length - 1] != '\n';
  errno = 0;
  if (fwrite(text, 1, length, stdout) == length && (!newline || putchar('\n') != EOF) && fflush(stdout) == 0)
    return WEIR_EXIT_OK;
  g_autofree char *why = g_strdup_printf("cannot write standard output: %s", g_strerror(errno ? errno : EIO));
  cli_print_error(terminal, why);
  return WEIR_EXIT_FAILED;
}

guint
cli_output_columns(void)
{
  guint columns, rows;
  g_autoptr(CliTerminal) terminal = cli_terminal_new(STDOUT_FILENO);
  cli_terminal_size(terminal, &columns, &rows);
  return columns ? CLAMP(columns, 40, 100) : 80;
}
