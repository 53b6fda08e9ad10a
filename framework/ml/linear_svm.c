/* SPDX-License-Identifier: MIT */
/* One-vs-rest linear SVM with squared hinge loss: one dual coordinate step a row and label. */
#include "ml/linear_private.h"

/* Values a lane that differ for the row's own label. */
typedef struct {
  WeirFloat8 sign[WEIR_MAX_UNITS];     /* +1 for the own label, -1 for the others */
  WeirFloat8 softness[WEIR_MAX_UNITS]; /* 1 / (2 c), the diagonal that the squared loss adds */
} Lanes;

WEIR_INLINE void
set_lane(Lanes *lanes, const WeirBlock *block, uint32_t label, float sign, float softness)
{
  guint lane = label - block->first;
  if (label < block->first || lane >= block->n_labels)
    return;
  ((float *)lanes->sign)[lane] = sign;
  ((float *)lanes->softness)[lane] = softness;
}

WEIR_INLINE void
solve_rows(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c, const guint units)
{
  const float soft = (float)(0.5 / c);
  const WeirFloat8 zero = {0};
  WeirFloat8 *bias = (WeirFloat8 *)(block->weights + (gsize)matrix->n_columns * units * WEIR_LANES);
  WeirFloat8 mask[WEIR_MAX_UNITS], loss = zero, change = zero;
  Lanes lanes;
  weir_label_mask(block, units, mask);
  WEIR_UNROLL
  for (guint u = 0; u < units; u++) {
    lanes.sign[u] = zero - 1.0f;
    lanes.softness[u] = zero + soft;
  }
  for (guint32 i = 0; i < head->n_order; i++) {
    const uint32_t r = head->order[i];
    const gsize start = matrix->starts[head->rows[r]];
    const gsize n = matrix->starts[head->rows[r] + 1] - start;
    const uint32_t *columns = matrix->columns + start;
    const float *values = matrix->values + start;
    const float weight = head->label_weights ? (float)head->label_weights[head->labels[r]] : 1;
    WeirFloat8 *dual = (WeirFloat8 *)(block->dual + (gsize)r * units * WEIR_LANES);
    WeirFloat8 scores[WEIR_MAX_UNITS], steps[WEIR_MAX_UNITS];
    WeirInt8 moved = {0};
    WEIR_UNROLL
    for (guint u = 0; u < units; u++)
      scores[u] = bias[u];
    weir_row_scores(block->weights, units, columns, values, n, scores);
    block->tops[r] = weir_row_top(block, scores);
    set_lane(&lanes, block, head->labels[r], 1, weight > 0 ? soft / weight : 1e30f);
    WEIR_UNROLL
    for (guint u = 0; u < units; u++) {
      WeirFloat8 gap = 1.0f - lanes.sign[u] * scores[u];
      WeirFloat8 hinge = WEIR_POSITIVE(gap);
      loss += hinge * hinge * mask[u];
      WeirFloat8 old = dual[u];
      WeirFloat8 now = old + (gap - lanes.softness[u] * old) / (head->squares[r] + lanes.softness[u]);
      now = WEIR_POSITIVE(now);
      WeirFloat8 step = now - old;
      dual[u] = now;
      change += WEIR_ABSOLUTE(step) * mask[u];
      moved |= step != 0.0f;
      steps[u] = step * lanes.sign[u];
    }
    set_lane(&lanes, block, head->labels[r], -1, soft);
    int any = 0;
    for (guint k = 0; k < WEIR_LANES; k++)
      any |= moved[k];
    if (any) {
      weir_row_update(block->weights, units, columns, values, n, steps);
      WEIR_UNROLL
      for (guint u = 0; u < units; u++)
        bias[u] += steps[u];
    }
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
weir_solve_svm(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c)
{
  (WEIR_HAS_WIDE() ? solve_wide : solve_plain)(matrix, head, block, c);
}
