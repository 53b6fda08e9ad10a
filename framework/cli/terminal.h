/* SPDX-License-Identifier: MIT */
/* A terminal with a block of lines at its end that is redrawn in place, and text that scrolls above it. */
#ifndef WEIR_CLI_TERMINAL_H
#define WEIR_CLI_TERMINAL_H

#include "cli/text.h"

G_BEGIN_DECLS

/* Belongs to one thread. */
typedef struct CliTerminal CliTerminal;

/* For descriptor `fd`, which stays the caller's. It is live where it is a terminal that understands cursor
 * movement (TERM is not "dumb"); it has colour where it is live and NO_COLOR is not set
 * (https://no-color.org). Call after setlocale(). */
CliTerminal *cli_terminal_new(int fd);
/* Takes the block away and gives the cursor back. */
void cli_terminal_free(CliTerminal *terminal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliTerminal, cli_terminal_free)

const CliStyle *cli_terminal_style(const CliTerminal *terminal);
gboolean cli_terminal_is_live(const CliTerminal *terminal);

/* Display columns and rows; 0 and 0 where it is no terminal. Asked of the terminal each time. */
void cli_terminal_size(const CliTerminal *terminal, guint *columns, guint *rows);

/* Print text, above the block if there is one. A newline is added where it has none at its end. */
void cli_terminal_print(CliTerminal *terminal, const char *text);

/* Draw the block anew: `lines` (of char *, each narrower than the terminal) replace what stood there. Only on
 * a live terminal. */
void cli_terminal_draw(CliTerminal *terminal, const GPtrArray *lines);
/* Take the block away. */
void cli_terminal_clear(CliTerminal *terminal);

/* What moves the cursor from below a block to its first line, and clears from there on: `widths` are the
 * columns of its lines as drawn, `columns` the terminal's now. Lines that a narrower terminal has broken
 * count as many. */
void cli_terminal_append_up(GString *out, const GArray *widths, guint columns);

/* Give the cursor back; safe in a signal handler. Does nothing where it was not taken. */
void cli_terminal_restore(void);

G_END_DECLS

#endif
