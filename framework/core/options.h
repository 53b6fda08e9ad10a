/* SPDX-License-Identifier: MIT */
/* Options: a stage's option table checked, and its values parsed from the pipeline file into the state
 * struct. */
#ifndef WEIR_CORE_OPTIONS_H
#define WEIR_CORE_OPTIONS_H

#include "base/diagnostics.h"
#include "base/tree.h"
#include "core/arena.h"
#include <glib.h>
#include <weir/plugin.h>

/* Contract rule W17 for the options of a class: names, types, offsets within the state and aligned, no
   overlap, choices present, defaults that parse and lie within the range, ports' `names` options exist.
   `error`: the first violation. */
gboolean weir_options_check_table(const weir_class *class, GError **error);

typedef struct WeirOptionContext {
  const char *stage;       /* name in the pipeline */
  const char *use;         /* "split.stratified" */
  const char *input_base;  /* folder for relative input paths that the pipeline file writes */
  GHashTable *folders;     /* the folder of each file that writes paths; NULL: `input_base` is that of all */
  const char *output_base; /* folder for all other relative paths: outputs, and what the command line gives */
  WeirDiagnostics *diagnostics;
  /* Why an option that was written has no value, such as a parameter without one, or NULL; g_free(). NULL: it is not
     known. */
  char *(*why_missing)(const char *option, gconstpointer data);
  gconstpointer data;
} WeirOptionContext;

/* Fill `state` (class->state_size bytes, zeroed) from `given`, a map node or NULL, and the defaults. Unknown
   options (with the nearest name or the list), wrong types, values out of range, missing required ones: each
   a diagnostic at the position of its value (or, for a missing one, of `where`). TRUE if there was none.
   Types are strict: an integer option takes no "25", unless it is a text from outside of all files
   (WEIR_TEXT_UNTYPED), which is read as on a command line. A text that is a secret is taken by secrets only. A null is as if the option had not been given.
   `is_given` (may be NULL) gets the names of the options that were given. Secrets are registered with
   base/redact. */
gboolean weir_options_fill(const WeirOptionContext *context, const weir_class *class, WeirNode *given,
                           const WeirNode *where, gpointer state, WeirArena *arena, GHashTable *is_given);

/* The columns that a field or field-list option names in a filled state; a WeirFieldLookup with data =
 * WeirFieldSource. */
typedef struct WeirFieldSource {
  const weir_class *class;
  gconstpointer state;
  WeirArena *arena;
} WeirFieldSource;
const char *const *weir_options_fields(const char *option, gpointer field_source);

/* The keys or items of a map or list option in a filled state, for ports that an option names. NULL at the
 * end. */
const char *const *weir_options_names(const weir_class *class, gconstpointer state, const char *option,
                                      WeirArena *arena);

/* The resolved values as a JSON map (paths absolute, secrets "***"), for plan, run.json and keys of reuse. With `is_given`,
 * an option that was not given and has no default is null. */
WeirNode *weir_options_to_node(const weir_class *class, gconstpointer state, GHashTable *is_given);

/* "integer, at least 2, default 25" for help and manuals. g_free(). */
char *weir_option_range(const weir_option *option);
/* Only "at least 2", "0 to 1", "one of: first, second"; NULL where anything goes. g_free(). */
char *weir_option_bounds(const weir_option *option);

#endif
