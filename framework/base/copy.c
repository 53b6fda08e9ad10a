/* SPDX-License-Identifier: MIT */
/* Copies of files and folders: see copy.h. */
#include "config.h"

#include "base/copy.h"
#include "base/error.h"
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK  ((size_t)64 << 20)
#define BUFFER ((size_t)1 << 20)
#define DEPTH  64

static gboolean
failed(GError **error, const char *action, const char *path)
{
  weir_set_io_error(error, errno, action, path);
  return FALSE;
}

/* By the kernel, which shares storage where it can; what it does not copy is copied by hand, which says why. */
static gboolean
copy_bytes(int source, int target, const char *from, const char *to, GError **error)
{
  ssize_t got;
  while ((got = copy_file_range(source, NULL, target, NULL, CHUNK, 0)) > 0 || (got < 0 && errno == EINTR))
    ;
  g_autofree char *buffer = g_malloc(BUFFER);
  while ((got = read(source, buffer, BUFFER)) != 0) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failed(error, "read", from);
    for (ssize_t done = 0; done < got;) {
      ssize_t written = write(target, buffer + done, (size_t)(got - done));
      if (written < 0 && errno != EINTR)
        return failed(error, "write", to);
      done += MAX(written, 0);
    }
  }
  return TRUE;
}

gboolean
weir_copy_file(const char *from, const char *to, GError **error)
{
  struct stat st;
  int source = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (source < 0)
    return failed(error, "read", from);
  gboolean fine = fstat(source, &st) == 0;
  if (fine && !S_ISREG(st.st_mode)) {
    errno = EINVAL;
    fine = FALSE;
  }
  int target = fine ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777) : -1;
  if (!fine)
    failed(error, "copy", from);
  else if (target < 0)
    fine = failed(error, "write", to);
  else
    fine = copy_bytes(source, target, from, to, error);
  close(source);
  if (target >= 0 && close(target) != 0 && fine)
    fine = failed(error, "write", to);
  if (target >= 0 && !fine)
    unlink(to);
  return fine;
}

gboolean
weir_link_or_copy(const char *from, const char *to, GError **error)
{
  if (linkat(AT_FDCWD, from, AT_FDCWD, to, 0) == 0)
    return TRUE;
  if (errno == EEXIST || errno == ENOENT)
    return failed(error, "link", errno == EEXIST ? to : from);
  return weir_copy_file(from, to, error);
}

static gboolean
copy_folder(const char *from, const char *to, guint depth, GError **error)
{
  errno = ELOOP;
  g_autoptr(GDir) dir = depth > DEPTH ? NULL : g_dir_open(from, 0, NULL);
  const char *name;
  if (!dir)
    return failed(error, "copy", from);
  if (!weir_make_folder(to, error))
    return FALSE;
  while ((name = g_dir_read_name(dir))) {
    g_autofree char *source = g_build_filename(from, name, NULL);
    g_autofree char *target = g_build_filename(to, name, NULL);
    struct stat st;
    if (lstat(source, &st) != 0)
      return failed(error, "copy", source);
    if (!(S_ISDIR(st.st_mode) ? copy_folder(source, target, depth + 1, error)
                              : weir_copy_file(source, target, error)))
      return FALSE;
  }
  return TRUE;
}

gboolean
weir_copy_tree(const char *from, const char *to, GError **error)
{
  return copy_folder(from, to, 0, error);
}
