/* SPDX-License-Identifier: MIT */
/* Copies a tree of plain files without ever following a link. */
#include "config.h"

#include "store/artifact_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/quote.h"

#define CHUNK  ((size_t)16 << 20) /* bytes between two looks at `step` */
#define BUFFER ((size_t)1 << 20)

typedef struct {
  const char *from; /* the folders, for messages */
  const char *to;
  guint entries;
  guint64 bytes;
  WeirArtifactStep step;
  gpointer data;
  GError **error;
} Copy;

/* Everything is opened relative to a folder that is open already, so that no part of a path can be swapped
 * for a link between the look and the use. */
typedef struct {
  int from;
  int to;
  guint depth;
  const char *path; /* relative to the top, "" for it */
} Folder;

static gboolean
system_failed(const Copy *copy, const char *action, const char *path)
{
  int saved = errno;
  g_autofree char *full = g_build_filename(copy->from, path, NULL);
  weir_set_io_error(copy->error, saved, action, full);
  return FALSE;
}

static gboolean
write_failed(const Copy *copy, const char *path)
{
  int saved = errno;
  g_autofree char *full = *path ? g_build_filename(copy->to, path, NULL) : g_strdup(copy->to);
  weir_set_io_error(copy->error, saved, "write", full);
  return FALSE;
}

static gboolean
refuse(const Copy *copy, WeirErrorCode code, const char *path, const char *why)
{
  g_autofree char *full = g_build_filename(copy->from, path, NULL);
  g_autofree char *quoted = weir_quote_path(full);
  g_set_error(copy->error, WEIR_ERROR, code, "cannot copy %s: %s", quoted, why);
  return FALSE;
}

static gboolean
count_bytes(Copy *copy, guint64 bytes, const char *path)
{
  copy->bytes += bytes;
  if (copy->bytes > WEIR_ARTIFACT_MAX_BYTES)
    return refuse(copy, WEIR_ERROR_LIMIT, path, "the folder holds more than 1 TiB");
  if (copy->step && !copy->step(copy->bytes, copy->data)) {
    g_set_error_literal(copy->error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "the copying was stopped");
    return FALSE;
  }
  return TRUE;
}

/* Lets the kernel copy, which shares storage where it can. It stops at the end of the file, where it cannot
 * copy between these file systems, and at any failure: the rest is then copied by hand, which says why. */
static gboolean
copy_by_kernel(Copy *copy, int from, int to, const char *path)
{
  for (;;) {
    ssize_t got = copy_file_range(from, NULL, to, NULL, CHUNK, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return TRUE;
    if (!count_bytes(copy, (guint64)got, path))
      return FALSE;
  }
}

static gboolean
copy_by_hand(Copy *copy, int from, int to, const char *path)
{
  g_autofree char *buffer = g_malloc(BUFFER);
  for (;;) {
    ssize_t got = read(from, buffer, BUFFER);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return system_failed(copy, "read", path);
    for (ssize_t done = 0; done < got;) {
      ssize_t written = write(to, buffer + done, (size_t)(got - done));
      if (written < 0 && errno != EINTR)
        return write_failed(copy, path);
      done += MAX(written, 0);
    }
    if (got == 0)
      return TRUE;
    if (!count_bytes(copy, (guint64)got, path))
      return FALSE;
  }
}

static gboolean
copy_file(Copy *copy, const Folder *folder, const char *name, const char *path)
{
  struct stat status;
  int from = openat(folder->from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (from < 0)
    return errno == ELOOP ? refuse(copy, WEIR_ERROR_INVALID, path, "it is a link; put the file itself there")
                          : system_failed(copy, "read", path);
  gboolean done = FALSE;
  int to = -1;
  if (fstat(from, &status) != 0)
    system_failed(copy, "read", path);
  else if (!S_ISREG(status.st_mode))
    refuse(copy, WEIR_ERROR_INVALID, path, "it is neither a file nor a folder");
  else if ((to = openat(folder->to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) < 0)
    write_failed(copy, path);
  else
    done = copy_by_kernel(copy, from, to, path) && copy_by_hand(copy, from, to, path);
  close(from);
  if (to >= 0 && close(to) != 0 && done)
    done = write_failed(copy, path);
  return done;
}

static gboolean copy_folder(Copy *copy, const Folder *folder);

static gboolean
copy_subfolder(Copy *copy, const Folder *folder, const char *name, const char *path)
{
  if (folder->depth + 1 > WEIR_ARTIFACT_MAX_DEPTH)
    return refuse(copy, WEIR_ERROR_LIMIT, path, "more than 32 folders stand within each other");
  if (mkdirat(folder->to, name, 0777) != 0)
    return write_failed(copy, path);
  Folder below = {-1, -1, folder->depth + 1, path};
  below.from = openat(folder->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (below.from < 0)
    return system_failed(copy, "read the folder", path);
  below.to = openat(folder->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  gboolean done = below.to >= 0 ? copy_folder(copy, &below) : write_failed(copy, path);
  if (below.to >= 0)
    close(below.to);
  close(below.from);
  return done;
}

static gboolean
copy_entry(Copy *copy, const Folder *folder, const char *name)
{
  struct stat status;
  g_autofree char *path = *folder->path ? g_build_filename(folder->path, name, NULL) : g_strdup(name);
  if (++copy->entries > WEIR_ARTIFACT_MAX_FILES)
    return refuse(copy, WEIR_ERROR_LIMIT, "", "it holds more than 100,000 files and folders");
  if (!g_utf8_validate(name, -1, NULL))
    return refuse(copy, WEIR_ERROR_INVALID, path, "its name is not UTF-8; rename it");
  if (fstatat(folder->from, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return system_failed(copy, "read", path);
  return S_ISDIR(status.st_mode) ? copy_subfolder(copy, folder, name, path)
                                 : copy_file(copy, folder, name, path);
}

/* The descriptors stay the caller's. */
static gboolean
copy_folder(Copy *copy, const Folder *folder)
{
  int listing = openat(folder->from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = listing >= 0 ? fdopendir(listing) : NULL;
  if (!dir) {
    gboolean done = system_failed(copy, "read the folder", folder->path);
    if (listing >= 0)
      close(listing);
    return done;
  }
  gboolean done = TRUE;
  const struct dirent *entry;
  while (done && (errno = 0, entry = readdir(dir))) {
    const char *name = entry->d_name;
    gboolean skipped = !strcmp(name, ".") || !strcmp(name, "..") ||
                       (!*folder->path && !strcmp(name, WEIR_ARTIFACT_MANIFEST));
    done = skipped || copy_entry(copy, folder, name);
  }
  if (done && errno)
    done = system_failed(copy, "read the folder", folder->path);
  closedir(dir);
  return done;
}

gboolean
weir_artifact_copy(const char *from, const char *to, const char *to_name, WeirArtifactStep step,
                   gpointer data, GError **error)
{
  Copy copy = {.from = from, .to = to_name ? to_name : to, .step = step, .data = data, .error = error};
  Folder top = {-1, -1, 0, ""};
  top.from = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top.from < 0)
    return system_failed(&copy, "read the folder", "");
  top.to = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean done = top.to >= 0 && copy_folder(&copy, &top);
  if (top.to < 0)
    write_failed(&copy, "");
  else
    close(top.to);
  close(top.from);
  return done;
}
