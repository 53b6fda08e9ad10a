/* SPDX-License-Identifier: MIT */
/* Rows of table inputs by their number, and what stands in them. */
#include "check.h"

#include "near/near.h"

void *
check_reserve(weir_stage *stage, uint64_t n, size_t size, const char *what)
{
  void *memory = NULL;
  if (n <= (G_MAXSIZE >> 1) / size && (n == 0 || weir_reserve(stage, n * size) == 0))
    memory = g_try_malloc0(MAX(n, 1) * size);
  if (!memory)
    weir_fail(stage,
              "no memory for %s: %" G_GUINT64_FORMAT " times %" G_GSIZE_FORMAT " bytes\nhint: raise --memory",
              what, (guint64)n, size);
  return memory;
}

void
check_release(weir_stage *stage, void *memory, uint64_t n, size_t size)
{
  if (memory)
    weir_unreserve(stage, n * size);
  g_free(memory);
}

static int
find_columns(weir_stage *stage, uint32_t port)
{
  LeakageState *state = stage->state;
  state->schema[port] = weir_input_schema(stage, port);
  state->text_at[port] = weir_alloc(stage, (state->text.count + 1) * sizeof **state->text_at);
  if (!state->text_at[port])
    return -1;
  for (uint32_t i = 0; i < state->text.count; i++)
    state->text_at[port][i] = weir_input_index(stage, port, TEXT, i);
  state->row_at[port] = -1;
  for (int64_t i = 0; i < state->schema[port]->n_children; i++) {
    const struct ArrowSchema *column = state->schema[port]->children[i];
    if (g_str_equal(column->name, "_row") && weir_type_from_format(column->format, NULL) == WEIR_U64)
      state->row_at[port] = (int32_t)i;
  }
  return 0;
}

/* Looks for rows of another source than `*source`, that of the rows before. */
static void
look_at_sources(LeakageState *state, uint32_t port, const struct ArrowArray *batch, guint64 *source)
{
  if (state->row_at[port] < 0)
    return;
  weir_column column = weir_batch_column(state->schema[port], batch, state->row_at[port]);
  for (int64_t row = 0; row < batch->length && !state->is_mixed[port]; row++) {
    guint64 of = (guint64)weir_get_integer(&column, row) >> CHECK_LINE_BITS;
    if (weir_is_null(&column, row))
      continue;
    state->is_mixed[port] = *source != G_MAXUINT64 && *source != of;
    *source = of;
  }
}

static int
count_rows(weir_stage *stage, uint32_t port)
{
  LeakageState *state = stage->state;
  uint64_t n = weir_table_batches(stage, port);
  guint64 *first = check_reserve(stage, n + 1, sizeof *first, "the batches");
  guint64 source = G_MAXUINT64;
  state->first[port] = first;
  if (!first)
    return -1;
  for (uint64_t b = 0; b < n; b++) {
    struct ArrowArray batch;
    if (weir_table_batch(stage, port, b, &batch))
      return -1;
    first[b + 1] = first[b] + (uint64_t)batch.length;
    look_at_sources(state, port, &batch, &source);
    weir_batch_release(&batch);
  }
  if (first[n] < G_MAXUINT32 - 1)
    return 0;
  return weir_fail(stage, "split \"%s\" has %" G_GUINT64_FORMAT " records, and at most %u can be compared",
                   state->splits.items[port], first[n], G_MAXUINT32 - 2);
}

int
check_index_splits(weir_stage *stage)
{
  const LeakageState *state = stage->state;
  for (uint32_t port = 0; port < state->splits.count; port++)
    if (weir_inputs(stage, port) && (find_columns(stage, port) || count_rows(stage, port)))
      return -1;
  return 0;
}

int
check_get_row(weir_stage *stage, uint32_t port, uint64_t row, struct ArrowArray *batch, int64_t *within)
{
  const LeakageState *state = stage->state;
  const guint64 *first = state->first[port];
  uint64_t at = near_batch_of(first, weir_table_batches(stage, port), row);
  *within = (int64_t)(row - first[at]);
  return weir_table_batch(stage, port, at, batch);
}

gboolean
check_row_text(weir_stage *stage, uint32_t port, const struct ArrowArray *batch, int64_t row, GString *text)
{
  const LeakageState *state = stage->state;
  gboolean has = FALSE;
  for (uint32_t i = 0; i < state->text.count; i++) {
    int32_t index = state->text_at[port][i];
    if (index < 0)
      continue;
    weir_column column = weir_batch_column(state->schema[port], batch, index);
    if (weir_is_null(&column, row))
      continue;
    weir_text part = weir_get_text(&column, row);
    if (has)
      g_string_append_c(text, '\n');
    g_string_append_len(text, part.data, (gssize)part.len);
    has = has || part.len;
  }
  return has;
}

gboolean
check_value(const weir_column *column, int64_t row, GString *text)
{
  if (column->type == WEIR_TYPE_NONE || weir_is_null(column, row))
    return FALSE;
  if (column->type == WEIR_UTF8) {
    weir_text value = weir_get_text(column, row);
    g_string_append_len(text, value.data, (gssize)value.len);
  } else if (column->type == WEIR_BOOL) {
    g_string_append(text, weir_get_bool(column, row) ? "true" : "false");
  } else if (column->type == WEIR_U64) {
    g_string_append_printf(text, "%" G_GUINT64_FORMAT, (guint64)weir_get_integer(column, row));
  } else {
    g_string_append_printf(text, "%" G_GINT64_FORMAT, weir_get_integer(column, row));
  }
  return TRUE;
}
