/* SPDX-License-Identifier: MIT */
/* Rounds the table strata x splits to whole rows: largest remainders, then cheapest moves between splits. */
#include "apportion.h"

#include <math.h>
#include <string.h>
#include <weir/plugin.h>

#include "base/error.h"

/* A product this near to a whole number is that number: 0.29 * 100 is 28.999999999999996. */
static double
snap(double value)
{
  double whole = round(value);
  return fabs(value - whole) <= 1e-9 + 1e-12 * whole ? whole : value;
}

gboolean
split_normalise(double *ratios, guint n_splits, GError **error)
{
  double sum = 0;
  gboolean parts = TRUE;
  for (guint j = 0; j < n_splits; j++) {
    if (!(ratios[j] > 0) || !isfinite(ratios[j])) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "ratio %g is not positive", ratios[j]);
      return FALSE;
    }
    parts = parts && ratios[j] >= 1;
    sum += ratios[j];
  }
  if (n_splits == 0 || (!parts && fabs(sum - 1) > 1e-6) || !isfinite(sum)) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "the ratios sum to %g; give shares that sum to 1 (0.8 and 0.2) or parts of at least 1 each "
                "(80 and 20)",
                sum);
    return FALSE;
  }
  for (guint j = 0; j < n_splits; j++)
    ratios[j] /= sum;
  return TRUE;
}

guint
split_home(const double *ratios, guint n_splits)
{
  guint home = 0;
  for (guint j = 1; j < n_splits; j++)
    if (ratios[j] > ratios[home])
      home = j;
  return home;
}

/* Rounds rows * ratio down into `sizes`, keeps the rest in `rests`; returns how many rows are left over. */
static guint
round_down(guint64 rows, const double *ratios, guint n_splits, guint64 *sizes, double *rests)
{
  guint64 given = 0;
  for (guint j = 0; j < n_splits; j++) {
    double quota = snap((double)rows * ratios[j]);
    sizes[j] = (guint64)floor(quota);
    rests[j] = quota - floor(quota);
    given += sizes[j];
  }
  return (guint)(rows - given);
}

/* Marks the `left` largest rests; the first of equal ones wins. */
static void
mark_largest(const double *rests, guint n_splits, guint left, guint8 *up)
{
  memset(up, 0, n_splits);
  for (; left; left--) {
    guint best = n_splits;
    for (guint j = 0; j < n_splits; j++)
      if (!up[j] && (best == n_splits || rests[j] > rests[best]))
        best = j;
    up[best] = 1;
  }
}

void
split_largest_remainder(guint64 rows, const double *ratios, guint n_splits, guint64 *sizes)
{
  double rests[SPLIT_MAX_SPLITS];
  guint8 up[SPLIT_MAX_SPLITS];
  mark_largest(rests, n_splits, round_down(rows, ratios, n_splits, sizes, rests), up);
  for (guint j = 0; j < n_splits; j++)
    sizes[j] += up[j];
}

/* Stratum `row` can give a row of split j to split l at this cost; one heap a pair (j, l). */
typedef struct {
  double cost;
  guint32 tie;
  guint32 row;
} Move;

typedef struct {
  guint k;       /* splits */
  double *rests; /* of a cell: its fraction */
  guint8 *up;    /* whether the cell is rounded up */
  gint64 *size;  /* of a split so far */
  GArray **heap; /* of Move, k * k, the cheapest first; entries may be out of date */
  guint64 seed;
} Rounding;

static gboolean
cheaper(const Move *a, const Move *b)
{
  if (a->cost != b->cost)
    return a->cost < b->cost;
  return a->tie != b->tie ? a->tie < b->tie : a->row < b->row;
}

static void
heap_push(GArray *heap, Move move)
{
  guint at = heap->len;
  g_array_append_val(heap, move);
  Move *moves = (Move *)(gpointer)heap->data;
  for (; at && cheaper(&move, &moves[(at - 1) / 2]); at = (at - 1) / 2)
    moves[at] = moves[(at - 1) / 2];
  moves[at] = move;
}

static void
heap_pop(GArray *heap)
{
  Move *moves = (Move *)(gpointer)heap->data;
  guint n = heap->len - 1;
  Move move = moves[n];
  guint at = 0;
  g_array_set_size(heap, n);
  for (guint child = 1; child < n; at = child, child = 2 * at + 1) {
    if (child + 1 < n && cheaper(&moves[child + 1], &moves[child]))
      child++;
    if (!cheaper(&moves[child], &move))
      break;
    moves[at] = moves[child];
  }
  if (n)
    moves[at] = move;
}

/* Whether a stratum has a row rounded up in j that l, rounded down from a fraction, could have instead. */
static gboolean
can_move(const Rounding *r, guint32 row, guint j, guint l)
{
  gsize at = (gsize)row * r->k;
  return r->up[at + j] && !r->up[at + l] && r->rests[at + l] > 0;
}

static void
offer_moves(Rounding *r, guint32 row)
{
  gsize at = (gsize)row * r->k;
  weir_random tie = weir_random_from(r->seed ^ (row * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)));
  for (guint j = 0; j < r->k; j++)
    for (guint l = 0; l < r->k; l++)
      if (j != l && can_move(r, row, j, l)) {
        Move move = {r->rests[at + j] - r->rests[at + l], (guint32)weir_random_u64(&tie), row};
        heap_push(r->heap[j * r->k + l], move);
      }
}

/* The cheapest move from j to l that still can be made, or NULL. */
static const Move *
cheapest(Rounding *r, guint j, guint l)
{
  GArray *heap = r->heap[j * r->k + l];
  while (heap->len) {
    const Move *move = &g_array_index(heap, Move, 0);
    if (can_move(r, move->row, j, l))
      return move;
    heap_pop(heap);
  }
  return NULL;
}

/* Bellman and Ford from all `source` splits; the cheapest `sink` that can be reached, or k. */
static guint
find_path(Rounding *r, const gboolean *source, const gboolean *sink, guint *before)
{
  double cost[SPLIT_MAX_SPLITS];
  double price[SPLIT_MAX_SPLITS * SPLIT_MAX_SPLITS];
  for (guint j = 0; j < r->k; j++) {
    cost[j] = source[j] ? 0 : INFINITY;
    before[j] = r->k;
    for (guint l = 0; l < r->k; l++) {
      const Move *move = j == l ? NULL : cheapest(r, j, l);
      price[j * r->k + l] = move ? move->cost : INFINITY;
    }
  }
  gboolean changed = TRUE;
  for (guint round = 0; changed && round < r->k; round++) {
    changed = FALSE;
    for (guint j = 0; j < r->k; j++)
      for (guint l = 0; l < r->k; l++)
        if (cost[j] + price[j * r->k + l] < cost[l] - 1e-12) {
          cost[l] = cost[j] + price[j * r->k + l];
          before[l] = j;
          changed = TRUE;
        }
  }
  guint best = r->k;
  for (guint l = 0; l < r->k; l++)
    if (sink[l] && isfinite(cost[l]) && (best == r->k || cost[l] < cost[best]))
      best = l;
  return best;
}

/* Moves one row along the path that ends in split `to`; each step is made by another stratum. */
static void
follow(Rounding *r, const guint *before, guint to)
{
  guint end = to;
  guint steps = 0;
  for (; before[to] != r->k && steps < r->k; to = before[to], steps++) {
    guint from = before[to];
    const Move *move = cheapest(r, from, to);
    if (!move)
      break;
    guint32 row = move->row;
    r->up[(gsize)row * r->k + from] = 0;
    r->up[(gsize)row * r->k + to] = 1;
    offer_moves(r, row);
  }
  r->size[to]--;
  r->size[end]++;
}

/* Moves rows until no split that is over its `high` can give to one under its `high`, and none that is under
 * its `low` can take from one over its `low`. */
static void
balance(Rounding *r, const gint64 *low, const gint64 *high)
{
  gboolean source[SPLIT_MAX_SPLITS];
  gboolean sink[SPLIT_MAX_SPLITS];
  guint before[SPLIT_MAX_SPLITS];
  for (int side = 0; side < 2; side++)
    for (;;) {
      const gint64 *limit = side ? low : high;
      for (guint j = 0; j < r->k; j++) {
        source[j] = r->size[j] > limit[j];
        sink[j] = r->size[j] < limit[j];
      }
      guint to = find_path(r, source, sink, before);
      if (to == r->k)
        break;
      follow(r, before, to);
    }
}

/* First within one row of the target, which can always be reached where no stratum is rare; then the target
 * itself, as far as it can be. */
static void
balance_to(Rounding *r, guint64 total, const double *ratios)
{
  gint64 low[SPLIT_MAX_SPLITS] = {0};
  gint64 high[SPLIT_MAX_SPLITS] = {0};
  guint64 sizes[SPLIT_MAX_SPLITS];
  for (guint j = 0; j < r->k; j++) {
    double quota = snap((double)total * ratios[j]);
    low[j] = (gint64)floor(quota);
    high[j] = (gint64)ceil(quota);
  }
  balance(r, low, high);
  split_largest_remainder(total, ratios, r->k, sizes);
  for (guint j = 0; j < r->k; j++)
    low[j] = (gint64)sizes[j];
  balance(r, low, low);
}

void
split_apportion(const guint64 *rows, gsize n_strata, const double *ratios, guint n_splits, guint64 seed,
                guint64 *cells)
{
  guint k = n_splits;
  guint home = split_home(ratios, k);
  guint64 total = 0;
  g_autofree double *rests = g_new0(double, n_strata *k);
  g_autofree guint8 *up = g_new0(guint8, n_strata * k);
  gint64 size[SPLIT_MAX_SPLITS] = {0};
  g_autoptr(GPtrArray) heaps = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  for (guint i = 0; i < k * k; i++)
    g_ptr_array_add(heaps, g_array_new(FALSE, FALSE, sizeof(Move)));
  Rounding r = {k, rests, up, size, (GArray **)heaps->pdata, seed};

  for (gsize s = 0; s < n_strata; s++) {
    guint64 *cell = cells + s * k;
    total += rows[s];
    if (split_is_rare(rows[s], k)) {
      memset(cell, 0, k * sizeof *cell);
      cell[home] = rows[s];
    } else {
      guint left = round_down(rows[s], ratios, k, cell, rests + s * k);
      mark_largest(rests + s * k, k, left, up + s * k);
      offer_moves(&r, (guint32)s);
    }
    for (guint j = 0; j < k; j++)
      size[j] += (gint64)(cell[j] + up[s * k + j]);
  }
  balance_to(&r, total, ratios);
  for (gsize i = 0; i < n_strata * k; i++)
    cells[i] += up[i];
}

guint64
split_apportion_bytes(gsize n_strata, guint n_splits)
{
  /* Each of those rounded up can give to each rounded down: most where half of them are. Arrays grow by doubling. */
  guint64 moves = (guint64)(n_splits / 2) * (n_splits - n_splits / 2);
  return n_strata * (n_splits * (sizeof(double) + 1) + 2 * moves * sizeof(Move));
}
