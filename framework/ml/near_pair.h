/* SPDX-License-Identifier: MIT */
/* Compares two rows: by identity or signature, which may leave no hope, then by their texts. */
#ifndef WEIR_ML_NEAR_PAIR_H
#define WEIR_ML_NEAR_PAIR_H

#include "ml/near_find.h"

/* Sets that a task remembers, of those that are not large. */
#define NEAR_REMEMBERED_SETS 128

/* What one task works with: `find` is set, all else zero. */
typedef struct {
  NearFind *find;
  NearReader *reader;
  GString *text;
  NearSet set;      /* of the row that is compared with others */
  uint32_t set_row; /* that row; WEIR_NEAR_NONE: none yet */
  NearSet large;    /* of the last row with many shingles */
  NearSet *others;  /* by row % NEAR_REMEMBERED_SETS */
  uint32_t others_row[NEAR_REMEMBERED_SETS];
  uint32_t *held;     /* rows by place in `signatures` */
  guint8 *signatures; /* or identities, before the first band */
  gsize size;         /* bytes of one */
  WeirNearFigures figures;
  GError *error;
} NearComparer;

/* The similarity of two rows if it is at least the threshold and `least`; 0 if not, or with `error` set. Many `b` with
 * one `a` are fast. */
double near_similarity(NearComparer *comparer, uint32_t a, uint32_t b, double least);

/* Frees what it holds, and hands figures and error over. What a task returns. */
int near_comparer_end(NearComparer *comparer);

#endif
