/* SPDX-License-Identifier: MIT */
/* What atomic files and atomic folders share: targets, temporary names, syncing, and the sweeping of
 * leftovers. */
#include "config.h"

#include "base/atomic_private.h"

#include "base/error.h"
#include "base/files.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_LETTERS 6
#define SUFFIX         ".tmp"
#define NAME_KEPT      200 /* bytes of a long name, so that the temporary one stays within 255 */
#define MAX_LINKS      40  /* as the kernel's own limit */

char *
weir_atomic_target(const char *path, GError **error)
{
  if (*path == '\0') {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "cannot write a file without a name");
    return NULL;
  }
  g_autofree char *target = g_strdup(path);
  for (int links = 0; links < MAX_LINKS; links++) {
    struct stat status;
    if (lstat(target, &status) != 0 || !S_ISLNK(status.st_mode))
      return g_steal_pointer(&target);
    g_autofree char *leads_to = g_file_read_link(target, NULL);
    if (leads_to == NULL)
      return g_steal_pointer(&target);
    g_autofree char *folder = g_path_get_dirname(target);
    g_free(target);
    target =
        g_path_is_absolute(leads_to) ? g_steal_pointer(&leads_to) : g_build_filename(folder, leads_to, NULL);
  }
  weir_set_io_error(error, ELOOP, "write", path);
  return NULL;
}

char *
weir_atomic_temporary_name(const char *target)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  g_autofree char *folder = g_path_get_dirname(target);
  g_autofree char *name = g_path_get_basename(target);
  char random[RANDOM_LETTERS + 1] = {0};

  if (strlen(name) > NAME_KEPT)
    name[NAME_KEPT] = '\0';
  for (int i = 0; i < RANDOM_LETTERS; i++)
    random[i] = letters[g_random_int_range(0, sizeof letters - 1)];
  g_autofree char *temporary = g_strdup_printf(".%s.%s" SUFFIX, name, random);
  return g_build_filename(folder, temporary, NULL);
}

gboolean
weir_atomic_is_temporary(const char *name)
{
  gsize length = strlen(name);
  gsize tail = 1 + RANDOM_LETTERS + strlen(SUFFIX);

  if (name[0] != '.' || length < tail + 2 || !g_str_has_suffix(name, SUFFIX) || name[length - tail] != '.')
    return FALSE;
  for (gsize i = length - tail + 1; i < length - strlen(SUFFIX); i++)
    if (!g_ascii_isalnum(name[i]))
      return FALSE;
  return TRUE;
}

gboolean
weir_atomic_check_parent(const char *target, const char *path, WeirAtomicFlags flags, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(target);
  struct stat status;

  if ((flags & WEIR_ATOMIC_MAKE_PARENTS) != 0)
    return weir_make_folder(folder, error);
  if (stat(folder, &status) == 0 || errno != ENOENT)
    return TRUE; /* anything else shows when the file is made */
  g_autofree char *quoted = weir_quote_path(path);
  g_autofree char *quoted_folder = weir_quote_path(folder);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND,
              "cannot write %s: there is no folder %s; make it first", quoted, quoted_folder);
  return FALSE;
}

static gint never_syncs;

void
weir_atomic_never_sync(void)
{
  g_atomic_int_set(&never_syncs, TRUE);
}

int
weir_atomic_fsync(int descriptor)
{
  int result;

  if (g_atomic_int_get(&never_syncs))
    return 0;
  do {
    result = fsync(descriptor);
  } while (result != 0 && errno == EINTR);
  return result != 0 && (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) ? 0 : result;
}

gboolean
weir_atomic_sync_parent(const char *target, const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(target);
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (descriptor < 0)
    return TRUE; /* a folder that can be written to but not listed: there is no way to sync it */
  gboolean done = weir_atomic_fsync(descriptor) == 0;
  if (!done)
    weir_set_io_error(error, errno, "sync the folder of", path);
  close(descriptor);
  return done;
}

int
weir_atomic_rename_new(const char *from, const char *to)
{
  struct stat status;

#ifdef HAVE_RENAMEAT2
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
#endif
  if (lstat(to, &status) == 0) {
    errno = EEXIST;
    return -1;
  }
  return rename(from, to);
}

/* Whether the leftover could be locked, hence belongs to no living process, and is gone. */
static gboolean
sweep_one(const char *path)
{
  struct stat status;

  if (lstat(path, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
    return FALSE;
  int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0)
    return FALSE;
  gboolean removed = flock(descriptor, LOCK_EX | LOCK_NB) == 0 && weir_remove_tree(path, NULL);
  close(descriptor);
  return removed;
}

/* Those in `folder` of files of the name `base`; NULL: of all. */
static int
sweep(const char *folder, const char *base, GError **error)
{
  g_autofree char *prefix = base ? g_strdup_printf(".%.*s.", NAME_KEPT, base) : g_strdup(".");
  g_autoptr(GError) local = NULL;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, &local);
  const char *name;
  int removed = 0;

  if (dir == NULL) {
    if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
      return 0;
    g_set_error_literal(error, WEIR_ERROR, WEIR_ERROR_IO, local->message);
    return -1;
  }
  while ((name = g_dir_read_name(dir)) != NULL) {
    if (!weir_atomic_is_temporary(name) || !g_str_has_prefix(name, prefix) ||
        (base && strlen(name) != strlen(prefix) + RANDOM_LETTERS + strlen(SUFFIX)))
      continue;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    removed += sweep_one(path) ? 1 : 0;
  }
  return removed;
}

int
weir_atomic_sweep(const char *folder, GError **error)
{
  return sweep(folder, NULL, error);
}

int
weir_atomic_sweep_of(const char *path, GError **error)
{
  g_autofree char *target = weir_atomic_target(path, error);
  g_autofree char *folder = target ? g_path_get_dirname(target) : NULL;
  g_autofree char *base = target ? g_path_get_basename(target) : NULL;
  return target ? sweep(folder, base, error) : -1;
}
