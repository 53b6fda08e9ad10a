/* SPDX-License-Identifier: MIT */
/* What the solvers share: the state of a head in training, and vectors of eight floats. */
#ifndef WEIR_ML_LINEAR_PRIVATE_H
#define WEIR_ML_LINEAR_PRIVATE_H

#include "base/cpu.h"
#include "ml/linear.h"

/* Lanes are labels. GCC splits these vectors for processors with narrower registers. */
typedef float WeirFloat8 __attribute__((vector_size(32), may_alias));
typedef int32_t WeirInt8 __attribute__((vector_size(32), may_alias));

/* Without branches: the larger of v and 0, the absolute value, and a where the comparison holds, else b. */
#define WEIR_POSITIVE(v)         ((WeirFloat8)(((v) > 0.0f) & (WeirInt8)(v)))
#define WEIR_ABSOLUTE(v)         ((WeirFloat8)((WeirInt8)(v)&0x7fffffff))
#define WEIR_SELECT(where, a, b) ((WeirFloat8)(((where) & (WeirInt8)(a)) | (~(where) & (WeirInt8)(b))))

/* Before a loop over vectors whose number is a constant: keeps them in registers also at -O2. */
#ifdef __clang__
#define WEIR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define WEIR_UNROLL _Pragma("GCC unroll 10")
#endif

#define WEIR_LANES     8
#define WEIR_MAX_UNITS 4 /* vectors a block of the one-vs-rest kinds */
#define WEIR_INLINE    static inline __attribute__((always_inline))

/* A row's best label within one block, from the pass of the current epoch. */
typedef struct {
  float score;
  uint32_t label;
} WeirBest;

/* Labels that are trained together by one task. */
typedef struct {
  guint first;    /* label of lane 0 */
  guint n_labels; /* lanes from here on are padding */
  guint units;    /* vectors of WEIR_LANES */
  float *weights; /* (features + 1) * units * WEIR_LANES */
  float *best;    /* the weights of the best epoch; NULL until early stopping needs it */
  float *dual;    /* rows of the head * units * WEIR_LANES; its meaning is the solver's own */
  float *room;    /* 4 * units * WEIR_LANES, for the solver of the softmax; else NULL */
  WeirBest *tops; /* a row of the head each */
  double loss;    /* sum over the epoch's rows */
  double change;  /* sum of what the epoch changed the dual variables by */
} WeirBlock;

/* One head in training. Rows are counted within the head: `rows[r]` is the matrix row of the head's row r. */
typedef struct {
  guint n_labels;
  const double *label_weights;
  guint32 n_rows;
  uint32_t *rows;
  uint32_t *labels;
  float *squares;  /* squared length of each row with its bias */
  uint8_t *folds;  /* which fold holds the row out; WEIR_NO_FOLD: none does */
  uint32_t *order; /* the rows that teach, in the order of the epoch */
  guint32 n_order;
  guint n_blocks;
  WeirBlock *blocks;
  double first_change; /* of the epoch that the tolerance is measured against */
} WeirHeadState;

#define WEIR_NO_FOLD 255

/* Losses are summed in single precision for so many rows at most. */
#define WEIR_DRAIN_ROWS 64

/* One pass over a head's rows for one block: visits the rows in `order`, and leaves weights, dual variables,
 * tops, loss and change. */
typedef void (*WeirSolver)(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c);

void weir_solve_svm(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c);
void weir_solve_logistic(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c);
void weir_solve_multinomial(const WeirSparse *matrix, const WeirHeadState *head, WeirBlock *block, double c);

/* Heads with their rows, folds and blocks, all weights 0. NULL: no memory. Free with weir_head_states_free(). */
WeirHeadState *weir_head_states_new(const WeirLinearOptions *options, const WeirHeadShape *shapes,
                                    guint n_heads, const WeirLabelledRows *rows, guint n_folds);
void weir_head_states_free(WeirHeadState *heads, guint n_heads);

/* Sets weights and dual variables back to the start. */
void weir_block_reset(const WeirLinearOptions *options, const WeirSparse *matrix, const WeirHeadState *head,
                      WeirBlock *block);

/* Chooses the rows that teach, all but those of a fold, in a random order that depends on seed, head and
 * epoch. */
void weir_head_order(WeirHeadState *head, guint index, guint epoch, guint64 seed, guint excluded);

/* Scores of one row for all labels of a head in training; room for the widths of its blocks. */
void weir_head_scores(const WeirSparse *matrix, const WeirHeadState *head, gsize row, float *scores);

/* Copies the weights (those of the best epoch if there are any) into the layout for prediction. FALSE: no memory. */
gboolean weir_head_finish(const WeirHeadState *head, guint n_features, WeirLinearHead *finished);

/* The sharpness that makes softmax(sharpness * scores) most likely, where few rows say little against the usual one;
 * scores are n_rows * stride, labels below n_labels. */
double weir_fit_sharpness(double usual, const float *scores, gsize stride, guint n_labels,
                          const uint32_t *labels, gsize n_rows);

/* A processor with AVX2 and FMA runs the second copy that each kernel is compiled to. */
#if defined(__x86_64__)
#define WEIR_WIDE_TARGET __attribute__((target("avx2,fma")))
#else
#define WEIR_WIDE_TARGET
#endif
#define WEIR_HAS_WIDE() weir_cpu_has(WEIR_CPU_AVX2)

/* e^x of eight floats, to within 2e-7 of itself; x is clipped to [-87, 87]. */
WEIR_INLINE void
weir_exp8(const WeirFloat8 *x, WeirFloat8 *out)
{
  const WeirFloat8 zero = {0};
  WeirFloat8 v = *x;
  v = WEIR_SELECT(v < 87.0f, v, zero + 87.0f);
  v = WEIR_SELECT(v > -87.0f, v, zero - 87.0f);
  /* Adding 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits. */
  WeirFloat8 rounded = v * 1.44269504f + 12582912.0f;
  WeirInt8 exponent = (WeirInt8)rounded - 0x4b400000;
  WeirFloat8 whole = rounded - 12582912.0f;
  WeirFloat8 r = v - whole * 0.693359375f + whole * 2.12194440e-4f; /* ln 2 in two parts */
  WeirFloat8 p = 1.0f / 720 + r * (1.0f / 5040);
  p = 1.0f / 120 + r * p;
  p = 1.0f / 24 + r * p;
  p = 1.0f / 6 + r * p;
  p = 0.5f + r * p;
  p = 1.0f + r * p;
  p = 1.0f + r * p;
  *out = p * (WeirFloat8)((exponent + 127) << 23);
}

/* Adds the row's score to `scores`, which the caller has set to the bias: units vectors a feature. Even and
 * odd entries are summed apart, so that an addition need not wait for the one before. */
WEIR_INLINE void
weir_row_scores(const float *weights, const guint units, const uint32_t *columns, const float *values,
                gsize n, WeirFloat8 *scores)
{
  WeirFloat8 odd[WEIR_MAX_UNITS] = {{0}};
  gsize j = 0;
  for (; j + 1 < n; j += 2) {
    const WeirFloat8 *w = (const WeirFloat8 *)(weights + (gsize)columns[j] * units * WEIR_LANES);
    const WeirFloat8 *w1 = (const WeirFloat8 *)(weights + (gsize)columns[j + 1] * units * WEIR_LANES);
    WEIR_UNROLL
    for (guint u = 0; u < units; u++) {
      scores[u] += w[u] * values[j];
      odd[u] += w1[u] * values[j + 1];
    }
  }
  if (j < n) {
    const WeirFloat8 *w = (const WeirFloat8 *)(weights + (gsize)columns[j] * units * WEIR_LANES);
    WEIR_UNROLL
    for (guint u = 0; u < units; u++)
      scores[u] += w[u] * values[j];
  }
  WEIR_UNROLL
  for (guint u = 0; u < units; u++)
    scores[u] += odd[u];
}

/* Adds the row, times a step a label, to the weights. */
WEIR_INLINE void
weir_row_update(float *weights, const guint units, const uint32_t *columns, const float *values, gsize n,
                const WeirFloat8 *steps)
{
  for (gsize j = 0; j < n; j++) {
    WeirFloat8 *w = (WeirFloat8 *)(weights + (gsize)columns[j] * units * WEIR_LANES);
    WEIR_UNROLL
    for (guint u = 0; u < units; u++)
      w[u] += steps[u] * values[j];
  }
}

/* Adds up what was gathered in single precision, always in the same order, and starts again. */
WEIR_INLINE double
weir_drain8(WeirFloat8 *sum)
{
  double total = 0;
  for (guint k = 0; k < WEIR_LANES; k++)
    total += (double)(*sum)[k];
  *sum = (WeirFloat8){0};
  return total;
}

/* 1 in the lanes of the block that are labels, 0 in padding. */
WEIR_INLINE void
weir_label_mask(const WeirBlock *block, guint units, WeirFloat8 *mask)
{
  for (guint u = 0; u < units; u++)
    for (guint k = 0; k < WEIR_LANES; k++)
      mask[u][k] = u * WEIR_LANES + k < block->n_labels ? 1 : 0;
}

/* The best of the block's labels; the first of equals. */
WEIR_INLINE WeirBest
weir_row_top(const WeirBlock *block, const WeirFloat8 *scores)
{
  const float *score = (const float *)scores;
  WeirBest top = {score[0], block->first};
  for (guint k = 1; k < block->n_labels; k++)
    if (score[k] > top.score)
      top = (WeirBest){score[k], block->first + k};
  return top;
}

#endif
