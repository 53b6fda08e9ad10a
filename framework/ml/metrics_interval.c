/* SPDX-License-Identifier: MIT */
/* Intervals around a classifier's headline figures: Wilson's for a proportion, the bootstrap for F1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/metrics.h"
#include "ml/rng.h"

#define MAX_DRAWS          50000
#define DEFAULT_REPLICATES 1000

WeirInterval
weir_wilson_interval(guint64 correct, guint64 rows)
{
  if (!rows)
    return (WeirInterval){0, 1};
  const double z = 1.959963984540054; /* the standard normal's 0.975 quantile */
  double n = (double)rows, p = (double)correct / n;
  double scale = 1 / (1 + z * z / n);
  double centre = (p + z * z / (2 * n)) * scale;
  double half = z * scale * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  /* At the ends the bounds are 0 and 1 exactly, which rounding would miss by a little. */
  return (WeirInterval){correct ? MAX(centre - half, 0.0) : 0.0,
                        correct < rows ? MIN(centre + half, 1.0) : 1.0};
}

/* What a resample is drawn from and counted into. */
typedef struct {
  const WeirConfusionCell *cells;
  gsize n_cells;
  const guint64 *ends; /* running sums of the cells' counts */
  guint64 rows;
  uint32_t *guide; /* for each of n_guides equal parts of [0, rows): the cell where it starts */
  gsize n_guides;
  guint64 *support, *predicted, *correct; /* a count a label, of the resample at hand */
  guint n_labels;
} Sampler;

/* The cell that holds row number `row`. The guide makes the search constant-time on average.
 * Source: Chen, Asau, "On generating random variates from an empirical distribution", AIIE Trans. 6 (1974).
 */
static const WeirConfusionCell *
cell_of_row(const Sampler *sampler, guint64 row)
{
  gsize part = (gsize)(((unsigned __int128)row * sampler->n_guides) / sampler->rows);
  gsize i = sampler->guide[part];
  while (row >= sampler->ends[i])
    i++;
  return &sampler->cells[i];
}

static void
build_guide(Sampler *sampler)
{
  sampler->n_guides = 2 * sampler->n_cells;
  sampler->guide = g_new(uint32_t, sampler->n_guides);
  gsize cell = 0;
  for (gsize part = 0; part < sampler->n_guides; part++) {
    /* The lowest row that falls into this part is the ceiling of part * rows / n_guides. */
    guint64 row =
        (guint64)(((unsigned __int128)part * sampler->rows + sampler->n_guides - 1) / sampler->n_guides);
    while (cell + 1 < sampler->n_cells && row >= sampler->ends[cell])
      cell++;
    sampler->guide[part] = (uint32_t)cell;
  }
}

static double
figure_of_counts(const Sampler *sampler, WeirFigure figure, guint64 draws)
{
  double sum = 0;
  guint present = 0;
  for (guint i = 0; i < sampler->n_labels; i++) {
    guint64 either = sampler->support[i] + sampler->predicted[i];
    if (!either)
      continue;
    present++;
    double f1 = 2.0 * (double)sampler->correct[i] / (double)either;
    if (figure == WEIR_FIGURE_ACCURACY)
      sum += (double)sampler->correct[i];
    else
      sum += figure == WEIR_FIGURE_MACRO_F1 ? f1 : f1 * (double)sampler->support[i];
  }
  return sum / (figure == WEIR_FIGURE_MACRO_F1 ? (double)present : (double)draws);
}

static void
count_rows(Sampler *sampler, const WeirConfusionCell *cell, guint64 rows)
{
  sampler->support[cell->truth] += rows;
  sampler->predicted[cell->prediction] += rows;
  sampler->correct[cell->truth] += cell->truth == cell->prediction ? rows : 0;
}

/* A Poisson variate: exact for small means (Knuth, TAOCP 3.4.1, algorithm Q); for large ones the normal
 * distribution is near enough, and takes no longer however large they are. */
static guint64
poisson(WeirRng *random, double mean)
{
  if (mean < 30) {
    double limit = exp(-mean), product = weir_rng_unit(random);
    guint64 n = 0;
    for (; product > limit; n++)
      product *= weir_rng_unit(random);
    return n;
  }
  double radius = sqrt(-2 * log(1 - weir_rng_unit(random))); /* Box and Muller */
  double normal = radius * cos(2 * G_PI * weir_rng_unit(random));
  return (guint64)MAX(floor(mean + sqrt(mean) * normal + 0.5), 0.0);
}

/* Draws as many rows as there are, or each row a Poisson number of times where they are many. */
static double
figure_of_resample(Sampler *sampler, WeirFigure figure, WeirRng *random)
{
  guint64 draws = 0;
  memset(sampler->support, 0, 3 * (gsize)sampler->n_labels * sizeof *sampler->support);
  if (sampler->rows <= MAX_DRAWS) {
    for (; draws < sampler->rows; draws++)
      count_rows(sampler, cell_of_row(sampler, weir_rng_below(random, sampler->rows)), 1);
  } else {
    for (gsize i = 0; i < sampler->n_cells; i++) {
      guint64 rows = poisson(random, (double)sampler->cells[i].count);
      count_rows(sampler, &sampler->cells[i], rows);
      draws += rows;
    }
  }
  return figure_of_counts(sampler, figure, draws);
}

static int
compare_doubles(const void *left, const void *right)
{
  double a = *(const double *)left, b = *(const double *)right;
  return a < b ? -1 : a > b;
}

/* The q-quantile of sorted values, interpolated linearly. */
static double
quantile(const double *sorted, guint n, double q)
{
  double at = q * (n - 1);
  guint low = (guint)at;
  guint high = MIN(low + 1, n - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

static WeirInterval
interval_of_resamples(Sampler *sampler, WeirFigure figure, guint replicates, guint64 seed)
{
  g_autofree double *values = g_new(double, replicates);
  WeirRng random = weir_rng_seeded(seed);
  for (guint i = 0; i < replicates; i++)
    values[i] = figure_of_resample(sampler, figure, &random);
  qsort(values, replicates, sizeof *values, compare_doubles);
  return (WeirInterval){quantile(values, replicates, 0.025), quantile(values, replicates, 0.975)};
}

WeirInterval
weir_bootstrap_interval(const WeirConfusion *confusion, WeirFigure figure, guint replicates, guint64 seed)
{
  gsize n_cells = 0;
  g_autofree WeirConfusionCell *cells = weir_confusion_cells(confusion, &n_cells);
  if (!n_cells)
    return (WeirInterval){0, 1};
  Sampler sampler = {.cells = cells, .n_cells = n_cells};
  g_autofree guint64 *ends = g_new(guint64, n_cells);
  uint32_t least = G_MAXUINT32;
  for (gsize i = 0; i < n_cells; i++)
    least = MIN(least, MIN(cells[i].truth, cells[i].prediction));
  for (gsize i = 0; i < n_cells;
       i++) { /* from 0: one task of many has labels in a row, but not the first ones */
    cells[i].truth -= least;
    cells[i].prediction -= least;
    ends[i] = sampler.rows += cells[i].count;
    sampler.n_labels = MAX(sampler.n_labels, MAX(cells[i].truth, cells[i].prediction) + 1);
  }
  g_autofree guint64 *counts = g_new(guint64, 3 * (gsize)sampler.n_labels);
  sampler.ends = ends;
  sampler.support = counts;
  sampler.predicted = counts + sampler.n_labels;
  sampler.correct = sampler.predicted + sampler.n_labels;
  build_guide(&sampler);
  g_autofree uint32_t *guide = sampler.guide;
  (void)guide;
  return interval_of_resamples(&sampler, figure, replicates ? replicates : DEFAULT_REPLICATES, seed);
}
