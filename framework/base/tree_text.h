/* SPDX-License-Identifier: MIT */
/* What every text of a tree has to be before its grammar is looked at: UTF-8 without NUL, within the limit. */
#ifndef WEIR_BASE_TREE_TEXT_H
#define WEIR_BASE_TREE_TEXT_H

#include "base/diagnostics.h"

G_BEGIN_DECLS

/* Goes past a byte order mark in UTF-8. */
void weir_tree_skip_mark(const char **text, gsize *length);

/* Adds an error and returns FALSE where the text is larger than WEIR_TREE_MAX_BYTES. */
gboolean weir_tree_check_size(gsize length, const char *file, WeirDiagnostics *diagnostics);

/* The first byte that is no text: NUL, or invalid UTF-8. NULL: there is none. */
const char *weir_tree_bad_byte(const char *text, gsize length);

/* Adds the error that such a byte is: `start` is where the text begins, `end` where it ends. */
void weir_tree_refuse_byte(const char *start, const char *end, const char *bad, WeirPosition position,
                           WeirDiagnostics *diagnostics);

/* The line and column (from 1, in characters) of a byte of a text. Lines end with a line feed, a carriage return, or
 * both. */
WeirPosition weir_tree_position(const char *text, const char *at, const char *file);

G_END_DECLS

#endif
