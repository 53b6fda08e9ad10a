/* SPDX-License-Identifier: MIT */
/* Describes one plugin as JSON: all that its descriptor says, for the parent process and for --json. */
#ifndef WEIR_CLI_DESCRIBE_H
#define WEIR_CLI_DESCRIBE_H

#include <weir/host.h>

G_BEGIN_DECLS

/* One line of JSON. Free with g_free. */
char *cli_describe(const WeirPlugin *plugin);

/* What the child process does: opens `file` and writes to stdout its description, or {"error": "…"}. What
 * the plugin itself may write to stdout goes nowhere. Returns the exit code. */
int cli_describe_main(const char *file, gboolean allow_unsafe);

/* The range of an option as a sentence's part: "2 to 9", "at least 1 KiB", "one of: a, b"; NULL: none. Free
 * with g_free. */
char *cli_option_range(const weir_option *option);

G_END_DECLS

#endif
