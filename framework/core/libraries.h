/* SPDX-License-Identifier: MIT */
/* Which code is loaded: shared objects by their build ids, each with all that it needs. */
#ifndef WEIR_CORE_LIBRARIES_H
#define WEIR_CORE_LIBRARIES_H

#include "base/digest.h"

/* What the process has loaded now. Belongs to one thread. */
typedef struct WeirLibraries WeirLibraries;

WeirLibraries *weir_libraries_new(void);
void weir_libraries_free(WeirLibraries *libraries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirLibraries, weir_libraries_free)

/* Add to a digest the names and build ids of what the object that holds `address` needs (DT_NEEDED, and what that needs
   in turn), and with `itself` its own. An object without a build id counts by the digest of its file. Independent of the
   order in which things were loaded, and of where they lie. */
void weir_libraries_add(const WeirLibraries *libraries, gconstpointer address, gboolean itself,
                        WeirDigest *digest);

#endif
