/* SPDX-License-Identifier: MIT */
/* rows.filter: keeps the records for which an expression holds. */
#include "part.h"
#include "rows.h"

/* Only looks whether the expression is right: what a plan makes is not closed if it does not run. */
int
rows_filter_schema(weir_stage *stage)
{
  const RowsFilter *state = stage->state;
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirExpression) expression =
      weir_expression_compile(state->where, weir_input_schema(stage, 0), &error);
  if (!expression)
    return weir_fail(stage, "option \"where\": %s", error->message);
  weir_type type = weir_expression_type(expression);
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

/* An evaluation that no other call is using; one more is made where there is none. NULL: reported. */
static WeirEvaluation *
take_evaluation(weir_stage *stage)
{
  RowsFilter *state = stage->state;
  g_autoptr(GError) error = NULL;
  WeirEvaluation *evaluation = NULL;
  g_mutex_lock(&state->lock);
  if (!state->idle)
    state->idle = g_ptr_array_new();
  if (!state->expression)
    state->expression = weir_expression_compile(state->where, weir_input_schema(stage, 0), &error);
  if (state->idle->len)
    evaluation = g_ptr_array_steal_index_fast(state->idle, state->idle->len - 1);
  g_mutex_unlock(&state->lock);
  if (error) {
    weir_fail(stage, "option \"where\": %s", error->message);
    return NULL;
  }
  return evaluation ? evaluation : weir_evaluation_new(state->expression);
}

/* Which rows of a batch go on. */
static int
choose(weir_stage *stage, WeirEvaluation *evaluation, const struct ArrowArray *batch, RowsPart *part,
       int64_t *n_null)
{
  const RowsFilter *state = stage->state;
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
      *n_null += null;
      rows_part_add(part, first + i, null ? state->null == ROWS_NULL_KEEP : values.bools[i] != 0);
    }
  }
  return 0;
}

int
rows_filter_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsFilter *state = stage->state;
  WeirEvaluation *evaluation = take_evaluation(stage);
  int64_t n_null = 0;
  (void)port;
  if (!evaluation) {
    weir_batch_release(batch);
    return -1;
  }
  g_auto(RowsPart) part;
  rows_part_begin(stage, &part, batch->length);
  int result = choose(stage, evaluation, batch, &part, &n_null);
  g_mutex_lock(&state->lock);
  g_ptr_array_add(state->idle, evaluation);
  state->n_kept += (guint64)part.n_kept;
  state->n_in += (guint64)batch->length;
  state->n_null += (guint64)n_null;
  g_mutex_unlock(&state->lock);
  if (result == 0)
    return rows_part_send(stage, batch, &part);
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
