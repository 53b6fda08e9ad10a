/* SPDX-License-Identifier: MIT */
/* What guessing is expected to reach: figures of a predictor that draws, without drawing. */
#ifndef WEIR_EVALUATE_EXPECTED_H
#define WEIR_EVALUATE_EXPECTED_H

#include <glib.h>

/* The mean of the F1 of a label over all draws, where the label is right for `support` of `rows` rows, and each row gets
 * it with probability q, whatever is right for it. Given that P rows get it, the number of right ones is
 * hypergeometric with mean P * support / rows; so the F1, 2 TP / (support + P), has the mean
 *
 *   2 support / rows * E[P / (support + P)],   P ~ Binomial(rows, q)
 *
 * which is summed exactly, but for terms below 1e-16 of the largest. q = 1 is a label that is always given: then it is
 * the F1 itself. 0 where there is no such label. */
double expected_f1(guint64 support, guint64 rows, double q);

#endif
