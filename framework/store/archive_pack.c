/* SPDX-License-Identifier: MIT */
/* Writes an artifact's folder as one archive file, the same bytes for the same folder. */
#include "config.h"

#include "store/archive_file.h"
#include "store/artifact_private.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/files.h"
#include "base/quote.h"

#define BUFFER     ((gsize)1 << 20)
#define FIXED_TIME 315532800 /* 1980-01-01T00:00:00Z */

typedef struct {
  struct archive *archive;
  const char *from;
  const char *path; /* of the archive */
  WeirArchiveFormat format;
  guint64 bytes;
  const WeirArtifactExport *how;
  GError **error;
} Pack;

WeirArchiveLocale
weir_archive_locale_begin(void)
{
  locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  WeirArchiveLocale locale = {utf8, utf8 ? uselocale(utf8) : NULL};
  return locale;
}

void
weir_archive_locale_end(WeirArchiveLocale locale)
{
  if (!locale.utf8)
    return;
  uselocale((locale_t)locale.before);
  freelocale((locale_t)locale.utf8);
}

WeirArchiveFormat
weir_archive_format_of_name(const char *path)
{
  static const struct {
    const char *suffix;
    WeirArchiveFormat format;
  } known[] = {{".tar", WEIR_ARCHIVE_TAR},       {".tar.gz", WEIR_ARCHIVE_TAR_GZIP},
               {".tgz", WEIR_ARCHIVE_TAR_GZIP},  {".tar.zst", WEIR_ARCHIVE_TAR_ZSTD},
               {".tzst", WEIR_ARCHIVE_TAR_ZSTD}, {".tar.xz", WEIR_ARCHIVE_TAR_XZ},
               {".txz", WEIR_ARCHIVE_TAR_XZ},    {".zip", WEIR_ARCHIVE_ZIP}};
  gsize length = strlen(path);
  for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
    gsize n = strlen(known[i].suffix);
    if (length > n && path[length - n - 1] != '/' && !g_ascii_strcasecmp(path + length - n, known[i].suffix))
      return known[i].format;
  }
  return WEIR_ARCHIVE_NONE;
}

static gboolean
archive_failed(Pack *pack)
{
  int code = archive_errno(pack->archive);
  if (code > 0)
    weir_set_io_error(pack->error, code, "write", pack->path);
  else
    g_set_error(pack->error, WEIR_ERROR, WEIR_ERROR_FAILED, "cannot write \"%s\": %s", pack->path,
                archive_error_string(pack->archive));
  return FALSE;
}

static gboolean
begin(Pack *pack, int descriptor)
{
  struct archive *a = pack->archive;
  WeirArchiveFormat format = pack->format;
  int result = format == WEIR_ARCHIVE_ZIP ? archive_write_set_format_zip(a)
                                          : archive_write_set_format_pax_restricted(a);
  if (format == WEIR_ARCHIVE_TAR_GZIP) {
    result |= archive_write_add_filter_gzip(a);
    result |= archive_write_set_filter_option(a, "gzip", "timestamp", NULL);
  } else if (format == WEIR_ARCHIVE_TAR_ZSTD) {
    result |= archive_write_add_filter_zstd(a);
  } else if (format == WEIR_ARCHIVE_TAR_XZ) {
    result |= archive_write_add_filter_xz(a);
  }
  archive_write_set_bytes_in_last_block(a, 1); /* a file, not a tape */
  return (result == ARCHIVE_OK && archive_write_open_fd(a, descriptor) == ARCHIVE_OK) || archive_failed(pack);
}

static gboolean
put_header(Pack *pack, const char *name, guint64 size)
{
  struct archive_entry *entry = archive_entry_new();
  archive_entry_set_pathname(entry, name);
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  archive_entry_set_size(entry, (la_int64_t)size);
  /* zip says local time, by TZ; without one it says the first that it can. */
  if (pack->format != WEIR_ARCHIVE_ZIP)
    archive_entry_set_mtime(entry, FIXED_TIME, 0);
  int result = archive_write_header(pack->archive, entry);
  archive_entry_free(entry);
  return result == ARCHIVE_OK || archive_failed(pack);
}

static gboolean
put_data(Pack *pack, const void *data, gsize size)
{
  for (gsize done = 0; done < size;) {
    la_ssize_t n = archive_write_data(pack->archive, (const char *)data + done, size - done);
    if (n <= 0)
      return archive_failed(pack);
    done += (gsize)n;
  }
  return TRUE;
}

static gboolean
changed(Pack *pack, const char *path)
{
  g_autofree char *quoted = weir_quote_path(path);
  g_set_error(pack->error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s was changed while it was written to \"%s\"",
              quoted, pack->path);
  return FALSE;
}

/* The content, digested once more on its way: what is written is what the description says. */
static gboolean
put_content(Pack *pack, int fd, const WeirFileDigest *file, const char *path)
{
  g_autofree char *buffer = g_malloc(BUFFER);
  g_autoptr(WeirDigest) digest = weir_digest_new();
  char hex[WEIR_DIGEST_HEX_BYTES];
  for (guint64 done = 0; done < file->size;) {
    ssize_t n = read(fd, buffer, (gsize)MIN(BUFFER, file->size - done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      weir_set_io_error(pack->error, errno, "read", path);
      return FALSE;
    }
    if (n == 0)
      return changed(pack, path);
    weir_digest_update(digest, buffer, (gsize)n);
    if (!put_data(pack, buffer, (gsize)n))
      return FALSE;
    done += (guint64)n;
    pack->bytes += (guint64)n;
    if (pack->how->step && !pack->how->step(pack->bytes, pack->how->data)) {
      g_set_error_literal(pack->error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "the writing was stopped");
      return FALSE;
    }
  }
  weir_digest_finish_hex(digest, hex);
  return strcmp(hex, file->hex) == 0 || changed(pack, path);
}

static gboolean
put_file(Pack *pack, const WeirFileDigest *file)
{
  g_autofree char *path = g_build_filename(pack->from, file->path, NULL);
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    weir_set_io_error(pack->error, errno, "read", path);
    return FALSE;
  }
  gboolean done = put_header(pack, file->path, file->size) && put_content(pack, fd, file, path);
  close(fd);
  return done;
}

/* Names that the other side would refuse. */
static gboolean
names_are_utf8(Pack *pack, const GPtrArray *files)
{
  for (guint i = 0; i < files->len; i++) {
    const WeirFileDigest *file = files->pdata[i];
    if (g_utf8_validate(file->path, -1, NULL))
      continue;
    g_autofree char *quoted = weir_quote_path(file->path);
    g_set_error(pack->error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "cannot write %s: its name is not UTF-8; rename it", quoted);
    return FALSE;
  }
  return TRUE;
}

static gboolean
put_all(Pack *pack, const GPtrArray *files)
{
  g_autoptr(GString) description = weir_artifact_describe(pack->how, files, pack->error);
  if (!description || !put_header(pack, WEIR_ARTIFACT_MANIFEST, description->len) ||
      !put_data(pack, description->str, description->len))
    return FALSE;
  for (guint i = 0; i < files->len; i++)
    if (!put_file(pack, files->pdata[i]))
      return FALSE;
  return archive_write_close(pack->archive) == ARCHIVE_OK || archive_failed(pack);
}

static gboolean
write_archive(Pack *pack, WeirAtomicFile *out, const GPtrArray *files)
{
  int descriptor = weir_atomic_file_descriptor(out, pack->error);
  if (descriptor < 0)
    return FALSE;
  WeirArchiveLocale locale = weir_archive_locale_begin();
  pack->archive = archive_write_new();
  gboolean done = begin(pack, descriptor) && put_all(pack, files);
  if (!done)
    archive_write_fail(pack->archive);
  archive_write_free(pack->archive);
  weir_archive_locale_end(locale);
  return done;
}

gboolean
weir_archive_export(const char *from, const char *path, const WeirArtifactExport *how, guint *n_files,
                    guint64 *bytes, GError **error)
{
  Pack pack = {
      .from = from, .path = path, .format = weir_archive_format_of_name(path), .how = how, .error = error};
  if (!weir_artifact_has_no_manifest(from, error))
    return FALSE;
  g_autoptr(GPtrArray) files = weir_digest_manifest(from, NULL, error);
  if (!files || !weir_artifact_is_unchanged(from, files, how, error) || !names_are_utf8(&pack, files))
    return FALSE;
  g_autoptr(WeirAtomicFile) out = weir_atomic_file_open(path, WEIR_ATOMIC_MAKE_PARENTS, error);
  if (!out || !write_archive(&pack, out, files) || !weir_atomic_file_commit(out, error))
    return FALSE;
  if (n_files)
    *n_files = files->len;
  if (bytes)
    *bytes = pack.bytes;
  return TRUE;
}
