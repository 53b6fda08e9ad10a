/* SPDX-License-Identifier: MIT */
/* rows.dedupe: of records that are equal in some columns, or in all, lets one pass. */
#include "rows.h"

enum { IN = 0, BY = 0, OUT = 0, REMOVED = 1 };

/* The columns that count: those of "by", or all but `_row`, which no two records share. */
static void
begin(weir_stage *stage)
{
  RowsDedupe *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, IN);
  state->columns = g_new(int32_t, (gsize)schema->n_children + state->by.count + 1);
  for (uint32_t i = 0; i < state->by.count; i++)
    state->columns[state->n_columns++] = weir_input_index(stage, IN, BY, i);
  for (int64_t i = 0; !state->by.count && i < schema->n_children; i++)
    if (!g_str_equal(schema->children[i]->name, "_row"))
      state->columns[state->n_columns++] = (int32_t)i;
  state->keys = g_new0(weir_column, (gsize)state->n_columns + 1);
  state->scratch = g_byte_array_new();
  rows_grant_init(&state->grant, stage, state->memory);
  rows_decider_init(&state->decider, stage, &state->grant, state->keep == ROWS_KEEP_LAST);
  state->store = rows_store_new(stage, schema, &state->grant);
}

/* Sends the rows of a batch whose places are listed; takes the batch. */
static int
send_rows(weir_stage *stage, struct ArrowArray *batch, uint32_t port, const int64_t *rows, int64_t n)
{
  if (n && weir_output_used(stage, port))
    return weir_select(stage, IN, batch, port, rows, n);
  weir_batch_release(batch);
  return 0;
}

/* A batch of some rows of another, which stays. */
static int
copy_rows(weir_stage *stage, const struct ArrowArray *batch, const int64_t *rows, int64_t n,
          struct ArrowArray *out)
{
  g_autofree weir_row *picks = g_new(weir_row, (gsize)n + 1);
  for (int64_t i = 0; i < n; i++)
    picks[i] = (weir_row){0, rows[i]};
  return weir_gather(stage, weir_input_schema(stage, IN), &batch, 1, picks, n, out);
}

/* Where the rows of a batch go. */
typedef struct {
  int64_t *kept, *removed, *open;
  int64_t n_kept, n_removed, n_open;
} Shares;

/* Takes the batch. */
static int
share_out(weir_stage *stage, struct ArrowArray *batch, const Shares *shares)
{
  RowsDedupe *state = stage->state;
  struct ArrowArray part;
  if (shares->n_open == batch->length)
    return rows_store_add(state->store, batch);
  int result = 0;
  if (shares->n_open)
    result =
        copy_rows(stage, batch, shares->open, shares->n_open, &part) || rows_store_add(state->store, &part);
  if (!result && shares->n_removed && weir_output_used(stage, REMOVED))
    result = copy_rows(stage, batch, shares->removed, shares->n_removed, &part) ||
             weir_emit(stage, REMOVED, &part);
  if (!result)
    return send_rows(stage, batch, OUT, shares->kept, shares->n_kept);
  weir_batch_release(batch);
  return -1;
}

int
rows_dedupe_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsDedupe *state = stage->state;
  (void)port;
  if (!state->scratch)
    begin(stage);
  gsize n = (gsize)batch->length + 1;
  g_autofree int64_t *places = g_new(int64_t, 3 * n);
  Shares shares = {.kept = places, .removed = places + n, .open = places + 2 * n};
  for (uint32_t k = 0; k < state->n_columns; k++)
    state->keys[k] = weir_batch_column(weir_input_schema(stage, IN), batch, state->columns[k]);
  for (int64_t row = 0; row < batch->length; row++) {
    RowsHash hash = rows_hash(state->keys, state->n_columns, row, state->scratch);
    RowsVerdict verdict = rows_decider_add(&state->decider, hash, state->n_open);
    if (verdict == ROWS_FAILED) {
      weir_batch_release(batch);
      return -1;
    }
    /* Once some rows are open, those that are removed wait with them, so that they leave in order. */
    if (verdict == ROWS_AGAIN && state->n_open && weir_output_used(stage, REMOVED))
      verdict = ROWS_OPEN;
    if (verdict == ROWS_OPEN)
      state->n_open++;
    if (verdict == ROWS_FIRST)
      shares.kept[shares.n_kept++] = row;
    else if (verdict == ROWS_AGAIN)
      shares.removed[shares.n_removed++] = row;
    else
      shares.open[shares.n_open++] = row;
  }
  state->n_rows += (uint64_t)batch->length;
  state->n_kept += (uint64_t)shares.n_kept;
  return share_out(stage, batch, &shares);
}

/* Sends the rows of a batch of the store, the first of which has a number; takes the batch. */
static int
send_stored(weir_stage *stage, struct ArrowArray *batch, const uint8_t *stays, uint64_t first)
{
  RowsDedupe *state = stage->state;
  gsize n = (gsize)batch->length + 1;
  g_autofree int64_t *places = g_new(int64_t, 2 * n);
  Shares shares = {.kept = places, .removed = places + n};
  for (int64_t row = 0; row < batch->length; row++) {
    uint64_t number = first + (uint64_t)row;
    if (stays[number >> 3] >> (number & 7) & 1)
      shares.kept[shares.n_kept++] = row;
    else
      shares.removed[shares.n_removed++] = row;
  }
  state->n_kept += (uint64_t)shares.n_kept;
  return share_out(stage, batch, &shares);
}

static int
send_store(weir_stage *stage)
{
  RowsDedupe *state = stage->state;
  uint64_t bytes = state->n_open / 8 + 1, first = 0;
  rows_grant_force(&state->grant, bytes);
  g_autofree uint8_t *stays = g_try_malloc0(bytes);
  if (!stays)
    return weir_fail(stage, "no memory for %" G_GUINT64_FORMAT " bytes", (guint64)bytes);
  if (rows_store_finish(state->store) || rows_decider_finish(&state->decider, stays, state->n_open))
    return -1;
  for (uint64_t i = 0; i < rows_store_batches(state->store); i++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || rows_store_take(state->store, i, &batch))
      return -1;
    uint64_t length = (uint64_t)batch.length;
    if (send_stored(stage, &batch, stays, first))
      return -1;
    first += length;
    weir_progress(stage, first, state->n_open, "records");
  }
  return 0;
}

int
rows_dedupe_end(weir_stage *stage, uint32_t port)
{
  RowsDedupe *state = stage->state;
  (void)port;
  if (state->scratch && send_store(stage))
    return -1;
  weir_metric(stage, "kept", (double)state->n_kept, "records");
  weir_metric(stage, "removed", (double)(state->n_rows - state->n_kept), "records");
  return 0;
}

void
rows_dedupe_close(weir_stage *stage)
{
  RowsDedupe *state = stage->state;
  if (!state->scratch)
    return;
  rows_decider_clear(&state->decider);
  rows_store_free(state->store);
  g_byte_array_unref(state->scratch);
  g_free(state->columns);
  g_free(state->keys);
}
