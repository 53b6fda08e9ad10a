/* SPDX-License-Identifier: MIT */
/* Keeps batches in memory or in a file, and rows of numbers in a file. */
#include "store.h"

/* Rows of numbers in a batch: small, since many files are written side by side. */
#define NUMBERS_AT_ONCE 512

struct RowsStore {
  weir_stage *stage;
  const struct ArrowSchema *schema;
  RowsGrant *grant;  /* NULL: nothing is held */
  GArray *held;      /* of struct ArrowArray */
  GArray *bytes;     /* of uint64_t: what is taken of the grant for each */
  weir_spill *spill; /* NULL: all are held */
  uint64_t n_rows;
  struct ArrowArray looked_at; /* a batch of the file */
};

RowsStore *
rows_store_new(weir_stage *stage, const struct ArrowSchema *schema, RowsGrant *grant)
{
  RowsStore *store = g_new0(RowsStore, 1);
  store->stage = stage;
  store->schema = schema;
  store->grant = grant;
  store->held = g_array_new(FALSE, FALSE, sizeof(struct ArrowArray));
  store->bytes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
  return store;
}

static void
give(RowsStore *store, guint index)
{
  uint64_t *bytes = &g_array_index(store->bytes, uint64_t, index);
  rows_grant_give(store->grant, *bytes);
  *bytes = 0;
}

void
rows_store_free(RowsStore *store)
{
  if (!store)
    return;
  for (guint i = 0; i < store->held->len; i++) {
    weir_batch_release(&g_array_index(store->held, struct ArrowArray, i));
    give(store, i);
  }
  weir_batch_release(&store->looked_at);
  weir_spill_drop(store->spill);
  g_array_unref(store->held);
  g_array_unref(store->bytes);
  g_free(store);
}

/* From now on everything is in a file. */
static int
move_to_file(RowsStore *store)
{
  store->spill = weir_spill_begin(store->stage, store->schema);
  if (!store->spill)
    return -1;
  uint64_t freed = 0;
  for (guint i = 0; i < store->held->len; i++) {
    if (weir_spill_add(store->spill, &g_array_index(store->held, struct ArrowArray, i)))
      return -1;
    freed += g_array_index(store->bytes, uint64_t, i);
    give(store, i);
  }
  rows_grant_trim(freed);
  g_array_set_size(store->held, 0);
  g_array_set_size(store->bytes, 0);
  return 0;
}

int
rows_store_add(RowsStore *store, struct ArrowArray *batch)
{
  uint64_t bytes = rows_batch_bytes(store->schema, batch);
  if (!batch->length) {
    weir_batch_release(batch);
    return 0;
  }
  store->n_rows += (uint64_t)batch->length;
  if (!store->spill && store->grant && rows_grant_take(store->grant, bytes)) {
    g_array_append_val(store->held, *batch);
    g_array_append_val(store->bytes, bytes);
    batch->release = NULL;
    return 0;
  }
  if (!store->spill && move_to_file(store)) {
    weir_batch_release(batch);
    return -1;
  }
  return weir_spill_add(store->spill, batch);
}

int
rows_store_finish(RowsStore *store)
{
  return store->spill ? weir_spill_finish(store->spill) : 0;
}

uint64_t
rows_store_batches(const RowsStore *store)
{
  return store->spill ? weir_spill_batches(store->spill) : store->held->len;
}

uint64_t
rows_store_rows(const RowsStore *store)
{
  return store->n_rows;
}

int
rows_store_look(RowsStore *store, uint64_t index, const struct ArrowArray **batch)
{
  if (store->spill) {
    *batch = &store->looked_at;
    return weir_spill_batch(store->spill, index, &store->looked_at);
  }
  *batch = &g_array_index(store->held, struct ArrowArray, index);
  return 0;
}

void
rows_store_done(RowsStore *store)
{
  weir_batch_release(&store->looked_at);
}

int
rows_store_take(RowsStore *store, uint64_t index, struct ArrowArray *batch)
{
  if (store->spill)
    return weir_spill_batch(store->spill, index, batch);
  weir_batch_move(&g_array_index(store->held, struct ArrowArray, index), batch);
  give(store, (guint)index);
  return 0;
}

/* --- Rows of numbers --- */

void
rows_numbers_init(RowsNumbers *numbers, weir_stage *stage, uint32_t width)
{
  *numbers = (RowsNumbers){.stage = stage, .width = width};
}

static void
drop_buffers(RowsNumbers *numbers)
{
  for (uint32_t i = 0; i < ROWS_MOST_WIDTH; i++)
    g_clear_pointer(&numbers->buffer[i], g_free);
  numbers->n_buffered = 0;
}

void
rows_numbers_clear(RowsNumbers *numbers)
{
  drop_buffers(numbers);
  weir_batch_release(&numbers->batch);
  weir_spill_drop(numbers->spill);
  numbers->spill = NULL;
}

static weir_spill *
begin_numbers(const RowsNumbers *numbers)
{
  static const char *const names[ROWS_MOST_WIDTH] = {"a", "b", "c"};
  struct ArrowSchema columns[ROWS_MOST_WIDTH], *children[ROWS_MOST_WIDTH], schema;
  for (uint32_t i = 0; i < ROWS_MOST_WIDTH; i++) {
    rows_schema_u64(&columns[i], names[i]);
    children[i] = &columns[i];
  }
  rows_schema_u64(&schema, "");
  schema.format = "+s";
  schema.n_children = numbers->width;
  schema.children = children;
  /* cppcheck-suppress returnDanglingLifetime ; the schema is copied */
  return weir_spill_begin(numbers->stage, &schema);
}

static int
write_buffers(RowsNumbers *numbers)
{
  struct ArrowArray columns[ROWS_MOST_WIDTH], batch;
  if (!numbers->n_buffered)
    return 0;
  if (!numbers->spill)
    numbers->spill = begin_numbers(numbers);
  if (!numbers->spill)
    return -1;
  for (uint32_t i = 0; i < numbers->width; i++)
    rows_u64_column(g_steal_pointer(&numbers->buffer[i]), numbers->n_buffered, &columns[i]);
  rows_join_columns(columns, numbers->width, numbers->n_buffered, &batch);
  numbers->n_buffered = 0;
  return weir_spill_add(numbers->spill, &batch);
}

int
rows_numbers_add(RowsNumbers *numbers, const uint64_t *row)
{
  for (uint32_t i = 0; i < numbers->width; i++) {
    if (!numbers->buffer[i])
      numbers->buffer[i] = g_new(uint64_t, NUMBERS_AT_ONCE);
    numbers->buffer[i][numbers->n_buffered] = row[i];
  }
  return ++numbers->n_buffered < NUMBERS_AT_ONCE ? 0 : write_buffers(numbers);
}

int
rows_numbers_finish(RowsNumbers *numbers)
{
  if (write_buffers(numbers))
    return -1;
  drop_buffers(numbers);
  return numbers->spill ? weir_spill_finish(numbers->spill) : 0;
}

int
rows_numbers_read(RowsNumbers *numbers, uint64_t *row)
{
  if (!numbers->batch.release || numbers->row >= numbers->batch.length) {
    weir_batch_release(&numbers->batch);
    if (!numbers->spill || numbers->next >= weir_spill_batches(numbers->spill))
      return 0;
    if (weir_spill_batch(numbers->spill, numbers->next++, &numbers->batch))
      return -1;
    numbers->row = 0;
  }
  for (uint32_t i = 0; i < numbers->width; i++) {
    const struct ArrowArray *column = numbers->batch.children[i];
    row[i] = ((const uint64_t *)column->buffers[1])[numbers->batch.offset + column->offset + numbers->row];
  }
  numbers->row++;
  return 1;
}
