/* SPDX-License-Identifier: MIT */
/* Looks whether a child process has ended, and waits for it beside other things. */
#ifndef WEIR_BASE_CHILD_H
#define WEIR_BASE_CHILD_H

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* A descriptor that poll() finds readable once the child has ended; -1 where the system has none: poll() passes over it,
 * and weir_child_has_ended() has to be asked from time to time. */
int weir_child_descriptor(pid_t pid);

/* Whether a child has ended. It is left to waitpid(), and keeps its number until then. */
gboolean weir_child_has_ended(pid_t pid);

G_END_DECLS

#endif
