/* SPDX-License-Identifier: MIT */
/* The flags of pipeline-inspect, and its help text. */
#ifndef WEIR_CLI_INSPECT_FLAGS_H
#define WEIR_CLI_INSPECT_FLAGS_H

#include "cli/arguments.h"

G_BEGIN_DECLS

enum {
  INSPECT_JSON = 1,
  INSPECT_SCHEMA,
  INSPECT_MAN,
  INSPECT_PATH,
  INSPECT_NEW,
  INSPECT_TEST,
  INSPECT_ONLY,
  INSPECT_SHOW,
  INSPECT_VERIFY,
  INSPECT_WITH,
  INSPECT_SECONDS,
  INSPECT_PLUGIN_PATH,
  INSPECT_UNSAFE_PLUGINS,
  INSPECT_VERSION,
  INSPECT_HELP,
  INSPECT_DESCRIBE,
};

extern const CliFlag cli_inspect_flags[];

/* --help. Free with g_free. */
char *cli_inspect_help(guint columns);

G_END_DECLS

#endif
