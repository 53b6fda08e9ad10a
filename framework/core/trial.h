/* SPDX-License-Identifier: MIT */
/* Opens a plugin on trial in a child process, where nothing that its constructors do can harm the host. */
#ifndef WEIR_CORE_TRIAL_H
#define WEIR_CORE_TRIAL_H

#include <glib.h>

#define WEIR_TRIAL_SECONDS 10

/* FALSE: it crashed, left, hung, or the dynamic linker refused it; `error` says which. The
 * child writes to no stream of the host and runs none of its exit handlers. */
gboolean weir_trial_open(const char *file, GError **error);

#endif
