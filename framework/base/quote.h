/* SPDX-License-Identifier: MIT */
/* Quotes a foreign text for an error message. */
#ifndef WEIR_BASE_QUOTE_H
#define WEIR_BASE_QUOTE_H

#include <glib.h>

G_BEGIN_DECLS

/* The text in double quotes, fit for one line of a terminal: quotes, backslashes and control characters
 * escaped, invalid UTF-8 as \xNN, cut to 80 characters with an ellipsis. `size` may be -1 for a
 * NUL-terminated text. Free with g_free. */
char *weir_quote(const char *text, gssize size);

/* The same for a path, whose end says most: cut only beyond 4,096 characters. */
char *weir_quote_path(const char *path);

G_END_DECLS

#endif
