/* SPDX-License-Identifier: MIT */
/* columns.cast: turns columns into other types. */
#include "columns.h"

#include "base/quote.h"

static const int64_t units[] = {1000000, 1000, 1};

static int
plan_column(weir_stage *stage, const struct ArrowSchema *schema, uint32_t i, Layout *layout)
{
  ColumnsCast *state = stage->state;
  const char *name = state->columns.keys[i];
  gint32 index = layout_index(schema, name);
  g_autofree char *quoted = weir_quote(name, -1);
  g_autoptr(GError) error = NULL;
  if (index < 0) {
    g_autofree char *near = layout_did_you_mean(schema, name);
    return weir_fail(stage, "option \"columns\": there is no column %s%s", quoted, near);
  }
  CastColumn *column = &state->casts[i];
  const struct ArrowSchema *field = schema->children[index];
  column->index = index;
  column->to.unit = units[state->unit];
  if (!target_type_parse(state->columns.values[i], &column->to, &error))
    return weir_fail(stage, "option \"columns\", %s: %s", quoted, error->message);
  if (!target_type_takes(&column->to, field)) {
    g_autofree char *is = layout_type(field);
    return weir_fail(stage, "option \"columns\": column %s is %s, and cannot be made %s", quoted, is,
                     state->columns.values[i]);
  }
  gboolean nullable = (field->flags & ARROW_FLAG_NULLABLE) || state->invalid == COLUMNS_INVALID_NULL;
  gboolean items = column->to.type == WEIR_LIST && weir_type_from_format(field->format, NULL) == WEIR_LIST &&
                   (field->children[0]->flags & ARROW_FLAG_NULLABLE);
  g_autoptr(GString) type = g_string_new(state->columns.values[i]);
  if (items)
    g_string_insert_c(type, (gssize)type->len - 1, '?');
  if (nullable)
    g_string_append_c(type, '?');
  if (!layout_put(layout, name, type->str, TRUE, &error))
    return weir_fail(stage, "option \"columns\": %s", error->message);
  return 0;
}

int
columns_cast_schema(weir_stage *stage)
{
  ColumnsCast *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autoptr(Layout) layout = layout_of(schema);
  state->casts = weir_alloc(stage, (state->columns.count + 1) * sizeof *state->casts);
  if (!state->casts)
    return -1;
  for (uint32_t i = 0; i < state->columns.count; i++)
    if (plan_column(stage, schema, i, layout))
      return -1;
  return layout_declare(stage, layout, &state->arrangement);
}

/* Looks for values that cannot be converted: `bad` gets, for each row, the number of the first such column, from 1. */
static int64_t
find_bad_rows(const ColumnsCast *state, const weir_column *from, int64_t n, uint32_t *bad)
{
  int64_t n_bad = 0;
  for (uint32_t i = 0; i < state->columns.count; i++)
    for (int64_t row = 0; row < n; row++)
      if (!bad[row] && !weir_is_null(&from[i], row) &&
          !target_type_convert(&state->casts[i].to, &from[i], row, NULL)) {
        bad[row] = i + 1;
        n_bad++;
      }
  return n_bad;
}

/* In the order of the records, whatever column it is. -1: the run stops. */
static int
reject_bad_rows(weir_stage *stage, const struct ArrowArray *batch, const weir_column *from,
                const uint32_t *bad)
{
  const ColumnsCast *state = stage->state;
  for (int64_t row = 0; row < batch->length; row++) {
    if (!bad[row])
      continue;
    uint32_t i = bad[row] - 1;
    g_autofree char *name = weir_quote(state->columns.keys[i], -1);
    g_autofree char *value = value_show(&from[i], row);
    if (weir_reject(stage, 0, batch, row, "column %s: %s is no %s", name, value, state->columns.values[i]))
      return -1;
  }
  return 0;
}

static void
convert_column(const CastColumn *column, const weir_column *from, const int64_t *rows, int64_t n,
               weir_builder *to)
{
  for (int64_t i = 0; i < n; i++) {
    int64_t row = rows ? rows[i] : i;
    /* With "null", a value that does not fit has not been sorted out; what it left among the items goes with it. */
    if (weir_is_null(from, row) || !target_type_convert(&column->to, from, row, NULL))
      weir_put_null(to);
    else
      target_type_convert(&column->to, from, row, to);
  }
}

int
columns_cast_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const ColumnsCast *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autofree uint32_t *bad = g_new0(uint32_t, (gsize)batch->length + 1);
  g_autofree weir_column *from = g_new0(weir_column, state->columns.count + 1);
  g_autofree int64_t *rows = NULL;
  int64_t n_bad = 0, n = 0;
  for (uint32_t i = 0; i < state->columns.count; i++)
    from[i] = weir_batch_column(schema, batch, state->casts[i].index);
  if (state->invalid == COLUMNS_INVALID_REJECT)
    n_bad = find_bad_rows(state, from, batch->length, bad);
  if (n_bad && reject_bad_rows(stage, batch, from, bad)) {
    weir_batch_release(batch);
    return -1;
  }
  if (n_bad) {
    rows = g_new(int64_t, batch->length + 1);
    for (int64_t row = 0; row < batch->length; row++)
      if (!bad[row])
        rows[n++] = row;
  } else {
    n = batch->length;
  }
  weir_batch *out = weir_arrange(stage, port, batch, 0, state->arrangement.from, rows, n);
  if (!out)
    return -1;
  for (uint32_t i = 0; i < state->columns.count; i++)
    convert_column(&state->casts[i], &from[i], rows, n, out->columns[state->arrangement.builders[i]]);
  return weir_send(out);
}
