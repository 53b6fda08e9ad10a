/* SPDX-License-Identifier: MIT */
/* Finds the valid name that is nearest to a misspelt one, for "did you mean". */
#ifndef WEIR_BASE_NEAREST_H
#define WEIR_BASE_NEAREST_H

#include <glib.h>

G_BEGIN_DECLS

/* The number of single-character insertions, deletions, substitutions and swaps of neighbours that turn `a`
 * into `b`, no character edited twice (optimal string alignment; Damerau 1964, Levenshtein 1966). Characters
 * are code points; invalid UTF-8 counts byte by byte. G_MAXUINT where either is longer than 256
 * characters. */
guint weir_edit_distance(const char *a, const char *b);

/* The name in the NULL-terminated `valid` that `word` most likely meant, or NULL where none is near: at most
 * a third of the longer length in edits (but one edit is allowed from three characters on), capitals and -
 * against _ count as a third of an edit. A unique name that `word` begins (three characters or more) counts
 * as near too. Ties go to the first. */
const char *weir_nearest(const char *word, const char *const *valid);

/* The same over names that a callback gives: `name (data, i)` for i = 0, 1, … until it returns NULL. */
typedef const char *(*WeirNameAt)(gpointer data, gsize index);
const char *weir_nearest_of(const char *word, WeirNameAt name, gpointer data);

/* What to put behind `unknown stage "lod"`: `; did you mean "load"?`, or, where none is near, `; valid: "a",
 * "b", "c"` up to eight names and "; valid: "a", … and N more" beyond, or `; there are none`. Free with
 * g_free. */
char *weir_did_you_mean(const char *word, const char *const *valid);
char *weir_did_you_mean_of(const char *word, WeirNameAt name, gpointer data);

G_END_DECLS

#endif
