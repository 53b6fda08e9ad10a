/* SPDX-License-Identifier: MIT */
/* Stores for signatures: a file without a name, or memory. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "ml/near_duplicates.h"

typedef struct {
  WeirNearStore base;
  int fd;
  char *folder;
} FileStore;

static gboolean
file_append(WeirNearStore *base, const void *bytes, gsize n, GError **error)
{
  FileStore *store = (FileStore *)base;
  const char *at = bytes;
  while (n) {
    ssize_t written = write(store->fd, at, n);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) {
      weir_set_io_error(error, written ? errno : EIO, "write signatures in", store->folder);
      return FALSE;
    }
    at += written;
    n -= (gsize)written;
  }
  return TRUE;
}

static gboolean
file_read(WeirNearStore *base, guint64 offset, void *bytes, gsize n, GError **error)
{
  FileStore *store = (FileStore *)base;
  char *at = bytes;
  while (n) {
    ssize_t got = pread(store->fd, at, n, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      weir_set_io_error(error, got ? errno : EIO, "read signatures in", store->folder);
      return FALSE;
    }
    at += got;
    offset += (guint64)got;
    n -= (gsize)got;
  }
  return TRUE;
}

static void
file_free(WeirNearStore *base)
{
  FileStore *store = (FileStore *)base;
  close(store->fd);
  g_free(store->folder);
  g_free(store);
}

typedef struct {
  WeirNearStore base;
  GByteArray *bytes; /* g_byte_array grows to 4 GiB; beyond it a file is due anyway */
} MemoryStore;

static gboolean
memory_append(WeirNearStore *base, const void *bytes, gsize n, GError **error)
{
  MemoryStore *store = (MemoryStore *)base;
  if (n > G_MAXUINT / 2 - store->bytes->len) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT,
                "more than 2 GiB of signatures are to be kept in memory");
    return FALSE;
  }
  g_byte_array_append(store->bytes, bytes, (guint)n);
  return TRUE;
}

static gboolean
memory_read(WeirNearStore *base, guint64 offset, void *bytes, gsize n, GError **error)
{
  MemoryStore *store = (MemoryStore *)base;
  (void)error;
  memcpy(bytes, store->bytes->data + offset, n);
  return TRUE;
}

static void
memory_free(WeirNearStore *base)
{
  MemoryStore *store = (MemoryStore *)base;
  g_byte_array_unref(store->bytes);
  g_free(store);
}

WeirNearStore *
weir_near_store_new(const char *folder, GError **error)
{
  if (!folder) {
    MemoryStore *store = g_new0(MemoryStore, 1);
    store->base = (WeirNearStore){memory_append, memory_read, memory_free};
    store->bytes = g_byte_array_new();
    return &store->base;
  }
  g_autofree char *path = g_build_filename(folder, "signatures-XXXXXX", NULL);
  int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    weir_set_io_error(error, errno, "create a file in", folder);
    return NULL;
  }
  (void)g_unlink(path);
  FileStore *store = g_new0(FileStore, 1);
  store->base = (WeirNearStore){file_append, file_read, file_free};
  store->fd = fd;
  store->folder = g_strdup(folder);
  return &store->base;
}

void
weir_near_store_free(WeirNearStore *store)
{
  if (store)
    store->free(store);
}
