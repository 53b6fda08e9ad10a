/* SPDX-License-Identifier: MIT */
/* Merges sorted runs: as many at once as their batches fit into memory, in several rounds where they do not. */
#include "sorter_private.h"

/* Where a run is read. */
typedef struct {
  const Run *run;
  uint64_t next; /* the batch after the one at hand */
  uint32_t slot; /* of the batch at hand */
  int64_t row, length;
  uint64_t prefix;
  const uint64_t *numbers;
  weir_column *views;
} Cursor;

/* A merge of some runs. */
typedef struct {
  RowsSorter *sorter;
  Cursor *cursors;
  uint32_t *heap; /* numbers of cursors that have rows, the first of them on top */
  uint32_t n_heap;
  GArray *open; /* of struct ArrowArray: batches that the rows gathered so far lie in */
  uint64_t open_bytes;
  weir_row rows[ROWS_BATCH_ROWS];
  uint64_t numbers[ROWS_BATCH_ROWS];
  uint32_t n_rows;
  uint64_t n_bytes;
  gboolean to_run; /* the result is a run again */
  RowsSink sink;
  void *data;
} Merge;

static gboolean
comes_first(const Merge *merge, uint32_t a, uint32_t b)
{
  const Cursor *left = &merge->cursors[a], *right = &merge->cursors[b];
  if (left->prefix != right->prefix)
    return left->prefix < right->prefix;
  int sign = rows_compare(merge->sorter->keys, merge->sorter->n_keys, left->views, left->row, right->views,
                          right->row);
  return sign ? sign < 0 : a < b; /* earlier runs hold earlier rows */
}

static void
sift_down(Merge *merge, uint32_t at)
{
  for (;;) {
    uint32_t best = at, left = 2 * at + 1, right = left + 1;
    if (left < merge->n_heap && comes_first(merge, merge->heap[left], merge->heap[best]))
      best = left;
    if (right < merge->n_heap && comes_first(merge, merge->heap[right], merge->heap[best]))
      best = right;
    if (best == at)
      return;
    uint32_t swap = merge->heap[at];
    merge->heap[at] = merge->heap[best];
    merge->heap[best] = swap;
    at = best;
  }
}

static void
set_prefix(const Merge *merge, Cursor *cursor)
{
  const RowsSorter *sorter = merge->sorter;
  if (sorter->keys)
    cursor->prefix = rows_prefix(&sorter->keys[0], &cursor->views[0], cursor->row);
  else if (cursor->numbers)
    cursor->prefix = cursor->numbers[cursor->row];
}

/* Opens a run's next batch; its end leaves `row` at `length`. */
static int
open_batch(Merge *merge, Cursor *cursor)
{
  const RowsSorter *sorter = merge->sorter;
  struct ArrowArray batch;
  if (cursor->next >= weir_spill_batches(cursor->run->spill))
    return 0;
  if (weir_cancelled(sorter->stage) || weir_spill_batch(cursor->run->spill, cursor->next++, &batch))
    return -1;
  cursor->slot = merge->open->len;
  cursor->row = 0;
  cursor->length = batch.length;
  cursor->numbers = sorter->keys ? NULL : rows_numbers(&batch);
  sorter_view(sorter, &batch, cursor->views);
  g_array_append_val(merge->open, batch);
  merge->open_bytes += rows_batch_bytes(sorter_run_schema(sorter), &batch);
  set_prefix(merge, cursor);
  return 0;
}

/* Closes the batches that no cursor stands in, and numbers the others anew. */
static void
close_batches(Merge *merge, uint32_t n_cursors)
{
  g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(struct ArrowArray));
  const struct ArrowSchema *schema = sorter_run_schema(merge->sorter);
  merge->open_bytes = 0;
  for (uint32_t i = 0; i < n_cursors; i++) {
    Cursor *cursor = &merge->cursors[i];
    if (cursor->row >= cursor->length)
      continue;
    struct ArrowArray *batch = &g_array_index(merge->open, struct ArrowArray, cursor->slot);
    merge->open_bytes += rows_batch_bytes(schema, batch);
    cursor->slot = kept->len;
    g_array_append_val(kept, *batch);
    batch->release = NULL;
  }
  for (guint i = 0; i < merge->open->len; i++)
    weir_batch_release(&g_array_index(merge->open, struct ArrowArray, i));
  g_array_set_size(merge->open, 0);
  if (kept->len)
    g_array_append_vals(merge->open, kept->data, kept->len);
}

/* Hands on the rows that were gathered. */
static int
flush(Merge *merge, uint32_t n_cursors)
{
  RowsSorter *sorter = merge->sorter;
  struct ArrowArray out;
  guint n = merge->open->len;
  if (!merge->n_rows)
    return 0;
  g_autofree struct ArrowArray *plain = g_new(struct ArrowArray, n);
  g_autofree const struct ArrowArray **batches = g_new(const struct ArrowArray *, n);
  for (guint i = 0; i < n; i++) {
    plain[i] = g_array_index(merge->open, struct ArrowArray, i);
    if (!sorter->keys)
      plain[i] = rows_without_numbers(&plain[i]);
    batches[i] = &plain[i];
  }
  if (weir_gather(sorter->stage, sorter->schema, batches, n, merge->rows, merge->n_rows, &out))
    return -1;
  if (merge->to_run && !sorter->keys) {
    struct ArrowArray gathered = out;
    rows_attach(&gathered, g_memdup2(merge->numbers, merge->n_rows * sizeof *merge->numbers), &out);
  }
  if (!merge->to_run) {
    sorter->n_done += merge->n_rows;
    weir_progress(sorter->stage, sorter->n_done, sorter->n_rows, "records");
  }
  merge->n_rows = 0;
  merge->n_bytes = 0;
  close_batches(merge, n_cursors);
  return merge->sink(merge->data, &out);
}

/* Takes the first of all rows. */
static int
take_row(Merge *merge, uint32_t n_cursors, uint64_t bytes, uint64_t most_open)
{
  const RowsSorter *sorter = merge->sorter;
  Cursor *cursor = &merge->cursors[merge->heap[0]];
  uint64_t size = rows_row_bytes(sorter->schema, &g_array_index(merge->open, struct ArrowArray, cursor->slot),
                                 cursor->row);
  if (merge->n_rows == ROWS_BATCH_ROWS || (merge->n_rows && merge->n_bytes + size > bytes))
    if (flush(merge, n_cursors))
      return -1;
  merge->rows[merge->n_rows] = (weir_row){cursor->slot, cursor->row};
  merge->numbers[merge->n_rows++] = cursor->prefix;
  merge->n_bytes += size;
  if (++cursor->row < cursor->length) {
    set_prefix(merge, cursor);
  } else {
    if (merge->open_bytes > most_open && flush(merge, n_cursors))
      return -1;
    if (open_batch(merge, cursor))
      return -1;
  }
  if (cursor->row >= cursor->length)
    merge->heap[0] = merge->heap[--merge->n_heap];
  sift_down(merge, 0);
  return 0;
}

static int
merge_rows(Merge *merge, uint32_t n_cursors, uint64_t bytes, uint64_t most_open)
{
  for (uint32_t i = 0; i < n_cursors; i++) {
    if (open_batch(merge, &merge->cursors[i]))
      return -1;
    if (merge->cursors[i].length)
      merge->heap[merge->n_heap++] = i;
  }
  for (uint32_t i = merge->n_heap; i-- > 0;)
    sift_down(merge, i);
  while (merge->n_heap)
    if (take_row(merge, n_cursors, bytes, most_open))
      return -1;
  return flush(merge, n_cursors);
}

/* Merges n runs from `first` on. */
static int
merge_runs(RowsSorter *sorter, guint first, guint n, gboolean to_run, RowsSink sink, void *data)
{
  Merge *merge = g_new0(Merge, 1);
  uint64_t bytes = to_run ? sorter_run_batch_bytes(sorter) : ROWS_BATCH_BYTES, most_open = 0;
  merge->sorter = sorter;
  merge->cursors = g_new0(Cursor, n);
  merge->heap = g_new(uint32_t, n);
  merge->open = g_array_new(FALSE, FALSE, sizeof(struct ArrowArray));
  merge->to_run = to_run;
  merge->sink = sink;
  merge->data = data;
  for (guint i = 0; i < n; i++) {
    merge->cursors[i].run = &g_array_index(sorter->runs, Run, first + i);
    merge->cursors[i].views = g_new(weir_column, sorter->n_keys + 1);
    most_open += merge->cursors[i].run->largest;
  }
  /* Beside the batches that are read, as many that were read and whose rows wait to be handed on. */
  most_open = MAX(most_open, 2 * bytes) * 3 / 2;
  int result = merge_rows(merge, n, bytes, most_open);
  for (guint i = 0; i < merge->open->len; i++)
    weir_batch_release(&g_array_index(merge->open, struct ArrowArray, i));
  for (guint i = 0; i < n; i++)
    g_free(merge->cursors[i].views);
  g_array_unref(merge->open);
  g_free(merge->cursors);
  g_free(merge->heap);
  g_free(merge);
  return result;
}

/* How many runs from `first` on can be merged at once: at least two. */
static guint
runs_that_fit(const RowsSorter *sorter, guint first)
{
  uint64_t room = rows_grant_room(sorter->grant) / 2, sum = 0;
  guint n = 0;
  for (; first + n < sorter->runs->len && n < MERGE_MOST; n++) {
    sum += g_array_index(sorter->runs, Run, first + n).largest;
    if (n >= 2 && sum > room)
      break;
  }
  return n;
}

/* Makes one run of n neighbours, in their place. */
static int
merge_to_run(RowsSorter *sorter, guint first, guint n)
{
  NewRun made = {sorter, {weir_spill_begin(sorter->stage, sorter_run_schema(sorter)), 0}};
  if (!made.run.spill)
    return -1;
  if (merge_runs(sorter, first, n, TRUE, sorter_add_to_run, &made) || weir_spill_finish(made.run.spill)) {
    weir_spill_drop(made.run.spill);
    return -1;
  }
  for (guint i = 0; i < n; i++)
    weir_spill_drop(g_array_index(sorter->runs, Run, first + i).spill);
  g_array_index(sorter->runs, Run, first) = made.run;
  g_array_remove_range(sorter->runs, first + 1, n - 1);
  return 0;
}

int
sorter_merge_all(RowsSorter *sorter, RowsSink sink, void *data)
{
  /* Round by round, neighbours only, so that rows with equal keys stay in order. */
  while (runs_that_fit(sorter, 0) < sorter->runs->len)
    for (guint first = 0; first < sorter->runs->len; first++) {
      guint n = runs_that_fit(sorter, first);
      if (n > 1 && merge_to_run(sorter, first, n))
        return -1;
    }
  /* What the last merge does not need is the run's again. */
  uint64_t bytes = 0;
  for (guint i = 0; i < sorter->runs->len; i++)
    bytes += 2 * g_array_index(sorter->runs, Run, i).largest;
  rows_grant_force(sorter->grant, bytes);
  rows_grant_shrink(sorter->grant);
  int result = merge_runs(sorter, 0, sorter->runs->len, FALSE, sink, data);
  rows_grant_give(sorter->grant, bytes);
  return result;
}
