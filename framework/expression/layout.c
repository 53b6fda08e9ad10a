/* SPDX-License-Identifier: MIT */
/* Plans of outputs whose columns the options say. */
#include "expression/layout.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/quote.h"

static void
column_clear(gpointer data)
{
  LayoutColumn *column = data;
  g_free(column->name);
  g_free(column->type);
}

Layout *
layout_new(void)
{
  Layout *layout = g_new0(Layout, 1);
  layout->columns = g_array_new(FALSE, TRUE, sizeof(LayoutColumn));
  g_array_set_clear_func(layout->columns, column_clear);
  return layout;
}

void
layout_free(Layout *layout)
{
  g_array_unref(layout->columns);
  g_free(layout);
}

Layout *
layout_of(const struct ArrowSchema *schema)
{
  Layout *layout = layout_new();
  for (gint64 c = 0; c < schema->n_children; c++)
    layout_pass(layout, schema->children[c], (gint32)c, schema->children[c]->name);
  return layout;
}

/* ---- Types ---------------------------------------------------------------------------------------------- */

static void
append_name(GString *out, const char *name)
{
  g_string_append_c(out, '"');
  for (; *name; name++) {
    if (*name == '"' || *name == '\\')
      g_string_append_c(out, '\\');
    g_string_append_c(out, *name);
  }
  g_string_append_c(out, '"');
}

static void
append_type(GString *out, const struct ArrowSchema *field)
{
  static const char *const names[] = {"none", "bool", "i8",  "u8",  "i16",  "u16",    "i32",      "u32",
                                      "i64",  "u64",  "f32", "f64", "utf8", "binary", "timestamp"};
  int32_t width;
  weir_type type = weir_type_from_format(field->format, &width);
  if (type == WEIR_LIST) {
    g_string_append(out, "list<");
    append_type(out, field->children[0]);
    g_string_append_c(out, '>');
  } else if (type == WEIR_FIXED) {
    g_string_append_printf(out, "fixed<f32,%d>", width);
  } else if (type == WEIR_STRUCT) {
    g_string_append(out, "struct<");
    for (gint64 i = 0; i < field->n_children; i++) {
      g_string_append(out, i ? ", " : "");
      append_name(out, field->children[i]->name);
      g_string_append_c(out, ':');
      append_type(out, field->children[i]);
    }
    g_string_append_c(out, '>');
  } else {
    g_string_append(out, names[type]);
  }
  if (field->flags & ARROW_FLAG_NULLABLE)
    g_string_append_c(out, '?');
}

char *
layout_type(const struct ArrowSchema *field)
{
  GString *out = g_string_new(NULL);
  append_type(out, field);
  return g_string_free(out, FALSE);
}

/* ---- Names ---------------------------------------------------------------------------------------------- */

gint32
layout_index(const struct ArrowSchema *schema, const char *name)
{
  for (gint64 c = 0; c < schema->n_children; c++)
    if (g_str_equal(schema->children[c]->name, name))
      return (gint32)c;
  return -1;
}

static const char *
name_at(gpointer data, gsize index)
{
  const struct ArrowSchema *schema = data;
  return index < (gsize)schema->n_children ? schema->children[index]->name : NULL;
}

char *
layout_did_you_mean(const struct ArrowSchema *schema, const char *name)
{
  return weir_did_you_mean_of(name, name_at, (gpointer)schema);
}

gint
layout_find(const Layout *layout, const char *name)
{
  for (guint c = 0; c < layout->columns->len; c++)
    if (g_str_equal(g_array_index(layout->columns, LayoutColumn, c).name, name))
      return (gint)c;
  return -1;
}

/* ---- Columns -------------------------------------------------------------------------------------------- */

void
layout_pass(Layout *layout, const struct ArrowSchema *field, gint32 index, const char *name)
{
  LayoutColumn column = {.name = g_strdup(name), .type = layout_type(field), .from = index};
  g_array_append_val(layout->columns, column);
}

gboolean
layout_put(Layout *layout, const char *name, const char *type, gboolean replace, GError **error)
{
  LayoutColumn column = {.from = -1, .item = layout->n_new};
  gint at = layout_find(layout, name);
  if (at >= 0 && (!replace || g_array_index(layout->columns, LayoutColumn, at).from < 0)) {
    g_autofree char *quoted = weir_quote(name, -1);
    if (g_array_index(layout->columns, LayoutColumn, at).from < 0)
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "column %s is made twice", quoted);
    else
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                  "there is a column %s already\nhint: choose another name, or say \"replace\": true",
                  quoted);
    return FALSE;
  }
  layout->n_new++;
  column.name = g_strdup(name);
  column.type = g_strdup(type);
  if (at < 0) {
    g_array_append_val(layout->columns, column);
    return TRUE;
  }
  LayoutColumn *old = &g_array_index(layout->columns, LayoutColumn, at);
  column_clear(old);
  *old = column;
  return TRUE;
}

int
layout_declare(weir_stage *stage, const Layout *layout, Arrangement *arrangement)
{
  guint n = layout->columns->len;
  guint32 builder = 0;
  g_autofree weir_field *fields = g_new0(weir_field, n + 1);
  arrangement->from = weir_alloc(stage, (n + 1) * sizeof(int32_t));
  arrangement->builders = weir_alloc(stage, (layout->n_new + 1) * sizeof(uint32_t));
  if (!arrangement->from || !arrangement->builders)
    return -1;
  arrangement->n_columns = n;
  arrangement->n_new = layout->n_new;
  for (guint c = 0; c < n; c++) {
    const LayoutColumn *column = &g_array_index(layout->columns, LayoutColumn, c);
    fields[c] = (weir_field){column->name, column->type};
    arrangement->from[c] = column->from;
    if (column->from < 0)
      arrangement->builders[column->item] = builder++;
  }
  return weir_declare(stage, 0, fields, n);
}
