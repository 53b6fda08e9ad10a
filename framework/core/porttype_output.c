/* SPDX-License-Identifier: MIT */
/* The columns of an output, from its type and the columns of the input that it refers to. */
#include "base/quote.h"
#include "core/porttype_private.h"

void
weir_derivation_free(WeirDerivation *derivation)
{
  if (!derivation)
    return;
  g_free(derivation->from_input);
  g_free(derivation->added);
  g_free(derivation);
}

/* A column of the output while it is being put together. */
typedef struct OutputColumn {
  gint32 from_input;        /* or -1 */
  gint32 added;             /* or -1 */
  struct ArrowSchema field; /* of an added one; owned */
} OutputColumn;

typedef struct Output {
  const WeirSchema *base;
  guint8 *removed;     /* one a column of the base */
  gint32 *replaced_by; /* one a column of the base: number of the added one, or -1 */
  GArray *added;       /* of OutputColumn, in the order of the type */
  GPtrArray *problems;
} Output;

static void
clear_column(gpointer data)
{
  OutputColumn *column = data;
  weir_field_release(&column->field);
}

static void G_GNUC_PRINTF(2, 3) problem(Output *output, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_ptr_array_add(output->problems, g_strdup_vprintf(format, args));
  va_end(args);
}

static void
remove_column(Output *output, const PortEntry *entry, const char *name)
{
  gint index = weir_schema_find(output->base, name);
  if (index >= 0)
    output->removed[index] = TRUE;
  else if (!entry->optional)
    g_ptr_array_add(output->problems,
                    weir_port_missing_column(entry, name, ", which the output removes,", output->base));
}

/* A new column, in the place of another or at the end. */
static void
make_column(Output *output, const PortEntry *entry, const char *name)
{
  OutputColumn column = {.from_input = -1, .added = (gint32)output->added->len};
  if (output->base && entry->kind == ENTRY_COLUMN) {
    gint index = weir_schema_find(output->base, name);
    if (index < 0) {
      g_ptr_array_add(output->problems,
                      weir_port_missing_column(entry, name, ", which the output replaces,", output->base));
      return;
    }
    output->replaced_by[index] = column.added;
  }
  if (!weir_type_expr_is_exact(entry->type)) {
    g_autofree char *type = weir_type_expr_to_string(entry->type, "+");
    problem(output, "column \"%s\" of the output is %s, which is not one exact type", name, type);
    return;
  }
  weir_type_expr_to_field(entry->type, name, &column.field);
  g_array_append_val(output->added, column);
}

/* All entries in order; removals first, so that "-a, +a:i64" moves a column to the end in whatever order. */
static void
apply_entries(Output *output, const WeirPortType *type, gboolean removals, WeirFieldLookup lookup,
              gpointer data)
{
  for (guint i = 0; i < type->entries->len; i++) {
    const PortEntry *entry = weir_port_type_entry(type, i);
    const char *single[2];
    if ((entry->kind == ENTRY_REMOVE) != removals)
      continue;
    for (const char *const *name = weir_port_entry_names(entry, single, lookup, data); *name; name++)
      if (removals)
        remove_column(output, entry, *name);
      else
        make_column(output, entry, *name);
  }
}

/* The columns in their final order, as numbers; fields are those of the base or of the added. */
static WeirSchema *
assemble(Output *output, const WeirPortType *type, WeirDerivation *derivation)
{
  guint n_base = output->base ? weir_schema_n_columns(output->base) : 0;
  guint n_most = n_base + output->added->len;
  g_autofree const struct ArrowSchema **fields = g_new0(const struct ArrowSchema *, n_most);
  g_autofree guint8 *placed = g_new0(guint8, output->added->len);
  guint n = 0;
  derivation->from_input = g_new(gint32, n_most);
  derivation->added = g_new(gint32, n_most);
  derivation->n_added = output->added->len;
  for (guint i = 0; i < n_most; i++) {
    gint32 added = i < n_base ? output->replaced_by[i] : (gint32)(i - n_base);
    if (i < n_base && output->removed[i])
      continue;
    if (i >= n_base && placed[added])
      continue;
    if (added >= 0)
      placed[added] = TRUE;
    fields[n] = added >= 0 ? &g_array_index(output->added, OutputColumn, added).field
                           : output->base->arrow.children[i];
    derivation->from_input[n] = added >= 0 ? -1 : (gint32)i;
    derivation->added[n++] = added;
  }
  derivation->n_columns = n;
  g_autoptr(GError) error = NULL;
  WeirSchema *schema = weir_schema_from_children(fields, n, &error);
  if (!schema)
    problem(output, "the output \"%s\" cannot be made: %s", type->text, error->message);
  return schema;
}

/* A column that is added under a name that is there already, with words that help more than those of the
 * schema. */
static void
check_added(Output *output, const WeirPortType *type, WeirFieldLookup lookup, gpointer data)
{
  for (guint i = 0; output->base && i < type->entries->len; i++) {
    const PortEntry *entry = weir_port_type_entry(type, i);
    const char *single[2];
    if (entry->kind != ENTRY_ADD)
      continue;
    for (const char *const *name = weir_port_entry_names(entry, single, lookup, data); *name; name++) {
      gint index = weir_schema_find(output->base, *name);
      g_autofree char *quoted = weir_quote(*name, -1);
      if (index >= 0 && !output->removed[index])
        problem(output,
                "column %s exists already in what arrives at \"%s\", and the output adds it\n"
                "  hint: drop that column before this stage, or give one of the two another name",
                quoted, type->base);
    }
  }
}

WeirSchema *
weir_port_type_output(const WeirPortType *type, const WeirSchema *base, WeirFieldLookup lookup, gpointer data,
                      WeirDerivation **derivation, GPtrArray *problems)
{
  guint before = problems->len;
  g_autoptr(WeirDerivation) way = g_new0(WeirDerivation, 1);
  g_autoptr(WeirSchema) schema = NULL;
  g_autoptr(GError) error = NULL;
  Output output = {.base = type->base ? base : NULL, .problems = problems};
  if (!weir_port_type_check(type, TRUE, &error)) {
    problem(&output, "%s", error->message);
    return NULL;
  }
  if (weir_port_type_is_open(type) || (type->base && !base)) {
    problem(&output, "the columns of the output \"%s\" are not known yet", type->text);
    return NULL;
  }
  guint n_base = output.base ? weir_schema_n_columns(output.base) : 0;
  g_autofree guint8 *removed = output.removed = g_new0(guint8, n_base);
  g_autofree gint32 *replaced_by = output.replaced_by = g_new(gint32, n_base);
  for (guint i = 0; i < n_base; i++)
    replaced_by[i] = -1;
  output.added = g_array_new(FALSE, FALSE, sizeof(OutputColumn));
  g_array_set_clear_func(output.added, clear_column);
  apply_entries(&output, type, TRUE, lookup, data);
  apply_entries(&output, type, FALSE, lookup, data);
  check_added(&output, type, lookup, data);
  if (problems->len == before)
    schema = assemble(&output, type, way);
  g_array_unref(output.added);
  if (!schema)
    return NULL;
  if (derivation)
    *derivation = g_steal_pointer(&way);
  return g_steal_pointer(&schema);
}
