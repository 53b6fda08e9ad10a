/* SPDX-License-Identifier: MIT */
/* Sorts entries in memory: a merge sort whose pieces are sorted, and then merged, on all threads. */
#include "sorter_private.h"

/* Entries of a piece that one task sorts. */
#define PIECE 32768
/* Below this, by insertion. */
#define FEW 12

/* By prefix, by keys, then by the order of arrival: no two entries are equal. */
static inline gboolean
is_before(const RowsSorter *sorter, const Entry *a, const Entry *b)
{
  if (a->prefix != b->prefix)
    return a->prefix < b->prefix;
  if (sorter->keys) {
    uint32_t n = sorter->n_keys;
    const weir_column *views = (const weir_column *)(const void *)sorter->views->data;
    int sign = rows_compare(sorter->keys, n, views + (gsize)a->batch * n, a->row, views + (gsize)b->batch * n,
                            b->row);
    if (sign)
      return sign < 0;
  }
  return a->batch != b->batch ? a->batch < b->batch : a->row < b->row;
}

/* Merges two sorted neighbours, n_left and n_right long. */
static void
merge(const RowsSorter *sorter, const Entry *from, gsize n_left, gsize n_right, Entry *to)
{
  const Entry *left = from, *left_end = from + n_left, *right = left_end, *right_end = right + n_right;
  while (left < left_end && right < right_end)
    *to++ = is_before(sorter, right, left) ? *right++ : *left++;
  while (left < left_end)
    *to++ = *left++;
  while (right < right_end)
    *to++ = *right++;
}

static void
sort_few(const RowsSorter *sorter, Entry *entries, gsize n)
{
  for (gsize i = 1; i < n; i++) {
    Entry entry = entries[i];
    gsize j = i;
    for (; j && is_before(sorter, &entry, &entries[j - 1]); j--)
      entries[j] = entries[j - 1];
    entries[j] = entry;
  }
}

/* Sorts `entries` in place with `spare` as long. */
static void
sort_piece(const RowsSorter *sorter, Entry *entries, Entry *spare, gsize n)
{
  if (n <= FEW) {
    sort_few(sorter, entries, n);
    return;
  }
  gsize half = n / 2;
  sort_piece(sorter, entries, spare, half);
  sort_piece(sorter, entries + half, spare + half, n - half);
  if (!is_before(sorter, &entries[half], &entries[half - 1]))
    return;
  memcpy(spare, entries, n * sizeof *spare);
  merge(sorter, spare, half, n - half, entries);
}

typedef struct {
  const RowsSorter *sorter;
  Entry *from, *to;
  gsize n, width;
} Sorting;

static int
sort_task(void *data, uint64_t index)
{
  const Sorting *sorting = data;
  gsize begin = index * PIECE;
  if (weir_cancelled(sorting->sorter->stage))
    return -1;
  sort_piece(sorting->sorter, sorting->from + begin, sorting->to + begin, MIN(PIECE, sorting->n - begin));
  return 0;
}

static int
merge_task(void *data, uint64_t index)
{
  const Sorting *sorting = data;
  gsize begin = index * 2 * sorting->width, left = MIN(sorting->width, sorting->n - begin);
  gsize right = MIN(sorting->width, sorting->n - begin - left);
  if (weir_cancelled(sorting->sorter->stage))
    return -1;
  merge(sorting->sorter, sorting->from + begin, left, right, sorting->to + begin);
  return 0;
}

int
sorter_sort(RowsSorter *sorter)
{
  gsize n = sorter->entries->len;
  Entry *entries = (Entry *)(void *)sorter->entries->data;
  g_autofree Entry *spare = g_new(Entry, n + 1);
  Sorting sorting = {sorter, entries, spare, n, PIECE};
  if (weir_parallel(sorter->stage, (n + PIECE - 1) / PIECE, sort_task, &sorting))
    return -1;
  for (; sorting.width < n; sorting.width *= 2) {
    if (weir_parallel(sorter->stage, (n + 2 * sorting.width - 1) / (2 * sorting.width), merge_task, &sorting))
      return -1;
    Entry *swap = sorting.from;
    sorting.from = sorting.to;
    sorting.to = swap;
  }
  if (sorting.from != entries)
    memcpy(entries, sorting.from, n * sizeof *entries);
  return 0;
}
