/* SPDX-License-Identifier: MIT */
/* Memory that a plugin takes by itself: its calls of malloc() and the like are counted, and can be made to fail. */
#ifndef WEIR_HARNESS_INTERPOSE_H
#define WEIR_HARNESS_INTERPOSE_H

#include <glib.h>

/* Redirect the calls that an opened shared object makes by itself (not those of the libraries that it uses), for the rest
   of the process's life. Returns how many functions it calls; 0: none, or it cannot be done here. */
guint harness_interpose(const char *file);
/* Let the `nth` call from now on fail, once; 0: none. */
void harness_interpose_fail(guint64 nth);
/* Calls that ask for memory so far. */
guint64 harness_interpose_calls(void);
/* Blocks, and bytes in them, that were taken and not given back. */
guint64 harness_interpose_live(guint64 *bytes);

#endif
