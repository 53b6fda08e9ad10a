/* SPDX-License-Identifier: MIT */
/* Sorts any number of rows in bounded memory: sorted runs in files, then merged (external merge sort). */
#ifndef WEIR_ROWS_SORTER_H
#define WEIR_ROWS_SORTER_H

#include "arrays.h"
#include "grant.h"
#include "order.h"

/* Rows are sorted by keys, or by a number that is given with each; equal ones keep the order in which they came. The
 * result does not depend on memory or threads. One thread at a time. */
typedef struct RowsSorter RowsSorter;

/* All are borrowed and outlive the sorter. `keys` NULL: by numbers. */
RowsSorter *rows_sorter_new(weir_stage *stage, const struct ArrowSchema *schema, const RowsKey *keys,
                            uint32_t n_keys, RowsGrant *grant);
void rows_sorter_free(RowsSorter *sorter);

/* Add a batch, which it takes; `numbers`, one a row, is copied. 0 or -1 (reported). */
int rows_sorter_add(RowsSorter *sorter, struct ArrowArray *batch, const uint64_t *numbers);

/* Gets the sorted rows, batch by batch, which it owns. 0 or -1 (reported). */
typedef int (*RowsSink)(void *data, struct ArrowArray *batch);

/* Once, after the last batch. 0 or -1 (reported). */
int rows_sorter_finish(RowsSorter *sorter, RowsSink sink, void *data);

/* Runs that went to files. */
uint32_t rows_sorter_runs(const RowsSorter *sorter);

#endif
