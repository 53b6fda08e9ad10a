/* SPDX-License-Identifier: MIT */
/* What atomic files and atomic folders share: targets, temporary names, syncing. */
#ifndef WEIR_BASE_ATOMIC_PRIVATE_H
#define WEIR_BASE_ATOMIC_PRIVATE_H

#include "base/atomic_file.h"

G_BEGIN_DECLS

/* The path that a rename has to replace: links are followed to where they lead, also where nothing is there
 * yet. NULL and an error for an empty path, or a ring of links. */
char *weir_atomic_target(const char *path, GError **error);

/* A fresh `.NAME.XXXXXX.tmp` beside `target`; another one on every call. */
char *weir_atomic_temporary_name(const char *target);

/* Whether a file name has that shape. */
gboolean weir_atomic_is_temporary(const char *name);

/* Makes the folder above `target` (with the flag), or says that it is missing. */
gboolean weir_atomic_check_parent(const char *target, const char *path, WeirAtomicFlags flags,
                                  GError **error);

/* Makes renames in the folder that holds `target` last. `path` is what the user calls it. */
gboolean weir_atomic_sync_parent(const char *target, const char *path, GError **error);

/* rename that fails with EEXIST where `to` exists. */
int weir_atomic_rename_new(const char *from, const char *to);

/* fsync, where file systems that have none are content. 0, or -1 and errno. */
int weir_atomic_fsync(int descriptor);

G_END_DECLS

#endif
