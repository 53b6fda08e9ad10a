/* SPDX-License-Identifier: MIT */
/* SHA-256 of memory, files and folders. */
#include "config.h"

#include "base/digest.h"

#include "base/error.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (256u << 10)

struct WeirDigest {
  EVP_MD_CTX *context;
};

void
weir_hex(const guint8 *bytes, gsize size, char *hex)
{
  static const char digits[] = "0123456789abcdef";

  for (gsize i = 0; i < size; i++) {
    hex[2 * i] = digits[bytes[i] >> 4];
    hex[2 * i + 1] = digits[bytes[i] & 15];
  }
  hex[2 * size] = '\0';
}

/* --- In pieces --- */

/* libcrypto fails here only where it is broken or out of memory: nothing that a caller could go on from. */
static void
require(int result)
{
  if (result != 1)
    g_error("libcrypto cannot compute SHA-256");
}

WeirDigest *
weir_digest_new(void)
{
  WeirDigest *digest = g_new0(WeirDigest, 1);
  digest->context = EVP_MD_CTX_new();
  require(digest->context != NULL);
  require(EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL));
  return digest;
}

void
weir_digest_update(WeirDigest *digest, const void *data, gsize size)
{
  require(EVP_DigestUpdate(digest->context, data, size));
}

void
weir_digest_update_field(WeirDigest *digest, const void *data, gsize size)
{
  guint64 length = GUINT64_TO_LE((guint64)size);
  weir_digest_update(digest, &length, sizeof length);
  weir_digest_update(digest, data, size);
}

void
weir_digest_finish(WeirDigest *digest, guint8 bytes[WEIR_DIGEST_BYTES])
{
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(digest->context, bytes, &size));
  g_assert(size == WEIR_DIGEST_BYTES);
}

void
weir_digest_finish_hex(WeirDigest *digest, char hex[WEIR_DIGEST_HEX_BYTES])
{
  guint8 bytes[WEIR_DIGEST_BYTES];
  weir_digest_finish(digest, bytes);
  weir_hex(bytes, sizeof bytes, hex);
}

void
weir_digest_free(WeirDigest *digest)
{
  if (digest == NULL)
    return;
  EVP_MD_CTX_free(digest->context);
  g_free(digest);
}

void
weir_digest_memory(const void *data, gsize size, char hex[WEIR_DIGEST_HEX_BYTES])
{
  g_autoptr(WeirDigest) digest = weir_digest_new();
  weir_digest_update(digest, data, size);
  weir_digest_finish_hex(digest, hex);
}

/* --- Files --- */

/* Adds all that is read from the descriptor. */
static gboolean
digest_descriptor(WeirDigest *digest, int descriptor, const char *path, guint64 *size, GError **error)
{
  g_autofree guint8 *buffer = g_malloc(CHUNK);
  ssize_t got;

  posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  *size = 0;
  while ((got = read(descriptor, buffer, CHUNK)) != 0) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      weir_set_io_error(error, errno, "read", path);
      return FALSE;
    }
    weir_digest_update(digest, buffer, (gsize)got);
    *size += (guint64)got;
  }
  return TRUE;
}

static gboolean
digest_path(const char *path, int flags, char *hex, guint64 *size, GError **error)
{
  g_autoptr(WeirDigest) digest = weir_digest_new();
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);

  if (descriptor < 0) {
    weir_set_io_error(error, errno, "read", path);
    return FALSE;
  }
  gboolean done = digest_descriptor(digest, descriptor, path, size, error);
  close(descriptor);
  if (done)
    weir_digest_finish_hex(digest, hex);
  return done;
}

gboolean
weir_digest_file(const char *path, char hex[WEIR_DIGEST_HEX_BYTES], GError **error)
{
  guint64 size;
  return digest_path(path, 0, hex, &size, error);
}

/* --- Folders --- */

static void
file_digest_free(gpointer data)
{
  WeirFileDigest *file = data;
  g_free(file->path);
  g_free(file);
}

static gint
compare_paths(gconstpointer left, gconstpointer right)
{
  const WeirFileDigest *a = *(const WeirFileDigest *const *)left;
  const WeirFileDigest *b = *(const WeirFileDigest *const *)right;
  return strcmp(a->path, b->path);
}

static gboolean
refuse(const FTSENT *entry, const char *why, GError **error)
{
  g_autofree char *quoted = weir_quote_path(entry->fts_path);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "cannot take the digest of %s: it is %s", quoted, why);
  return FALSE;
}

/* `root` is the length of the folder's own path with its slash. */
static gboolean
add_entry(GPtrArray *manifest, const FTSENT *entry, gsize root, const char *const *except, GError **error)
{
  switch (entry->fts_info) {
  case FTS_D:
  case FTS_DP:
    return TRUE;
  case FTS_DNR:
  case FTS_ERR:
  case FTS_NS:
    weir_set_io_error(error, entry->fts_errno, "read", entry->fts_path);
    return FALSE;
  default:
    break;
  }
  const char *relative = entry->fts_path + root;
  if (except != NULL && g_strv_contains(except, relative))
    return TRUE;
  if (entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE)
    return refuse(entry, "a link; put the file itself there", error);
  if (entry->fts_info != FTS_F)
    return refuse(entry, "neither a file nor a folder", error);

  WeirFileDigest *file = g_new0(WeirFileDigest, 1);
  file->path = g_strdup(relative);
  g_ptr_array_add(manifest, file);
  return digest_path(entry->fts_accpath, O_NOFOLLOW, file->hex, &file->size, error);
}

static gboolean
is_folder(const char *folder, GError **error)
{
  struct stat status;

  if (stat(folder, &status) != 0) {
    weir_set_io_error(error, errno, "read the folder", folder);
    return FALSE;
  }
  if (S_ISDIR(status.st_mode))
    return TRUE;
  g_autofree char *quoted = weir_quote_path(folder);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "cannot read the folder %s: it is a file", quoted);
  return FALSE;
}

GPtrArray *
weir_digest_manifest(const char *folder, const char *const *except, GError **error)
{
  g_autoptr(GPtrArray) manifest = g_ptr_array_new_with_free_func(file_digest_free);
  g_autofree char *with_slash =
      g_str_has_suffix(folder, "/") ? g_strdup(folder) : g_strconcat(folder, "/", NULL);
  char *const roots[] = {with_slash, NULL};
  gboolean done = TRUE;
  FTSENT *entry;

  if (!is_folder(folder, error))
    return NULL;
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
  if (walk == NULL) {
    weir_set_io_error(error, errno, "read the folder", folder);
    return NULL;
  }
  while (done && (entry = fts_read(walk)) != NULL)
    done = add_entry(manifest, entry, strlen(with_slash), except, error);
  if (done && errno != 0) {
    weir_set_io_error(error, errno, "read the folder", folder);
    done = FALSE;
  }
  fts_close(walk);
  g_ptr_array_sort(manifest, compare_paths);
  return done ? g_steal_pointer(&manifest) : NULL;
}

void
weir_digest_of_manifest(const GPtrArray *manifest, char hex[WEIR_DIGEST_HEX_BYTES])
{
  g_autoptr(WeirDigest) digest = weir_digest_new();

  for (guint i = 0; i < manifest->len; i++) {
    const WeirFileDigest *file = manifest->pdata[i];
    weir_digest_update(digest, file->hex, strlen(file->hex));
    weir_digest_update(digest, "  ", 2);
    weir_digest_update(digest, file->path, strlen(file->path) + 1);
  }
  weir_digest_finish_hex(digest, hex);
}

gboolean
weir_digest_folder(const char *folder, const char *const *except, char hex[WEIR_DIGEST_HEX_BYTES],
                   GError **error)
{
  g_autoptr(GPtrArray) manifest = weir_digest_manifest(folder, except, error);

  if (manifest == NULL)
    return FALSE;
  weir_digest_of_manifest(manifest, hex);
  return TRUE;
}
