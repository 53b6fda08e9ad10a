/* SPDX-License-Identifier: MIT */
/* rows.filter: keeps the records for which an expression holds. */
#include "rows.h"

int
rows_filter_schema(weir_stage *stage)
{
  RowsFilter *state = stage->state;
  g_autoptr(GError) error = NULL;
  weir_expression_free(state->expression);
  state->expression = weir_expression_compile(state->where, weir_input_schema(stage, 0), &error);
  if (!state->expression)
    return weir_fail(stage, "option \"where\": %s", error->message);
  weir_type type = weir_expression_type(state->expression);
  if (type == WEIR_BOOL)
    return 0;
  return weir_fail(stage,
                   "option \"where\" gives %s, and not true or false\n  %s\n"
                   "hint: compare it with something: %s == …",
                   type == WEIR_UTF8        ? "a text"
                   : type == WEIR_TIMESTAMP ? "a time"
                   : type == WEIR_TYPE_NONE ? "null whatever comes"
                                            : "a number",
                   state->where, state->where);
}

/* Evaluations that no call is using; one more is made where there is none. */
static WeirEvaluation *
take_evaluation(RowsFilter *state)
{
  g_mutex_lock(&state->lock);
  if (!state->idle)
    state->idle = g_ptr_array_new();
  WeirEvaluation *evaluation =
      state->idle->len ? g_ptr_array_steal_index_fast(state->idle, state->idle->len - 1) : NULL;
  g_mutex_unlock(&state->lock);
  return evaluation ? evaluation : weir_evaluation_new(state->expression);
}

typedef struct {
  int64_t *kept, *rest;
  int64_t n_kept, n_rest, n_null;
} Choice;

/* Rows of a batch that go on, and those that do not, `rest` being NULL if nobody wants them. */
static int
choose(weir_stage *stage, WeirEvaluation *evaluation, const struct ArrowArray *batch, Choice *choice)
{
  RowsFilter *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  for (int64_t first = 0; first < batch->length; first += WEIR_EXPRESSION_ROWS) {
    int64_t n = MIN(batch->length - first, WEIR_EXPRESSION_ROWS);
    WeirValues values = weir_evaluation_run(evaluation, schema, batch, first, n);
    for (int64_t i = 0; i < n; i++) {
      if (values.failed && values.failed[i]) {
        g_autofree char *reason = weir_evaluation_reason(evaluation, i);
        if (weir_reject(stage, 0, batch, first + i, "%s", reason))
          return -1;
        continue;
      }
      bool null = values.valid && !values.valid[i];
      choice->n_null += null;
      if (null ? state->null == ROWS_NULL_KEEP : values.bools[i] != 0)
        choice->kept[choice->n_kept++] = first + i;
      else if (choice->rest)
        choice->rest[choice->n_rest++] = first + i;
    }
  }
  return 0;
}

/* Rows that do not go on, as a batch of their own. */
static int
send_rest(weir_stage *stage, const struct ArrowArray *batch, const Choice *choice)
{
  g_autofree weir_row *rows = g_new0(weir_row, choice->n_rest + 1);
  struct ArrowArray rest;
  for (int64_t i = 0; i < choice->n_rest; i++)
    rows[i].row = choice->rest[i];
  if (weir_gather(stage, weir_input_schema(stage, 0), &batch, 1, rows, choice->n_rest, &rest))
    return -1;
  return weir_emit(stage, ROWS_FILTER_REST, &rest);
}

int
rows_filter_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsFilter *state = stage->state;
  WeirEvaluation *evaluation = take_evaluation(state);
  bool rest_used = weir_output_used(stage, ROWS_FILTER_REST);
  g_autofree int64_t *kept = g_new(int64_t, batch->length + 1);
  g_autofree int64_t *rest = rest_used ? g_new(int64_t, batch->length + 1) : NULL;
  Choice choice = {.kept = kept, .rest = rest};
  (void)port;
  int result = choose(stage, evaluation, batch, &choice);
  g_mutex_lock(&state->lock);
  g_ptr_array_add(state->idle, evaluation);
  state->n_kept += (guint64)choice.n_kept;
  state->n_in += (guint64)batch->length;
  state->n_null += (guint64)choice.n_null;
  g_mutex_unlock(&state->lock);
  if (result == 0 && choice.n_rest)
    result = send_rest(stage, batch, &choice);
  if (result == 0)
    return weir_select(stage, 0, batch, ROWS_FILTER_OUT, kept, choice.n_kept);
  weir_batch_release(batch);
  return result;
}

int
rows_filter_end(weir_stage *stage, uint32_t port)
{
  RowsFilter *state = stage->state;
  (void)port;
  weir_metric(stage, "kept", (double)state->n_kept, "records");
  weir_metric(stage, "null", (double)state->n_null, "records");
  if (state->n_in && !state->n_kept)
    weir_log(stage, WEIR_LOG_WARNING, "no record is kept: \"where\" holds for none of %" G_GUINT64_FORMAT,
             state->n_in);
  return 0;
}

void
rows_filter_close(weir_stage *stage)
{
  RowsFilter *state = stage->state;
  for (guint i = 0; state->idle && i < state->idle->len; i++)
    weir_evaluation_free(state->idle->pdata[i]);
  g_clear_pointer(&state->idle, g_ptr_array_unref);
  g_clear_pointer(&state->expression, weir_expression_free);
}
