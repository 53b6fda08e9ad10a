/* SPDX-License-Identifier: MIT */
/* The columns of a port that takes several edges: one schema, and how each edge's batches come to have it. */
#include "core/stage.h"

/* Columns of all edges so far. */
typedef struct {
  GPtrArray *fields; /* of struct ArrowSchema * in the edges' schemas */
  GHashTable *index; /* name to position + 1 */
} Union;

static gboolean
same_type(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
  if (!g_str_equal(a->format, b->format) || a->n_children != b->n_children)
    return FALSE;
  for (gint64 c = 0; c < a->n_children; c++) {
    const struct ArrowSchema *item = a->children[c], *other = b->children[c];
    if (!same_type(item, other) || (g_str_equal(a->format, "+s") && !g_str_equal(item->name, other->name)))
      return FALSE;
  }
  return TRUE;
}

/* What may be null in either may be null. */
static void
merge_nullable(struct ArrowSchema *to, const struct ArrowSchema *from)
{
  to->flags |= from->flags & ARROW_FLAG_NULLABLE;
  for (gint64 c = 0; c < to->n_children; c++)
    merge_nullable(to->children[c], from->children[c]);
}

static Union
collect(const WeirInput *input, gboolean all)
{
  Union columns = {g_ptr_array_new(), g_hash_table_new(g_str_hash, g_str_equal)};
  for (guint e = 0; e < (all ? input->edges->len : 1); e++) {
    const WeirSchema *schema = ((WeirEdge *)input->edges->pdata[e])->from->schema;
    for (guint c = 0; c < weir_schema_n_columns(schema); c++) {
      struct ArrowSchema *field = schema->arrow.children[c];
      if (g_hash_table_contains(columns.index, field->name))
        continue;
      g_ptr_array_add(columns.fields, field);
      g_hash_table_insert(columns.index, (gpointer)field->name, GUINT_TO_POINTER(columns.fields->len));
    }
  }
  return columns;
}

/* `column "x" is f64, and i64 in what came before`, or NULL. */
static char *
find_difference(const WeirSchema *schema, const WeirSchema *other, GHashTable *index, gboolean all)
{
  for (guint c = 0; c < weir_schema_n_columns(other); c++) {
    const struct ArrowSchema *field = other->arrow.children[c];
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(index, field->name));
    if (at == 0)
      return g_strdup_printf("its sources have different columns: the first has no \"%s\"", field->name);
    const struct ArrowSchema *first = schema->arrow.children[at - 1];
    if (same_type(first, field))
      continue;
    g_autofree char *is = weir_field_type_to_string(field), *was = weir_field_type_to_string(first);
    return g_strdup_printf("its sources have different columns: \"%s\" is %s here, and %s before",
                           field->name, is, was);
  }
  for (guint c = 0; c < weir_schema_n_columns(schema) && !all; c++) {
    const char *name = weir_schema_column_name(schema, c);
    if (weir_schema_find(other, name) < 0)
      return g_strdup_printf("its sources have different columns: \"%s\" is missing here", name);
  }
  return NULL;
}

/* Where each column stands in the edge's batches; a column that is missing there, or may be null there, may be null. */
static void
map_edge(WeirEdge *edge, WeirSchema *schema)
{
  const WeirSchema *other = edge->from->schema;
  guint n = weir_schema_n_columns(schema);
  gint32 *columns = g_new(gint32, n + 1);
  gboolean as_it_is = weir_schema_n_columns(other) == n;
  for (guint c = 0; c < n; c++) {
    gint at = weir_schema_find(other, weir_schema_column_name(schema, c));
    columns[c] = at;
    as_it_is &= at == (gint)c;
    if (at < 0)
      schema->arrow.children[c]->flags |= ARROW_FLAG_NULLABLE;
    else
      merge_nullable(schema->arrow.children[c], other->arrow.children[at]);
  }
  g_free(edge->columns);
  edge->columns = as_it_is ? NULL : columns;
  if (as_it_is)
    g_free(columns);
}

WeirSchema *
weir_plan_unify(const WeirInput *input, const WeirEdge **culprit, char **problem)
{
  gboolean all = (input->row->flags & WEIR_PORT_UNION) != 0;
  g_autoptr(GError) error = NULL;
  Union columns = collect(input, all);
  g_autoptr(WeirSchema) schema = weir_schema_from_children(
      (const struct ArrowSchema *const *)columns.fields->pdata, columns.fields->len, &error);
  *culprit = input->edges->pdata[0];
  *problem = NULL;
  if (!schema)
    *problem = g_strdup(error->message);
  for (guint e = 1; schema && e < input->edges->len && !*problem; e++) {
    *culprit = input->edges->pdata[e];
    *problem = find_difference(schema, (*culprit)->from->schema, columns.index, all);
  }
  for (guint e = 0; schema && e < input->edges->len && !*problem; e++)
    map_edge(input->edges->pdata[e], schema);
  g_ptr_array_unref(columns.fields);
  g_hash_table_unref(columns.index);
  return *problem ? NULL : g_steal_pointer(&schema);
}
