/* SPDX-License-Identifier: MIT */
/* How many rows of each stratum go to each split, so that strata and splits both come out right. */
#ifndef WEIR_SPLIT_APPORTION_H
#define WEIR_SPLIT_APPORTION_H

#include <glib.h>

#define SPLIT_MAX_SPLITS 64u

/* Brings ratios to a sum of exactly 1. They are either shares, which sum to 1 within 1e-6, or parts, all of
 * them at least 1 (80 and 20), which are divided by their sum. FALSE and `error`: not positive, or neither.
 */
gboolean split_normalise(double *ratios, guint n_splits, GError **error);

/* The split that takes strata too small to be shared out: the one with the largest ratio, the first of these.
 */
guint split_home(const double *ratios, guint n_splits);

/* A stratum with fewer rows than there are splits goes whole to the home split. */
static inline gboolean
split_is_rare(guint64 rows, guint n_splits)
{
  return rows < n_splits;
}

/* Sizes of the splits over all: largest remainders (Hamilton's method) of rows * ratio. They sum to `rows`.
 */
void split_largest_remainder(guint64 rows, const double *ratios, guint n_splits, guint64 *sizes);

/* Fills `cells[s * n_splits + j]`, the rows of stratum s for split j. Rows of a stratum sum to `rows[s]`;
 * each cell of a stratum that is not rare is rows[s] * ratio[j] rounded down or up; and the sizes of the
 * splits are those of split_largest_remainder() over all rows, or as near as such cells allow. Among all
 * ways to do so, one is taken that follows the largest remainders of the strata most closely; ties fall by
 * `seed`. At most 2^32 strata.
 *
 * That such cells exist is the integrality of flows (controlled rounding: Cox, "A constructive procedure for
 * unbiased controlled rounding", JASA 82 (1987)); they are found by cheapest augmenting paths between splits.
 */
void split_apportion(const guint64 *rows, gsize n_strata, const double *ratios, guint n_splits, guint64 seed,
                     guint64 *cells);

/* Bytes that it takes, about. */
guint64 split_apportion_bytes(gsize n_strata, guint n_splits);

#endif
