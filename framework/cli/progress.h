/* SPDX-License-Identifier: MIT */
/* Turns the figures of a run's stages into the lines of the live display. Knows no terminal. */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H

#include "cli/text.h"
#include <weir/host.h>

G_BEGIN_DECLS

/* Remembers figures from call to call, for rates and remaining times. */
typedef struct CliProgress CliProgress;
CliProgress *cli_progress_new(void);
void cli_progress_free(CliProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliProgress, cli_progress_free)

/* A line a stage, at most `rows` lines of `columns` display columns, none of which ends with a newline; the
 * last line is about the run. Where there are more stages than rows, those that work come first. `elapsed`
 * is in seconds since the run began; `note` (NULL: none) stands at the end of the last line. */
GPtrArray *cli_progress_lines(CliProgress *progress, const WeirStageStats *stats, guint n, double elapsed,
                              guint columns, guint rows, const char *note, const CliStyle *style);

/* What a stage has handled: records that came in, or for a source those that went out. */
guint64 cli_progress_records(const WeirStageStats *stage);

G_END_DECLS

#endif
