/* SPDX-License-Identifier: MIT */
/* Reads a file whole within a limit, and makes and removes folders, with errors that say what to do. */
#include "config.h"

#include "base/files.h"

#include "base/error.h"
#include "base/quote.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64u << 10)

gboolean
weir_check_above(const char *path, const char *what, GError **error)
{
  g_autofree char *above = g_path_get_dirname(path);
  g_autofree char *action = g_strconcat("write the ", what, NULL);
  while (!g_file_test(above, G_FILE_TEST_EXISTS) && strcmp(above, "/") != 0 && strcmp(above, ".") != 0) {
    char *next = g_path_get_dirname(above);
    g_free(above);
    above = next;
  }
  gboolean is_folder = g_file_test(above, G_FILE_TEST_IS_DIR);
  if (is_folder && access(above, W_OK | X_OK) == 0)
    return TRUE;
  weir_set_io_error(error, is_folder ? errno : ENOTDIR, action, path);
  return FALSE;
}

/* --- Reading --- */

static void
set_too_large(GError **error, const char *path, gsize limit)
{
  g_autofree char *quoted = weir_quote_path(path);
  g_autofree char *size = weir_format_size((double)limit);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT, "cannot read %s: it is larger than the limit of %s",
              quoted, size);
}

static gboolean
read_all(int descriptor, const char *path, gsize limit, GByteArray *content, GError **error)
{
  for (;;) {
    guint start = content->len;
    g_byte_array_set_size(content, start + CHUNK);
    ssize_t got = read(descriptor, content->data + start, CHUNK);
    g_byte_array_set_size(content, start + (guint)MAX(got, 0));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      weir_set_io_error(error, errno, "read", path);
      return FALSE;
    }
    if (content->len > limit) {
      set_too_large(error, path, limit);
      return FALSE;
    }
    if (got == 0)
      return TRUE;
  }
}

static int
open_file(const char *path, gsize limit, GError **error)
{
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;

  if (descriptor < 0) {
    weir_set_io_error(error, errno, "read", path);
    return -1;
  }
  if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    g_autofree char *quoted = weir_quote_path(path);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "cannot read %s: it is a folder, a file is wanted",
                quoted);
  } else if (S_ISREG(status.st_mode) && (guint64)status.st_size > limit) {
    set_too_large(error, path, limit);
  } else {
    return descriptor;
  }
  close(descriptor);
  return -1;
}

char *
weir_read_file(const char *path, gsize limit, gsize *length, GError **error)
{
  g_assert(limit < G_MAXUINT - 2 * CHUNK);
  int descriptor = open_file(path, limit, error);
  if (descriptor < 0)
    return NULL;
  g_autoptr(GByteArray) content = g_byte_array_new();
  gboolean done = read_all(descriptor, path, limit, content, error);
  close(descriptor);
  if (!done)
    return NULL;
  if (length != NULL)
    *length = content->len;
  g_byte_array_append(content, (const guint8 *)"", 1);
  return (char *)g_byte_array_free(g_steal_pointer(&content), FALSE);
}

/* --- Folders --- */

gboolean
weir_make_folder(const char *path, GError **error)
{
  struct stat status;

  if (g_mkdir_with_parents(path, 0777) == 0) {
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
      return TRUE;
    errno = ENOTDIR;
  }
  weir_set_io_error(error, errno, "make the folder", path);
  return FALSE;
}

static int
remove_entry(const FTSENT *entry)
{
  switch (entry->fts_info) {
  case FTS_D:
    return 0; /* comes again, empty, as FTS_DP */
  case FTS_DP:
    return rmdir(entry->fts_accpath);
  case FTS_DNR:
  case FTS_ERR:
  case FTS_NS:
    errno = entry->fts_errno;
    return errno == ENOENT ? 0 : -1;
  default:
    return unlink(entry->fts_accpath);
  }
}

gboolean
weir_remove_tree(const char *path, GError **error)
{
  char *const roots[] = {(char *)path, NULL};
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV | FTS_NOSTAT, NULL);
  gboolean done = TRUE;
  FTSENT *entry;

  if (walk == NULL) {
    weir_set_io_error(error, errno, "remove", path);
    return FALSE;
  }
  while (done && (entry = fts_read(walk)) != NULL) {
    if (remove_entry(entry) != 0 && errno != ENOENT) {
      weir_set_io_error(error, errno, "remove", entry->fts_path);
      done = FALSE;
    }
  }
  fts_close(walk);
  return done;
}
