/* SPDX-License-Identifier: MIT */
/* Shows a run to a program: one JSON object a line on stdout (`--json`, described in pipeline-run(1)). */
#ifndef WEIR_CLI_JSON_LINES_H
#define WEIR_CLI_JSON_LINES_H

#include "cli/report.h"
#include <stdio.h>

G_BEGIN_DECLS

typedef struct CliJsonLines CliJsonLines;

CliJsonLines *cli_json_lines_new(FILE *out);
void cli_json_lines_free(CliJsonLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliJsonLines, cli_json_lines_free)

/* A WeirListener; the CliJsonLines is its data. When nobody reads any more, the run goes
 * on and what it says is dropped; when writing fails otherwise, it is cancelled. */
void cli_json_lines_on_message(WeirRun *run, const WeirMessage *message, gpointer lines);

/* The last lines: the error, if none was written yet, and the summary. `run` may be NULL. */
void cli_json_lines_finish(CliJsonLines *lines, WeirRun *run, int code, const GError *error);

/* The first failure to write, as an errno value; 0: none. */
int cli_json_lines_failed(const CliJsonLines *lines);

G_END_DECLS

#endif
