/* SPDX-License-Identifier: MIT */
/* Standard output of the commands: answers that are whole, or an error that says why not. */
#ifndef WEIR_CLI_OUTPUT_H
#define WEIR_CLI_OUTPUT_H

#include "cli/terminal.h"
#include <stdio.h>

G_BEGIN_DECLS

/* Keep standard output for what the command itself says: from now on descriptor 1 leads to standard error, so that what
 * plugins and their libraries print stands there. Call once, first of all. */
void cli_output_reserve(void);
/* Where the command writes: what was standard output when the program began. */
FILE *cli_output_file(void);

/* Write `text` and a newline where it ends without one. Returns the exit code: WEIR_EXIT_FAILED, with the
 * reason on `terminal`, where it cannot be written. */
int cli_output(CliTerminal *terminal, const char *text);

/* Columns for help and tables on standard output: the terminal's, at most 100; 80 elsewhere. */
guint cli_output_columns(void);

G_END_DECLS

#endif
