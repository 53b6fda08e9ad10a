/* SPDX-License-Identifier: MIT */
/* What all stages of the plugin share: the splits and their ratios, and dealing records out to them. */
#ifndef WEIR_SPLIT_DEAL_H
#define WEIR_SPLIT_DEAL_H

#include <glib.h>
#include <weir/plugin.h>

#include "apportion.h"

#define SPLIT_LEFT_OUT 255u /* as the split of a row: none gets it */

/* The first member of each stage's state: the names of the splits are the keys of `ratios`. */
typedef struct {
  weir_map ratios;
  double *shares;    /* ratios that sum to 1; of the stage's memory */
  guint8 *side;      /* the split of each row of a table input; free with split_deal_clear() */
  guint64 *rows;     /* rows of a split, counted in split_deal_report(); of the stage's memory */
  bool only_names;   /* the ratios name the splits, their values do not count */
  uint64_t batch;    /* the next one to deal out */
  uint64_t next_row; /* its first row */
} SplitDeal;

/* Fills `shares` while planning. 0 or -1 (reported). */
int split_deal_check(weir_stage *stage, SplitDeal *deal);

/* Sides for all rows of table input `in`, none of them dealt yet. Fails where the table is empty, or there is no memory
 * for one byte a row. 0 or -1 (reported). */
int split_deal_begin(weir_stage *stage, SplitDeal *deal, uint32_t in);

/* Sends the next batch of table input `in`, each row to the output of its side, in the order of the input. 0, -1
 * (reported) or WEIR_END. */
int split_deal_next(weir_stage *stage, SplitDeal *deal, uint32_t in);

/* Sends the rows of one batch to the outputs of their sides; takes the batch. [in parallel] 0 or -1 (reported). */
int split_deal_batch(weir_stage *stage, uint32_t n_splits, uint32_t in, struct ArrowArray *batch,
                     const guint8 *sides);

/* Counts the rows of the sides into `deal->rows`. */
void split_deal_count(weir_stage *stage, SplitDeal *deal, uint32_t in);

/* Puts `deal->rows` on the bus: a metric a split, a table of what was wanted and what is reached (with a column `unit`
 * for `units[j]`, if given), a warning for a split that is used and gets no row. */
void split_deal_report(weir_stage *stage, const SplitDeal *deal, const char *unit, const guint64 *units);

void split_deal_clear(SplitDeal *deal);

/* Random numbers of the option "seed" if it is given, of the pipeline's seed otherwise. */
weir_random split_random(weir_stage *stage, int64_t seed);

/* Memory of `n * size` bytes that counts against the run's budget, zeroed. NULL: reported. */
void *split_reserve(weir_stage *stage, uint64_t n, size_t size, const char *what);
/* Frees it and gives the memory back; NULL is fine. */
void split_release(weir_stage *stage, void *memory, uint64_t n, size_t size);
/* Counts memory against the run's budget that has grown from `*held` to `bytes`. 0 or -1 (reported). */
int split_hold(weir_stage *stage, guint64 *held, guint64 bytes, const char *what);
/* A SplitGrant (groups.h) of the run's budget, for a stage. */
gboolean split_grant(gpointer stage, guint64 take, guint64 give_back);

#endif
