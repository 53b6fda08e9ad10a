/* SPDX-License-Identifier: MIT */
/* Counts pairs of labels and turns the counts into accuracy, precision, recall, F1, log loss and calibration.
 */
#include "ml/metrics.h"

#include <math.h>
#include <string.h>

#include "ml/rng.h"

/* Open addressing with linear probing; a cell with count 0 is free. */
struct WeirConfusion {
  WeirConfusionCell *table;
  gsize size; /* a power of two */
  gsize used;
  guint n_labels;
};

static gsize
slot_of(const WeirConfusionCell *table, gsize size, uint32_t truth, uint32_t prediction)
{
  gsize slot = weir_mix64(((uint64_t)truth << 32 | prediction) + 1) & (size - 1);
  while (table[slot].count && (table[slot].truth != truth || table[slot].prediction != prediction))
    slot = (slot + 1) & (size - 1);
  return slot;
}

static void
grow(WeirConfusion *confusion)
{
  gsize size = confusion->size * 2;
  WeirConfusionCell *table = g_new0(WeirConfusionCell, size);
  for (gsize i = 0; i < confusion->size; i++) {
    const WeirConfusionCell *cell = &confusion->table[i];
    if (cell->count)
      table[slot_of(table, size, cell->truth, cell->prediction)] = *cell;
  }
  g_free(confusion->table);
  confusion->table = table;
  confusion->size = size;
}

WeirConfusion *
weir_confusion_new(void)
{
  WeirConfusion *confusion = g_new0(WeirConfusion, 1);
  confusion->size = 256;
  confusion->table = g_new0(WeirConfusionCell, confusion->size);
  return confusion;
}

void
weir_confusion_free(WeirConfusion *confusion)
{
  if (!confusion)
    return;
  g_free(confusion->table);
  g_free(confusion);
}

void
weir_confusion_add(WeirConfusion *confusion, uint32_t truth, uint32_t prediction)
{
  weir_confusion_add_many(confusion, truth, prediction, 1);
}

void
weir_confusion_add_many(WeirConfusion *confusion, uint32_t truth, uint32_t prediction, guint64 count)
{
  g_return_if_fail(truth <= G_MAXINT32 && prediction <= G_MAXINT32);
  if (!count)
    return;
  gsize slot = slot_of(confusion->table, confusion->size, truth, prediction);
  WeirConfusionCell *cell = &confusion->table[slot];
  if (cell->count) {
    cell->count += count;
    return;
  }
  *cell = (WeirConfusionCell){.truth = truth, .prediction = prediction, .count = count};
  confusion->n_labels = MAX(confusion->n_labels, MAX(truth, prediction) + 1);
  if (++confusion->used * 2 > confusion->size)
    grow(confusion);
}

guint64
weir_confusion_get(const WeirConfusion *confusion, uint32_t truth, uint32_t prediction)
{
  return confusion->table[slot_of(confusion->table, confusion->size, truth, prediction)].count;
}

static int
compare_cells(const void *left, const void *right)
{
  const WeirConfusionCell *a = left, *b = right;
  if (a->truth != b->truth)
    return a->truth < b->truth ? -1 : 1;
  return a->prediction < b->prediction ? -1 : a->prediction > b->prediction;
}

WeirConfusionCell *
weir_confusion_cells(const WeirConfusion *confusion, gsize *n_cells)
{
  WeirConfusionCell *cells = g_new(WeirConfusionCell, confusion->used + 1);
  gsize n = 0;
  for (gsize i = 0; i < confusion->size; i++)
    if (confusion->table[i].count)
      cells[n++] = confusion->table[i];
  if (n)
    qsort(cells, n, sizeof *cells, compare_cells);
  *n_cells = n;
  return cells;
}

static double
quotient(double numerator, double denominator)
{
  return denominator > 0 ? numerator / denominator : 0;
}

/* Scores of one label from its three counts. */
static void
score_label(WeirLabelScores *label)
{
  label->precision = quotient((double)label->correct, (double)label->predicted);
  label->recall = quotient((double)label->correct, (double)label->support);
  label->f1 = quotient(2.0 * (double)label->correct, (double)(label->support + label->predicted));
}

static void
add_weighted(WeirAverageScores *average, const WeirLabelScores *label, double weight)
{
  average->precision += weight * label->precision;
  average->recall += weight * label->recall;
  average->f1 += weight * label->f1;
}

static void
divide(WeirAverageScores *average, double by)
{
  average->precision = quotient(average->precision, by);
  average->recall = quotient(average->recall, by);
  average->f1 = quotient(average->f1, by);
}

/* Everything that follows from the labels' counts. */
static void
score_labels(WeirScores *scores)
{
  for (guint i = 0; i < scores->n_labels; i++) {
    WeirLabelScores *label = &scores->labels[i];
    if (!label->support && !label->predicted)
      continue;
    score_label(label);
    scores->n_present++;
    scores->rows += label->support;
    scores->correct += label->correct;
    add_weighted(&scores->macro, label, 1);
    add_weighted(&scores->weighted, label, (double)label->support);
  }
  divide(&scores->macro, scores->n_present);
  divide(&scores->weighted, (double)scores->rows);
  scores->accuracy = quotient((double)scores->correct, (double)scores->rows);
  /* Each row has one truth and one prediction, so the sums of both are the rows. */
  scores->micro = (WeirAverageScores){scores->accuracy, scores->accuracy, scores->accuracy};
}

static void
count_cell(WeirLabelScores *labels, const WeirConfusionCell *cell, guint64 count)
{
  labels[cell->truth].support += count;
  labels[cell->prediction].predicted += count;
  if (cell->truth == cell->prediction)
    labels[cell->truth].correct += count;
}

void
weir_confusion_scores(const WeirConfusion *confusion, WeirScores *scores)
{
  memset(scores, 0, sizeof *scores);
  scores->n_labels = confusion->n_labels;
  scores->labels = g_new0(WeirLabelScores, MAX(confusion->n_labels, 1));
  for (gsize i = 0; i < confusion->size; i++)
    if (confusion->table[i].count)
      count_cell(scores->labels, &confusion->table[i], confusion->table[i].count);
  score_labels(scores);
}

void
weir_scores_clear(WeirScores *scores)
{
  g_free(scores->labels);
  memset(scores, 0, sizeof *scores);
}

void
weir_log_loss_add(WeirLogLoss *loss, double probability_of_truth)
{
  double p = probability_of_truth;
  if (!(p > 1e-15))
    p = 1e-15;
  loss->sum -= log(MIN(p, 1.0));
  loss->rows++;
}

double
weir_log_loss_mean(const WeirLogLoss *loss)
{
  return quotient(loss->sum, (double)loss->rows);
}

void
weir_calibration_add(WeirCalibration *calibration, double confidence, gboolean correct)
{
  double p = confidence > 0 ? MIN(confidence, 1.0) : 0;
  int bin = MAX((int)ceil(p * WEIR_CALIBRATION_BINS) - 1, 0);
  calibration->rows[bin]++;
  calibration->correct[bin] += correct ? 1 : 0;
  calibration->confidence[bin] += p;
}

double
weir_calibration_error(const WeirCalibration *calibration)
{
  double gaps = 0;
  guint64 rows = 0;
  for (int bin = 0; bin < WEIR_CALIBRATION_BINS; bin++) {
    gaps += fabs((double)calibration->correct[bin] - calibration->confidence[bin]);
    rows += calibration->rows[bin];
  }
  return quotient(gaps, (double)rows);
}

double
weir_calibration_max_error(const WeirCalibration *calibration)
{
  double largest = 0;
  for (int bin = 0; bin < WEIR_CALIBRATION_BINS; bin++) {
    double gap = fabs((double)calibration->correct[bin] - calibration->confidence[bin]);
    largest = MAX(largest, quotient(gap, (double)calibration->rows[bin]));
  }
  return largest;
}
