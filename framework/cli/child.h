/* SPDX-License-Identifier: MIT */
/* Runs this program again as a child, and reads what it prints, within limits of size and time. */
#ifndef WEIR_CLI_CHILD_H
#define WEIR_CLI_CHILD_H

#include <glib.h>

G_BEGIN_DECLS

/* What a child left behind. */
typedef struct CliChild {
  GString *out;    /* stdout */
  GString *errors; /* stderr, its beginning */
  int status;      /* as waitpid() gives it */
  gboolean late;   /* it was killed because it took too long */
  gboolean large;  /* it was killed because it printed too much */
} CliChild;

/* Start /proc/self/exe with `arguments` (NULL at the end; the first is the name) and wait for it. At most
 * `out_limit` bytes and `seconds`. NULL: it could not be started. */
CliChild *cli_child_run(const char *const *arguments, gsize out_limit, double seconds, GError **error);
void cli_child_free(CliChild *child);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliChild, cli_child_free)

/* Why the child did not do its work, as the end of a sentence; NULL: it ended with status 0. Free with
 * g_free. */
char *cli_child_failure(const CliChild *child);

G_END_DECLS

#endif
