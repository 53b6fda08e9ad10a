/* SPDX-License-Identifier: MIT */
/* An input's type bound to the columns that arrive, with every mismatch explained. */
#include "base/nearest.h"
#include "base/quote.h"
#include "core/porttype_private.h"

#define ROW_COLUMN   "_row" /* that of readers: it comes along everywhere */
#define SHOWN_FIELDS 12     /* columns listed in a problem */

struct WeirBinding {
  GArray *starts;   /* guint an entry: where its items begin in `columns`; one more at the end */
  GArray *columns;  /* gint32 an item */
  GArray *no_nulls; /* gint32 */
};

void
weir_binding_free(WeirBinding *binding)
{
  if (!binding)
    return;
  g_array_unref(binding->starts);
  g_array_unref(binding->columns);
  g_array_unref(binding->no_nulls);
  g_free(binding);
}

gint32
weir_binding_column(const WeirBinding *binding, guint entry, guint item)
{
  if (entry >= binding->starts->len - 1)
    return -1;
  guint start = g_array_index(binding->starts, guint, entry);
  guint end = g_array_index(binding->starts, guint, entry + 1);
  return item < end - start ? g_array_index(binding->columns, gint32, start + item) : -1;
}

const gint32 *
weir_binding_no_nulls(const WeirBinding *binding, guint *n)
{
  *n = binding->no_nulls->len;
  return (const gint32 *)binding->no_nulls->data;
}

/* ---- Words for problems ---- */

const char *const *
weir_port_entry_names(const PortEntry *entry, const char *single[2], WeirFieldLookup lookup, gpointer data)
{
  single[0] = single[1] = NULL;
  if (entry->from_option) {
    const char *const *names = lookup ? lookup(entry->name, data) : NULL;
    return names ? names : single;
  }
  single[0] = entry->name;
  return single;
}

/* Columns as "a:i64, b:utf8 and 7 more"; those of `only` where that is not NULL. */
static char *
list_columns(const WeirSchema *schema, const guint8 *leave_out)
{
  guint shown = 0, more = 0;
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < weir_schema_n_columns(schema); i++) {
    const struct ArrowSchema *field = schema->arrow.children[i];
    if (leave_out && leave_out[i])
      continue;
    if (shown == SHOWN_FIELDS) {
      more++;
      continue;
    }
    g_autofree char *type = weir_field_type_to_string(field);
    g_string_append(out, shown++ ? ", " : "");
    weir_append_name(out, field->name);
    g_string_append_printf(out, ":%s", type);
  }
  if (more)
    g_string_append_printf(out, " and %u more", more);
  if (!shown)
    g_string_append(out, "no columns");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* `"text"`, and the option that named it. */
static char *
describe_column(const PortEntry *entry, const char *name)
{
  g_autofree char *quoted = weir_quote(name, -1);
  if (entry->from_option)
    return g_strdup_printf("column %s (option \"%s\")", quoted, entry->name);
  return g_strdup_printf("column %s", quoted);
}

char *
weir_port_missing_column(const PortEntry *entry, const char *name, const char *relation,
                         const WeirSchema *schema)
{
  g_auto(GStrv) names = weir_schema_names(schema);
  const char *near = weir_nearest(name, (const char *const *)names);
  g_autofree char *column = describe_column(entry, name);
  g_autofree char *near_quoted = near ? weir_quote(near, -1) : NULL;
  g_autofree char *all = list_columns(schema, NULL);
  return g_strdup_printf("%s%s is missing%s%s%s\n  it has: %s", column, relation,
                         near ? "; did you mean " : "", near ? near_quoted : "", near ? "?" : "", all);
}

/* Numbers, times and truth values that arrive where text is wanted: mostly a reader took a text for one. */
static gboolean
could_be_text(const WeirTypeExpr *wanted, const struct ArrowSchema *field)
{
  guint32 wants = 0;
  weir_type is = weir_type_from_format(field->format, NULL);
  for (const WeirTypeExpr *one = wanted; one; one = one->next)
    wants |= one->types;
  return (wants & 1u << WEIR_UTF8) && weir_scalar_type_name(is) && is != WEIR_BINARY;
}

static void
append_text_hint(GString *problem, const char *name)
{
  g_autofree char *quoted = weir_quote(name, -1);
  g_string_append_printf(
      problem, "\n  hint: read it as text: declare \"columns\": {%s: \"utf8\"} in the stage that reads it",
      quoted);
}

/* ---- Binding ---- */

/* The column's index is noted for the entry; -1 where it is missing. */
static void
bind_column(WeirBinding *binding, const PortEntry *entry, const char *name, const WeirSchema *schema,
            guint8 *taken, GPtrArray *problems)
{
  gint32 index = weir_schema_find(schema, name);
  g_array_append_val(binding->columns, index);
  if (index < 0) {
    if (!entry->optional)
      g_ptr_array_add(problems, weir_port_missing_column(entry, name, "", schema));
    return;
  }
  const struct ArrowSchema *field = schema->arrow.children[index];
  gboolean nullable = (field->flags & ARROW_FLAG_NULLABLE) != 0;
  taken[index] = TRUE;
  if (!weir_type_expr_matches(entry->type, field)) {
    g_autofree char *column = describe_column(entry, name);
    g_autofree char *is = weir_field_type_to_string(field);
    g_autofree char *wants = weir_type_expr_to_string(entry->type, " or ");
    /* The "?" is not what is wrong. */
    if (nullable)
      is[strlen(is) - 1] = 0;
    if (entry->type->nullable)
      wants[strlen(wants) - 1] = 0;
    g_autoptr(GString) problem = g_string_new(NULL);
    g_string_printf(problem, "%s is %s, wants %s", column, is, wants);
    if (could_be_text(entry->type, field))
      append_text_hint(problem, name);
    g_ptr_array_add(problems, g_string_free(g_steal_pointer(&problem), FALSE));
  }
  if (nullable && !entry->type->nullable) {
    for (guint i = 0; i < binding->no_nulls->len; i++)
      if (g_array_index(binding->no_nulls, gint32, i) == index)
        return;
    g_array_append_val(binding->no_nulls, index);
  }
}

/* Columns that an input without "*" does not take. */
static void
refuse_others(const WeirPortType *type, const WeirSchema *schema, guint8 *taken, GPtrArray *problems)
{
  gint row = weir_schema_find(schema, ROW_COLUMN);
  if (row >= 0)
    taken[row] = TRUE;
  for (guint i = 0; i < weir_schema_n_columns(schema); i++)
    if (!taken[i]) {
      g_autofree char *others = list_columns(schema, taken);
      g_ptr_array_add(problems,
                      g_strdup_printf("it takes only the columns %s\n  more arrive: %s", type->text, others));
      return;
    }
}

WeirBinding *
weir_port_type_bind(const WeirPortType *type, const WeirSchema *schema, WeirFieldLookup lookup, gpointer data,
                    GPtrArray *problems)
{
  guint before = problems->len;
  g_autofree guint8 *taken = g_new0(guint8, weir_schema_n_columns(schema));
  g_autoptr(WeirBinding) binding = g_new0(WeirBinding, 1);
  binding->starts = g_array_new(FALSE, FALSE, sizeof(guint));
  binding->columns = g_array_new(FALSE, FALSE, sizeof(gint32));
  binding->no_nulls = g_array_new(FALSE, FALSE, sizeof(gint32));
  for (guint i = 0; i < type->entries->len; i++) {
    const PortEntry *entry = weir_port_type_entry(type, i);
    const char *single[2];
    g_array_append_val(binding->starts, binding->columns->len);
    if (!entry->type)
      continue;
    for (const char *const *name = weir_port_entry_names(entry, single, lookup, data); *name; name++)
      bind_column(binding, entry, *name, schema, taken, problems);
  }
  g_array_append_val(binding->starts, binding->columns->len);
  if (!type->others)
    refuse_others(type, schema, taken, problems);
  return problems->len == before ? g_steal_pointer(&binding) : NULL;
}
