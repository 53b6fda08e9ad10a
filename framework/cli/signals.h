/* SPDX-License-Identifier: MIT */
/* What signals do to a run: the first Ctrl-C cancels it, the second ends the program. */
#ifndef WEIR_CLI_SIGNALS_H
#define WEIR_CLI_SIGNALS_H

#include <weir/host.h>

G_BEGIN_DECLS

/* From now on the program says so when it crashes, or a stage calls exit(), with the stage that it was in, and gives the cursor back. The first
 * thing to do: libraries may crash when they begin, without memory say. */
void cli_signals_tell_crashes(void);
/* From now on SIGINT, SIGTERM and SIGHUP cancel `run`, and end the program with status 130 when one of them
 * comes again (on a terminal the line is ended then); SIGPIPE is ignored, so that a write to a closed pipe fails with
 * EPIPE; the cursor is given back when the program stops. With `announce` the first signal says so on stderr; without it the
 * caller does, looking at cli_signals_cancelled(). `run` must live until cli_signals_forget(). */
void cli_signals_install(WeirRun *run, gboolean announce);
void cli_signals_forget(void);
/* Whether a signal asked the run to stop. */
gboolean cli_signals_cancelled(void);

#define CLI_CANCELLING "cancelling; again to stop at once"

G_END_DECLS

#endif
