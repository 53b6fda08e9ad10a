/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a file, decompressed on the way by libarchive. Files are read, not mapped: a mapped file that
 * somebody shortens meanwhile would kill the process.
 */
#include "config.h"

#include "source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)256 << 10)

struct source {
  int fd;
  uint64_t size, position;
  const char *compression;
  struct archive *archive; /* NULL: not compressed, or nothing in it */
  char *block;             /* compressed bytes on their way to libarchive */
  int failed;              /* errno of a failed read below libarchive */
  char *path;              /* of an archive whose members are read; else NULL */
  int64_t member;          /* the number of the one at hand; -1: none yet */
  uint64_t delivered;      /* bytes of it that were read */
};

static const struct {
  const char *name, *suffix, *magic;
  size_t magic_len;
} compressions[] = {{"gzip", ".gz", "\x1f\x8b", 2},
                    {"bzip2", ".bz2", "BZh", 3},
                    {"xz", ".xz",
                     "\xfd"
                     "7zXZ",
                     6},
                    {"Zstandard", ".zst", "\x28\xb5\x2f\xfd", 4}};

const char *
source_compression_of_name(const char *name, size_t *stem)
{
  size_t len = strlen(name);
  for (size_t k = 0; k < G_N_ELEMENTS(compressions); k++) {
    size_t n = strlen(compressions[k].suffix);
    if (len > n && !g_ascii_strcasecmp(name + len - n, compressions[k].suffix)) {
      *stem = len - n;
      return compressions[k].name;
    }
  }
  *stem = len;
  return NULL;
}

static int64_t
read_file(struct source *s, char *data, size_t size)
{
  ssize_t n;
  do
    n = read(s->fd, data, size);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    s->position += (uint64_t)n;
  return n;
}

/* libarchive asks for the next compressed bytes. */
static la_ssize_t
give_block(struct archive *archive, void *data, const void **block)
{
  struct source *s = data;
  int64_t n = read_file(s, s->block, BLOCK);
  if (n < 0) {
    s->failed = errno;
    archive_set_error(archive, errno, "%s", g_strerror(errno));
  }
  *block = s->block;
  return (la_ssize_t)n;
}

/* libarchive has no code of its own for data that end too early, only texts; and none where a trailer is cut. */
static bool
tells_end(const char *text)
{
  return !text || (strcasestr(text, "truncated") || strcasestr(text, "no progress"));
}

/* What libarchive found wrong, in the words of who has to mend the file. */
static int64_t
fail_archive(struct source *s, struct format_error *error)
{
  const char *said = archive_error_string(s->archive);
  g_autofree char *text = g_strchomp(g_strdup(said ? said : "no more is known"));
  if (s->failed)
    return format_fail(error, 0, 0, "cannot read: %s", g_strerror(s->failed));
  if (s->position >= s->size && tells_end(said))
    return format_fail(error, 0, 0,
                       "the %s data end too early, after %" G_GUINT64_FORMAT
                       " bytes: the file is truncated; fetch or write it again",
                       s->compression, s->size);
  return format_fail(error, 0, 0,
                     "the %s data are damaged, somewhere in the first %" G_GUINT64_FORMAT
                     " of %" G_GUINT64_FORMAT " bytes (%s)",
                     s->compression, s->position, s->size, text);
}

static int
open_archive(struct source *s, struct format_error *error)
{
  struct archive_entry *entry;
  int result;
  s->archive = archive_read_new();
  s->block = g_malloc(BLOCK);
  archive_read_support_filter_gzip(s->archive);
  archive_read_support_filter_bzip2(s->archive);
  archive_read_support_filter_xz(s->archive);
  archive_read_support_filter_zstd(s->archive);
  archive_read_support_format_raw(s->archive);
  archive_read_support_format_empty(s->archive);
  if (archive_read_open(s->archive, s, NULL, give_block, NULL) != ARCHIVE_OK)
    return (int)fail_archive(s, error);
  result = archive_read_next_header(s->archive, &entry);
  if (result == ARCHIVE_EOF) { /* compressed nothing */
    archive_read_free(s->archive);
    s->archive = NULL;
    return 0;
  }
  return result == ARCHIVE_OK ? 0 : (int)fail_archive(s, error);
}

static int
open_file(struct source *s, const char *path, struct format_error *error)
{
  struct stat info;
  s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (s->fd < 0)
    return format_fail(error, 0, 0, "cannot open: %s", g_strerror(errno));
  if (fstat(s->fd, &info) < 0)
    return format_fail(error, 0, 0, "cannot read: %s", g_strerror(errno));
  if (S_ISDIR(info.st_mode))
    return format_fail(error, 0, 0,
                       "this is a folder, and a file is wanted; a pattern such as \"*.csv\" behind it "
                       "reads the files in it");
  if (!S_ISREG(info.st_mode))
    return format_fail(error, 0, 0,
                       "this is no regular file; it has to be read more than once, so write it to a "
                       "file first");
  s->size = (uint64_t)info.st_size;
  return 0;
}

struct source *
source_open(const char *path, struct format_error *error)
{
  struct source *s = g_new0(struct source, 1);
  char magic[8] = {0};
  s->fd = -1;
  if (open_file(s, path, error) || source_peek(s, 0, magic, sizeof magic, error) < 0) {
    source_close(s);
    return NULL;
  }
  for (size_t k = 0; k < G_N_ELEMENTS(compressions); k++)
    if (!memcmp(magic, compressions[k].magic, compressions[k].magic_len))
      s->compression = compressions[k].name;
  if (s->compression && open_archive(s, error)) {
    source_close(s);
    return NULL;
  }
  return s;
}

void
source_close(struct source *s)
{
  if (!s)
    return;
  if (s->archive)
    archive_read_free(s->archive);
  if (s->fd >= 0)
    close(s->fd);
  g_free(s->block);
  g_free(s->path);
  g_free(s);
}

/* --- Members of archives ----------------------------------------------------------------------------------
 */

bool
source_is_archive(const char *path)
{
  static const char *const suffixes[] = {".tar",     ".tar.gz", ".tgz", ".tar.zst", ".tzst",
                                         ".tar.bz2", ".tbz2",   ".tbz", ".tar.xz",  ".txz"};
  char magic[4] = {0};
  size_t len = strlen(path);
  for (size_t k = 0; k < G_N_ELEMENTS(suffixes); k++) {
    size_t n = strlen(suffixes[k]);
    if (len > n && !g_ascii_strcasecmp(path + len - n, suffixes[k]))
      return true;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t n = fd < 0 ? 0 : pread(fd, magic, sizeof magic, 0);
  if (fd >= 0)
    close(fd);
  return n == sizeof magic && (!memcmp(magic, "PK\3\4", 4) || !memcmp(magic, "PK\5\6", 4));
}

/* Zip has its list of members at the end. */
static la_int64_t
seek_block(struct archive *archive, void *data, la_int64_t offset, int whence)
{
  struct source *s = data;
  off_t at = lseek(s->fd, offset, whence);
  if (at < 0)
    archive_set_error(archive, errno, "%s", g_strerror(errno));
  return at < 0 ? ARCHIVE_FATAL : at;
}

static int
open_members(struct source *s, struct format_error *error)
{
  s->archive = archive_read_new();
  s->block = g_malloc(BLOCK);
  s->compression = "archive's";
  s->member = -1;
  archive_read_support_filter_gzip(s->archive);
  archive_read_support_filter_bzip2(s->archive);
  archive_read_support_filter_xz(s->archive);
  archive_read_support_filter_zstd(s->archive);
  archive_read_support_format_tar(s->archive);
  archive_read_support_format_zip(s->archive);
  archive_read_set_read_callback(s->archive, give_block);
  archive_read_set_seek_callback(s->archive, seek_block);
  archive_read_set_callback_data(s->archive, s);
  return archive_read_open1(s->archive) == ARCHIVE_OK ? 0 : (int)fail_archive(s, error);
}

static struct source *
source_open_archive(const char *path, struct format_error *error)
{
  struct source *s = g_new0(struct source, 1);
  s->fd = -1;
  if (open_file(s, path, error) || open_members(s, error)) {
    source_close(s);
    return NULL;
  }
  s->path = g_strdup(path);
  return s;
}

enum { NO_MORE_MEMBERS = 1 };

/* The next header. 0, NO_MORE_MEMBERS, or -1. */
static int
next_member(struct source *s, struct archive_entry **entry, struct format_error *error)
{
  int result;
  do
    result = archive_read_next_header(s->archive, entry);
  while (result == ARCHIVE_RETRY);
  s->member++;
  if (result == ARCHIVE_EOF)
    return NO_MORE_MEMBERS;
  return result == ARCHIVE_OK || result == ARCHIVE_WARN ? 0 : (int)fail_archive(s, error);
}

int
source_list(const char *path, bool (*note)(void *data, const char *name, bool plain), void *data,
            struct format_error *error)
{
  struct source *s = source_open_archive(path, error);
  struct archive_entry *entry;
  int result = s ? 0 : -1;
  while (!result && !(result = next_member(s, &entry, error))) {
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
      name = archive_entry_pathname(entry);
    bool plain = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
    if (!note(data, name ? name : "?", plain && name))
      break;
  }
  source_close(s);
  return result == -1 ? -1 : 0;
}

static int
seek_member(struct source *s, int64_t number, struct format_error *error)
{
  struct archive_entry *entry = NULL;
  while (s->member < number) {
    int result = next_member(s, &entry, error);
    if (result == NO_MORE_MEMBERS)
      return format_fail(error, 0, 0, "the archive has fewer members than before: it was changed meanwhile");
    if (result)
      return -1;
  }
  if (archive_entry_is_encrypted(entry) > 0)
    return format_fail(error, 0, 0, "this member is encrypted; take it out of the archive first");
  s->size = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : 0;
  s->position = s->delivered = 0;
  return 0;
}

struct source *
source_open_member(const char *path, int64_t number, struct format_error *error)
{
  struct source *s = source_open_archive(path, error);
  if (s && seek_member(s, number, error)) {
    source_close(s);
    return NULL;
  }
  return s;
}

bool
source_go_on(struct source *s, const char *path, int64_t number, int *result, struct format_error *error)
{
  if (!s || !s->path || strcmp(s->path, path) != 0 || s->member >= number)
    return false;
  *result = seek_member(s, number, error);
  return true;
}

/* Of a member it is known only how much of its content came before what is wrong. */
static int64_t
fail_member(struct source *s, struct format_error *error)
{
  const char *said = archive_error_string(s->archive);
  g_autofree char *text = g_strchomp(g_strdup(said ? said : "no more is known"));
  if (s->failed || tells_end(said))
    return fail_archive(s, error);
  return format_fail(error, 0, 0,
                     "the archive is damaged, behind the first %" G_GUINT64_FORMAT
                     " bytes of this member (%s); fetch or write it again",
                     s->delivered, text);
}

static int64_t
read_member(struct source *s, char *data, size_t size, struct format_error *error)
{
  la_ssize_t n;
  do
    n = archive_read_data(s->archive, data, size);
  while (n == ARCHIVE_RETRY);
  if (n < 0)
    return fail_member(s, error);
  s->position = s->delivered += (uint64_t)n;
  return n;
}

/* Behind the compressed data only zeros may stand (tapes and some copies pad with them). */
static int64_t
check_rest(struct source *s, struct format_error *error)
{
  uint64_t at = (uint64_t)archive_filter_bytes(s->archive, -1);
  char block[4096];
  while (at < s->size) {
    int64_t n = source_peek(s, at, block, sizeof block, error);
    if (n < 0)
      return n;
    if (n == 0)
      break;
    for (int64_t k = 0; k < n; k++)
      if (block[k])
        return format_fail(error, 0, 0,
                           "other bytes stand behind the %s data, from byte %" G_GUINT64_FORMAT
                           " of %" G_GUINT64_FORMAT " on: the file is damaged, or a part of it is cut off",
                           s->compression, at + (uint64_t)k, s->size);
    at += (uint64_t)n;
  }
  return 0;
}

int64_t
source_read(struct source *s, char *data, size_t size, struct format_error *error)
{
  int64_t n;
  if (s->compression && !s->archive)
    return 0;
  if (s->path)
    return read_member(s, data, size, error);
  if (s->archive) {
    n = archive_read_data(s->archive, data, size);
    return n < 0 ? fail_archive(s, error) : n == 0 ? check_rest(s, error) : n;
  }
  n = read_file(s, data, size);
  return n < 0 ? format_fail(error, 0, 0, "cannot read: %s", g_strerror(errno)) : n;
}

int64_t
source_peek(struct source *s, uint64_t offset, char *data, size_t size, struct format_error *error)
{
  size_t done = 0;
  while (done < size) {
    ssize_t n = pread(s->fd, data + done, size - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return format_fail(error, 0, 0, "cannot read: %s", g_strerror(errno));
    if (n == 0)
      break;
    done += (size_t)n;
  }
  return (int64_t)done;
}

uint64_t
source_position(const struct source *s)
{
  return s->position;
}

uint64_t
source_size(const struct source *s)
{
  return s->size;
}

const char *
source_compression(const struct source *s)
{
  return s->compression;
}
