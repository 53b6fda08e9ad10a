/* SPDX-License-Identifier: MIT */
/* Batches that are kept for later: in memory while that is granted, then in a file. */
#ifndef WEIR_ROWS_STORE_H
#define WEIR_ROWS_STORE_H

#include "arrays.h"
#include "grant.h"

/* Batches keep their order and their cut. One thread at a time. */
typedef struct RowsStore RowsStore;

/* All are borrowed and outlive the store. Without a grant everything goes to a file. */
RowsStore *rows_store_new(weir_stage *stage, const struct ArrowSchema *schema, RowsGrant *grant);
void rows_store_free(RowsStore *store);

/* Add a batch, which it takes. 0 or -1 (reported). */
int rows_store_add(RowsStore *store, struct ArrowArray *batch);
/* Nothing more comes. 0 or -1 (reported). */
int rows_store_finish(RowsStore *store);
uint64_t rows_store_batches(const RowsStore *store);
uint64_t rows_store_rows(const RowsStore *store);
/* Look at batch `index` of a store that is finished: rows_store_done() when that is over, before the next is looked at.
 * 0 or -1 (reported). */
int rows_store_look(RowsStore *store, uint64_t index, const struct ArrowArray **batch);
void rows_store_done(RowsStore *store);
/* Get batch `index`, for the last time; the caller releases it. 0 or -1 (reported). */
int rows_store_take(RowsStore *store, uint64_t index, struct ArrowArray *batch);

/* --- Pairs of numbers --- */

/* Rows of `width` numbers, at most ROWS_MOST_WIDTH, in a file; in order. */
#define ROWS_MOST_WIDTH 3
typedef struct {
  weir_stage *stage;
  weir_spill *spill; /* NULL: nothing was written yet */
  uint32_t width;
  uint64_t *buffer[ROWS_MOST_WIDTH];
  uint32_t n_buffered;
  struct ArrowArray batch; /* being read */
  uint64_t next;           /* the batch after it */
  int64_t row;
} RowsNumbers;

void rows_numbers_init(RowsNumbers *numbers, weir_stage *stage, uint32_t width);
void rows_numbers_clear(RowsNumbers *numbers);
int rows_numbers_add(RowsNumbers *numbers, const uint64_t *row);
int rows_numbers_finish(RowsNumbers *numbers);
/* Read on: 1 with a row, 0 at the end, -1 (reported). */
int rows_numbers_read(RowsNumbers *numbers, uint64_t *row);

#endif
