/* SPDX-License-Identifier: MIT */
/* rows.dedupe-near: of records whose texts are nearly the same, lets the first pass. */
#include "near/near.h"
#include "arrays.h"
#include "rows.h"

enum { IN = 0, TEXT = 0, OUT = 0, REMOVED = 1 };

static void
set_options(weir_stage *stage, WeirNearOptions *options)
{
  const RowsNear *state = stage->state;
  *options = (WeirNearOptions)WEIR_NEAR_OPTIONS_INIT;
  options->kind = state->shingles == ROWS_WORDS ? WEIR_SHINGLE_WORDS : WEIR_SHINGLE_CHARACTERS;
  options->size = (guint)state->size;
  options->threshold = state->threshold;
  options->recall = state->recall;
  options->n_hashes = (guint)state->hashes;
  options->strip_accents = state->strip_accents;
  options->seed = weir_given(stage, "seed") ? (guint64)state->seed : 0;
}

int
rows_near_schema(weir_stage *stage)
{
  WeirNearOptions options;
  guint bands, rows;
  g_autoptr(GError) error = NULL;
  set_options(stage, &options);
  if (weir_near_bands(&options, &bands, &rows, &error))
    return 0;
  return weir_fail(stage, "these options find no near-duplicates: %s", error->message);
}

/* --- Texts --- */

/* From any thread. */
static int
append_text(void *data, guint32 row, GString *into)
{
  weir_stage *stage = data;
  const RowsNear *state = stage->state;
  uint64_t index = near_batch_of(state->starts, state->n_batches, row);
  struct ArrowArray batch;
  if (weir_cancelled(stage) || weir_table_batch(stage, IN, index, &batch))
    return -1;
  weir_column column = weir_batch_column(state->schema, &batch, state->column);
  weir_text text = weir_get_text(&column, (int64_t)(row - state->starts[index]));
  g_string_append_len(into, text.data, (gssize)text.len);
  weir_batch_release(&batch);
  return 0;
}

/* --- The index --- */

static int
add_batch(weir_stage *stage, WeirNear *near, const struct ArrowArray *batch)
{
  const WeirExecutor executor = near_executor(stage);
  g_autoptr(GError) error = NULL;
  g_autofree WeirNearText *texts = g_new(WeirNearText, (gsize)batch->length + 1);
  weir_column column = weir_input(stage, IN, batch, TEXT);
  for (int64_t row = 0; row < batch->length; row++) {
    weir_text text = weir_get_text(&column, row);
    texts[row] =
        weir_is_null(&column, row) ? (WeirNearText){NULL, 0} : (WeirNearText){text.data, (gsize)text.len};
  }
  return weir_near_add(near, texts, (gsize)batch->length, &executor, &error) ? 0 : near_fail(stage, error);
}

static int
add_all(weir_stage *stage, WeirNear *near)
{
  RowsNear *state = stage->state;
  uint64_t total = weir_table_rows(stage, IN), row = 0;
  for (uint64_t i = 0; i < state->n_batches; i++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, IN, i, &batch))
      return -1;
    state->starts[i] = row;
    row += (uint64_t)batch.length;
    int result = add_batch(stage, near, &batch);
    weir_batch_release(&batch);
    if (result)
      return -1;
    weir_progress(stage, row, 2 * total, "records"); /* the search is the other half */
  }
  return 0;
}

static int
tell(void *data, guint64 done, guint64 total)
{
  weir_stage *stage = data;
  uint64_t rows = weir_table_rows(stage, IN);
  double share = total ? (double)done / (double)total : 1;
  weir_progress(stage, rows + (uint64_t)(share * (double)rows), 2 * rows, "records");
  return weir_cancelled(stage);
}

static int
search(weir_stage *stage, WeirNear *near)
{
  RowsNear *state = stage->state;
  const WeirExecutor executor = near_executor(stage);
  g_autoptr(GError) error = NULL;
  uint64_t rows = weir_near_rows(near), memory = near_reserve(stage, rows, ROWS_NEAR_LEAST / 2);
  WeirNearSearch search = {.memory = memory, .text = append_text, .progress = tell, .data = stage};
  WeirNearFigures figures = {0};
  if (!memory)
    return -1;
  state->clusters = weir_near_clusters(near, &search, &executor, &figures, &error);
  near_unreserve(stage, memory, ROWS_NEAR_LEAST / 2, rows * sizeof *state->clusters);
  if (!state->clusters)
    return near_fail(stage, error);
  weir_log(stage, WEIR_LOG_DEBUG,
           "%" G_GUINT64_FORMAT " pairs compared by signature, %" G_GUINT64_FORMAT
           " by text, of which %" G_GUINT64_FORMAT " are near",
           figures.candidates, figures.compared, figures.confirmed);
  return 0;
}

static int
find_clusters(weir_stage *stage)
{
  RowsNear *state = stage->state;
  WeirNearOptions options;
  g_autoptr(GError) error = NULL;
  set_options(stage, &options);
  state->schema = weir_input_schema(stage, IN);
  state->column = weir_input_index(stage, IN, TEXT, 0);
  state->n_batches = weir_table_batches(stage, IN);
  state->starts = g_new0(uint64_t, state->n_batches + 1);
  const char *scratch = weir_scratch(stage);
  if (!scratch)
    return -1;
  g_autoptr(WeirNearStore) store = weir_near_store_new(scratch, &error);
  if (!store)
    return weir_fail(stage, "%s", error->message);
  g_autoptr(WeirNear) near = weir_near_new(&options, store, &error);
  if (!near)
    return weir_fail(stage, "%s", error->message);
  return add_all(stage, near) || search(stage, near) ? -1 : 0;
}

/* --- What comes of it --- */

/* Sends the removed rows of a batch, with what they are like; `rows` are places in the batch. */
static int
send_removed(weir_stage *stage, uint64_t index, const struct ArrowArray *batch, const weir_row *rows,
             int64_t n)
{
  const RowsNear *state = stage->state;
  struct ArrowArray part;
  if (!n || !weir_output_used(stage, REMOVED))
    return 0;
  if (weir_gather(stage, weir_input_schema(stage, IN), &batch, 1, rows, n, &part))
    return -1;
  weir_batch *out = weir_derive(stage, IN, &part, REMOVED);
  if (!out)
    return -1;
  g_autoptr(GString) text = g_string_new(NULL);
  for (int64_t i = 0; i < n; i++) {
    uint32_t kept = state->clusters[state->starts[index] + (uint64_t)rows[i].row];
    g_string_truncate(text, 0);
    if (append_text(stage, kept, text)) {
      weir_drop(out);
      return -1;
    }
    weir_put_u64(out->columns[0], kept);
    weir_put_text(out->columns[1], text->str, (int64_t)text->len);
  }
  return weir_send(out);
}

static int
share_out(weir_stage *stage, uint64_t index)
{
  RowsNear *state = stage->state;
  struct ArrowArray batch;
  if (weir_table_batch(stage, IN, index, &batch))
    return -1;
  gsize n = (gsize)batch.length + 1;
  g_autofree int64_t *kept = g_new(int64_t, n);
  g_autofree weir_row *removed = g_new(weir_row, n);
  int64_t n_kept = 0, n_removed = 0;
  for (int64_t row = 0; row < batch.length; row++) {
    uint64_t number = state->starts[index] + (uint64_t)row;
    if (state->clusters[number] == number)
      kept[n_kept++] = row;
    else
      removed[n_removed++] = (weir_row){0, row};
  }
  state->n_kept += (uint64_t)n_kept;
  if (send_removed(stage, index, &batch, removed, n_removed)) {
    weir_batch_release(&batch);
    return -1;
  }
  if (n_kept && weir_output_used(stage, OUT))
    return weir_select(stage, IN, &batch, OUT, kept, n_kept);
  weir_batch_release(&batch);
  return 0;
}

/* How many clusters have more than one row. */
static uint64_t
count_clusters(const RowsNear *state, uint64_t n_rows)
{
  g_autofree uint8_t *seen = g_new0(uint8_t, n_rows / 8 + 1);
  uint64_t n = 0;
  for (uint64_t row = 0; row < n_rows; row++) {
    uint32_t first = state->clusters[row];
    if (first == row || (seen[first >> 3] >> (first & 7) & 1))
      continue;
    seen[first >> 3] |= (uint8_t)(1u << (first & 7));
    n++;
  }
  return n;
}

int
rows_near_produce(weir_stage *stage)
{
  RowsNear *state = stage->state;
  if (!state->clusters && (find_clusters(stage) || !state->clusters))
    return -1;
  if (state->next < state->n_batches)
    return share_out(stage, state->next++);
  uint64_t n_rows = weir_table_rows(stage, IN);
  weir_metric(stage, "kept", (double)state->n_kept, "records");
  weir_metric(stage, "removed", (double)(n_rows - state->n_kept), "records");
  weir_metric(stage, "clusters", (double)count_clusters(state, n_rows), "clusters");
  return WEIR_END;
}

void
rows_near_close(weir_stage *stage)
{
  RowsNear *state = stage->state;
  g_free(state->starts);
  g_free(state->clusters);
}
