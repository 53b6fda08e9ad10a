/* SPDX-License-Identifier: MIT */
/* A place in a file that a person wrote, for error messages. */
#ifndef WEIR_BASE_POSITION_H
#define WEIR_BASE_POSITION_H

#include <glib.h>

G_BEGIN_DECLS

/* A plain value: copy it freely. `file` is an interned string (g_intern_string) that lives as long as the
 * process: a path as the user wrote it, or another origin such as "command line". Lines and columns count
 * from 1; 0 means unknown. Columns count characters (code points), not bytes. */
typedef struct {
  const char *file; /* NULL: from no file */
  guint line;
  guint column;
} WeirPosition;

#define WEIR_POSITION_NONE ((WeirPosition){NULL, 0, 0})

/* Interns `file`. */
WeirPosition weir_position(const char *file, guint line, guint column);

/* "docs.json:14:7", "docs.json:14", "docs.json", or "" for none. Free with g_free. */
char *weir_position_to_string(WeirPosition position);

G_END_DECLS

#endif
