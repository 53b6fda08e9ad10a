/* SPDX-License-Identifier: MIT */
/* Deals whole groups of rows out to splits, as near to the ratios as groups allow. */
#ifndef WEIR_SPLIT_BALANCE_H
#define WEIR_SPLIT_BALANCE_H

#include <glib.h>

/* What is dealt out. Labels, if there are any, are to be spread in the same proportion: group g has
 * `count[i]` rows of `label[i]` for i in first[g] … first[g + 1] - 1. */
typedef struct {
  guint32 n;
  const guint64 *rows; /* of each group */
  const guint64 *tie;  /* of each group: a random number, which decides among groups of one size */
  guint32 n_labels;    /* 0: none, and `first`, `label`, `count` are NULL */
  const guint64 *first;
  const guint32 *label;
  const guint32 *count;
} SplitItems;

/* Chooses a split for each group. The largest come first; each goes to a split that has room for it, drawn with the
 * room as weight, so that large groups are spread like small ones; one that is too large for all goes where most room
 * is. Then groups move, or swap places, as long as that lowers the sum over splits (and, with labels, over labels in
 * splits) of (rows - wanted)² / wanted. Where there are at least as many groups as splits, each split gets one.
 *
 * The result depends on sizes, labels and ties, not on the order of the groups. O(n log n + n * n_splits). Takes about
 * 24 bytes a group. FALSE: no memory. */
gboolean split_balance(const SplitItems *items, const double *ratios, guint n_splits, guint8 *split);

/* Bytes that split_balance() takes at most. */
guint64 split_balance_bytes(const SplitItems *items, guint n_splits);

#endif
