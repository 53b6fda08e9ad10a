/* SPDX-License-Identifier: MIT */
/* Fits the sharpness that turns scores into probabilities. */
#include <math.h>

#include "ml/linear_private.h"

#define MIN_SHARPNESS 1e-3
#define MAX_SHARPNESS 1e3
#define STEPS         60

/* First and second derivative of the summed log loss by the sharpness: the mean score under the probabilities
 * less that of the truth, and the variance of the scores. The truth counts 1 - doubt, the rest is spread over
 * the other labels: so a row that is never wrong does not ask for an infinite sharpness. */
typedef struct {
  double first, second;
} Slope;

static Slope
slope_of_row(const float *scores, guint n_labels, uint32_t label, double sharpness, double doubt)
{
  double top = (double)scores[0], sum = 0, mean = 0, square = 0, all = 0;
  for (guint k = 1; k < n_labels; k++)
    top = MAX(top, (double)scores[k]);
  for (guint k = 0; k < n_labels; k++) {
    double score = (double)scores[k], p = (double)expf((float)(sharpness * (score - top)));
    sum += p;
    mean += p * score;
    square += p * score * score;
    all += score;
  }
  double own = (double)scores[label];
  double target = (1 - doubt) * own + (n_labels > 1 ? doubt * (all - own) / (n_labels - 1) : doubt * own);
  mean /= sum;
  return (Slope){mean - target, MAX(square / sum - mean * mean, 0)};
}

/* Newton's method on a convex function of one variable, held within the bracket that the signs leave. Source
 * of the smoothed targets: Platt, "Probabilistic outputs for support vector machines", 1999. */
double
weir_fit_sharpness(const float *scores, gsize stride, guint n_labels, const uint32_t *labels, gsize n_rows)
{
  double low = MIN_SHARPNESS, high = MAX_SHARPNESS, sharpness = 1, doubt = 1 / ((double)n_rows + 2);
  for (int i = 0; i < STEPS && high / low > 1 + 1e-6; i++) {
    Slope slope = {0};
    for (gsize r = 0; r < n_rows; r++) {
      Slope row = slope_of_row(scores + r * stride, n_labels, labels[r], sharpness, doubt);
      slope.first += row.first;
      slope.second += row.second;
    }
    if (slope.first > 0)
      high = sharpness;
    else
      low = sharpness;
    double next = slope.second > 0 ? sharpness - slope.first / slope.second : 0;
    if (fabs(next - sharpness) <= 1e-6 * sharpness)
      return next;
    sharpness = next > low && next < high ? next : sqrt(low * high);
  }
  return sharpness;
}
