/* SPDX-License-Identifier: MIT */
/* Takes an archive apart into a folder that nothing of it can leave. */
#include "config.h"

#include "store/archive_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/quote.h"
#include "base/units.h"

#define BUFFER      ((gsize)1 << 20)
#define BLOCK       ((gsize)128 << 10)
#define MAX_SKIPPED 1000000u /* members that are nothing but folders */

/* How libarchive says that a member's compressed data end too early. */
#define ZLIB_WANTS_MORE "decompression failed (-5)"

#define MAX_DESCRIPTION   ((gsize)16 << 20)
#define MEMBERS_LOOKED_AT 16

typedef struct {
  struct archive *archive;
  const char *path;
  guint64 size; /* of the archive */
  int to;
  guint entries, folders;
  guint64 bytes, limit;
  WeirArtifactStep step;
  gpointer data;
  char *buffer;
  GError **error;
} Unpack;

static gboolean
refuse(const Unpack *u, WeirErrorCode code, const char *member, const char *why)
{
  g_autofree char *archive = weir_quote_path(u->path);
  g_autofree char *quoted = weir_quote(member, -1);
  g_set_error(u->error, WEIR_ERROR, code, "cannot take %s out of %s: %s", quoted, archive, why);
  return FALSE;
}

static gboolean
system_failed(const Unpack *u, const char *member)
{
  int saved = errno;
  if (saved == EEXIST || saved == ENOTDIR || saved == EISDIR)
    return refuse(u, WEIR_ERROR_INVALID, member, "it is there twice");
  weir_set_io_error(u->error, saved, "write", member);
  return FALSE;
}

static gboolean
archive_failed(const Unpack *u)
{
  g_autofree char *archive = weir_quote_path(u->path);
  const char *text = archive_error_string(u->archive);
  g_autofree char *why = g_strchomp(g_strdup(text ? text : "it is damaged"));
  gboolean at_end = archive_filter_bytes(u->archive, -1) >= (gint64)u->size;
  if (strcasestr(why, "truncated") || (at_end && strstr(why, ZLIB_WANTS_MORE)))
    g_set_error(
        u->error, WEIR_ERROR, WEIR_ERROR_INVALID,
        "cannot read the archive %s: its data end too early: the file is truncated; fetch or write it again",
        archive);
  else
    g_set_error(u->error, WEIR_ERROR, WEIR_ERROR_INVALID, "cannot read the archive %s: %s", archive, why);
  return FALSE;
}

/* The parts of a member's path, without "." and a slash at the end; NULL with an error where it leads elsewhere. */
static char **
safe_parts(const Unpack *u, const char *path)
{
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
  const char *why = NULL;
  if (!g_utf8_validate(path, -1, NULL))
    why = "its name is not UTF-8";
  else if (*path == '/')
    why = "its path is absolute, and would lead out of the folder";
  for (guint i = 0; parts[i] && !why; i++) {
    if (strcmp(parts[i], "..") == 0)
      why = "its path has \"..\", and would lead out of the folder";
    else if (strlen(parts[i]) > 255)
      why = "a part of its path is longer than 255 bytes";
    else if (*parts[i] && strcmp(parts[i], ".") != 0)
      g_ptr_array_add(kept, g_strdup(parts[i]));
  }
  if (!why && kept->len > WEIR_ARTIFACT_MAX_DEPTH)
    why = "more than 32 folders stand within each other";
  if (why) {
    refuse(u, WEIR_ERROR_INVALID, path, why);
    return NULL;
  }
  g_ptr_array_add(kept, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&kept), FALSE);
}

/* Opens the folder of the first `n` parts, making what is missing. -1: failed. */
static int
open_folder(Unpack *u, char *const *parts, guint n, const char *member)
{
  int at = fcntl(u->to, F_DUPFD_CLOEXEC, 0);
  for (guint i = 0; i < n && at >= 0; i++) {
    gboolean made = mkdirat(at, parts[i], 0777) == 0;
    if (made && ++u->folders > WEIR_ARTIFACT_MAX_FILES) {
      close(at);
      refuse(u, WEIR_ERROR_LIMIT, member, "the archive holds more than 100,000 folders");
      return -1;
    }
    gboolean there = made || errno == EEXIST;
    int next = there ? openat(at, parts[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    int saved = errno;
    close(at);
    errno = saved;
    at = next;
  }
  if (at < 0)
    system_failed(u, member);
  return at;
}

static gboolean
count_bytes(Unpack *u, guint64 bytes, const char *member)
{
  u->bytes += bytes;
  if (u->bytes > u->limit) {
    g_autofree char *limit = weir_format_size((double)u->limit);
    g_autofree char *why =
        g_strdup_printf("the archive holds more than %s; raise the limit if that is wanted", limit);
    return refuse(u, WEIR_ERROR_LIMIT, member, why);
  }
  if (u->bytes > WEIR_ARCHIVE_HARMLESS_BYTES && u->bytes / WEIR_ARCHIVE_MAX_RATIO > u->size)
    return refuse(u, WEIR_ERROR_LIMIT, member,
                  "the archive grows to more than 4,096 times its size, as only a bomb does");
  if (u->step && !u->step(u->bytes, u->data)) {
    g_set_error_literal(u->error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "the reading was stopped");
    return FALSE;
  }
  return TRUE;
}

static gboolean
write_all(const Unpack *u, int fd, gsize size, const char *member)
{
  for (gsize done = 0; done < size;) {
    ssize_t n = write(fd, u->buffer + done, size - done);
    if (n < 0 && errno != EINTR)
      return system_failed(u, member);
    done += (gsize)MAX(n, 0);
  }
  return TRUE;
}

static gboolean
take_content(Unpack *u, int fd, const char *member)
{
  for (;;) {
    la_ssize_t n = archive_read_data(u->archive, u->buffer, BUFFER);
    if (n == ARCHIVE_RETRY)
      continue;
    if (n < 0)
      return archive_failed(u);
    if (n == 0)
      return TRUE;
    if (!count_bytes(u, (guint64)n, member) || !write_all(u, fd, (gsize)n, member))
      return FALSE;
  }
}

static gboolean
take_file(Unpack *u, char *const *parts, const char *member)
{
  guint n = g_strv_length((char **)parts);
  if (++u->entries > WEIR_ARTIFACT_MAX_FILES)
    return refuse(u, WEIR_ERROR_LIMIT, member, "the archive holds more than 100,000 files");
  if (n == 0)
    return refuse(u, WEIR_ERROR_INVALID, member, "it has no name");
  int folder = open_folder(u, parts, n - 1, member);
  if (folder < 0)
    return FALSE;
  int fd = openat(folder, parts[n - 1], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  gboolean done = fd >= 0 ? take_content(u, fd, member) : system_failed(u, member);
  if (fd >= 0 && close(fd) != 0 && done)
    done = system_failed(u, member);
  close(folder);
  return done;
}

static gboolean
take_member(Unpack *u, struct archive_entry *entry)
{
  const char *member = archive_entry_pathname(entry);
  if (!member)
    member = archive_entry_pathname_utf8(entry);
  if (!member)
    return refuse(u, WEIR_ERROR_INVALID, "?", "its name cannot be read");
  if (archive_entry_hardlink(entry) || archive_entry_symlink(entry) ||
      archive_entry_filetype(entry) == AE_IFLNK)
    return refuse(u, WEIR_ERROR_INVALID, member, "it is a link, and only files and folders are taken");
  if (archive_entry_is_encrypted(entry) > 0)
    return refuse(u, WEIR_ERROR_INVALID, member, "it is encrypted");
  g_auto(GStrv) parts = safe_parts(u, member);
  if (!parts)
    return FALSE;
  if (archive_entry_filetype(entry) == AE_IFREG)
    return take_file(u, parts, member);
  if (archive_entry_filetype(entry) != AE_IFDIR)
    return refuse(u, WEIR_ERROR_INVALID, member, "it is neither a file nor a folder");
  int folder = open_folder(u, parts, g_strv_length(parts), member);
  if (folder < 0)
    return FALSE;
  close(folder);
  return TRUE;
}

static gboolean
take_all(Unpack *u)
{
  for (guint seen = 0;; seen++) {
    struct archive_entry *entry;
    int result = archive_read_next_header(u->archive, &entry);
    if (result == ARCHIVE_RETRY)
      continue;
    if (result == ARCHIVE_EOF)
      break;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
      return archive_failed(u);
    if (seen > MAX_SKIPPED)
      return refuse(u, WEIR_ERROR_LIMIT, "the rest", "the archive has more than 1,000,000 members");
    if (!take_member(u, entry))
      return FALSE;
  }
  if (u->entries)
    return TRUE;
  g_autofree char *archive = weir_quote_path(u->path);
  g_set_error(u->error, WEIR_ERROR, WEIR_ERROR_INVALID, "the archive %s has no files in it", archive);
  return FALSE;
}

static gboolean
open_archive(Unpack *u)
{
  struct stat status;
  struct archive *a = u->archive;
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_bzip2(a);
  archive_read_support_filter_xz(a);
  archive_read_support_filter_zstd(a);
  archive_read_support_format_tar(a);
  archive_read_support_format_zip(a);
  if (stat(u->path, &status) != 0) {
    weir_set_io_error(u->error, errno, "read", u->path);
    return FALSE;
  }
  u->size = (guint64)status.st_size;
  if (!S_ISREG(status.st_mode)) {
    g_autofree char *archive = weir_quote_path(u->path);
    g_set_error(u->error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s is no regular file", archive);
    return FALSE;
  }
  return archive_read_open_filename(a, u->path, BLOCK) == ARCHIVE_OK || archive_failed(u);
}

/* --- One folder around all --- */

/* The name of the folder that is all there is in `u->to`; NULL: there is more, or a file. */
static char *
only_folder(const Unpack *u, const char *to)
{
  g_autoptr(GDir) dir = g_dir_open(to, 0, NULL);
  const char *name = dir ? g_dir_read_name(dir) : NULL;
  struct stat status;
  g_autofree char *only = g_strdup(name);
  if (!only || g_dir_read_name(dir) || fstatat(u->to, only, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return NULL;
  return S_ISDIR(status.st_mode) ? g_steal_pointer(&only) : NULL;
}

/* Moves the content of the one folder to where it stands itself; a member may have its name. */
static gboolean
lift_out(const Unpack *u, const char *to)
{
  static const char aside[] = ".weir-archive-top";
  g_autofree char *top = only_folder(u, to);
  g_autofree char *inside = g_build_filename(to, aside, NULL);
  const char *name;
  if (!top)
    return TRUE;
  if (renameat(u->to, top, u->to, aside) != 0)
    return system_failed(u, top);
  g_autoptr(GDir) dir = g_dir_open(inside, 0, NULL);
  int below = dir ? openat(u->to, aside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  gboolean done = below >= 0 || system_failed(u, top);
  while (done && (name = g_dir_read_name(dir)))
    done = strcmp(name, aside) == 0 ? refuse(u, WEIR_ERROR_INVALID, name, "that name is kept")
                                    : renameat(below, name, u->to, name) == 0 || system_failed(u, name);
  if (below >= 0)
    close(below);
  return done && (unlinkat(u->to, aside, AT_REMOVEDIR) == 0 || system_failed(u, top));
}

/* --- A look inside --- */

static gboolean
is_description(const char *member)
{
  const char *slash;
  while (member && g_str_has_prefix(member, "./"))
    member += 2;
  if (!member)
    return FALSE;
  slash = strchr(member, '/');
  return strcmp(slash ? slash + 1 : member, WEIR_ARTIFACT_MANIFEST) == 0;
}

static gboolean
read_description(Unpack *u, WeirArtifactManifest **manifest)
{
  g_autofree char *text = g_malloc(MAX_DESCRIPTION + 1);
  g_autofree char *origin = g_strdup_printf("%s(%s)", u->path, WEIR_ARTIFACT_MANIFEST);
  gsize length = 0;
  la_ssize_t n = 1;
  while (n > 0 && length <= MAX_DESCRIPTION) {
    n = archive_read_data(u->archive, text + length, MAX_DESCRIPTION + 1 - length);
    if (n < 0)
      return archive_failed(u);
    length += (gsize)n;
  }
  if (length > MAX_DESCRIPTION)
    return refuse(u, WEIR_ERROR_LIMIT, WEIR_ARTIFACT_MANIFEST, "it is larger than 16 MiB");
  *manifest = weir_artifact_manifest_parse(text, length, origin, u->error);
  return *manifest != NULL;
}

/* What stands before is passed over, which may cost as much as taking it out: not more of it than is harmless. */
static gboolean
look_inside(Unpack *u, WeirArtifactManifest **manifest)
{
  struct archive_entry *entry;
  guint64 left = WEIR_ARCHIVE_HARMLESS_BYTES;
  for (guint i = 0; i < MEMBERS_LOOKED_AT; i++) {
    int result = archive_read_next_header(u->archive, &entry);
    if (result == ARCHIVE_EOF)
      return TRUE;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
      return archive_failed(u);
    if (archive_entry_filetype(entry) == AE_IFREG && is_description(archive_entry_pathname(entry)))
      return read_description(u, manifest);
    guint64 size = (guint64)MAX(archive_entry_size(entry), 0);
    if (size > left)
      return TRUE;
    left -= size;
  }
  return TRUE;
}

gboolean
weir_archive_peek(const char *path, WeirArtifactManifest **manifest, GError **error)
{
  Unpack u = {.path = path, .to = -1, .error = error};
  WeirArchiveLocale locale = weir_archive_locale_begin();
  *manifest = NULL;
  u.archive = archive_read_new();
  gboolean done = open_archive(&u) && look_inside(&u, manifest);
  archive_read_free(u.archive);
  weir_archive_locale_end(locale);
  return done;
}

gboolean
weir_archive_unpack(const char *path, const char *to, guint64 limit, WeirArtifactStep step, gpointer data,
                    GError **error)
{
  Unpack u = {.path = path, .limit = limit, .step = step, .data = data, .error = error};
  u.to = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (u.to < 0) {
    weir_set_io_error(error, errno, "write", to);
    return FALSE;
  }
  WeirArchiveLocale locale = weir_archive_locale_begin();
  u.archive = archive_read_new();
  u.buffer = g_malloc(BUFFER);
  gboolean done = open_archive(&u) && take_all(&u) && lift_out(&u, to);
  archive_read_free(u.archive);
  weir_archive_locale_end(locale);
  g_free(u.buffer);
  close(u.to);
  return done;
}
