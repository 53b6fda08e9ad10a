/* SPDX-License-Identifier: MIT */
/* One-vs-rest logistic regression: one dual coordinate step a row and label.
 *
 * The dual variable of a row and label lies in (0, c); the solver keeps its logit t, so that it is c / (1 +
 * e^-t). Its best value solves  t + |x|^2 (c / (1 + e^-t) - old) + y s = 0, which rises in t: Newton's
 * method, held within a bracket that starts at the ends 0 and c and closes in; a step that leaves it is
 * replaced by its middle. */
#include "ml/linear_private.h"

#define NEWTON_STEPS 6
/* ln(1 + e^-m): with e = e^-|m| it is max(-m, 0) + 2 atanh(e / (2 + e)). */
WEIR_INLINE void
softplus_negative(const WeirFloat8 *m, WeirFloat8 *out)
{
  WeirFloat8 below = -WEIR_ABSOLUTE(*m), e;
  weir_exp8(&below, &e);
  WeirFloat8 z = e / (2.0f + e), square = z * z;
  WeirFloat8 series = 1.0f / 9 + square * (1.0f / 11);
  series = 1.0f / 7 + square * series;
  series = 1.0f / 5 + square * series;
  series = 1.0f / 3 + square * series;
  *out = WEIR_POSITIVE(-*m) + 2.0f * z * (1.0f + square * series);
}

/* 1 / (1 + e^-t) */
WEIR_INLINE void
logistic(const WeirFloat8 *t, WeirFloat8 *out)
{
  WeirFloat8 negative = -*t, e;
  weir_exp8(&negative, &e);
  *out = 1.0f / (1.0f + e);
}

/* Moves the logits to the best values for margins y s; `step` gets the change of the dual variables. */
WEIR_INLINE void
solve_logits(WeirFloat8 *logits, const WeirFloat8 *margins, const WeirFloat8 *price, float square,
             WeirFloat8 *step)
{
  WeirFloat8 old, p, t = *logits;
  logistic(&t, &p);
  old = *price * p;
  WeirFloat8 low = -*margins - square * (*price - old), high = -*margins + square * old;
  t = WEIR_SELECT((t >= low) & (t <= high), t, 0.5f * (low + high));
  for (int i = 0; i < NEWTON_STEPS; i++) {
    logistic(&t, &p);
    WeirFloat8 value = t + square * (*price * p - old) + *margins;
    high = WEIR_SELECT(value > 0.0f, t, high);
    low = WEIR_SELECT(value > 0.0f, low, t);
    t -= value / (1.0f + square * *price * p * (1.0f - p));
    t = WEIR_SELECT((t >= low) & (t <= high), t, 0.5f * (low + high));
  }
  logistic(&t, &p);
  *step = *price * p - old;
  *logits = t;
}

typedef struct {
  WeirFloat8 sign[WEIR_MAX_UNITS];  /* +1 for the own label, -1 for the others */
  WeirFloat8 price[WEIR_MAX_UNITS]; /* c, times the label's weight for its own rows */
} Lanes;

WEIR_INLINE void
set_lane(Lanes *lanes, const WeirBlock *block, uint32_t label, float sign, float price)
{
  guint lane = label - block->first;
  if (label < block->first || lane >= block->n_labels)
    return;
  ((float *)lanes->sign)[lane] = sign;
  ((float *)lanes->price)[lane] = price;
}

WEIR_INLINE void
solve_rows(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c, const guint units)
{
  const WeirFloat8 zero = {0};
  WeirFloat8 *bias = (WeirFloat8 *)(block->weights + (gsize)matrix->n_columns * units * WEIR_LANES);
  WeirFloat8 mask[WEIR_MAX_UNITS], loss = zero, change = zero;
  Lanes lanes;
  weir_label_mask(block, units, mask);
  WEIR_UNROLL
  for (guint u = 0; u < units; u++) {
    lanes.sign[u] = zero - 1.0f;
    lanes.price[u] = zero + (float)c;
  }
  for (guint32 i = 0; i < head->n_order; i++) {
    const uint32_t r = head->order[i];
    const gsize start = matrix->starts[head->rows[r]];
    const gsize n = matrix->starts[head->rows[r] + 1] - start;
    const uint32_t *columns = matrix->columns + start;
    const float *values = matrix->values + start;
    const double weight = head->label_weights ? head->label_weights[head->labels[r]] : 1;
    WeirFloat8 *dual = (WeirFloat8 *)(block->dual + (gsize)r * units * WEIR_LANES);
    WeirFloat8 scores[WEIR_MAX_UNITS], steps[WEIR_MAX_UNITS];
    WEIR_UNROLL
    for (guint u = 0; u < units; u++)
      scores[u] = bias[u];
    weir_row_scores(block->weights, units, columns, values, n, scores);
    block->tops[r] = weir_row_top(block, scores);
    set_lane(&lanes, block, head->labels[r], 1, (float)(c * weight));
    WEIR_UNROLL
    for (guint u = 0; u < units; u++) {
      WeirFloat8 margins = lanes.sign[u] * scores[u], row_loss, step;
      softplus_negative(&margins, &row_loss);
      loss += row_loss * mask[u];
      solve_logits(&dual[u], &margins, &lanes.price[u], head->squares[r], &step);
      change += WEIR_ABSOLUTE(step) * mask[u];
      steps[u] = step * lanes.sign[u];
    }
    set_lane(&lanes, block, head->labels[r], -1, (float)c);
    weir_row_update(block->weights, units, columns, values, n, steps);
    WEIR_UNROLL
    for (guint u = 0; u < units; u++)
      bias[u] += steps[u];
    if (i % WEIR_DRAIN_ROWS == WEIR_DRAIN_ROWS - 1) {
      block->loss += weir_drain8(&loss);
      block->change += weir_drain8(&change);
    }
  }
  block->loss += weir_drain8(&loss);
  block->change += weir_drain8(&change);
}

/* A copy for each number of vectors, so that the scores stay in registers. */
WEIR_INLINE void
solve_any(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  switch (block->units) {
  case 1:
    solve_rows(matrix, head, block, c, 1);
    break;
  case 2:
    solve_rows(matrix, head, block, c, 2);
    break;
  case 3:
    solve_rows(matrix, head, block, c, 3);
    break;
  default:
    solve_rows(matrix, head, block, c, 4);
  }
}

WEIR_WIDE_TARGET static void
solve_wide(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  solve_any(matrix, head, block, c);
}

static void
solve_plain(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  solve_any(matrix, head, block, c);
}

void
weir_solve_logistic(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  (WEIR_HAS_WIDE() ? solve_wide : solve_plain)(matrix, head, block, c);
}
