/* SPDX-License-Identifier: MIT */
/* Iterative stratification: deals rows with any number of labels out so that each split gets its share of each label. */
#ifndef WEIR_SPLIT_ITERATIVE_H
#define WEIR_SPLIT_ITERATIVE_H

#include <glib.h>
#include <weir/plugin.h>

/* Labels of rows: those of row i are label[first[i]] … label[first[i + 1] - 1], each once, less than `n_labels`. */
typedef struct {
  guint32 n_rows;
  guint32 n_labels;
  const guint64 *first;
  const guint32 *label;
} SplitLabels;

/* Chooses a split for each row. The label with the fewest rows left is dealt out first: each of its rows, in random
 * order, goes to the split that still lacks most of that label, among equals to the one that lacks most rows, among
 * these at random (Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data", ECML PKDD 2011). Rows
 * without a label fill up. Then single rows change splits while that lowers the sum over
 * labels and splits of (rows - wanted)² / wanted, that of the sizes included; and at last, where the labels suffer
 * least, until the sizes are those of split_largest_remainder().
 *
 * O(labels of all rows * (n_splits + log n_labels)). FALSE: no memory. */
gboolean split_iterative(const SplitLabels *labels, const double *ratios, guint n_splits, weir_random *random,
                         guint8 *split);

/* Bytes that split_iterative() takes at most. */
guint64 split_iterative_bytes(const SplitLabels *labels, guint n_splits);

#endif
