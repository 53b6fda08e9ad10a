/* SPDX-License-Identifier: MIT */
/* Scores, probabilities and decisions of a trained head. */
#include <math.h>
#include <string.h>

#include "ml/linear_private.h"

/* The labels of `units` vectors from `weights` on; a copy for each number, so that the sums stay in
 * registers. */
WEIR_INLINE void
score_group(const float *weights, gsize stride, gsize bias, const uint32_t *columns, const float *values,
            gsize n, float *scores, const guint units)
{
  WeirFloat8 sums[10];
  WEIR_UNROLL
  for (guint u = 0; u < units; u++)
    sums[u] = ((const WeirFloat8 *)(weights + bias * stride))[u];
  for (gsize j = 0; j < n; j++) {
    const WeirFloat8 *w = (const WeirFloat8 *)(weights + columns[j] * stride);
    WEIR_UNROLL
    for (guint u = 0; u < units; u++)
      sums[u] += w[u] * values[j];
  }
  WEIR_UNROLL
  for (guint u = 0; u < units; u++)
    ((WeirFloat8 *)scores)[u] = sums[u];
}

WEIR_INLINE void
score_all(const WeirLinearHead *head, const uint32_t *columns, const float *values, gsize n, float *scores)
{
  const gsize stride = head->width, bias = head->n_features;
  for (guint at = 0; at < head->width;) {
    const float *weights = head->weights + at;
    guint units = MIN((head->width - at) / WEIR_LANES, 10);
    switch (units) {
    case 10:
      score_group(weights, stride, bias, columns, values, n, scores + at, 10);
      break;
    case 8:
      score_group(weights, stride, bias, columns, values, n, scores + at, 8);
      break;
    case 6:
      score_group(weights, stride, bias, columns, values, n, scores + at, 6);
      break;
    case 4:
      score_group(weights, stride, bias, columns, values, n, scores + at, 4);
      break;
    default:
      score_group(weights, stride, bias, columns, values, n, scores + at, 2);
    }
    at += units * WEIR_LANES;
  }
}

WEIR_WIDE_TARGET static void
score_wide(const WeirLinearHead *head, const uint32_t *columns, const float *values, gsize n, float *scores)
{
  score_all(head, columns, values, n, scores);
}

static void
score_plain(const WeirLinearHead *head, const uint32_t *columns, const float *values, gsize n, float *scores)
{
  score_all(head, columns, values, n, scores);
}

void
weir_linear_scores(const WeirLinearHead *head, const uint32_t *columns, const float *values, gsize n,
                   float *scores)
{
  (WEIR_HAS_WIDE() ? score_wide : score_plain)(head, columns, values, n, scores);
}

static guint
best_label(const WeirLinearHead *head, const float *scores)
{
  guint best = 0;
  for (guint k = 1; k < head->n_labels; k++)
    if (scores[k] > scores[best])
      best = k;
  return best;
}

void
weir_linear_probabilities(const WeirLinearHead *head, float *scores)
{
  const float top = scores[best_label(head, scores)], sharpness = (float)head->sharpness;
  float sum = 0;
  for (guint k = 0; k < head->n_labels; k++)
    sum += scores[k] = expf(sharpness * (scores[k] - top));
  for (guint k = 0; k < head->n_labels; k++)
    scores[k] /= sum;
}

/* The sum over labels of e^(sharpness (score - top)), `width` lanes of which those past n_labels are left
 * out. */
WEIR_INLINE float
sum_of_ratios(const WeirLinearHead *head, const float *scores, float top)
{
  const float sharpness = (float)head->sharpness;
  float sum = 0;
  for (guint at = 0; at < head->n_labels; at += WEIR_LANES) {
    WeirFloat8 x, e;
    memcpy(&x, scores + at, sizeof x);
    x = (x - top) * sharpness;
    weir_exp8(&x, &e);
    guint lanes = MIN(head->n_labels - at, WEIR_LANES);
    for (guint k = 0; k < lanes; k++)
      sum += e[k];
  }
  return sum;
}

WEIR_WIDE_TARGET static float
sum_wide(const WeirLinearHead *head, const float *scores, float top)
{
  return sum_of_ratios(head, scores, top);
}

static float
sum_plain(const WeirLinearHead *head, const float *scores, float top)
{
  return sum_of_ratios(head, scores, top);
}

guint
weir_linear_decide(const WeirLinearHead *head, const float *scores, double *probability)
{
  guint best = best_label(head, scores);
  float sum = (WEIR_HAS_WIDE() ? sum_wide : sum_plain)(head, scores, scores[best]);
  *probability = 1 / (double)MAX(sum, 1.0f);
  return best;
}
