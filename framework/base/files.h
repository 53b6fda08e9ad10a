/* SPDX-License-Identifier: MIT */
/* Reads a file whole within a limit, and makes and removes folders, with errors that say what to do. */
#ifndef WEIR_BASE_FILES_H
#define WEIR_BASE_FILES_H

#include <glib.h>

G_BEGIN_DECLS

/* Reads at most `limit` bytes; a larger file, a folder or a missing file is an error. A NUL follows the
 * `length` bytes. Pipes and devices are read until their end. Free with g_free. */
char *weir_read_file(const char *path, gsize limit, gsize *length, GError **error);

/* Makes a folder and those above it that are missing; it may exist already. */
gboolean weir_make_folder(const char *path, GError **error);

/* Whether something can be made at `path`: the nearest folder above it that exists is one, and can be written to.
 * `what` is "file" or "folder", for the message. */
gboolean weir_check_above(const char *path, const char *what, GError **error);

/* Removes a file, link or folder with all that is in it; a link is removed, not followed; other file systems
 * are not entered. What does not exist is no error. */
gboolean weir_remove_tree(const char *path, GError **error);

G_END_DECLS

#endif
