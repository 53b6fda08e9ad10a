/* SPDX-License-Identifier: MIT */
/* Compares each row of a bucket with those before it, and joins or matches those that are similar. */
#include <string.h>

#include "base/error.h"
#include "ml/near_pair.h"

/* Entries of one task. */
#define TASK_ENTRIES 256

#define KEY(entry) ((uint32_t)((entry) >> 32))
#define ROW(entry) ((uint32_t)(entry))

/* Two rows to be joined. */
typedef struct {
  uint32_t a, b;
} Link;

/* --- Trees of rows --- */

uint32_t
near_root(NearFind *find, uint32_t row)
{
  uint32_t *parent = find->parent;
  while (parent[row] != row) {
    parent[row] = parent[parent[row]];
    row = parent[row];
  }
  return row;
}

/* The same from many threads, while no trees are joined. */
static uint32_t
root_now(const NearFind *find, uint32_t row)
{
  while (find->parent[row] != row)
    row = find->parent[row];
  return row;
}

static void
join(NearFind *find, uint32_t a, uint32_t b)
{
  a = near_root(find, a);
  b = near_root(find, b);
  if (a < b)
    find->parent[b] = a;
  else
    find->parent[a] = b;
}

/* --- The rows of a chunk --- */

/* Rows are compared within a set while copies are joined; across sets once matches are sought. */
static gboolean
are_apart(const NearFind *find, uint32_t a, uint32_t b)
{
  return find->matches && (a < find->first) != (b < find->first);
}

static gboolean
seeks_matches(const NearFind *find)
{
  return find->matches && find->band >= 0;
}

/* First, each row with its bucket's first: what a large bucket has in common is found at once. */
static int
leader_task(void *arg, size_t task)
{
  NearFind *find = arg;
  NearComparer comparer = {.find = find};
  gsize begin = find->chunk_begin + task * TASK_ENTRIES;
  gsize end = MIN(find->chunk_end, begin + TASK_ENTRIES);
  for (gsize i = begin; i < end && !comparer.error; i++) {
    uint32_t row = ROW(find->entries[i]), leader = find->leaders[i - find->chunk_begin];
    find->is_like_first[i - find->chunk_begin] = 0;
    if (leader == row || are_apart(find, leader, row) || root_now(find, leader) == root_now(find, row))
      continue;
    find->is_like_first[i - find->chunk_begin] = near_similarity(&comparer, row, leader, 0) > 0;
  }
  return near_comparer_end(&comparer);
}

static gboolean
is_among(const GArray *roots, uint32_t root)
{
  for (guint i = 0; i < roots->len; i++)
    if (g_array_index(roots, uint32_t, i) == root)
      return TRUE;
  return FALSE;
}

/* Then with those before it that it is not yet joined to, the nearest first; once with each tree that it is like. */
static void
link_row(NearComparer *comparer, gsize i, GArray *roots, GArray *links)
{
  NearFind *find = comparer->find;
  uint32_t row = ROW(find->entries[i]), mine = root_now(find, row);
  gsize from = find->begins[i - find->chunk_begin];
  from = i - from > WEIR_NEAR_WINDOW ? i - WEIR_NEAR_WINDOW : from;
  g_array_set_size(roots, 0);
  g_array_append_val(roots, mine);
  for (gsize j = i; j-- > from && !comparer->error;) {
    uint32_t other = ROW(find->entries[j]), root = root_now(find, other);
    if (are_apart(find, row, other) || is_among(roots, root) || near_similarity(comparer, row, other, 0) <= 0)
      continue;
    g_array_append_val(roots, root);
    Link link = {row, other};
    g_array_append_val(links, link);
  }
}

/* A row of the second set with those of the first, which stand at the bucket's beginning. */
static void
match_row(NearComparer *comparer, gsize i)
{
  NearFind *find = comparer->find;
  uint32_t row = ROW(find->entries[i]);
  if (row < find->first)
    return;
  WeirNearMatch *match = &find->matches[row - find->first];
  gsize from = find->begins[i - find->chunk_begin], end = MIN(i, from + WEIR_NEAR_WINDOW);
  for (gsize j = from; j < end && !comparer->error; j++) {
    uint32_t other = ROW(find->entries[j]);
    if (other >= find->first)
      return;
    if (match->row == other || (match->row < other && match->similarity >= 1))
      continue;
    float s = (float)near_similarity(comparer, row, other, (double)match->similarity - 1e-6);
    if (s > match->similarity || (s > 0 && s == match->similarity && other < match->row))
      *match = (WeirNearMatch){other, s};
  }
}

static int
window_task(void *arg, size_t task)
{
  NearFind *find = arg;
  NearComparer comparer = {.find = find};
  g_autoptr(GArray) roots = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  GArray *links = find->links[task];
  gsize begin = find->chunk_begin + task * TASK_ENTRIES;
  gsize end = MIN(find->chunk_end, begin + TASK_ENTRIES);
  g_array_set_size(links, 0);
  for (gsize i = begin; i < end && !comparer.error; i++) {
    if (find->begins[i - find->chunk_begin] == i)
      continue;
    if (seeks_matches(find))
      match_row(&comparer, i);
    else
      link_row(&comparer, i, roots, links);
  }
  return near_comparer_end(&comparer);
}

/* Where the bucket of each entry begins. Returns how many entries are not alone. */
static gsize
find_buckets(NearFind *find)
{
  gsize n = 0;
  for (gsize i = find->chunk_begin; i < find->chunk_end; i++) {
    gsize at = i - find->chunk_begin, begin = i;
    uint32_t leader = ROW(find->entries[i]);
    if (i > 0 && KEY(find->entries[i]) == KEY(find->entries[i - 1])) {
      begin = i > find->chunk_begin ? find->begins[at - 1] : find->last_begin;
      leader = i > find->chunk_begin ? find->leaders[at - 1] : find->leader;
      n++;
    }
    find->begins[at] = (uint32_t)begin;
    find->leaders[at] = leader;
  }
  find->leader = find->leaders[find->chunk_end - find->chunk_begin - 1];
  find->last_begin = find->begins[find->chunk_end - find->chunk_begin - 1];
  return n;
}

static gboolean
run_tasks(NearFind *find, WeirTask task, GError **error)
{
  gsize n = (find->chunk_end - find->chunk_begin + TASK_ENTRIES - 1) / TASK_ENTRIES;
  if (!weir_executor_run(find->executor, n, task, find))
    return TRUE;
  if (find->error)
    g_propagate_error(error, g_steal_pointer(&find->error));
  else
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "stopped");
  return FALSE;
}

static gboolean
join_leaders(NearFind *find, GError **error)
{
  if (!run_tasks(find, leader_task, error))
    return FALSE;
  for (gsize at = 0; at < find->chunk_end - find->chunk_begin; at++)
    if (find->is_like_first[at])
      join(find, find->leaders[at], ROW(find->entries[find->chunk_begin + at]));
  return TRUE;
}

static void
join_links(NearFind *find)
{
  gsize n = (find->chunk_end - find->chunk_begin + TASK_ENTRIES - 1) / TASK_ENTRIES;
  for (gsize task = 0; task < n; task++)
    for (guint i = 0; i < find->links[task]->len; i++) {
      Link link = g_array_index(find->links[task], Link, i);
      join(find, link.a, link.b);
    }
}

static gboolean
tell(NearFind *find, GError **error)
{
  const WeirNearSearch *search = find->search;
  guint64 total = find->near->n_rows * (find->near->bands + 1);
  find->done += find->chunk_end - find->chunk_begin;
  if (find->figures)
    *find->figures = find->sums;
  if (!search->progress || !search->progress(search->data, MIN(find->done, total), total))
    return TRUE;
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "stopped");
  return FALSE;
}

gboolean
near_compare_chunk(NearFind *find, gsize begin, gsize end, GError **error)
{
  find->chunk_begin = begin;
  find->chunk_end = end;
  if (find_buckets(find)) {
    if (!seeks_matches(find) && !join_leaders(find, error))
      return FALSE;
    if (!run_tasks(find, window_task, error))
      return FALSE;
    if (!seeks_matches(find))
      join_links(find);
  }
  return tell(find, error);
}

gsize
near_keep(NearFind *find, gsize n)
{
  gsize begin = find->last_begin, kept = MIN(n - begin, WEIR_NEAR_WINDOW);
  /* Matches are sought among a bucket's first rows, clusters among the last before a row. */
  gsize from = seeks_matches(find) ? begin : n - kept;
  memmove(find->entries, find->entries + from, kept * sizeof *find->entries);
  find->last_begin = 0;
  return kept;
}

void
near_compare_start(NearFind *find)
{
  g_mutex_init(&find->mutex);
  find->leaders = g_new(uint32_t, NEAR_CHUNK);
  find->begins = g_new(uint32_t, NEAR_CHUNK);
  find->is_like_first = g_new(guint8, NEAR_CHUNK);
  find->links = g_new(GArray *, NEAR_CHUNK / TASK_ENTRIES);
  for (guint i = 0; i < NEAR_CHUNK / TASK_ENTRIES; i++)
    find->links[i] = g_array_new(FALSE, FALSE, sizeof(Link));
}

void
near_compare_clear(NearFind *find)
{
  if (!find->links)
    return;
  for (guint i = 0; i < NEAR_CHUNK / TASK_ENTRIES; i++)
    g_array_unref(find->links[i]);
  g_free(find->links);
  g_free(find->leaders);
  g_free(find->begins);
  g_free(find->is_like_first);
  g_clear_error(&find->error);
  g_mutex_clear(&find->mutex);
}
