/* SPDX-License-Identifier: MIT */
/* Writes values in a form where equal means the same bytes, and hashes that. */
#include "hash.h"

#include <math.h>
#include <xxhash.h>

#define FIRST_SIZE 512
#define MOST_DEPTH 64 /* of values within values; the host allows fewer */

enum { IS_NULL = 0, IS_VALUE = 1, IS_LARGE = 2 /* an integer beyond INT64_MAX */ };

static void
put(GByteArray *out, const void *bytes, gsize n)
{
  if (n)
    g_byte_array_append(out, bytes, (guint)n);
}

static void
put_tag(GByteArray *out, uint8_t tag)
{
  put(out, &tag, 1);
}

static void
put_real(GByteArray *out, double value)
{
  value = isnan(value) ? (double)NAN : value + 0.0; /* -0 becomes 0 */
  put(out, &value, sizeof value);
}

static void put_value(GByteArray *out, const weir_column *column, int64_t row, int depth);

static void
put_list(GByteArray *out, const weir_column *column, int64_t row, int depth)
{
  weir_column items = weir_column_items(column);
  uint64_t n = (uint64_t)(column->offsets[row + 1] - column->offsets[row]);
  put(out, &n, sizeof n);
  for (uint64_t i = 0; i < n; i++)
    put_value(out, &items, column->offsets[row] + (int64_t)i, depth + 1);
}

/* A value begins with its tag, and a text or list with its length: so no two sequences of values read the same. */
static void
put_value(GByteArray *out, const weir_column *column, int64_t row, int depth)
{
  if (weir_is_null(column, row) || depth > MOST_DEPTH) {
    put_tag(out, IS_NULL);
    return;
  }
  int64_t integer = 0;
  put_tag(out, column->type == WEIR_U64 && weir_get_integer(column, row) < 0 ? IS_LARGE : IS_VALUE);
  switch (column->type) {
  case WEIR_UTF8:
  case WEIR_BINARY: {
    weir_text text = weir_get_text(column, row);
    put(out, &text.len, sizeof text.len);
    put(out, text.data, (gsize)text.len);
    return;
  }
  case WEIR_F32:
  case WEIR_F64:
    put_real(out, weir_get_number(column, row));
    return;
  case WEIR_LIST:
    put_list(out, column, row, depth);
    return;
  case WEIR_FIXED:
    for (int32_t i = 0; i < column->width; i++)
      put_real(out, (double)weir_get_vector(column, row)[i]);
    return;
  case WEIR_STRUCT:
    for (int64_t i = 0; i < column->array->n_children; i++) {
      weir_column member = weir_column_member(column, i);
      put_value(out, &member, row, depth + 1);
    }
    return;
  default:
    integer = weir_get_integer(column, row);
    put(out, &integer, sizeof integer);
  }
}

RowsHash
rows_hash(const weir_column *columns, uint32_t n_columns, int64_t row, GByteArray *scratch)
{
  g_byte_array_set_size(scratch, 0);
  for (uint32_t i = 0; i < n_columns; i++)
    put_value(scratch, &columns[i], row, 0);
  XXH128_hash_t hash = XXH3_128bits(scratch->data, scratch->len);
  return (RowsHash){hash.high64, hash.low64 | (hash.high64 == 0 && hash.low64 == 0)};
}

gboolean
rows_has_null(const weir_column *columns, uint32_t n_columns, int64_t row)
{
  for (uint32_t i = 0; i < n_columns; i++)
    if (weir_is_null(&columns[i], row))
      return TRUE;
  return FALSE;
}

/* --- The table --- */

void
rows_table_init(RowsTable *table, RowsGrant *grant)
{
  *table = (RowsTable){g_new0(RowsSlot, FIRST_SIZE), FIRST_SIZE, 0, grant};
  rows_grant_force(grant, FIRST_SIZE * sizeof(RowsSlot));
}

void
rows_table_clear(RowsTable *table)
{
  if (!table->slots)
    return;
  g_free(table->slots);
  rows_grant_give(table->grant, table->size * sizeof(RowsSlot));
  *table = (RowsTable){0};
}

static RowsSlot *
slot_of(RowsSlot *slots, uint64_t size, RowsHash hash)
{
  uint64_t at = hash.a & (size - 1);
  while ((slots[at].hash.a || slots[at].hash.b) && (slots[at].hash.a != hash.a || slots[at].hash.b != hash.b))
    at = (at + 1) & (size - 1);
  return &slots[at];
}

static gboolean
is_free(const RowsSlot *slot)
{
  return !slot->hash.a && !slot->hash.b;
}

RowsSlot *
rows_table_find(const RowsTable *table, RowsHash hash)
{
  RowsSlot *slot = slot_of(table->slots, table->size, hash);
  return is_free(slot) ? NULL : slot;
}

/* Twice the size, if that is granted. */
static gboolean
grow(RowsTable *table)
{
  uint64_t size = table->size * 2;
  if (!rows_grant_take(table->grant, size * sizeof(RowsSlot)))
    return FALSE;
  RowsSlot *slots = g_try_new0(RowsSlot, size);
  if (!slots) {
    rows_grant_give(table->grant, size * sizeof(RowsSlot));
    return FALSE;
  }
  for (uint64_t i = 0; i < table->size; i++)
    if (!is_free(&table->slots[i]))
      *slot_of(slots, size, table->slots[i].hash) = table->slots[i];
  g_free(table->slots);
  rows_grant_give(table->grant, table->size * sizeof(RowsSlot));
  table->slots = slots;
  table->size = size;
  return TRUE;
}

RowsSlot *
rows_table_put(RowsTable *table, RowsHash hash, uint64_t value, gboolean *is_new)
{
  RowsSlot *slot = slot_of(table->slots, table->size, hash);
  *is_new = is_free(slot);
  if (!*is_new)
    return slot;
  /* Two thirds full at most, unless there is no more memory: then nine tenths. */
  if (table->n + 1 > table->size / 3 * 2) {
    if (grow(table))
      slot = slot_of(table->slots, table->size, hash);
    else if (table->n + 1 > table->size / 10 * 9)
      return NULL;
  }
  *slot = (RowsSlot){hash, value};
  table->n++;
  return slot;
}
