/* SPDX-License-Identifier: MIT */
/* A random start that respects the room in the splits, then a descent by moves and swaps. */
#include "config.h"

#include "balance.h"

#include <stdlib.h>
#include <weir/plugin.h>

#include "apportion.h"

#define PASSES     20   /* over all groups, moving one at a time */
#define SWAPS      1000 /* of two groups, once no move helps */
#define TRIES      50   /* swaps at random, a group, where labels count too */
#define MOST_TRIES 2000000
#define GAIN       1e-9 /* what a step must win at least, so that rounding cannot make it go round in circles */

typedef struct {
  const SplitItems *items;
  guint k;
  guint32 *order; /* groups, the largest first */
  guint8 *split;  /* of each group */
  double *wanted; /* rows of a split */
  double *has;
  guint64 *groups;       /* in a split */
  double *wanted_labels; /* n_labels * k */
  double *has_labels;
} Balance;

guint64
split_balance_bytes(const SplitItems *items, guint n_splits)
{
  return (guint64)items->n * 3 * sizeof(guint32) + (guint64)items->n_labels * n_splits * 2 * sizeof(double);
}

static int
compare_items(const void *a, const void *b, void *data)
{
  const SplitItems *items = data;
  guint32 x = *(const guint32 *)a;
  guint32 y = *(const guint32 *)b;
  if (items->rows[x] != items->rows[y])
    return items->rows[x] > items->rows[y] ? -1 : 1;
  if (items->tie[x] != items->tie[y])
    return items->tie[x] < items->tie[y] ? -1 : 1;
  return x < y ? -1 : x > y;
}

static void
place(Balance *b, guint32 item, guint j, double sign)
{
  const SplitItems *items = b->items;
  b->has[j] += sign * (double)items->rows[item];
  b->groups[j] += sign > 0 ? 1 : (guint64)-1;
  for (guint64 i = items->n_labels ? items->first[item] : 0; items->n_labels && i < items->first[item + 1];
       i++)
    b->has_labels[(gsize)items->label[i] * b->k + j] += sign * (double)items->count[i];
  if (sign > 0)
    b->split[item] = (guint8)j;
}

static void
move(Balance *b, guint32 item, guint to)
{
  place(b, item, b->split[item], -1);
  place(b, item, to, 1);
}

/* A split with room for the group, drawn with the room as weight; without one, where most room is. */
static guint
draw(const Balance *b, guint32 item)
{
  weir_random random = weir_random_from(b->items->tie[item]);
  double rows = (double)b->items->rows[item];
  double room = 0;
  guint most = 0;
  for (guint j = 0; j < b->k; j++) {
    double free = b->wanted[j] - b->has[j];
    room += free >= rows ? free : 0;
    most = free > b->wanted[most] - b->has[most] ? j : most;
  }
  double at = weir_random_unit(&random) * room;
  for (guint j = 0; j < b->k; j++) {
    double free = b->wanted[j] - b->has[j];
    if (free < rows)
      continue;
    if (at < free)
      return j;
    at -= free;
  }
  return most;
}

/* What (rows - wanted)² / wanted changes by when `change` comes to `has`. */
static double
cost(double has, double wanted, double change)
{
  return change * (2 * (has - wanted) + change) / wanted;
}

/* What a move would change. The sizes of the splits weigh as much as all labels together. */
static double
cost_of_move(const Balance *b, guint32 item, guint to)
{
  const SplitItems *items = b->items;
  guint from = b->split[item];
  double rows = (double)items->rows[item];
  double sum = cost(b->has[from], b->wanted[from], -rows) + cost(b->has[to], b->wanted[to], rows);
  if (!items->n_labels)
    return sum;
  sum *= items->n_labels;
  for (guint64 i = items->first[item]; i < items->first[item + 1]; i++) {
    const double *has = b->has_labels + (gsize)items->label[i] * b->k;
    const double *wanted = b->wanted_labels + (gsize)items->label[i] * b->k;
    double count = (double)items->count[i];
    sum += cost(has[from], wanted[from], -count) + cost(has[to], wanted[to], count);
  }
  return sum;
}

/* Moves each group where it does most good, round and round until nothing changes. */
static void
move_groups(Balance *b)
{
  gboolean changed = TRUE;
  for (guint pass = 0; changed && pass < PASSES; pass++) {
    changed = FALSE;
    for (guint32 i = 0; i < b->items->n; i++) {
      guint32 item = b->order[i];
      guint best = b->split[item];
      double least = -GAIN;
      for (guint j = 0; j < b->k; j++) {
        double change = j == b->split[item] ? 0 : cost_of_move(b, item, j);
        if (change < least) {
          least = change;
          best = j;
        }
      }
      if (best != b->split[item]) {
        move(b, item, best);
        changed = TRUE;
      }
    }
  }
}

/* Swaps groups of two splits at random where that helps: moves alone stop where each would upset the sizes. */
static void
try_swaps(Balance *b)
{
  weir_random random = weir_random_from(b->items->tie[b->order[0]]);
  guint64 tries = MIN((guint64)b->items->n * TRIES, MOST_TRIES);
  for (guint64 t = 0; t < tries; t++) {
    guint32 one = b->order[weir_random_below(&random, b->items->n)];
    guint32 other = b->order[weir_random_below(&random, b->items->n)];
    guint from = b->split[one];
    guint to = b->split[other];
    if (from == to)
      continue;
    double change = cost_of_move(b, one, to);
    move(b, one, to);
    change += cost_of_move(b, other, from);
    if (change < -GAIN)
      move(b, other, from);
    else
      move(b, one, from);
  }
}

/* The groups of each split, the largest first: those of split j are lists[start[j]] … lists[start[j + 1] - 1]. */
static void
list_by_split(const Balance *b, guint32 *lists, guint32 *start)
{
  guint32 at[SPLIT_MAX_SPLITS] = {0};
  start[0] = 0;
  for (guint j = 0; j < b->k; j++) {
    at[j] = start[j];
    start[j + 1] = start[j] + (guint32)b->groups[j];
  }
  for (guint32 i = 0; i < b->items->n; i++)
    lists[at[b->split[b->order[i]]]++] = b->order[i];
}

/* The best swap of a group of `from` for a smaller one of `to`: both lists fall, so that two fingers find the pair
 * whose difference is nearest to the best. Returns what it wins. */
static double
find_swap(const Balance *b, guint from, guint to, const guint32 *lists, const guint32 *start, guint32 pair[2])
{
  const guint64 *rows = b->items->rows;
  double over = b->has[from] - b->wanted[from];
  double under = b->wanted[to] - b->has[to];
  double best = (over / b->wanted[from] + under / b->wanted[to]) / (1 / b->wanted[from] + 1 / b->wanted[to]);
  double won = 0;
  guint32 j = start[to];
  for (guint32 i = start[from]; i < start[from + 1] && j < start[to + 1];) {
    double difference = (double)rows[lists[i]] - (double)rows[lists[j]];
    double change =
        cost(b->has[from], b->wanted[from], -difference) + cost(b->has[to], b->wanted[to], difference);
    if (change < -won) {
      won = -change;
      pair[0] = lists[i];
      pair[1] = lists[j];
    }
    if (difference > best)
      i++;
    else
      j++;
  }
  return won;
}

/* Only sizes count here, so it is for groups without labels. */
static gboolean
swap_once(Balance *b, guint32 *lists)
{
  guint32 start[SPLIT_MAX_SPLITS + 1];
  guint32 best[2] = {0, 0};
  double won = GAIN;
  list_by_split(b, lists, start);
  for (guint from = 0; from < b->k; from++)
    for (guint to = 0; to < b->k && b->has[from] > b->wanted[from]; to++) {
      guint32 pair[2] = {0, 0};
      double gain = b->has[to] < b->wanted[to] ? find_swap(b, from, to, lists, start, pair) : 0;
      if (gain > won) {
        won = gain;
        best[0] = pair[0];
        best[1] = pair[1];
      }
    }
  if (best[0] == best[1])
    return FALSE;
  guint from = b->split[best[0]];
  move(b, best[0], b->split[best[1]]);
  move(b, best[1], from);
  return TRUE;
}

/* A split without a group gets the smallest one of a split that has several. */
static void
fill_empty(Balance *b)
{
  for (guint j = 0; j < b->k; j++)
    for (guint32 i = b->items->n; i && !b->groups[j]; i--)
      if (b->groups[b->split[b->order[i - 1]]] > 1)
        move(b, b->order[i - 1], j);
}

static void
want(Balance *b, const double *ratios)
{
  const SplitItems *items = b->items;
  guint64 sizes[SPLIT_MAX_SPLITS];
  guint64 total = 0;
  for (guint32 i = 0; i < items->n; i++)
    total += items->rows[i];
  split_largest_remainder(total, ratios, b->k, sizes);
  for (guint j = 0; j < b->k; j++)
    b->wanted[j] = MAX((double)sizes[j], 1e-3);
  if (!items->n_labels)
    return;
  /* Whole numbers first: their sum is the same in any order. */
  for (guint64 i = 0; i < items->first[items->n]; i++)
    b->wanted_labels[(gsize)items->label[i] * b->k] += (double)items->count[i];
  for (guint32 l = 0; l < items->n_labels; l++)
    for (guint j = b->k; j-- > 0;)
      b->wanted_labels[(gsize)l * b->k + j] = ratios[j] * b->wanted_labels[(gsize)l * b->k];
}

gboolean
split_balance(const SplitItems *items, const double *ratios, guint n_splits, guint8 *split)
{
  double wanted[SPLIT_MAX_SPLITS] = {0};
  double has[SPLIT_MAX_SPLITS] = {0};
  guint64 groups[SPLIT_MAX_SPLITS] = {0};
  gsize cells = (gsize)items->n_labels * n_splits;
  g_autofree guint32 *order = g_try_new(guint32, (gsize)items->n + 1);
  g_autofree guint32 *lists = g_try_new0(guint32, (gsize)items->n + 1);
  g_autofree double *wanted_labels = g_try_new0(double, cells + 1);
  g_autofree double *has_labels = g_try_new0(double, cells + 1);
  if (!order || !lists || !wanted_labels || !has_labels)
    return FALSE;
  Balance b = {items, n_splits, order, split, wanted, has, groups, wanted_labels, has_labels};
  for (guint32 i = 0; i < items->n; i++)
    order[i] = i;
  qsort_r(order, items->n, sizeof *order, compare_items, (void *)items);
  want(&b, ratios);
  for (guint32 i = 0; i < items->n; i++)
    place(&b, order[i], draw(&b, order[i]), 1);
  move_groups(&b);
  if (items->n_labels && items->n)
    try_swaps(&b);
  for (guint s = 0; s < SWAPS && !items->n_labels && swap_once(&b, lists); s++)
    ;
  fill_empty(&b);
  return TRUE;
}
