/* SPDX-License-Identifier: MIT */
/* columns.compute: columns from expressions over the others. */
#include "columns.h"

#include "base/quote.h"

static const char *
type_name(weir_type type)
{
  switch (type) {
  case WEIR_BOOL:
    return "bool?";
  case WEIR_I64:
    return "i64?";
  case WEIR_F64:
    return "f64?";
  case WEIR_TIMESTAMP:
    return "timestamp?";
  default:
    return "utf8?";
  }
}

static void
free_expressions(ColumnsCompute *state)
{
  for (uint32_t i = 0; state->expressions && i < state->columns.count; i++)
    weir_expression_free(state->expressions[i]);
  g_clear_pointer(&state->expressions, g_free);
}

/* Only looks whether the expressions are right: what a plan makes is not closed if it does not run. */
int
columns_compute_schema(weir_stage *stage)
{
  ColumnsCompute *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autoptr(Layout) layout = layout_of(schema);
  for (uint32_t i = 0; i < state->columns.count; i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *quoted = weir_quote(state->columns.keys[i], -1);
    g_autoptr(WeirExpression) expression = weir_expression_compile(state->columns.values[i], schema, &error);
    if (!expression)
      return weir_fail(stage, "option \"columns\", %s: %s", quoted, error->message);
    weir_type type = weir_expression_type(expression);
    if (type == WEIR_TYPE_NONE)
      return weir_fail(stage, "option \"columns\": %s would be null in every record, without a type", quoted);
    if (!layout_put(layout, state->columns.keys[i], type_name(type), state->replace, &error))
      return weir_fail(stage, "option \"columns\": %s", error->message);
  }
  return layout_declare(stage, layout, &state->arrangement);
}

/* With the first batch. NULL: fine; else why not. g_error_free(). */
static GError *
compile_all(ColumnsCompute *state, const struct ArrowSchema *schema)
{
  GError *error = NULL;
  if (state->expressions)
    return NULL;
  state->expressions = g_new0(WeirExpression *, state->columns.count + 1);
  for (uint32_t i = 0; i < state->columns.count && !error; i++)
    state->expressions[i] = weir_expression_compile(state->columns.values[i], schema, &error);
  if (error)
    free_expressions(state);
  return error;
}

/* ---- Evaluations ---------------------------------------------------------------------------------------- */

/* Takes a set of evaluations that no other call is using. NULL: reported. */
static ComputeSet *
take_set(weir_stage *stage)
{
  ColumnsCompute *state = stage->state;
  ComputeSet *set = NULL;
  g_mutex_lock(&state->lock);
  if (!state->idle)
    state->idle = g_ptr_array_new();
  g_autoptr(GError) error = compile_all(state, weir_input_schema(stage, 0));
  if (state->idle->len)
    set = g_ptr_array_steal_index_fast(state->idle, state->idle->len - 1);
  g_mutex_unlock(&state->lock);
  if (error) {
    weir_fail(stage, "option \"columns\": %s", error->message);
    return NULL;
  }
  if (set)
    return set;
  set = g_new0(ComputeSet, 1);
  set->of = g_new0(WeirEvaluation *, (gsize)state->columns.count * COMPUTE_KEPT + 1);
  set->values = g_new0(WeirValues, (gsize)state->columns.count * COMPUTE_KEPT + 1);
  return set;
}

static void
give_back(ColumnsCompute *state, ComputeSet *set)
{
  g_mutex_lock(&state->lock);
  g_ptr_array_add(state->idle, set);
  g_mutex_unlock(&state->lock);
}

static void
free_set(const ColumnsCompute *state, ComputeSet *set)
{
  for (gsize i = 0; i < (gsize)state->columns.count * COMPUTE_KEPT; i++)
    weir_evaluation_free(set->of[i]);
  g_free(set->of);
  g_free(set->values);
  g_free(set);
}

/* Whether the values of all chunks of a batch are kept, as they are but for unusually long ones. */
static gboolean
are_kept(const struct ArrowArray *batch)
{
  return batch->length <= (int64_t)COMPUTE_KEPT * WEIR_EXPRESSION_ROWS;
}

/* Where the values of a column are, of the chunk of rows that begins at `first`. */
static gsize
place_of(uint32_t column, const struct ArrowArray *batch, int64_t first)
{
  return (gsize)column * COMPUTE_KEPT + (are_kept(batch) ? (gsize)(first / WEIR_EXPRESSION_ROWS) : 0);
}

/* Evaluates a column for a chunk. With `again`, values that were kept since are taken as they are. */
static const WeirValues *
evaluate(weir_stage *stage, ComputeSet *set, uint32_t column, const struct ArrowArray *batch, int64_t first,
         gboolean again)
{
  const ColumnsCompute *state = stage->state;
  int64_t n = MIN(batch->length - first, WEIR_EXPRESSION_ROWS);
  gsize at = place_of(column, batch, first);
  if (!set->of[at])
    set->of[at] = weir_evaluation_new(state->expressions[column]);
  if (!again || !are_kept(batch))
    set->values[at] = weir_evaluation_run(set->of[at], weir_input_schema(stage, 0), batch, first, n);
  return &set->values[at];
}

/* Rejects a record if one of its columns cannot be computed. Whether it is a bad one; -1: the run stops. */
static int
reject_if_bad(weir_stage *stage, const ComputeSet *set, const struct ArrowArray *batch, int64_t first,
              int64_t i)
{
  const ColumnsCompute *state = stage->state;
  for (uint32_t c = 0; c < state->columns.count; c++) {
    gsize at = place_of(c, batch, first);
    if (!set->values[at].failed || !set->values[at].failed[i])
      continue;
    g_autofree char *name = weir_quote(state->columns.keys[c], -1);
    g_autofree char *reason = weir_evaluation_reason(set->of[at], i);
    return weir_reject(stage, 0, batch, first + i, "column %s: %s", name, reason) ? -1 : 1;
  }
  return 0;
}

/* A record that cannot be computed is rejected, so that has to be known before the first value is put. */
static int
find_bad_rows(weir_stage *stage, ComputeSet *set, const struct ArrowArray *batch, uint8_t *bad,
              int64_t *n_bad)
{
  const ColumnsCompute *state = stage->state;
  for (int64_t first = 0; first < batch->length; first += WEIR_EXPRESSION_ROWS) {
    gboolean failed = FALSE;
    for (uint32_t c = 0; c < state->columns.count; c++)
      failed |= evaluate(stage, set, c, batch, first, FALSE)->failed != NULL;
    for (int64_t i = 0; failed && i < MIN(batch->length - first, WEIR_EXPRESSION_ROWS); i++) {
      int is_bad = reject_if_bad(stage, set, batch, first, i);
      if (is_bad < 0)
        return -1;
      bad[first + i] = (uint8_t)is_bad;
      *n_bad += is_bad;
    }
  }
  return 0;
}

/* ---- Values --------------------------------------------------------------------------------------------- */

static void
put_value(weir_builder *to, const WeirValues *values, int64_t i)
{
  WEIR_CHECKED(values->integers);
  if (values->valid && !values->valid[i])
    weir_put_null(to);
  else if (values->type == WEIR_BOOL)
    weir_put_bool(to, values->bools[i] != 0);
  else if (values->type == WEIR_F64)
    weir_put_number(to, values->reals[i]);
  else if (values->type == WEIR_UTF8)
    weir_put_text(to, values->texts[i].data, values->texts[i].len);
  else
    weir_put_integer(to, values->integers[i]);
}

/* Puts the values of all records that are not bad; `batch` is one that is being arranged. */
static void
put_columns(weir_stage *stage, ComputeSet *set, const struct ArrowArray *batch, const uint8_t *bad,
            weir_batch *out)
{
  const ColumnsCompute *state = stage->state;
  for (int64_t first = 0; first < batch->length; first += WEIR_EXPRESSION_ROWS)
    for (uint32_t c = 0; c < state->columns.count; c++) {
      const WeirValues *values = evaluate(stage, set, c, batch, first, TRUE);
      weir_builder *to = out->columns[state->arrangement.builders[c]];
      for (int64_t i = 0; i < MIN(batch->length - first, WEIR_EXPRESSION_ROWS); i++)
        if (!bad[first + i])
          put_value(to, values, i);
    }
}

int
columns_compute_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  ColumnsCompute *state = stage->state;
  g_autofree uint8_t *bad = g_malloc0((gsize)batch->length + 1);
  g_autofree int64_t *rows = NULL;
  int64_t n_bad = 0, n = 0;
  ComputeSet *set = take_set(stage);
  if (!set || find_bad_rows(stage, set, batch, bad, &n_bad)) {
    if (set)
      give_back(state, set);
    weir_batch_release(batch);
    return -1;
  }
  if (n_bad) {
    rows = g_new(int64_t, batch->length + 1);
    for (int64_t row = 0; row < batch->length; row++)
      if (!bad[row])
        rows[n++] = row;
  }
  /* What is arranged lives until it is sent, at the same place but for its outermost struct. */
  struct ArrowArray view = *batch;
  weir_batch *out = weir_arrange(stage, port, batch, 0, state->arrangement.from, rows, n);
  if (out)
    put_columns(stage, set, &view, bad, out);
  give_back(state, set);
  return out ? weir_send(out) : -1;
}

void
columns_compute_close(weir_stage *stage)
{
  ColumnsCompute *state = stage->state;
  for (guint i = 0; state->idle && i < state->idle->len; i++)
    free_set(state, state->idle->pdata[i]);
  g_clear_pointer(&state->idle, g_ptr_array_unref);
  free_expressions(state);
}
