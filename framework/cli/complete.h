/* SPDX-License-Identifier: MIT */
/* What can come next on a command line: the words that the shells' completions show.
 *
 * The completion scripts call `PROGRAM --complete WORD...` with the words after the program's name up to the one that
 * is being written, which may be empty. Each line of the answer is a word that fits, a tab, and what it means; or
 * ":files" or ":folders": the shell shall offer those. Nothing fails: where nothing is known there is no line. */
#ifndef WEIR_CLI_COMPLETE_H
#define WEIR_CLI_COMPLETE_H

#include "cli/arguments.h"

G_BEGIN_DECLS

#define CLI_COMPLETE "--complete"

/* For pipeline-run: flags, the pipeline file, its parameters and their choices, stages and options after --set.
 * `words` has `n` words. Free with g_free. */
char *cli_complete_run(const CliFlag *flags, char **words, int n);
/* For pipeline-inspect: flags, plugins and stages. */
char *cli_complete_inspect(const CliFlag *flags, char **words, int n);

G_END_DECLS

#endif
