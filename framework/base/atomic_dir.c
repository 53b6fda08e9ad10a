/* SPDX-License-Identifier: MIT */
/* Writes a folder whole or not at all: filled under a temporary name beside it, then renamed. */
#include "config.h"

#include "base/atomic_dir.h"

#include "base/atomic_private.h"
#include "base/error.h"
#include "base/files.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ATTEMPTS 100 /* at a temporary name that nobody has */

struct WeirAtomicDir {
  char *path;
  char *target;
  char *temporary; /* NULL: committed or failed */
  WeirAtomicFlags flags;
  int descriptor; /* holds the lock */
};

/* --- Opening --- */

static gboolean
is_empty(const char *path)
{
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  return dir != NULL && g_dir_read_name(dir) == NULL;
}

static gboolean
refuse(const char *path, const char *why, GError **error)
{
  g_autofree char *quoted = weir_quote_path(path);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "cannot write the folder %s: %s", quoted, why);
  return FALSE;
}

/* Whether what stands at the target may be replaced. */
static gboolean
check_target(const WeirAtomicDir *dir, GError **error)
{
  struct stat status;

  if (lstat(dir->target, &status) != 0) {
    if (errno == ENOENT)
      return TRUE;
    weir_set_io_error(error, errno, "write the folder", dir->path);
    return FALSE;
  }
  if (!S_ISDIR(status.st_mode))
    return refuse(dir->path, "there is a file of that name; remove it or choose another name", error);
  if ((dir->flags & WEIR_ATOMIC_NO_REPLACE) != 0)
    return refuse(dir->path, "it exists already; remove it or choose another name", error);
  if ((dir->flags & WEIR_ATOMIC_REPLACE_FOLDER) == 0 && !is_empty(dir->target))
    return refuse(dir->path, "it exists and is not empty; remove it or choose another name", error);
  return TRUE;
}

/* Makes and locks the temporary folder, as atomic files do. */
static gboolean
make_temporary(WeirAtomicDir *dir, GError **error)
{
  for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    g_autofree char *temporary = weir_atomic_temporary_name(dir->target);
    struct stat status;

    if (mkdir(temporary, 0777) != 0) {
      if (errno == EEXIST)
        continue;
      weir_set_io_error(error, errno, "write the folder", dir->path);
      return FALSE;
    }
    int descriptor = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 && errno != ENOENT) {
      weir_set_io_error(error, errno, "write the folder", dir->path);
      rmdir(temporary);
      return FALSE;
    }
    if (descriptor < 0)
      continue;
    if ((flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) ||
        lstat(temporary, &status) != 0) {
      close(descriptor);
      continue;
    }
    dir->descriptor = descriptor;
    dir->temporary = g_steal_pointer(&temporary);
    return TRUE;
  }
  weir_set_io_error(error, EEXIST, "write the folder", dir->path);
  return FALSE;
}

static char *
without_trailing_slashes(const char *path)
{
  char *copy = g_strdup(path);
  for (gsize length = strlen(copy); length > 1 && copy[length - 1] == '/'; length--)
    copy[length - 1] = '\0';
  return copy;
}

/* A rename cannot give a name to ".", and dirname of it is no folder above. */
static char *
resolve_target(const char *path, GError **error)
{
  g_autofree char *plain = without_trailing_slashes(path);
  g_autofree char *target = weir_atomic_target(plain, error);

  if (target == NULL)
    return NULL;
  g_autofree char *name = g_path_get_basename(target);
  if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
    return g_steal_pointer(&target);
  return g_canonicalize_filename(target, NULL);
}

WeirAtomicDir *
weir_atomic_dir_open(const char *path, WeirAtomicFlags flags, GError **error)
{
  g_autoptr(WeirAtomicDir) dir = g_new0(WeirAtomicDir, 1);
  struct stat status;

  dir->path = g_strdup(path);
  dir->flags = flags;
  dir->descriptor = -1;
  dir->target = resolve_target(path, error);
  if (dir->target == NULL || !check_target(dir, error) ||
      !weir_atomic_check_parent(dir->target, dir->path, flags, error) || !make_temporary(dir, error))
    return NULL;
  if (stat(dir->target, &status) == 0)
    fchmod(dir->descriptor, (status.st_mode & 0777) | S_IRWXU);
  return g_steal_pointer(&dir);
}

const char *
weir_atomic_dir_path(const WeirAtomicDir *dir)
{
  return dir->path;
}

const char *
weir_atomic_dir_temporary(const WeirAtomicDir *dir)
{
  return dir->temporary;
}

char *
weir_atomic_dir_member(const WeirAtomicDir *dir, const char *name)
{
  return g_build_filename(dir->temporary, name, NULL);
}

/* --- Committing --- */

static int
sync_entry(const FTSENT *entry)
{
  if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
    errno = entry->fts_errno;
    return -1;
  }
  if (entry->fts_info != FTS_F && entry->fts_info != FTS_DP)
    return 0;
  int descriptor = open(entry->fts_accpath, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0)
    return -1;
  int result = weir_atomic_fsync(descriptor);
  int saved = errno;
  close(descriptor);
  errno = saved;
  return result;
}

static gboolean
sync_tree(const WeirAtomicDir *dir, GError **error)
{
  char *const roots[] = {dir->temporary, NULL};
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
  gboolean done = walk != NULL;
  FTSENT *entry;

  if (!done)
    weir_set_io_error(error, errno, "sync the folder", dir->path);
  while (done && (entry = fts_read(walk)) != NULL) {
    if (sync_entry(entry) != 0) {
      weir_set_io_error(error, errno, "sync", entry->fts_path);
      done = FALSE;
    }
  }
  if (walk != NULL)
    fts_close(walk);
  return done;
}

/* Puts the new folder in the place of the old, which then has the temporary name. In one step where the file
 * system can, otherwise in two with a way back. */
static int
exchange(const WeirAtomicDir *dir)
{
#ifdef HAVE_RENAMEAT2
  if (renameat2(AT_FDCWD, dir->temporary, AT_FDCWD, dir->target, RENAME_EXCHANGE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
#endif
  g_autofree char *aside = weir_atomic_temporary_name(dir->target);
  if (rename(dir->target, aside) != 0)
    return -1;
  if (rename(dir->temporary, dir->target) != 0) {
    int saved = errno;
    if (rename(aside, dir->target) != 0)
      g_warning("the former %s is now at %s", dir->target, aside);
    errno = saved;
    return -1;
  }
  return rename(aside, dir->temporary);
}

/* Leaves under the temporary name, if anything, the old folder. */
static gboolean
move_into_place(WeirAtomicDir *dir, GError **error)
{
  if (weir_atomic_rename_new(dir->temporary, dir->target) == 0) {
    g_clear_pointer(&dir->temporary, g_free);
    return TRUE;
  }
  if (errno == EEXIST) {
    if (!check_target(dir, error)) /* it may have appeared, or been filled, meanwhile */
      return FALSE;
    if (exchange(dir) == 0)
      return TRUE;
  }
  weir_set_io_error(error, errno, "write the folder", dir->path);
  return FALSE;
}

static void
discard(WeirAtomicDir *dir)
{
  if (dir->temporary != NULL)
    weir_remove_tree(dir->temporary, NULL);
  g_clear_pointer(&dir->temporary, g_free);
  if (dir->descriptor >= 0)
    close(dir->descriptor);
  dir->descriptor = -1;
}

gboolean
weir_atomic_dir_commit(WeirAtomicDir *dir, GError **error)
{
  gboolean syncs = (dir->flags & WEIR_ATOMIC_NO_SYNC) == 0;

  g_assert(dir->temporary != NULL);
  gboolean done = (!syncs || sync_tree(dir, error)) && move_into_place(dir, error) &&
                  (!syncs || weir_atomic_sync_parent(dir->target, dir->path, error));
  discard(dir);
  return done;
}

void
weir_atomic_dir_free(WeirAtomicDir *dir)
{
  if (dir == NULL)
    return;
  discard(dir);
  g_free(dir->target);
  g_free(dir->path);
  g_free(dir);
}
