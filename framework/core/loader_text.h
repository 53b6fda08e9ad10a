/* SPDX-License-Identifier: MIT */
/* Wording of what the dynamic linker refuses. */
#ifndef WEIR_CORE_LOADER_TEXT_H
#define WEIR_CORE_LOADER_TEXT_H

#include <glib.h>

/* `reason` is dlerror()'s text; it is kept, and what to do is added. */
void weir_set_dlopen_error(GError **error, const char *file, const char *reason);

#endif
