/* SPDX-License-Identifier: MIT */
/* The error domain that Weir's libraries share, and the wording of failed system calls. */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

#define WEIR_ERROR (weir_error_quark())
GQuark weir_error_quark(void);

typedef enum {
  WEIR_ERROR_FAILED,    /* none of the others */
  WEIR_ERROR_INVALID,   /* the input, or what the user wrote, is not valid */
  WEIR_ERROR_NOT_FOUND, /* a file, stage, plugin or other named thing does not exist */
  WEIR_ERROR_IO,        /* the system refused to read or write */
  WEIR_ERROR_LIMIT,     /* a size, depth or count is beyond its limit */
  WEIR_ERROR_CANCELLED, /* stopped on request */
} WeirErrorCode;

/* Sets `error` to `cannot ACTION "PATH": TEXT OF ERRNO; HINT`, as in `cannot write "a.csv": No space left on
 * device; free some space on that file system`. The hint is left out where there is nothing useful to say.
 * The code is WEIR_ERROR_NOT_FOUND for ENOENT and WEIR_ERROR_IO otherwise. Any thread; keeps errno. */
void weir_set_io_error(GError **error, int error_number, const char *action, const char *path);

G_END_DECLS

#endif
