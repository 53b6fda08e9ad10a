/* SPDX-License-Identifier: MIT */
/* Copies files and folders of plain files; the storage is shared where the file system can. */
#ifndef WEIR_BASE_COPY_H
#define WEIR_BASE_COPY_H

#include <glib.h>

G_BEGIN_DECLS

/* Copies a regular file to a name that is free. Links are not followed. What was begun is removed on failure. */
gboolean weir_copy_file(const char *from, const char *to, GError **error);

/* The same file under another name: a hard link, or where the file system or its limits do not allow one, a copy. */
gboolean weir_link_or_copy(const char *from, const char *to, GError **error);

/* Copies what is in a folder into another, which is made if it is not there. Links and special files are refused, and
 * folders deeper than 64. On failure what was copied by then stays. */
gboolean weir_copy_tree(const char *from, const char *to, GError **error);

G_END_DECLS

#endif
