/* SPDX-License-Identifier: MIT */
/* Which of many numbered rows are the first, or the last, with their key: in bounded memory. */
#ifndef WEIR_ROWS_DECIDE_H
#define WEIR_ROWS_DECIDE_H

#include "hash.h"
#include "store.h"

typedef struct {
  weir_stage *stage;
  RowsGrant *grant;
  gboolean last;
  uint32_t depth;
  gboolean is_full; /* the table takes no new keys: these are dealt out to parts, by their hash */
  RowsTable table;  /* key to number */
  RowsNumbers *parts;
} RowsDecider;

void rows_decider_init(RowsDecider *decider, weir_stage *stage, RowsGrant *grant, gboolean last);
void rows_decider_clear(RowsDecider *decider);

typedef enum { ROWS_FAILED = -1, ROWS_OPEN, ROWS_FIRST, ROWS_AGAIN } RowsVerdict;

/* Ask for a row, whose number is higher than those before. ROWS_FIRST: its key is new. ROWS_AGAIN: it was there.
 * ROWS_OPEN: rows_decider_finish() will tell. ROWS_FAILED (reported). When the last counts, all are open. */
RowsVerdict rows_decider_add(RowsDecider *decider, RowsHash hash, uint64_t number);

/* Sets the bits of the open rows that stay; of n rows in all, whose bits are zero. Once. 0 or -1 (reported). */
int rows_decider_finish(RowsDecider *decider, uint8_t *stays, uint64_t n);

#endif
