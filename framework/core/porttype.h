/* SPDX-License-Identifier: MIT */
/* Port types: the type strings of weir/plugin.h parsed, an arriving schema bound to an input, an output
 * derived. */
#ifndef WEIR_CORE_PORTTYPE_H
#define WEIR_CORE_PORTTYPE_H

#include "core/schema.h"

typedef struct WeirPortType WeirPortType;

/* Parse "text:utf8, label?:utf8?, *" or "=in, +score:f64". NULL: `error` with the column of the string under
 * a caret. */
WeirPortType *weir_port_type_parse(const char *text, GError **error);
void weir_port_type_free(WeirPortType *type);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirPortType, weir_port_type_free)

/* Contract rule W17 for a port type: an input has no "=", "+", "-"; an output has exact types, and no "*"
 * beside columns. */
gboolean weir_port_type_check(const WeirPortType *type, gboolean output, GError **error);

/* TRUE for "any" or "*" alone: an output of it is declared by the stage. */
gboolean weir_port_type_is_open(const WeirPortType *type);
/* Name of the input that an output type refers to ("=in"), or NULL. */
const char *weir_port_type_base(const WeirPortType *type);
/* Names of the options that "${…}" mentions, NULL at the end; belongs to the type. */
const char *const *weir_port_type_options(const WeirPortType *type);

/* Columns that an option of type field or field list names: NULL at the end; NULL or empty if not given. */
typedef const char *const *(*WeirFieldLookup)(const char *option, gpointer data);

/* How an input's entries lie in the batches that arrive. */
typedef struct WeirBinding WeirBinding;
void weir_binding_free(WeirBinding *binding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirBinding, weir_binding_free)
/* Index of a column, -1 if missing: see weir_input_index() in weir/plugin.h. */
gint32 weir_binding_column(const WeirBinding *binding, guint entry, guint item);
/* Columns whose type says that no null may come but whose schema allows one: the host looks at each batch. */
const gint32 *weir_binding_no_nulls(const WeirBinding *binding, guint *n);

/* Bind an arriving schema. On mismatch NULL, and one string a problem is added to `problems` (GPtrArray of
   char *), such as `column "text" is i64, wants utf8` or `column "txt" is missing; did you mean "text"?\n  it
   has: id:i64, text:utf8`; continuation lines begin after "\n". All problems are found, not just the first.
   An input without "*" takes no other columns, but for "_row". Items and members that may be null do not fit
   where the type says that none is, since nobody looks at them batch by batch. */
WeirBinding *weir_port_type_bind(const WeirPortType *type, const WeirSchema *schema, WeirFieldLookup lookup,
                                 gpointer data, GPtrArray *problems);

/* Where each column of an output comes from: of an input (`from_input` >= 0), or the `added`-th of those that
   the type string adds or replaces, in its order. The other of the two is -1. */
typedef struct WeirDerivation {
  guint n_columns;
  gint32 *from_input;
  gint32 *added;
  guint n_added;
} WeirDerivation;
void weir_derivation_free(WeirDerivation *derivation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirDerivation, weir_derivation_free)

/* The schema of an output. `base`: that of the input it refers to, NULL if it refers to none. An output that
   is not open and has no base is resolved from its string alone. `derivation` (may be NULL) gets the way the
   columns go. */
WeirSchema *weir_port_type_output(const WeirPortType *type, const WeirSchema *base, WeirFieldLookup lookup,
                                  gpointer data, WeirDerivation **derivation, GPtrArray *problems);

#endif
