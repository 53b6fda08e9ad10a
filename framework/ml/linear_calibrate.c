/* SPDX-License-Identifier: MIT */
/* Fits the sharpness that turns scores into probabilities, and measures how well it does. */
#include <math.h>
#include <string.h>

#include "ml/linear_training.h"
#include "ml/metrics.h"

#define MIN_SHARPNESS 1e-3
#define MAX_SHARPNESS 1e3
#define STEPS         60

/* Of the natural logarithm of the sharpness: most heads lie within a factor of 4.5 of the usual one. */
#define PRIOR_DEVIATION 1.5

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

/* Newton's method for the logarithm of the sharpness, held within the bracket that the signs leave. `usual` is what
 * it is without rows: its logarithm is believed beforehand to be normally distributed around that of `usual`, so
 * that a few rows, whose scores hardly differ, do not make it huge. Source of the smoothed targets: Platt,
 * "Probabilistic outputs for support vector machines", 1999. */
double
weir_fit_sharpness(double usual, const float *scores, gsize stride, guint n_labels, const uint32_t *labels,
                   gsize n_rows)
{
  const double belief = 1 / (PRIOR_DEVIATION * PRIOR_DEVIATION), doubt = 1 / ((double)n_rows + 2);
  double low = log(MIN_SHARPNESS), high = log(MAX_SHARPNESS), at = log(usual);
  for (int i = 0; i < STEPS && high - low > 1e-6; i++) {
    const double sharpness = exp(at);
    Slope slope = {0};
    for (gsize r = 0; r < n_rows; r++) {
      Slope row = slope_of_row(scores + r * stride, n_labels, labels[r], sharpness, doubt);
      slope.first += row.first;
      slope.second += row.second;
    }
    double first = sharpness * slope.first + belief * (at - log(usual));
    double second = sharpness * (sharpness * slope.second + slope.first) + belief;
    if (first > 0)
      high = at;
    else
      low = at;
    double next = second > 0 ? at - first / second : low;
    if (fabs(next - at) <= 1e-6)
      return exp(next);
    at = next > low && next < high ? next : 0.5 * (low + high);
  }
  return exp(at);
}

/* What a sharpness is when no unseen row can tell: hinge scores lie in about [-1, 1], logits are what they
 * are. */
double
weir_default_sharpness(WeirLinearKind kind)
{
  return kind == WEIR_LINEAR_SVM ? 4 : 1;
}

/* Adds what the sharpness makes of unseen rows to the report's sums. */
static void
measure_calibration(const WeirTraining *training, const WeirScored *set, double sharpness, WeirLogLoss *loss,
                    WeirCalibration *calibration)
{
  WeirLinearHead head = {.n_labels = training->heads[set->head].n_labels, .sharpness = sharpness};
  g_autofree float *row = g_new(float, set->stride);
  for (guint32 i = 0; i < set->n_rows; i++) {
    memcpy(row, set->scores + i * set->stride, set->stride * sizeof *row);
    weir_linear_probabilities(&head, row);
    double confidence = 0;
    guint best = weir_linear_decide(&head, set->scores + i * set->stride, &confidence);
    weir_log_loss_add(loss, (double)row[set->labels[i]]);
    weir_calibration_add(calibration, confidence, best == set->labels[i]);
  }
}

/* Leaves out rows whose label training never saw. */
static void
drop_unknown(WeirScored *set, guint n_labels)
{
  guint32 n = 0;
  for (guint32 i = 0; i < set->n_rows; i++) {
    if (set->labels[i] >= n_labels)
      continue;
    set->labels[n] = set->labels[i];
    memmove(set->scores + n++ * set->stride, set->scores + i * set->stride, set->stride * sizeof(float));
  }
  set->n_rows = n;
}

void
weir_calibrate(WeirTraining *training, WeirScored *sets, double *sharpness)
{
  WeirLogLoss loss = {0};
  WeirCalibration calibration = {0};
  for (guint h = 0; h < training->n_heads; h++) {
    drop_unknown(&sets[h], training->heads[h].n_labels);
    sharpness[h] = weir_default_sharpness(training->options->kind);
    if (!sets[h].n_rows)
      continue;
    sharpness[h] = weir_fit_sharpness(sharpness[h], sets[h].scores, sets[h].stride,
                                      training->heads[h].n_labels, sets[h].labels, sets[h].n_rows);
    measure_calibration(training, &sets[h], sharpness[h], &loss, &calibration);
  }
  training->report->calibration_rows = loss.rows;
  training->report->calibration_loss = weir_log_loss_mean(&loss);
  training->report->calibration_error = weir_calibration_error(&calibration);
}
