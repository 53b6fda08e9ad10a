/* SPDX-License-Identifier: MIT */
/* What a stage needs around the index of near-duplicates: its threads, rows of tables by number, memory for a search. */
#ifndef WEIR_NEAR_H
#define WEIR_NEAR_H

#include <weir/plugin.h>

#include "ml/near_duplicates.h"

/* The threads of a stage. */
WeirExecutor near_executor(weir_stage *stage);

/* Reports a failure of the library; one that the run was told of already comes as a cancellation. Always -1. */
int near_fail(weir_stage *stage, const GError *error);

/* The batch of a table that a row is in: `first` has the number of the first row of each of `n_batches`. */
uint64_t near_batch_of(const uint64_t *first, uint64_t n_batches, uint64_t row);

/* Memory for a search over so many rows: what is of use where the run grants that, otherwise down to the least. Of it
 * the stage has `own` bytes already. Returns the bytes; 0: not even the least, reported. */
uint64_t near_reserve(weir_stage *stage, uint64_t n_rows, uint64_t own);

/* Gives back what near_reserve() got, but for `kept` bytes of it. */
void near_unreserve(weir_stage *stage, uint64_t bytes, uint64_t own, uint64_t kept);

#endif
