/* SPDX-License-Identifier: MIT */
/* The error domain that Weir's libraries share, and the wording of failed system calls. */
#include "base/error.h"

#include "base/quote.h"

#include <errno.h>

G_DEFINE_QUARK(weir - error - quark, weir_error)

/* What a user can do about it; NULL where the system's own text says enough. */
static const char *
hint_for(int error_number)
{
  switch (error_number) {
  case ENOSPC:
    return "free some space on that file system, or choose another place";
  case EDQUOT:
    return "the disk quota is used up";
  case EROFS:
    return "choose a place that can be written to";
  case EACCES:
  case EPERM:
    return "check its permissions and those of the folders above it";
  case EISDIR:
    return "name a file in that folder";
  case ENOTDIR:
    return "a part of that path is a file, not a folder";
  case EMFILE:
    return "raise the limit of open files (ulimit -n)";
  case EFBIG:
    return "raise the limit of file sizes (ulimit -f), or choose another file system";
  default:
    return NULL;
  }
}

void
weir_set_io_error(GError **error, int error_number, const char *action, const char *path)
{
  int saved = errno;
  const char *hint = hint_for(error_number);
  g_autofree char *quoted = weir_quote_path(path);
  WeirErrorCode code = error_number == ENOENT ? WEIR_ERROR_NOT_FOUND : WEIR_ERROR_IO;

  g_set_error(error, WEIR_ERROR, code, "cannot %s %s: %s%s%s", action, quoted, g_strerror(error_number),
              hint != NULL ? "; " : "", hint != NULL ? hint : "");
  errno = saved;
}
