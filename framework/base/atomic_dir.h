/* SPDX-License-Identifier: MIT */
/* Writes a folder whole or not at all: filled under a temporary name beside it, then renamed. */
#ifndef WEIR_BASE_ATOMIC_DIR_H
#define WEIR_BASE_ATOMIC_DIR_H

#include "base/atomic_file.h"

G_BEGIN_DECLS

/* Belongs to one thread at a time. Flags and temporary names are those of atomic_file.h. */
typedef struct WeirAtomicDir WeirAtomicDir;

/* Makes the temporary folder. Where `path` exists it must be a folder (or a link to one, which stays), and be
 * empty unless WEIR_ATOMIC_REPLACE_FOLDER is given: a caller gives it only when it knows what it is about to
 * replace. */
WeirAtomicDir *weir_atomic_dir_open(const char *path, WeirAtomicFlags flags, GError **error);

const char *weir_atomic_dir_path(const WeirAtomicDir *dir);      /* as given */
const char *weir_atomic_dir_temporary(const WeirAtomicDir *dir); /* the folder to fill */

/* The path of a member of the temporary folder. Free with g_free. */
char *weir_atomic_dir_member(const WeirAtomicDir *dir, const char *name);

/* Syncs all files in it and makes the folder appear. An existing folder is exchanged in one step (renameat2;
 * two renames where the file system cannot) and removed. On failure nothing of the new folder is left and
 * the old one stands; only when the very last step fails, the sync of the folder above, the new one is in
 * place already. What cannot be removed of the old folder stays under its temporary name. */
gboolean weir_atomic_dir_commit(WeirAtomicDir *dir, GError **error);

/* Frees; what was not committed is removed. NULL is fine. */
void weir_atomic_dir_free(WeirAtomicDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirAtomicDir, weir_atomic_dir_free)

G_END_DECLS

#endif
