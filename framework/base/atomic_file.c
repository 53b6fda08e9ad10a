/* SPDX-License-Identifier: MIT */
/* Writes a file whole or not at all: temporary name beside it, fsync, rename, fsync of the folder. */
#include "config.h"

#include "base/atomic_private.h"

#include "base/error.h"
#include "base/quote.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPACITY     WEIR_ATOMIC_RESERVE
#define MAX_ATTEMPTS 100 /* at a temporary name that nobody has */

struct WeirAtomicFile {
  char *path;
  char *target;    /* what the rename replaces; NULL: written directly */
  char *temporary; /* NULL: written directly, committed or failed */
  WeirAtomicFlags flags;
  int descriptor;
  gboolean is_committed;
  GError *failure; /* the first one */
  guint64 flushed;
  gsize used;
  char *buffer;
};

static gboolean
fail(WeirAtomicFile *file, int error_number, const char *action)
{
  if (file->failure == NULL)
    weir_set_io_error(&file->failure, error_number, action, file->path);
  return FALSE;
}

/* FALSE, with a copy of the failure, once there is one. */
static gboolean
check(const WeirAtomicFile *file, GError **error)
{
  if (file->failure == NULL)
    return TRUE;
  if (error != NULL)
    g_propagate_error(error, g_error_copy(file->failure));
  return FALSE;
}

/* --- Opening --- */

/* The descriptor that /dev/stdout and its like stand for, or -1. Opened by name, a regular file behind it
 * would be cut, and a socket cannot be opened at all. */
static int
standard_descriptor(const char *path)
{
  static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
  guint64 number;

  if (strcmp(path, "/dev/stdout") == 0)
    return STDOUT_FILENO;
  if (strcmp(path, "/dev/stderr") == 0)
    return STDERR_FILENO;
  for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
    if (g_str_has_prefix(path, folders[i]) &&
        weir_parse_unsigned(path + strlen(folders[i]), 0, G_MAXINT, &number, NULL))
      return (int)number;
  return -1;
}

static gboolean
open_directly(WeirAtomicFile *file)
{
  int standard = standard_descriptor(file->path);

  file->descriptor =
      standard >= 0 ? fcntl(standard, F_DUPFD_CLOEXEC, 3) : open(file->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  return file->descriptor >= 0 || fail(file, errno, "write");
}

/* Makes and locks the temporary file. A sweep in another process may remove it before it is locked: then
 * another one. */
static gboolean
open_temporary(WeirAtomicFile *file)
{
  for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    g_autofree char *temporary = weir_atomic_temporary_name(file->target);
    struct stat status;

    int descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && (errno == EEXIST || errno == EINTR))
      continue;
    if (descriptor < 0)
      return fail(file, errno, "write");
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(descriptor);
      continue;
    }
    if (fstat(descriptor, &status) == 0 && status.st_nlink == 0) {
      close(descriptor);
      continue;
    }
    file->descriptor = descriptor;
    file->temporary = g_steal_pointer(&temporary);
    return TRUE;
  }
  return fail(file, EEXIST, "write");
}

static gboolean
refuse_existing(WeirAtomicFile *file)
{
  g_autofree char *quoted = weir_quote_path(file->path);
  g_set_error(&file->failure, WEIR_ERROR, WEIR_ERROR_INVALID,
              "cannot write %s: it exists already; remove it or choose another name", quoted);
  return FALSE;
}

static gboolean
refuse_folder(WeirAtomicFile *file)
{
  g_autofree char *quoted = weir_quote_path(file->path);
  g_set_error(&file->failure, WEIR_ERROR, WEIR_ERROR_INVALID,
              "cannot write %s: it is a folder, a file is wanted; name a file in it", quoted);
  return FALSE;
}

static gboolean
open_for_rename(WeirAtomicFile *file, const struct stat *existing)
{
  if (existing != NULL && (file->flags & WEIR_ATOMIC_NO_REPLACE) != 0)
    return refuse_existing(file);
  if (existing != NULL && faccessat(AT_FDCWD, file->path, W_OK, AT_EACCESS) != 0)
    return fail(file, errno, "write");
  file->target = weir_atomic_target(file->path, &file->failure);
  if (file->target == NULL ||
      !weir_atomic_check_parent(file->target, file->path, file->flags, &file->failure) ||
      !open_temporary(file))
    return FALSE;
  if (existing != NULL && fchmod(file->descriptor, existing->st_mode & 0777) != 0 && errno != EPERM)
    return fail(file, errno, "set the permissions of");
  return TRUE;
}

static gboolean
open_file(WeirAtomicFile *file)
{
  struct stat status;
  gboolean exists;

  if (standard_descriptor(file->path) >= 0)
    return open_directly(file);
  exists = stat(file->path, &status) == 0;
  if (!exists && errno != ENOENT)
    return fail(file, errno, "write");
  if (g_str_has_suffix(file->path, "/") || (exists && S_ISDIR(status.st_mode)))
    return refuse_folder(file);
  if (exists && !S_ISREG(status.st_mode))
    return open_directly(file);
  return open_for_rename(file, exists ? &status : NULL);
}

WeirAtomicFile *
weir_atomic_file_open(const char *path, WeirAtomicFlags flags, GError **error)
{
  g_autoptr(WeirAtomicFile) file = g_new0(WeirAtomicFile, 1);

  file->path = g_strdup(path);
  file->flags = flags;
  file->descriptor = -1;
  if (!open_file(file)) {
    check(file, error);
    return NULL;
  }
  file->buffer = g_malloc(CAPACITY);
  return g_steal_pointer(&file);
}

/* --- Writing --- */

static gboolean
write_all(WeirAtomicFile *file, const char *data, gsize size)
{
  while (size > 0) {
    ssize_t written = write(file->descriptor, data, size);
    if (written < 0 && errno == EAGAIN) {
      struct pollfd ready = {.fd = file->descriptor, .events = POLLOUT};
      poll(&ready, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      return fail(file, errno, "write");
    } else if (written > 0) {
      data += written;
      size -= (gsize)written;
      file->flushed += (gsize)written;
    }
  }
  return TRUE;
}

static gboolean
flush(WeirAtomicFile *file)
{
  gsize used = file->used;
  file->used = 0;
  return file->failure == NULL && write_all(file, file->buffer, used);
}

gboolean
weir_atomic_file_write(WeirAtomicFile *file, const void *data, gsize size, GError **error)
{
  if (size > CAPACITY - file->used && !flush(file))
    return check(file, error);
  if (size >= CAPACITY) {
    if (file->failure == NULL)
      write_all(file, data, size);
  } else if (size > 0) {
    memcpy(file->buffer + file->used, data, size);
    file->used += size;
  }
  return check(file, error);
}

gboolean
weir_atomic_file_printf(WeirAtomicFile *file, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  return weir_atomic_file_write(file, text, strlen(text), error);
}

char *
weir_atomic_file_reserve(WeirAtomicFile *file, gsize size, GError **error)
{
  g_assert(size <= CAPACITY);
  if (size > CAPACITY - file->used)
    flush(file);
  return check(file, error) ? file->buffer + file->used : NULL;
}

void
weir_atomic_file_advance(WeirAtomicFile *file, gsize used)
{
  g_assert(used <= CAPACITY - file->used);
  file->used += used;
}

guint64
weir_atomic_file_tell(const WeirAtomicFile *file)
{
  return file->flushed + file->used;
}

const char *
weir_atomic_file_path(const WeirAtomicFile *file)
{
  return file->path;
}

int
weir_atomic_file_descriptor(WeirAtomicFile *file, GError **error)
{
  flush(file);
  return check(file, error) ? file->descriptor : -1;
}

/* --- Ending --- */

static void
discard(WeirAtomicFile *file)
{
  if (file->temporary != NULL)
    unlink(file->temporary);
  g_clear_pointer(&file->temporary, g_free);
  if (file->descriptor >= 0)
    close(file->descriptor);
  file->descriptor = -1;
}

static gboolean
move_into_place(WeirAtomicFile *file)
{
  gboolean syncs = (file->flags & WEIR_ATOMIC_NO_SYNC) == 0;

  if (syncs && weir_atomic_fsync(file->descriptor) != 0)
    return fail(file, errno, "write");
  if ((file->flags & WEIR_ATOMIC_NO_REPLACE) == 0) {
    if (rename(file->temporary, file->target) != 0)
      return fail(file, errno, "write");
  } else if (weir_atomic_rename_new(file->temporary, file->target) != 0) {
    return errno == EEXIST ? refuse_existing(file) : fail(file, errno, "write");
  }
  g_clear_pointer(&file->temporary, g_free);
  return !syncs || weir_atomic_sync_parent(file->target, file->path, &file->failure);
}

gboolean
weir_atomic_file_commit(WeirAtomicFile *file, GError **error)
{
  g_assert(!file->is_committed);
  file->is_committed = TRUE;
  if (flush(file) && file->target != NULL)
    move_into_place(file);
  discard(file);
  return check(file, error);
}

void
weir_atomic_file_free(WeirAtomicFile *file)
{
  if (file == NULL)
    return;
  discard(file);
  g_clear_error(&file->failure);
  g_free(file->buffer);
  g_free(file->target);
  g_free(file->path);
  g_free(file);
}

gboolean
weir_atomic_write(const char *path, const void *data, gssize size, WeirAtomicFlags flags, GError **error)
{
  g_autoptr(WeirAtomicFile) file = weir_atomic_file_open(path, flags, error);

  if (file == NULL)
    return FALSE;
  weir_atomic_file_write(file, data, size < 0 ? strlen(data) : (gsize)size, NULL);
  return weir_atomic_file_commit(file, error);
}
