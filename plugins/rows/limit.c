/* SPDX-License-Identifier: MIT */
/* rows.limit: lets the first rows pass, and stops what comes before it once it has them. */
#include "rows.h"

int
rows_limit_schema(weir_stage *stage)
{
  if (!weir_given(stage, "count") && !weir_given(stage, "skip"))
    return weir_fail(stage, "neither \"count\" nor \"skip\" is given: every row would pass\n"
                            "hint: say how many rows to keep: \"count\": 1000");
  return 0;
}

/* Rows first … last - 1 of a batch, which it takes. */
static int
pass_on(weir_stage *stage, struct ArrowArray *batch, int64_t first, int64_t last)
{
  if (first >= last) {
    weir_batch_release(batch);
    return 0;
  }
  g_autofree int64_t *rows = g_new(int64_t, (gsize)(last - first));
  for (int64_t row = first; row < last; row++)
    rows[row - first] = row;
  return weir_select(stage, 0, batch, 0, rows, last - first);
}

int
rows_limit_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsLimit *state = stage->state;
  (void)port;
  uint64_t begin = (uint64_t)state->skip, before = state->seen, length = (uint64_t)batch->length;
  /* Both are at most 2^63 - 1, so that the sum fits. */
  uint64_t end = weir_given(stage, "count") ? begin + (uint64_t)state->count : UINT64_MAX;
  state->seen += length;
  uint64_t first = begin > before ? MIN(begin - before, length) : 0;
  uint64_t last = end > before ? MIN(end - before, length) : 0;
  if (pass_on(stage, batch, (int64_t)first, (int64_t)last))
    return -1;
  return state->seen >= end ? WEIR_END : 0;
}

int
rows_limit_end(weir_stage *stage, uint32_t port)
{
  RowsLimit *state = stage->state;
  (void)port;
  if (state->seen && state->seen <= (uint64_t)state->skip)
    weir_log(stage, WEIR_LOG_WARNING,
             "nothing passes: \"skip\" is %" G_GINT64_FORMAT ", and %" G_GUINT64_FORMAT " record%s came",
             (gint64)state->skip, (guint64)state->seen, state->seen == 1 ? "" : "s");
  return 0;
}
