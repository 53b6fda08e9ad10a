/* SPDX-License-Identifier: MIT */
/* Holds batches while memory is granted, sorts their rows, and puts sorted runs aside when it is not. */
#include "sorter_private.h"

/* Bytes that a row takes beside its batch: its entry, room that the array of entries grows into, and the place that the
 * sort needs. */
#define ENTRY_BYTES (3 * sizeof(Entry))

static uint64_t
bytes_of(const RowsSorter *sorter, const struct ArrowArray *batch)
{
  return rows_batch_bytes(sorter->schema, batch) + (uint64_t)batch->length * ENTRY_BYTES +
         sizeof(struct ArrowArray) + sorter->n_keys * sizeof(weir_column);
}

RowsSorter *
rows_sorter_new(weir_stage *stage, const struct ArrowSchema *schema, const RowsKey *keys, uint32_t n_keys,
                RowsGrant *grant)
{
  RowsSorter *sorter = g_new0(RowsSorter, 1);
  sorter->stage = stage;
  sorter->schema = schema;
  sorter->keys = keys;
  sorter->n_keys = keys ? n_keys : 0;
  sorter->grant = grant;
  if (!keys)
    rows_numbered_init(&sorter->numbered, schema);
  sorter->batches = g_array_new(FALSE, FALSE, sizeof(struct ArrowArray));
  sorter->views = g_array_new(FALSE, FALSE, sizeof(weir_column));
  sorter->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
  sorter->runs = g_array_new(FALSE, FALSE, sizeof(Run));
  return sorter;
}

static void
drop_held(RowsSorter *sorter)
{
  for (guint i = 0; i < sorter->batches->len; i++)
    weir_batch_release(&g_array_index(sorter->batches, struct ArrowArray, i));
  g_array_set_size(sorter->batches, 0);
  g_array_set_size(sorter->views, 0);
  /* What the array has grown to is given back too. */
  g_array_unref(sorter->entries);
  sorter->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
  rows_grant_give(sorter->grant, sorter->held);
  rows_grant_trim(sorter->held);
  sorter->held = 0;
}

void
rows_sorter_free(RowsSorter *sorter)
{
  if (!sorter)
    return;
  drop_held(sorter);
  for (guint i = 0; i < sorter->runs->len; i++)
    weir_spill_drop(g_array_index(sorter->runs, Run, i).spill);
  rows_numbered_clear(&sorter->numbered);
  g_array_unref(sorter->batches);
  g_array_unref(sorter->views);
  g_array_unref(sorter->entries);
  g_array_unref(sorter->runs);
  g_free(sorter);
}

uint32_t
rows_sorter_runs(const RowsSorter *sorter)
{
  return sorter->n_runs;
}

const struct ArrowSchema *
sorter_run_schema(const RowsSorter *sorter)
{
  return sorter->keys ? sorter->schema : &sorter->numbered.arrow;
}

uint64_t
sorter_run_batch_bytes(const RowsSorter *sorter)
{
  return CLAMP(sorter->grant->limit / 16, 4096, RUN_BATCH_BYTES);
}

void
sorter_view(const RowsSorter *sorter, const struct ArrowArray *batch, weir_column *views)
{
  for (uint32_t k = 0; k < sorter->n_keys; k++)
    views[k] = weir_batch_column(sorter->schema, batch, sorter->keys[k].column);
}

/* --- What is held --- */

/* The next rows of the sorted entries from `first` on that make a batch of about `bytes`; returns how many. */
static guint
cut(const RowsSorter *sorter, guint first, uint64_t bytes, weir_row *rows)
{
  uint64_t sum = 0;
  guint n = 0;
  for (; first + n < sorter->entries->len && n < ROWS_BATCH_ROWS; n++) {
    Entry entry = g_array_index(sorter->entries, Entry, first + n);
    const struct ArrowArray *batch = &g_array_index(sorter->batches, struct ArrowArray, entry.batch);
    sum += rows_row_bytes(sorter->schema, batch, entry.row);
    if (n && sum > bytes)
      break;
    rows[n] = (weir_row){entry.batch, entry.row};
  }
  return n;
}

/* Hands the sorted entries on in batches of about `bytes`. */
static int
give_sorted(RowsSorter *sorter, uint64_t bytes, gboolean with_numbers, RowsSink sink, void *data)
{
  guint n_batches = sorter->batches->len;
  g_autofree const struct ArrowArray **batches = g_new(const struct ArrowArray *, (gsize)n_batches + 1);
  g_autofree weir_row *rows = g_new(weir_row, ROWS_BATCH_ROWS);
  for (guint i = 0; i < n_batches; i++)
    batches[i] = &g_array_index(sorter->batches, struct ArrowArray, i);
  for (guint at = 0; at < sorter->entries->len;) {
    struct ArrowArray out;
    guint n = cut(sorter, at, bytes, rows);
    if (weir_cancelled(sorter->stage) ||
        weir_gather(sorter->stage, sorter->schema, batches, n_batches, rows, n, &out))
      return -1;
    if (with_numbers) {
      uint64_t *numbers = g_new(uint64_t, n);
      struct ArrowArray plain = out;
      for (guint i = 0; i < n; i++)
        numbers[i] = g_array_index(sorter->entries, Entry, at + i).prefix;
      rows_attach(&plain, numbers, &out);
    }
    if (sink(data, &out))
      return -1;
    at += n;
  }
  return 0;
}

int
sorter_add_to_run(void *data, struct ArrowArray *batch)
{
  NewRun *made = data;
  uint64_t bytes = rows_batch_bytes(sorter_run_schema(made->sorter), batch);
  made->run.largest = MAX(made->run.largest, bytes);
  return weir_spill_add(made->run.spill, batch);
}

/* Sorts what is held and puts it aside. */
static int
make_run(RowsSorter *sorter)
{
  NewRun made = {sorter, {weir_spill_begin(sorter->stage, sorter_run_schema(sorter)), 0}};
  if (!made.run.spill)
    return -1;
  if (sorter_sort(sorter) ||
      give_sorted(sorter, sorter_run_batch_bytes(sorter), !sorter->keys, sorter_add_to_run, &made) ||
      weir_spill_finish(made.run.spill)) {
    weir_spill_drop(made.run.spill);
    return -1;
  }
  g_array_append_val(sorter->runs, made.run);
  sorter->n_runs++;
  drop_held(sorter);
  return 0;
}

int
rows_sorter_add(RowsSorter *sorter, struct ArrowArray *batch, const uint64_t *numbers)
{
  uint64_t bytes = bytes_of(sorter, batch);
  gboolean fits =
      (uint64_t)batch->length <= RUN_ROWS - sorter->entries->len && rows_grant_take(sorter->grant, bytes);
  if (!fits) {
    if (sorter->entries->len && make_run(sorter)) {
      weir_batch_release(batch);
      return -1;
    }
    rows_grant_force(sorter->grant, bytes);
  }
  sorter->held += bytes;
  guint number = sorter->batches->len;
  g_array_append_val(sorter->batches, *batch);
  batch->release = NULL;
  batch = &g_array_index(sorter->batches, struct ArrowArray, number);
  g_array_set_size(sorter->views, (number + 1) * sorter->n_keys);
  weir_column *views =
      sorter->n_keys ? &g_array_index(sorter->views, weir_column, (gsize)number * sorter->n_keys) : NULL;
  sorter_view(sorter, batch, views);
  for (int64_t row = 0; row < batch->length; row++) {
    Entry entry = {views ? rows_prefix(&sorter->keys[0], &views[0], row) : numbers[row], number,
                   (uint32_t)row};
    g_array_append_val(sorter->entries, entry);
  }
  sorter->n_rows += (uint64_t)batch->length;
  return 0;
}

int
rows_sorter_finish(RowsSorter *sorter, RowsSink sink, void *data)
{
  if (sorter->runs->len) {
    if (sorter->entries->len && make_run(sorter))
      return -1;
    return sorter_merge_all(sorter, sink, data);
  }
  if (sorter_sort(sorter) || give_sorted(sorter, ROWS_BATCH_BYTES, FALSE, sink, data))
    return -1;
  drop_held(sorter);
  rows_grant_shrink(sorter->grant);
  return 0;
}
