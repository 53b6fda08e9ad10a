/* SPDX-License-Identifier: MIT */
/* columns.select and columns.rename: the same values, in other places or under other names. Nothing is copied. */
#include "columns.h"

#include "base/quote.h"

#define ROW_COLUMN "_row" /* that of readers: it stays unless it is dropped by name */

enum { KEEP, DROP };

static gboolean
is_listed(const weir_list *list, const char *name)
{
  for (uint32_t i = 0; i < list->count; i++)
    if (g_str_equal(list->items[i], name))
      return TRUE;
  return FALSE;
}

static void
keep_columns(weir_stage *stage, const ColumnsSelect *state, const struct ArrowSchema *schema, Layout *layout)
{
  for (uint32_t i = 0; i < state->keep.count; i++) {
    int32_t index = weir_input_index(stage, 0, KEEP, i);
    layout_pass(layout, schema->children[index], index, state->keep.items[i]);
  }
  int32_t row = layout_index(schema, ROW_COLUMN);
  if (row >= 0 && layout_find(layout, ROW_COLUMN) < 0)
    layout_pass(layout, schema->children[row], row, ROW_COLUMN);
}

int
columns_select_schema(weir_stage *stage)
{
  ColumnsSelect *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autoptr(Layout) layout = layout_new();
  gboolean keep = weir_given(stage, "keep"), drop = weir_given(stage, "drop");
  if (keep == drop)
    return weir_fail(
        stage, keep ? "\"keep\" and \"drop\" are both given\nhint: what is not kept is dropped: one is enough"
                    : "neither \"keep\" nor \"drop\" is given\nhint: \"keep\": [\"text\", \"label\"]");
  if (keep)
    keep_columns(stage, state, schema, layout);
  for (gint64 c = 0; c < schema->n_children && drop; c++)
    if (!is_listed(&state->drop, schema->children[c]->name))
      layout_pass(layout, schema->children[c], (gint32)c, schema->children[c]->name);
  return layout_declare(stage, layout, &state->arrangement);
}

int
columns_select_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const ColumnsSelect *state = stage->state;
  weir_batch *out = weir_arrange(stage, port, batch, 0, state->arrangement.from, NULL, 0);
  return out ? weir_send(out) : -1;
}

/* ---- rename --------------------------------------------------------------------------------------------- */

/* The new name of a column, or its own. */
static const char *
new_name(const weir_map *names, const char *name)
{
  for (uint32_t i = 0; i < names->count; i++)
    if (g_str_equal(names->keys[i], name))
      return names->values[i];
  return name;
}

static int
check_names(weir_stage *stage, const weir_map *names, const struct ArrowSchema *schema)
{
  for (uint32_t i = 0; i < names->count; i++) {
    g_autofree char *quoted = weir_quote(names->keys[i], -1);
    if (layout_index(schema, names->keys[i]) < 0) {
      g_autofree char *near = layout_did_you_mean(schema, names->keys[i]);
      return weir_fail(stage, "option \"columns\": there is no column %s%s", quoted, near);
    }
    if (!*names->values[i])
      return weir_fail(stage, "option \"columns\": the new name of %s is empty", quoted);
  }
  return 0;
}

int
columns_rename_schema(weir_stage *stage)
{
  ColumnsRename *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autoptr(Layout) layout = layout_new();
  if (check_names(stage, &state->columns, schema))
    return -1;
  for (gint64 c = 0; c < schema->n_children; c++) {
    const char *name = new_name(&state->columns, schema->children[c]->name);
    gint other = layout_find(layout, name);
    if (other >= 0) {
      g_autofree char *quoted = weir_quote(name, -1);
      g_autofree char *first =
          weir_quote(schema->children[g_array_index(layout->columns, LayoutColumn, other).from]->name, -1);
      g_autofree char *second = weir_quote(schema->children[c]->name, -1);
      return weir_fail(
          stage, "two columns would be named %s: %s and %s\nhint: drop one of them before, or rename it too",
          quoted, first, second);
    }
    layout_pass(layout, schema->children[c], (gint32)c, name);
  }
  return layout_declare(stage, layout, &state->arrangement);
}

int
columns_rename_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const ColumnsRename *state = stage->state;
  weir_batch *out = weir_arrange(stage, port, batch, 0, state->arrangement.from, NULL, 0);
  return out ? weir_send(out) : -1;
}
