/* SPDX-License-Identifier: MIT */
/* Writes a file whole or not at all: temporary name beside it, fsync, rename, fsync of the folder. */
#ifndef WEIR_BASE_ATOMIC_FILE_H
#define WEIR_BASE_ATOMIC_FILE_H

#include <glib.h>

G_BEGIN_DECLS

/* Belongs to one thread at a time.
 *
 * The temporary name is `.NAME.XXXXXX.tmp`. It is held under flock, so that weir_atomic_sweep can tell a
 * leftover of a killed process from a file that is being written.
 *
 * A link is followed: the file that it names is replaced, the link stays. An existing file keeps its
 * permissions; one that the caller may not write to is refused, though rename could replace it. Devices,
 * pipes and sockets, and /dev/stdout, /dev/stderr and /dev/fd/N whatever they lead to, are written directly:
 * what was written there cannot be taken back. A folder is refused. */
typedef struct WeirAtomicFile WeirAtomicFile;

typedef enum {
  WEIR_ATOMIC_DEFAULT = 0,
  WEIR_ATOMIC_MAKE_PARENTS = 1 << 0, /* make the folders above that are missing */
  WEIR_ATOMIC_NO_REPLACE =
      1 << 1, /* refuse where something of that name exists, also when it appears meanwhile */
  WEIR_ATOMIC_NO_SYNC = 1 << 2, /* whole against a killed process, but not against a power cut: for caches */
  WEIR_ATOMIC_REPLACE_FOLDER = 1 << 3, /* weir_atomic_dir_commit may replace a folder that is not empty */
} WeirAtomicFlags;

WeirAtomicFile *weir_atomic_file_open(const char *path, WeirAtomicFlags flags, GError **error);

/* All of these are buffered. The first failure stays: every later write, and the commit, returns FALSE with
 * that same error. So pass an error to each write, or NULL to all of them and look at the commit. */
gboolean weir_atomic_file_write(WeirAtomicFile *file, const void *data, gsize size, GError **error);
gboolean weir_atomic_file_printf(WeirAtomicFile *file, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* For writers that format in place: room for `size` bytes (at most WEIR_ATOMIC_RESERVE), of which `used` are
 * then taken. The pointer is valid until the next call on the file. NULL after a failure. */
#define WEIR_ATOMIC_RESERVE (1u << 20)
char *weir_atomic_file_reserve(WeirAtomicFile *file, gsize size, GError **error);
void weir_atomic_file_advance(WeirAtomicFile *file, gsize used);

guint64 weir_atomic_file_tell(
    const WeirAtomicFile *file); /* bytes written so far, the buffered ones included */
const char *weir_atomic_file_path(const WeirAtomicFile *file); /* as given */

/* For those who write through a descriptor, as libarchive does: empties the buffer and returns the
 * descriptor, which stays the file's. -1 after a failure. */
int weir_atomic_file_descriptor(WeirAtomicFile *file, GError **error);

/* Makes the file appear. On failure nothing of it is left. Once, and nothing but weir_atomic_file_free after
 * it. */
gboolean weir_atomic_file_commit(WeirAtomicFile *file, GError **error);

/* Frees; what was not committed is removed. NULL is fine. */
void weir_atomic_file_free(WeirAtomicFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirAtomicFile, weir_atomic_file_free)

/* Open, write and commit in one. `size` may be -1 for a NUL-terminated text. */
gboolean weir_atomic_write(const char *path, const void *data, gssize size, WeirAtomicFlags flags,
                           GError **error);

/* From now on nothing waits for the disk, as if all had WEIR_ATOMIC_NO_SYNC: for a process whose files are gone with it, such
 * as a test. */
void weir_atomic_never_sync(void);

/* Removes from a folder what killed processes left there: `.NAME.XXXXXX.tmp` files and folders that nobody
 * holds. Returns how many were removed; -1 and an error where the folder cannot be read. A missing folder
 * counts as empty. */
int weir_atomic_sweep(const char *folder, GError **error);
/* The same, but only what was to become `path`. */
int weir_atomic_sweep_of(const char *path, GError **error);

G_END_DECLS

#endif
