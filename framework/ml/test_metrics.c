/* SPDX-License-Identifier: MIT */
/* Holds the metrics against figures that scikit-learn 1.2.1 gives for the same rows. */
#include <math.h>

#include "ml/metrics.h"

#define CLOSE(a, b) g_assert_cmpfloat_with_epsilon((a), (b), 1e-12)

/* Label 3 is predicted but never true, label 5 is true but never predicted. */
static const uint32_t truths[] = {0, 0, 0, 1, 1, 2, 2, 2, 2, 4, 4, 0, 1, 2, 0, 5};
static const uint32_t predictions[] = {0, 1, 0, 1, 1, 2, 2, 0, 2, 4, 2, 0, 3, 2, 0, 0};

static WeirConfusion *
sample(void)
{
  WeirConfusion *confusion = weir_confusion_new();
  for (gsize i = 0; i < G_N_ELEMENTS(truths); i++)
    weir_confusion_add(confusion, truths[i], predictions[i]);
  return confusion;
}

static void
test_scores(void)
{
  g_autoptr(WeirConfusion) confusion = sample();
  g_auto(WeirScores) scores = {0};
  weir_confusion_scores(confusion, &scores);
  g_assert_cmpuint(scores.rows, ==, 16);
  g_assert_cmpuint(scores.correct, ==, 11);
  g_assert_cmpuint(scores.n_labels, ==, 6);
  g_assert_cmpuint(scores.n_present, ==, 6);
  CLOSE(scores.accuracy, 0.6875);
  CLOSE(scores.macro.precision, 0.5222222222222223);
  CLOSE(scores.macro.recall, 0.4611111111111111);
  CLOSE(scores.macro.f1, 0.47676767676767673);
  CLOSE(scores.weighted.precision, 0.7083333333333333);
  CLOSE(scores.weighted.recall, 0.6875);
  CLOSE(scores.weighted.f1, 0.6856060606060607);
  CLOSE(scores.micro.f1, 0.6875);
  CLOSE(scores.labels[0].precision, 0.6666666666666666);
  CLOSE(scores.labels[0].f1, 0.7272727272727272);
  CLOSE(scores.labels[3].f1, 0);
  CLOSE(scores.labels[4].recall, 0.5);
  g_assert_cmpuint(scores.labels[5].support, ==, 1);
}

/* A label that neither truth nor prediction has must not lower the mean. */
static void
test_absent_label(void)
{
  g_autoptr(WeirConfusion) confusion = weir_confusion_new();
  weir_confusion_add_many(confusion, 0, 0, 3);
  weir_confusion_add_many(confusion, 7, 7, 2);
  g_auto(WeirScores) scores = {0};
  weir_confusion_scores(confusion, &scores);
  g_assert_cmpuint(scores.n_present, ==, 2);
  CLOSE(scores.macro.f1, 1);
}

static void
test_empty(void)
{
  g_autoptr(WeirConfusion) confusion = weir_confusion_new();
  g_auto(WeirScores) scores = {0};
  weir_confusion_scores(confusion, &scores);
  g_assert_cmpuint(scores.rows, ==, 0);
  CLOSE(scores.accuracy, 0);
  CLOSE(scores.macro.f1, 0);
  WeirInterval interval = weir_bootstrap_interval(confusion, WEIR_FIGURE_MACRO_F1, 0, 1);
  CLOSE(interval.low, 0);
  CLOSE(interval.high, 1);
}

static void
test_cells(void)
{
  g_autoptr(WeirConfusion) confusion = sample();
  gsize n = 0;
  g_autofree WeirConfusionCell *cells = weir_confusion_cells(confusion, &n);
  g_assert_cmpuint(n, ==, 9);
  guint64 rows = 0;
  for (gsize i = 0; i < n; i++) {
    rows += cells[i].count;
    g_assert_cmpuint(weir_confusion_get(confusion, cells[i].truth, cells[i].prediction), ==, cells[i].count);
    if (i)
      g_assert_true(cells[i - 1].truth < cells[i].truth || cells[i - 1].prediction < cells[i].prediction);
  }
  g_assert_cmpuint(rows, ==, 16);
  g_assert_cmpuint(weir_confusion_get(confusion, 2, 0), ==, 1);
  g_assert_cmpuint(weir_confusion_get(confusion, 3, 3), ==, 0);
}

/* Thousands of labels: the table grows and loses nothing. */
static void
test_many_labels(void)
{
  g_autoptr(WeirConfusion) confusion = weir_confusion_new();
  for (uint32_t i = 0; i < 50000; i++)
    weir_confusion_add(confusion, i, i % 3 ? i : i + 1);
  g_auto(WeirScores) scores = {0};
  weir_confusion_scores(confusion, &scores);
  g_assert_cmpuint(scores.rows, ==, 50000);
  g_assert_cmpuint(scores.correct, ==, 50000 - 16667);
}

static void
test_log_loss(void)
{
  WeirLogLoss loss = {0};
  const double probabilities[] = {0.7, 0.8, 0.3, 0.1};
  for (gsize i = 0; i < G_N_ELEMENTS(probabilities); i++)
    weir_log_loss_add(&loss, probabilities[i]);
  CLOSE(weir_log_loss_mean(&loss), 1.0215940981432308);
  WeirLogLoss certain = {0};
  weir_log_loss_add(&certain, 0);
  weir_log_loss_add(&certain, NAN);
  CLOSE(weir_log_loss_mean(&certain), -log(1e-15));
}

/* By hand: the bin (0.8, 0.8667] holds 0.85 and 0.82, one of them correct; the last holds 1 and 0.95, both
 * correct. */
static void
test_calibration(void)
{
  WeirCalibration calibration = {0};
  CLOSE(weir_calibration_error(&calibration), 0);
  weir_calibration_add(&calibration, 0.85, TRUE);
  weir_calibration_add(&calibration, 0.82, FALSE);
  weir_calibration_add(&calibration, 1.0, TRUE);
  weir_calibration_add(&calibration, 0.95, TRUE);
  CLOSE(weir_calibration_error(&calibration), 0.5 * fabs(0.5 - 0.835) + 0.5 * fabs(1 - 0.975));
  CLOSE(weir_calibration_max_error(&calibration), 0.335);
  weir_calibration_add(&calibration, -3, FALSE);
  weir_calibration_add(&calibration, NAN, FALSE);
  weir_calibration_add(&calibration, 7, TRUE);
  g_assert_cmpuint(calibration.rows[0], ==, 2);
  g_assert_cmpuint(calibration.rows[WEIR_CALIBRATION_BINS - 1], ==, 3);
}

/* The textbook value for 81 of 263; and the ends, where the plain normal interval collapses. */
static void
test_wilson(void)
{
  WeirInterval interval = weir_wilson_interval(81, 263);
  g_assert_cmpfloat_with_epsilon(interval.low, 0.2553, 5e-5);
  g_assert_cmpfloat_with_epsilon(interval.high, 0.3662, 5e-5);
  interval = weir_wilson_interval(0, 10);
  CLOSE(interval.low, 0);
  g_assert_cmpfloat_with_epsilon(interval.high, 0.2775, 5e-5);
  for (guint64 n = 1; n < 3000; n++) {
    g_assert_cmpfloat(weir_wilson_interval(0, n).low, ==, 0);
    g_assert_cmpfloat(weir_wilson_interval(n, n).high, ==, 1);
  }
  interval = weir_wilson_interval(0, 0);
  CLOSE(interval.low, 0);
  CLOSE(interval.high, 1);
}

/* For the accuracy the bootstrap must agree with the normal interval of a binomial, below the cap and above
 * it. */
static void
test_bootstrap_width(void)
{
  const guint64 sizes[] = {2000, 400000};
  for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
    g_autoptr(WeirConfusion) confusion = weir_confusion_new();
    weir_confusion_add_many(confusion, 0, 0, sizes[i] / 2);
    weir_confusion_add_many(confusion, 1, 1, sizes[i] / 4);
    weir_confusion_add_many(confusion, 1, 0, sizes[i] / 4);
    WeirInterval interval = weir_bootstrap_interval(confusion, WEIR_FIGURE_ACCURACY, 1000, 7);
    double half = 1.96 * sqrt(0.75 * 0.25 / (double)sizes[i]);
    g_assert_cmpfloat_with_epsilon(interval.low, 0.75 - half, half * 0.15);
    g_assert_cmpfloat_with_epsilon(interval.high, 0.75 + half, half * 0.15);
  }
}

/* A label of a single row makes its macro-F1 uncertain, however many rows the other labels have. */
static void
test_bootstrap_rare(void)
{
  g_autoptr(WeirConfusion) confusion = weir_confusion_new();
  weir_confusion_add_many(confusion, 0, 0, 900000);
  weir_confusion_add_many(confusion, 1, 1, 90000);
  weir_confusion_add_many(confusion, 1, 0, 10000);
  weir_confusion_add(confusion, 2, 0);
  g_auto(WeirScores) scores = {0};
  weir_confusion_scores(confusion, &scores);
  WeirInterval interval = weir_bootstrap_interval(confusion, WEIR_FIGURE_MACRO_F1, 500, 3);
  g_assert_cmpfloat(interval.low, <, scores.macro.f1);
  g_assert_cmpfloat(interval.high, >, scores.macro.f1);
}

static void
test_bootstrap_seed(void)
{
  g_autoptr(WeirConfusion) forward = sample();
  g_autoptr(WeirConfusion) backward = weir_confusion_new();
  for (gsize i = G_N_ELEMENTS(truths); i-- > 0;)
    weir_confusion_add(backward, truths[i], predictions[i]);
  WeirInterval a = weir_bootstrap_interval(forward, WEIR_FIGURE_MACRO_F1, 200, 5);
  WeirInterval b = weir_bootstrap_interval(backward, WEIR_FIGURE_MACRO_F1, 200, 5);
  WeirInterval c = weir_bootstrap_interval(forward, WEIR_FIGURE_MACRO_F1, 200, 6);
  g_assert_true(a.low == b.low && a.high == b.high);
  g_assert_true(a.low != c.low || a.high != c.high);
  g_assert_true(a.low < 0.4768 && a.high > 0.4768);
}

/* The labels of one task of many: the interval is that of the same labels from 0 on, and takes no longer. */
static void
test_bootstrap_late_labels(void)
{
  const uint32_t late = 20000000;
  g_autoptr(WeirConfusion) first = sample();
  g_autoptr(WeirConfusion) last = weir_confusion_new();
  for (gsize i = 0; i < G_N_ELEMENTS(truths); i++)
    weir_confusion_add(last, late + truths[i], late + predictions[i]);
  gint64 start = g_get_monotonic_time();
  WeirInterval a = weir_bootstrap_interval(first, WEIR_FIGURE_MACRO_F1, 200, 5);
  WeirInterval b = weir_bootstrap_interval(last, WEIR_FIGURE_MACRO_F1, 200, 5);
  g_assert_true(a.low == b.low && a.high == b.high);
  g_assert_cmpint(g_get_monotonic_time() - start, <, 2L * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/metrics/scores", test_scores);
  g_test_add_func("/metrics/absent-label", test_absent_label);
  g_test_add_func("/metrics/empty", test_empty);
  g_test_add_func("/metrics/cells", test_cells);
  g_test_add_func("/metrics/many-labels", test_many_labels);
  g_test_add_func("/metrics/log-loss", test_log_loss);
  g_test_add_func("/metrics/calibration", test_calibration);
  g_test_add_func("/metrics/wilson", test_wilson);
  g_test_add_func("/metrics/bootstrap-width", test_bootstrap_width);
  g_test_add_func("/metrics/bootstrap-rare", test_bootstrap_rare);
  g_test_add_func("/metrics/bootstrap-seed", test_bootstrap_seed);
  g_test_add_func("/metrics/bootstrap-late-labels", test_bootstrap_late_labels);
  return g_test_run();
}
