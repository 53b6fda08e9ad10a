/* SPDX-License-Identifier: MIT */
/* Figures of a classifier: accuracy, F1, confusion, log loss, calibration, and intervals around them.
 *
 * Everything is fed row by row in any order and gives the same figures for the same rows. Labels are small
 * integers that the caller assigns; which strings stand behind them is the caller's business. No function
 * fails: memory that runs out ends the process, as GLib does. Nothing here is shared, so a value belongs to
 * one thread at a time. */
#ifndef WEIR_ML_METRICS_H
#define WEIR_ML_METRICS_H

#include <glib.h>
#include <stdint.h>

/* Pairs (true label, predicted label) and how often each occurred. Only pairs that occurred take memory, so
 * thousands of labels are fine. */
typedef struct WeirConfusion WeirConfusion;

typedef struct {
  uint32_t truth;
  uint32_t prediction;
  guint64 count;
} WeirConfusionCell;

/* The scores of one label against all others. A quotient whose denominator is 0 is 0. */
typedef struct {
  guint64 support;   /* rows whose truth is this label */
  guint64 predicted; /* rows whose prediction is this label */
  guint64 correct;   /* rows where both are */
  double precision;  /* correct / predicted */
  double recall;     /* correct / support */
  double f1;         /* harmonic mean of the two: 2 correct / (support + predicted) */
} WeirLabelScores;

typedef struct {
  double precision;
  double recall;
  double f1;
} WeirAverageScores;

/* The figures of a set of rows, with the conventions of scikit-learn's classification_report().
 *
 * Averages run over the labels that occur in truth or in prediction. `macro` is the plain mean over those
 * labels, `weighted` the mean weighted by support, `micro` is taken from the sums of all labels; with one
 * label a row it equals the accuracy. Without any row all figures are 0. */
typedef struct {
  guint64 rows;
  guint64 correct;
  double accuracy;
  WeirAverageScores macro;
  WeirAverageScores micro;
  WeirAverageScores weighted;
  guint n_labels;          /* length of `labels`: one more than the highest label seen */
  guint n_present;         /* labels that occur in truth or prediction */
  WeirLabelScores *labels; /* indexed by label; owned */
} WeirScores;

typedef struct {
  double low;
  double high;
} WeirInterval;

WeirConfusion *weir_confusion_new(void);
void weir_confusion_free(WeirConfusion *confusion);

/* Counts one row. Labels may be any number below 2^31 and need not be announced. */
void weir_confusion_add(WeirConfusion *confusion, uint32_t truth, uint32_t prediction);
void weir_confusion_add_many(WeirConfusion *confusion, uint32_t truth, uint32_t prediction, guint64 count);

guint64 weir_confusion_get(const WeirConfusion *confusion, uint32_t truth, uint32_t prediction);

/* The pairs that occurred, ordered by truth, then prediction. The array is the caller's; free with g_free().
 */
WeirConfusionCell *weir_confusion_cells(const WeirConfusion *confusion, gsize *n_cells);

/* Fills `scores`; free its parts with weir_scores_clear(). */
void weir_confusion_scores(const WeirConfusion *confusion, WeirScores *scores);
void weir_scores_clear(WeirScores *scores);

/* Wilson's score interval for a proportion at 95 %: correct of rows. Without rows it is [0, 1].
 * Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). */
WeirInterval weir_wilson_interval(guint64 correct, guint64 rows);

/* Figures that weir_bootstrap_interval() can resample. */
typedef enum { WEIR_FIGURE_ACCURACY, WEIR_FIGURE_MACRO_F1, WEIR_FIGURE_WEIGHTED_F1 } WeirFigure;

/* The 95 % percentile bootstrap interval of a figure, from `replicates` resamples (1,000 is usual; 0 means
 * that).
 *
 * Rows are drawn with replacement; since a figure depends only on the pairs, so does the interval: the order
 * of rows has no influence, and the same seed gives the same bytes. Above 50,000 rows each row is drawn a
 * Poisson number of times instead, so that the time depends on the number of pairs alone. Sources: Efron,
 * Tibshirani, "An introduction to the bootstrap" (1993), chapter 13; Chamandy, Muralidharan, Najmi, Naidu,
 * "Estimating uncertainty for massive data streams", Google (2012). */
WeirInterval weir_bootstrap_interval(const WeirConfusion *confusion, WeirFigure figure, guint replicates,
                                     guint64 seed);

/* Mean negative natural logarithm of the probability that was given to the true label. */
typedef struct {
  guint64 rows;
  double sum;
} WeirLogLoss;

/* Adds one row; a zeroed WeirLogLoss is empty. The probability is clipped to [1e-15, 1], so that one certain
 * error does not make the figure infinite. For a true label that the model does not know pass 0. */
void weir_log_loss_add(WeirLogLoss *loss, double probability_of_truth);

/* The mean; 0 without rows. */
double weir_log_loss_mean(const WeirLogLoss *loss);

#define WEIR_CALIBRATION_BINS 15

/* How well confidences agree with the share of correct rows. */
typedef struct {
  guint64 rows[WEIR_CALIBRATION_BINS];
  guint64 correct[WEIR_CALIBRATION_BINS];
  double confidence[WEIR_CALIBRATION_BINS]; /* sum over the bin's rows */
} WeirCalibration;

/* Adds one row; a zeroed WeirCalibration is empty. Bin k holds confidences in (k / 15, (k + 1) / 15], and 0
 * is in the first; a confidence outside [0, 1] counts as the nearer end, and one that is not a number as 0.
 */
void weir_calibration_add(WeirCalibration *calibration, double confidence, gboolean correct);

/* Expected calibration error: sum over bins of rows_k / rows * |accuracy_k - mean confidence_k|; 0 without
 * rows. Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017,
 * equation 3. */
double weir_calibration_error(const WeirCalibration *calibration);

/* The largest |accuracy_k - mean confidence_k| of a bin that is not empty (same source, equation 5). */
double weir_calibration_max_error(const WeirCalibration *calibration);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirConfusion, weir_confusion_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WeirScores, weir_scores_clear)

#endif
