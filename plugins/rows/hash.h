/* SPDX-License-Identifier: MIT */
/* Hashes of the values of rows, 128 bits long, and a table of them with a number beside each. */
#ifndef WEIR_ROWS_HASH_H
#define WEIR_ROWS_HASH_H

#include <glib.h>
#include <weir/plugin.h>

#include "grant.h"

/* XXH3 over a form of the values in which equal ones have equal bytes, and no two rows of different values have the
 * same: so that rows with equal hashes are taken for equal. Of a million million rows, two different ones agree with a
 * probability below 10^-14. */
typedef struct {
  uint64_t a, b;
} RowsHash;

/* Values are equal as follows: a null equals a null and nothing else; numbers by value, across the integer types and
 * across the real types, NaN equal to NaN, -0 to 0; lists, vectors and structs by their parts. `scratch` is a buffer of
 * the caller's. */
RowsHash rows_hash(const weir_column *columns, uint32_t n_columns, int64_t row, GByteArray *scratch);

gboolean rows_has_null(const weir_column *columns, uint32_t n_columns, int64_t row);

typedef struct {
  RowsHash hash; /* 0, 0: a free slot */
  uint64_t value;
} RowsSlot;

/* Open addressing; grows while memory is granted. */
typedef struct {
  RowsSlot *slots;
  uint64_t size; /* a power of two */
  uint64_t n;
  RowsGrant *grant;
} RowsTable;

void rows_table_init(RowsTable *table, RowsGrant *grant);
void rows_table_clear(RowsTable *table);

/* The slot of a hash; NULL: it is not in the table. */
RowsSlot *rows_table_find(const RowsTable *table, RowsHash hash);

/* The slot of a hash, which is made if there is none: then `value` is set to the given one, and `is_new` to TRUE. NULL:
 * no memory is granted for one more. The first few hundred always fit. */
RowsSlot *rows_table_put(RowsTable *table, RowsHash hash, uint64_t value, gboolean *is_new);

/* One of 64 parts that hashes are dealt out to at a depth from 0 on; those of one part at one depth differ at the next.
 */
#define ROWS_PARTS 64
static inline uint32_t
rows_part(RowsHash hash, uint32_t depth)
{
  uint64_t word = depth < 10 ? hash.b : hash.a;
  return (uint32_t)(word >> (58 - 6 * (depth % 10))) & (ROWS_PARTS - 1);
}

#endif
