/* SPDX-License-Identifier: MIT */
/* The rarest label first, from a heap of labels by the rows that they have left; then the sizes are mended. */
#include "iterative.h"

#include <math.h>
#include <string.h>

#include "apportion.h"

#define UNASSIGNED 255u
#define PASSES     10   /* over all rows, moving one at a time */
#define GAIN       1e-9 /* what a move must win at least, so that rounding cannot make it go round in circles */
#define STEPS      60   /* of the price that a row may have which changes splits; each four times the last */

typedef struct {
  const SplitLabels *labels;
  guint k;
  weir_random *random;
  guint8 *split;
  guint32 *order; /* rows, shuffled */
  guint64 *start; /* rows with label l, in that order: with[start[l]] … with[start[l + 1] - 1] */
  guint32 *with;
  guint64 *left;  /* rows of a label that are not dealt out yet */
  guint32 *heap;  /* labels with rows left, that with the fewest on top */
  guint32 *place; /* of a label in the heap */
  guint32 n_heap;
  double *total; /* rows of a label in a split by the ratios: n_labels * k */
  double *lacks; /* of these, rows that the split does not have yet */
  double *rows;  /* of a split by the ratios */
  double *lacks_rows;
} Dealing;

guint64
split_iterative_bytes(const SplitLabels *labels, guint n_splits)
{
  guint64 per_label = 2 * sizeof(guint64) + 2 * sizeof(guint32) + 2 * (guint64)n_splits * sizeof(double);
  return labels->n_rows * sizeof(guint32) + labels->first[labels->n_rows] * sizeof(guint32) +
         (labels->n_labels + 1) * per_label;
}

/* --- The heap ---
 * Counts only fall, so a label only rises. */

static gboolean
before(const Dealing *d, guint32 a, guint32 b)
{
  return d->left[a] != d->left[b] ? d->left[a] < d->left[b] : a < b;
}

static void
put(Dealing *d, guint32 at, guint32 label)
{
  d->heap[at] = label;
  d->place[label] = at;
}

static void
rise(Dealing *d, guint32 label)
{
  guint32 at = d->place[label];
  for (; at && before(d, label, d->heap[(at - 1) / 2]); at = (at - 1) / 2)
    put(d, at, d->heap[(at - 1) / 2]);
  put(d, at, label);
}

static guint32
pop(Dealing *d)
{
  guint32 top = d->heap[0];
  guint32 label = d->heap[--d->n_heap];
  guint32 at = 0;
  for (guint32 child = 1; child < d->n_heap; at = child, child = 2 * at + 1) {
    if (child + 1 < d->n_heap && before(d, d->heap[child + 1], d->heap[child]))
      child++;
    if (!before(d, d->heap[child], label))
      break;
    put(d, at, d->heap[child]);
  }
  if (d->n_heap)
    put(d, at, label);
  d->place[top] = G_MAXUINT32;
  return top;
}

/* --- Dealing --- */

static void
give(Dealing *d, guint32 row, guint j)
{
  const SplitLabels *labels = d->labels;
  d->split[row] = (guint8)j;
  d->lacks_rows[j]--;
  for (guint64 i = labels->first[row]; i < labels->first[row + 1]; i++) {
    guint32 label = labels->label[i];
    d->lacks[(gsize)label * d->k + j]--;
    d->left[label]--;
    if (d->place[label] != G_MAXUINT32)
      rise(d, label);
  }
}

/* The split that lacks most; `first` may be NULL. */
static guint
neediest(Dealing *d, const double *first)
{
  guint best = 0;
  guint64 equals = 1;
  for (guint j = 1; j < d->k; j++) {
    double more = first ? first[j] - first[best] : 0;
    if (more == 0)
      more = d->lacks_rows[j] - d->lacks_rows[best];
    if (more > 0) {
      best = j;
      equals = 1;
    } else if (more == 0 && weir_random_below(d->random, ++equals) == 0) {
      best = j;
    }
  }
  return best;
}

static void
deal(Dealing *d)
{
  while (d->n_heap) {
    guint32 label = pop(d);
    for (guint64 i = d->start[label]; i < d->start[label + 1]; i++)
      if (d->split[d->with[i]] == UNASSIGNED)
        give(d, d->with[i], neediest(d, d->lacks + (gsize)label * d->k));
  }
  for (guint32 i = 0; i < d->labels->n_rows; i++)
    if (d->split[d->order[i]] == UNASSIGNED)
      give(d, d->order[i], neediest(d, NULL));
}

/* --- Mending --- */

/* What the sum of (rows - wanted)² / wanted over labels and splits changes by when the row moves. */
static double
price(const Dealing *d, guint32 row, guint from, guint to)
{
  const SplitLabels *labels = d->labels;
  double sum = 0;
  for (guint64 i = labels->first[row]; i < labels->first[row + 1]; i++) {
    gsize at = (gsize)labels->label[i] * d->k;
    sum +=
        (2 * d->lacks[at + from] + 1) / d->total[at + from] + (1 - 2 * d->lacks[at + to]) / d->total[at + to];
  }
  return sum;
}

static double
price_of_size(const Dealing *d, guint from, guint to)
{
  return (2 * d->lacks_rows[from] + 1) / d->rows[from] + (1 - 2 * d->lacks_rows[to]) / d->rows[to];
}

static void
move(Dealing *d, guint32 row, guint to)
{
  const SplitLabels *labels = d->labels;
  guint from = d->split[row];
  for (guint64 i = labels->first[row]; i < labels->first[row + 1]; i++) {
    d->lacks[(gsize)labels->label[i] * d->k + from]++;
    d->lacks[(gsize)labels->label[i] * d->k + to]--;
  }
  d->lacks_rows[from]++;
  d->lacks_rows[to]--;
  d->split[row] = (guint8)to;
}

/* Moves a row out of a split that has too many, if it costs no more than `limit`. */
static void
offer(Dealing *d, guint32 row, double limit)
{
  guint from = d->split[row];
  guint best = from;
  double least = limit;
  if (d->lacks_rows[from] >= 0)
    return;
  for (guint j = 0; j < d->k; j++)
    if (d->lacks_rows[j] > 0) {
      double cost = price(d, row, from, j);
      if (cost <= least) {
        least = cost;
        best = j;
      }
    }
  if (best != from)
    move(d, row, best);
}

/* Moves rows as long as that brings labels and sizes nearer to the ratios, taken together. */
static void
descend(Dealing *d)
{
  gboolean changed = TRUE;
  for (guint pass = 0; changed && pass < PASSES; pass++) {
    changed = FALSE;
    for (guint32 i = 0; i < d->labels->n_rows; i++) {
      guint32 row = d->order[i];
      guint from = d->split[row];
      guint best = from;
      double least = -GAIN;
      for (guint j = 0; j < d->k; j++) {
        double cost = j == from ? 0 : price(d, row, from, j) + price_of_size(d, from, j);
        if (cost < least) {
          least = cost;
          best = j;
        }
      }
      if (best != from) {
        move(d, row, best);
        changed = TRUE;
      }
    }
  }
}

static gboolean
is_uneven(const Dealing *d)
{
  for (guint j = 0; j < d->k; j++)
    if (d->lacks_rows[j] < 0)
      return TRUE;
  return FALSE;
}

/* Cheap moves first: the limit rises until the sizes are right, and is none at last. */
static void
mend_sizes(Dealing *d)
{
  double limit = 0;
  for (guint step = 0; step <= STEPS && is_uneven(d); step++) {
    for (guint32 i = 0; i < d->labels->n_rows; i++)
      offer(d, d->order[i], step == STEPS ? INFINITY : limit);
    limit = limit == 0 ? 1e-6 : limit * 4;
  }
}

/* --- Setting up --- */

static void
shuffle(Dealing *d)
{
  guint32 n = d->labels->n_rows;
  for (guint32 i = 0; i < n; i++)
    d->order[i] = i;
  for (guint32 i = n; i > 1; i--) {
    guint32 j = (guint32)weir_random_below(d->random, i);
    guint32 row = d->order[i - 1];
    d->order[i - 1] = d->order[j];
    d->order[j] = row;
  }
}

static void
set_up(Dealing *d, const double *ratios)
{
  const SplitLabels *labels = d->labels;
  guint64 sizes[SPLIT_MAX_SPLITS];
  shuffle(d);
  for (guint64 i = 0; i < labels->first[labels->n_rows]; i++)
    d->left[labels->label[i]]++;
  for (guint32 l = 0; l < labels->n_labels; l++)
    d->start[l + 1] = d->start[l] + d->left[l];
  for (guint32 i = 0; i < labels->n_rows; i++) {
    guint32 row = d->order[i];
    for (guint64 at = labels->first[row]; at < labels->first[row + 1]; at++)
      d->with[d->start[labels->label[at]]++] = row;
  }
  for (guint32 l = labels->n_labels; l > 0; l--)
    d->start[l] = d->start[l - 1];
  d->start[0] = 0;
  split_largest_remainder(labels->n_rows, ratios, d->k, sizes);
  for (guint j = 0; j < d->k; j++)
    d->rows[j] = MAX(d->lacks_rows[j] = (double)sizes[j], 0.5);
  for (guint32 l = 0; l < labels->n_labels; l++) {
    for (guint j = 0; j < d->k; j++)
      d->total[(gsize)l * d->k + j] = d->lacks[(gsize)l * d->k + j] = (double)d->left[l] * ratios[j];
    put(d, d->n_heap++, l);
    rise(d, l);
  }
  memset(d->split, (int)UNASSIGNED, labels->n_rows);
}

gboolean
split_iterative(const SplitLabels *labels, const double *ratios, guint n_splits, weir_random *random,
                guint8 *split)
{
  double rows[SPLIT_MAX_SPLITS] = {0};
  double lacks_rows[SPLIT_MAX_SPLITS] = {0};
  gsize n_labels = (gsize)labels->n_labels + 1;
  g_autofree guint32 *order = g_try_new(guint32, (gsize)labels->n_rows + 1);
  g_autofree guint64 *start = g_try_new0(guint64, n_labels);
  g_autofree guint32 *with = g_try_new(guint32, labels->first[labels->n_rows] + 1);
  g_autofree guint64 *left = g_try_new0(guint64, n_labels);
  g_autofree guint32 *heap = g_try_new(guint32, n_labels);
  g_autofree guint32 *at = g_try_new(guint32, n_labels);
  g_autofree double *total = g_try_new(double, n_labels *n_splits);
  g_autofree double *lacks = g_try_new(double, n_labels *n_splits);
  if (!order || !start || !with || !left || !heap || !at || !total || !lacks)
    return FALSE;
  Dealing d = {.labels = labels,
               .k = n_splits,
               .random = random,
               .split = split,
               .order = order,
               .start = start,
               .with = with,
               .left = left,
               .heap = heap,
               .place = at,
               .total = total,
               .lacks = lacks,
               .rows = rows,
               .lacks_rows = lacks_rows};
  set_up(&d, ratios);
  deal(&d);
  descend(&d);
  mend_sizes(&d);
  return TRUE;
}
