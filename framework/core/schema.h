/* SPDX-License-Identifier: MIT */
/* Schemas: the resolved columns of a port, as an immutable, counted ArrowSchema. Safe from any thread. */
#ifndef WEIR_CORE_SCHEMA_H
#define WEIR_CORE_SCHEMA_H

#include <glib.h>
#include <weir/columns.h>
#include <weir/plugin.h>

typedef struct WeirSchema {
  gatomicrefcount refs;
  struct ArrowSchema arrow; /* format "+s", a child a column, names unique, only types of weir_type */
} WeirSchema;

/* Columns from fields whose types are written as in port types ("utf8?", "list<f64>"). NULL: a name comes
   twice or is no valid UTF-8, a type is unknown (nearest name given), nested too deep, more than 65,536
   columns. */
WeirSchema *weir_schema_new(const weir_field *fields, guint n, GError **error);
/* What weir_schema_to_string() wrote: "id:i64, text:utf8?"; the same checks. */
WeirSchema *weir_schema_parse(const char *text, GError **error);
/* A copy of a foreign schema; the same checks, "not supported: dictionary<…>" and so on by name. */
WeirSchema *weir_schema_copy(const struct ArrowSchema *arrow, GError **error);
/* Build from parts: children are deep copies of the given fields. */
WeirSchema *weir_schema_from_children(const struct ArrowSchema *const *children, guint n, GError **error);
WeirSchema *weir_schema_ref(WeirSchema *schema);
void weir_schema_unref(WeirSchema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirSchema, weir_schema_unref)

guint weir_schema_n_columns(const WeirSchema *schema);
const char *weir_schema_column_name(const WeirSchema *schema, guint index);
/* Position of a column, or -1. Constant time for wide schemas is not needed; it is called while planning. */
gint weir_schema_find(const WeirSchema *schema, const char *name);
/* Same names, types, nullability and order. */
gboolean weir_schema_equal(const WeirSchema *a, const WeirSchema *b);
/* "id:i64, text:utf8?": column names that are not plain words are quoted. g_free(). */
char *weir_schema_to_string(const WeirSchema *schema);
/* "list<f64>" for one field, without its name; "?" at the end if nullable. g_free(). */
char *weir_field_type_to_string(const struct ArrowSchema *field);
/* Names of the columns, NULL at the end; g_strfreev(). For nearest-name hints. */
char **weir_schema_names(const WeirSchema *schema);

#endif
