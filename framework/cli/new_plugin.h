/* SPDX-License-Identifier: MIT */
/* pipeline-inspect --new: writes a plugin to begin with. */
#ifndef WEIR_CLI_NEW_PLUGIN_H
#define WEIR_CLI_NEW_PLUGIN_H

#include <glib.h>

G_BEGIN_DECLS

/* "transform", "source", "sink", NULL. */
extern const char *const cli_new_kinds[];

/* Writes the folder `name` in the working directory: source, Makefile, cases and a manual page. It must not be there.
 * The text that tells what to do next, or NULL and `error`; nothing is left then. g_free(). */
char *cli_new_plugin(const char *name, const char *kind, GError **error);

G_END_DECLS

#endif
