/* SPDX-License-Identifier: MIT */
/* Shows a run to a person: the live display on a terminal, plain lines elsewhere, the closing table. */
#ifndef WEIR_CLI_CONSOLE_H
#define WEIR_CLI_CONSOLE_H

#include "cli/report.h"
#include "cli/terminal.h"

G_BEGIN_DECLS

typedef struct CliConsole CliConsole;

/* On `terminal`, which must outlive it. `quiet`: only errors. */
CliConsole *cli_console_new(CliTerminal *terminal, gboolean quiet);
void cli_console_free(CliConsole *console);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliConsole, cli_console_free)

/* A WeirListener; `console` is its data. */
void cli_console_on_message(WeirRun *run, const WeirMessage *message, gpointer console);

/* After the run: its error, if it was not shown yet, and the closing table. */
void cli_console_finish(CliConsole *console, WeirRun *run, int code, const GError *error);

/* Print an error, once, in the way of all Weir programs. */
void cli_print_error(CliTerminal *terminal, const char *text);

G_END_DECLS

#endif
