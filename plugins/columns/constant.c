/* SPDX-License-Identifier: MIT */
/* columns.constant: adds columns that have the same value in every record. */
#include "columns.h"

#include "base/quote.h"

static const char *
type_of(const ColumnsConstant *state, const char *name)
{
  for (uint32_t i = 0; i < state->types.count; i++)
    if (g_str_equal(state->types.keys[i], name))
      return state->types.values[i];
  return "utf8";
}

static gboolean
is_key(const weir_map *map, const char *name)
{
  for (uint32_t i = 0; i < map->count; i++)
    if (g_str_equal(map->keys[i], name))
      return TRUE;
  return FALSE;
}

static int
plan_value(weir_stage *stage, uint32_t i, Layout *layout)
{
  ColumnsConstant *state = stage->state;
  const char *name = state->values.keys[i], *type = type_of(state, name);
  g_autofree char *quoted = weir_quote(name, -1);
  g_autoptr(GError) error = NULL;
  TargetType *to = &state->targets[i];
  to->unit = 1;
  if (!target_type_parse(type, to, &error))
    return weir_fail(stage, "option \"types\", %s: %s", quoted, error->message);
  int32_t offsets[2];
  weir_column text = columns_text_value(state->values.values[i], offsets);
  if (to->type > WEIR_TIMESTAMP || !target_type_convert(to, &text, 0, NULL)) {
    g_autofree char *value = weir_quote(state->values.values[i], -1);
    return weir_fail(stage, "option \"values\": %s of column %s is no %s", value, quoted, type);
  }
  if (!layout_put(layout, name, type, state->replace, &error))
    return weir_fail(stage, "option \"values\": %s", error->message);
  return 0;
}

int
columns_constant_schema(weir_stage *stage)
{
  ColumnsConstant *state = stage->state;
  g_autoptr(Layout) layout = layout_of(weir_input_schema(stage, 0));
  state->targets = weir_alloc(stage, (state->values.count + 1) * sizeof *state->targets);
  if (!state->targets)
    return -1;
  for (uint32_t i = 0; i < state->types.count; i++)
    if (!is_key(&state->values, state->types.keys[i])) {
      g_autofree char *quoted = weir_quote(state->types.keys[i], -1);
      return weir_fail(stage, "option \"types\" names %s, which \"values\" does not", quoted);
    }
  for (uint32_t i = 0; i < state->values.count; i++)
    if (plan_value(stage, i, layout))
      return -1;
  return layout_declare(stage, layout, &state->arrangement);
}

/* A text as a column of one row. */
weir_column
columns_text_value(const char *text, int32_t offsets[2])
{
  offsets[0] = 0;
  offsets[1] = (int32_t)MIN(strlen(text), (gsize)G_MAXINT32);
  return (weir_column){.type = WEIR_UTF8, .length = 1, .offsets = offsets, .bytes = text};
}

int
columns_constant_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const ColumnsConstant *state = stage->state;
  int64_t n = batch->length;
  weir_batch *out = weir_arrange(stage, port, batch, 0, state->arrangement.from, NULL, 0);
  if (!out)
    return -1;
  for (uint32_t i = 0; i < state->values.count; i++) {
    int32_t offsets[2];
    weir_column text = columns_text_value(state->values.values[i], offsets);
    weir_builder *column = out->columns[state->arrangement.builders[i]];
    for (int64_t row = 0; row < n; row++)
      target_type_convert(&state->targets[i], &text, 0, column);
  }
  return weir_send(out);
}
