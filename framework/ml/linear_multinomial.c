/* SPDX-License-Identifier: MIT */
/* Multinomial logistic regression: one dual step a row, over all its labels at once.
 *
 * The dual variables of a row are a distribution q over the labels; its weights get c (y - q) times the row.
 * With scores s and a = c |x|^2 the best q solves  ln q_k + a q_k = s_k + a old_k - nu,  where nu makes q sum
 * to 1. Both unknowns are found together by Newton's method on ln q and nu. */
#include <math.h>

#include "ml/linear_private.h"

#define NEWTON_STEPS 8
#define CLOSE_ENOUGH 1e-4f
#define PADDING      -1e30f

/* Sum of all lanes, always in the same order. */
WEIR_INLINE float
sum_lanes(const WeirFloat8 *v)
{
  const WeirFloat8 s = *v;
  return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

/* ln of the sum of e^score over the lanes that are labels; the others hold PADDING. */
WEIR_INLINE float
log_sum_exp(const WeirFloat8 *scores, guint units, float top)
{
  WeirFloat8 sum = {0};
  for (guint u = 0; u < units; u++) {
    WeirFloat8 e, shifted = scores[u] - top;
    weir_exp8(&shifted, &e);
    sum += WEIR_SELECT(scores[u] > 0.5f * PADDING, e, (WeirFloat8){0});
  }
  return top + logf(sum_lanes(&sum));
}

/* Adds the row's scores to the bias, four vectors at a time. */
WEIR_INLINE void
add_scores(const float *weights, guint units, const uint32_t *columns, const float *values, gsize n,
           WeirFloat8 *scores)
{
  const gsize stride = (gsize)units * WEIR_LANES;
  for (guint u = 0; u + 4 <= units; u += 4) {
    WeirFloat8 s0 = scores[u], s1 = scores[u + 1], s2 = scores[u + 2], s3 = scores[u + 3];
    for (gsize j = 0; j < n; j++) {
      const WeirFloat8 *w = (const WeirFloat8 *)(weights + columns[j] * stride) + u;
      s0 += w[0] * values[j];
      s1 += w[1] * values[j];
      s2 += w[2] * values[j];
      s3 += w[3] * values[j];
    }
    scores[u] = s0;
    scores[u + 1] = s1;
    scores[u + 2] = s2;
    scores[u + 3] = s3;
  }
  for (guint u = units / 4 * 4; u < units; u++)
    for (gsize j = 0; j < n; j++)
      scores[u] += ((const WeirFloat8 *)(weights + columns[j] * stride))[u] * values[j];
}

/* Room for one row's vectors. */
typedef struct {
  WeirFloat8 *scores; /* PADDING in lanes that are no label */
  WeirFloat8 *logs;   /* ln q */
  WeirFloat8 *q;
} Row;

/* One Newton step for ln q and nu; returns the largest change of a q. */
WEIR_INLINE float
newton_step(Row *row, const WeirFloat8 *old, guint units, float a, float *nu)
{
  WeirFloat8 slope = {0}, pull = {0}, total = {0}, largest = {0};
  for (guint u = 0; u < units; u++) {
    weir_exp8(&row->logs[u], &row->q[u]);
    row->q[u] = WEIR_SELECT(row->scores[u] > 0.5f * PADDING, row->q[u], (WeirFloat8){0});
    WeirFloat8 share = row->q[u] / (1.0f + a * row->q[u]);
    total += row->q[u];
    slope += share;
    pull += share * (row->logs[u] + a * (row->q[u] - old[u]) - row->scores[u] + *nu);
  }
  float shift = (sum_lanes(&total) - 1 - sum_lanes(&pull)) / sum_lanes(&slope);
  for (guint u = 0; u < units; u++) {
    WeirFloat8 rest = row->logs[u] + a * (row->q[u] - old[u]) - row->scores[u] + *nu + shift;
    WeirFloat8 step = -rest / (1.0f + a * row->q[u]);
    row->logs[u] += step;
    row->logs[u] = WEIR_SELECT(row->logs[u] < 0.0f, row->logs[u], (WeirFloat8){0});
    WeirFloat8 moved = WEIR_ABSOLUTE(step) * row->q[u];
    largest = WEIR_SELECT(moved > largest, moved, largest);
  }
  *nu += shift;
  float most = 0;
  for (guint k = 0; k < WEIR_LANES; k++)
    most = MAX(most, largest[k]);
  return most;
}

/* Replaces the row's distribution by the best one; `steps` gets what the labels' weights move by. */
WEIR_INLINE double
solve_row(Row *row, WeirFloat8 *old, guint units, float price, float square, float log_sum, WeirFloat8 *steps)
{
  const float a = price * square;
  float nu = log_sum;
  for (guint u = 0; u < units; u++)
    row->logs[u] = row->scores[u] - log_sum;
  for (int i = 0; i < NEWTON_STEPS && newton_step(row, old, units, a, &nu) > CLOSE_ENOUGH; i++)
    continue;
  WeirFloat8 total = {0}, change = {0};
  for (guint u = 0; u < units; u++) {
    weir_exp8(&row->logs[u], &row->q[u]);
    row->q[u] = WEIR_SELECT(row->scores[u] > 0.5f * PADDING, row->q[u], (WeirFloat8){0});
    total += row->q[u];
  }
  const float scale = 1 / sum_lanes(&total);
  for (guint u = 0; u < units; u++) {
    steps[u] = price * (old[u] - row->q[u] * scale);
    old[u] = row->q[u] * scale;
    change += WEIR_ABSOLUTE(steps[u]);
  }
  return (double)sum_lanes(&change);
}

WEIR_INLINE void
solve_rows(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  const guint units = block->units;
  WeirFloat8 *bias = (WeirFloat8 *)(block->weights + (gsize)matrix->n_columns * units * WEIR_LANES);
  WeirFloat8 *room = (WeirFloat8 *)block->room;
  Row row = {room, room + units, room + 2 * (gsize)units};
  WeirFloat8 *steps = room + 3 * (gsize)units;
  for (guint32 i = 0; i < head->n_order; i++) {
    const uint32_t r = head->order[i];
    const gsize start = matrix->starts[head->rows[r]];
    const gsize n = matrix->starts[head->rows[r] + 1] - start;
    const uint32_t *columns = matrix->columns + start;
    const float *values = matrix->values + start;
    const double weight = head->label_weights ? head->label_weights[head->labels[r]] : 1;
    WeirFloat8 *old = (WeirFloat8 *)(block->dual + (gsize)r * units * WEIR_LANES);
    for (guint u = 0; u < units; u++)
      row.scores[u] = bias[u];
    add_scores(block->weights, units, columns, values, n, row.scores);
    for (guint k = block->n_labels; k < units * WEIR_LANES; k++)
      ((float *)row.scores)[k] = PADDING;
    block->tops[r] = weir_row_top(block, row.scores);
    float log_sum = log_sum_exp(row.scores, units, block->tops[r].score);
    block->loss += (double)(log_sum - ((float *)row.scores)[head->labels[r]]);
    block->change += solve_row(&row, old, units, (float)(c * weight), head->squares[r], log_sum, steps);
    for (gsize j = 0; j < n; j++) {
      WeirFloat8 *w = (WeirFloat8 *)(block->weights + (gsize)columns[j] * units * WEIR_LANES);
      for (guint u = 0; u < units; u++)
        w[u] += steps[u] * values[j];
    }
    for (guint u = 0; u < units; u++)
      bias[u] += steps[u];
  }
}

WEIR_WIDE_TARGET static void
solve_wide(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  solve_rows(matrix, head, block, c);
}

static void
solve_plain(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  solve_rows(matrix, head, block, c);
}

void
weir_solve_multinomial(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  (WEIR_HAS_WIDE() ? solve_wide : solve_plain)(matrix, head, block, c);
}
