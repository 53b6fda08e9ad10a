/* SPDX-License-Identifier: MIT */
/* The flags of pipeline-run, and its usage and help texts. */
#ifndef WEIR_CLI_RUN_FLAGS_H
#define WEIR_CLI_RUN_FLAGS_H

#include "cli/arguments.h"

G_BEGIN_DECLS

enum {
  RUN_SET = 1,
  RUN_CONFIG,
  RUN_CHECK,
  RUN_GRAPH,
  RUN_PLAN,
  RUN_JOBS,
  RUN_MEMORY,
  RUN_MAX_RECORD,
  RUN_ON_ERROR,
  RUN_MAX_REJECTS,
  RUN_METRICS,
  RUN_DIR,
  RUN_RESUME,
  RUN_FORCE,
  RUN_STORE,
  RUN_GC,
  RUN_PLUGIN_PATH,
  RUN_UNSAFE_PLUGINS,
  RUN_QUIET,
  RUN_JSON,
  RUN_VERSION,
  RUN_HELP,
};

extern const CliFlag cli_run_flags[];

/* Two lines, for who gave no file. */
extern const char cli_run_usage[];

/* --help without a file, and with one. Free with g_free. */
char *cli_run_help(guint columns);
char *cli_run_help_for(WeirRun *run, const char *file, guint columns);

G_END_DECLS

#endif
