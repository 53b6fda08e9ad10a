/* SPDX-License-Identifier: MIT */
/* Whether an address that was found in a plugin leads into a loaded object, so that it can be followed. */
#ifndef WEIR_CORE_MAPPED_H
#define WEIR_CORE_MAPPED_H

#include <glib.h>

typedef struct WeirMapped WeirMapped;

/* The segments of all loaded objects, as they are now. An `anchor` that lies in none of them (a descriptor
 * that a program made in its own memory) makes every address but NULL pass. */
WeirMapped *weir_mapped_new(gconstpointer anchor);
void weir_mapped_free(WeirMapped *mapped);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirMapped, weir_mapped_free)

/* Whether `size` bytes can be read there. */
gboolean weir_mapped_data(WeirMapped *mapped, gconstpointer at, gsize size);
/* Whether a string that ends within `limit` bytes stands there. */
gboolean weir_mapped_string(WeirMapped *mapped, const char *at, gsize limit);
/* Whether code stands there. */
gboolean weir_mapped_code(WeirMapped *mapped, gpointer at);

#endif
