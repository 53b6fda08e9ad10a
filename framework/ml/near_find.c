/* SPDX-License-Identifier: MIT */
/* Goes through the bands: brings rows with equal keys together in bounded memory, and joins or matches them. */
#include "ml/near_find.h"

#include <string.h>

#include "base/error.h"

/* Bytes of a search besides those that grow with the rows: histogram, chunk and windows. */
#define FIXED_BYTES (8 << 20)
/* Entries that are sorted at once at least; many more than a window. */
#define LEAST_ENTRIES 4096
/* Key ranges are first cut by their high bits. */
#define BIN_BITS 16
#define N_BINS   (1u << BIN_BITS)

guint64
weir_near_least(guint64 n_rows)
{
  return 4 * n_rows + n_rows / 8 + FIXED_BYTES;
}

/* --- Reading a band --- */

/* What a pass over one band does with each row that takes part. Nonzero stops it. */
typedef gboolean (*EntryFunc)(NearFind *find, uint32_t key, uint32_t row, GError **error);

static inline gboolean
is_out(const NearFind *find, guint64 row)
{
  return (find->out[row >> 3] >> (row & 7)) & 1;
}

/* The keys of a block's rows in the band at hand; of the band before the first, halves of identities. */
static gboolean
read_keys(NearFind *find, guint64 block, GError **error)
{
  WeirNear *near = find->near;
  guint64 at = block * near_block_bytes(near);
  if (find->band >= 0)
    return near->store->read(near->store, at + near_keys_at((guint)find->band), find->keys,
                             NEAR_BLOCK * sizeof(uint32_t), error);
  uint64_t *identities = find->identities;
  if (!near->store->read(near->store, at, identities, NEAR_BLOCK * sizeof(uint64_t), error))
    return FALSE;
  /* Copies are sought within a set, so the keys of the second are others. */
  for (gsize i = 0; i < NEAR_BLOCK; i++)
    find->keys[i] =
        (uint32_t)(block * NEAR_BLOCK + i < find->first ? ~identities[i] >> 32 : identities[i] >> 32);
  return TRUE;
}

static gboolean
for_each_entry(NearFind *find, EntryFunc func, GError **error)
{
  guint64 n = find->near->n_rows;
  for (guint64 first = 0; first < n; first += NEAR_BLOCK) {
    if (!read_keys(find, first / NEAR_BLOCK, error))
      return FALSE;
    guint64 end = MIN(n - first, NEAR_BLOCK);
    for (guint64 i = 0; i < end; i++)
      if (!is_out(find, first + i) && !func(find, find->keys[i], (uint32_t)(first + i), error))
        return FALSE;
  }
  return TRUE;
}

/* Rows without a text take no part. */
static gboolean
leave_out_empty(NearFind *find, GError **error)
{
  find->band = -1;
  for (guint64 first = 0; first < find->near->n_rows; first += NEAR_BLOCK) {
    if (!read_keys(find, first / NEAR_BLOCK, error))
      return FALSE;
    guint64 end = MIN(find->near->n_rows - first, NEAR_BLOCK);
    for (guint64 i = 0; i < end; i++)
      if (find->identities[i] == NEAR_NO_TEXT)
        find->out[(first + i) >> 3] |= (guint8)(1u << (i & 7));
  }
  return TRUE;
}

/* --- Sorting --- */

/* By key; entries arrive by row and equal keys keep that order. Radix sort, the least digit first. */
static void
sort_entries(NearFind *find, gsize n)
{
  uint64_t *from = find->entries, *to = find->spare;
  for (guint shift = 32; shift < 64; shift += 8) {
    gsize starts[257] = {0};
    for (gsize i = 0; i < n; i++)
      starts[((from[i] >> shift) & 0xff) + 1]++;
    for (guint digit = 0; digit < 256; digit++)
      starts[digit + 1] += starts[digit];
    for (gsize i = 0; i < n; i++)
      to[starts[(from[i] >> shift) & 0xff]++] = from[i];
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
}

/* --- One range of keys --- */

/* Hands the entries that were gathered to the comparison, a chunk at a time. A bucket that goes on (in a range of one
 * key) keeps what later rows are compared with. */
static gboolean
use_entries(NearFind *find, gboolean goes_on, GError **error)
{
  gsize n = find->n_kept + find->n_entries;
  sort_entries(find, n); /* what was kept has the lowest rows of its key */
  for (gsize at = find->n_kept; at < n; at += NEAR_CHUNK)
    if (!near_compare_chunk(find, at, MIN(n, at + NEAR_CHUNK), error))
      return FALSE;
  find->n_kept = 0;
  if (goes_on && n)
    find->n_kept = near_keep(find, n);
  else
    find->leader = WEIR_NEAR_NONE;
  find->n_entries = 0;
  return TRUE;
}

static gboolean
gather(NearFind *find, uint32_t key, uint32_t row, GError **error)
{
  if (key < find->low || key > find->high)
    return TRUE;
  find->entries[find->n_kept + find->n_entries++] = (uint64_t)key << 32 | row;
  return find->n_kept + find->n_entries < find->capacity || use_entries(find, TRUE, error);
}

static gboolean
use_range(NearFind *find, uint32_t low, uint32_t high, GError **error)
{
  find->low = low;
  find->high = high;
  find->n_entries = find->n_kept = 0;
  find->leader = WEIR_NEAR_NONE;
  return for_each_entry(find, gather, error) && use_entries(find, FALSE, error);
}

static gboolean
count_high(NearFind *find, uint32_t key, uint32_t row, GError **error)
{
  (void)row;
  (void)error;
  find->counts[key >> (32 - BIN_BITS)]++;
  return TRUE;
}

static gboolean
count_low(NearFind *find, uint32_t key, uint32_t row, GError **error)
{
  (void)row;
  (void)error;
  if (key >= find->low && key <= find->high)
    find->low_counts[key & (N_BINS - 1)]++;
  return TRUE;
}

/* Uses the bins of `counts` in runs that fit; `width` keys a bin, the first at `base`. A bin that fits in none is
 * returned in `*big` with the bins before it used; N_BINS when there was none. */
static gboolean
use_bins(NearFind *find, const uint32_t *counts, uint32_t base, uint32_t width, guint *from, guint *big,
         GError **error)
{
  /* One less than there is room for, since a full buffer is used at once. */
  guint64 room = find->capacity - 1;
  guint i = *from;
  *big = N_BINS;
  while (i < N_BINS) {
    guint begin = i;
    guint64 sum = 0;
    while (i < N_BINS && sum + counts[i] <= room)
      sum += counts[i++];
    if (sum && !use_range(find, base + begin * width, base + (i - 1) * width + (width - 1), error))
      return FALSE;
    if (i < N_BINS && counts[i] > room) {
      *big = i;
      *from = i + 1;
      return TRUE;
    }
  }
  return TRUE;
}

/* A bin of keys with equal high bits that does not fit is cut by the low bits; a single key that does not fit comes in
 * pieces, which near_keep() joins. */
static gboolean
use_big_bin(NearFind *find, guint bin, GError **error)
{
  uint32_t base = (uint32_t)bin << (32 - BIN_BITS);
  find->low = base;
  find->high = base + (N_BINS - 1);
  memset(find->low_counts, 0, N_BINS * sizeof *find->low_counts);
  if (!for_each_entry(find, count_low, error))
    return FALSE;
  guint from = 0, big = N_BINS;
  do {
    if (!use_bins(find, find->low_counts, base, 1, &from, &big, error) ||
        (big < N_BINS && !use_range(find, base + big, base + big, error)))
      return FALSE;
  } while (big < N_BINS);
  return TRUE;
}

static gboolean
use_band(NearFind *find, int band, GError **error)
{
  find->band = band;
  if (find->capacity > find->near->n_rows)
    return use_range(find, 0, G_MAXUINT32, error);
  memset(find->counts, 0, N_BINS * sizeof *find->counts);
  if (!for_each_entry(find, count_high, error))
    return FALSE;
  guint from = 0, big = N_BINS;
  do {
    if (!use_bins(find, find->counts, 0, 1u << (32 - BIN_BITS), &from, &big, error) ||
        (big < N_BINS && !use_big_bin(find, big, error)))
      return FALSE;
  } while (big < N_BINS);
  return TRUE;
}

/* --- The whole --- */

/* Rows that equal an earlier one need no comparison of their own: that row stands for them. */
static void
leave_out_copies(NearFind *find)
{
  for (guint64 row = 0; row < find->near->n_rows; row++)
    if (find->parent[row] != row)
      find->out[row >> 3] |= (guint8)(1u << (row & 7));
}

static gboolean
start(NearFind *find, guint64 memory, GError **error)
{
  guint64 n = find->near->n_rows, least = weir_near_least(n);
  if (memory && memory < least) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT,
                "a search over %" G_GUINT64_FORMAT " rows needs %" G_GUINT64_FORMAT " bytes of memory", n,
                least);
    return FALSE;
  }
  guint64 entries = memory ? (memory - least) / (2 * sizeof(uint64_t)) : G_MAXUINT64;
  entries = MAX(entries, LEAST_ENTRIES);
  find->capacity = (gsize)MIN(entries, MAX(n + 1, LEAST_ENTRIES));
  find->parent = g_try_new(uint32_t, n + 1);
  find->out = g_try_new0(guint8, n / 8 + 1);
  find->entries = g_try_new(uint64_t, find->capacity);
  find->spare = g_try_new(uint64_t, find->capacity);
  if (!find->parent || !find->out || !find->entries || !find->spare) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT, "no memory for a search over %" G_GUINT64_FORMAT " rows",
                n);
    return FALSE;
  }
  for (guint64 row = 0; row < n; row++)
    find->parent[row] = (uint32_t)row;
  find->keys = g_new(uint32_t, NEAR_BLOCK);
  find->identities = g_new(uint64_t, NEAR_BLOCK);
  find->counts = g_new(uint32_t, N_BINS);
  find->low_counts = g_new(uint32_t, N_BINS);
  near_compare_start(find);
  return TRUE;
}

static void
clear(NearFind *find)
{
  g_free(find->parent);
  g_free(find->out);
  g_free(find->entries);
  g_free(find->spare);
  g_free(find->keys);
  g_free(find->identities);
  g_free(find->counts);
  g_free(find->low_counts);
  near_compare_clear(find);
}

static gboolean
run(NearFind *find, guint64 memory, GError **error)
{
  if (!near_finish(find->near, error) || !start(find, memory, error) || !leave_out_empty(find, error) ||
      !use_band(find, -1, error))
    return FALSE;
  leave_out_copies(find);
  for (guint band = 0; band < find->near->bands; band++)
    if (!use_band(find, (int)band, error))
      return FALSE;
  return TRUE;
}

guint32 *
weir_near_clusters(WeirNear *near, const WeirNearSearch *search, const WeirExecutor *executor,
                   WeirNearFigures *figures, GError **error)
{
  NearFind find = {.near = near, .search = search, .executor = executor, .figures = figures};
  guint32 *clusters = NULL;
  if (run(&find, search->memory, error)) {
    for (guint64 row = 0; row < near->n_rows; row++)
      find.parent[row] = near_root(&find, (uint32_t)row);
    clusters = g_steal_pointer(&find.parent);
  }
  clear(&find);
  return clusters;
}

WeirNearMatch *
weir_near_matches(WeirNear *near, guint64 first, const WeirNearSearch *search, const WeirExecutor *executor,
                  WeirNearFigures *figures, GError **error)
{
  NearFind find = {.near = near, .search = search, .executor = executor, .figures = figures, .first = first};
  g_return_val_if_fail(first <= near->n_rows, NULL);
  guint64 n = near->n_rows - first;
  WeirNearMatch *matches = g_try_new(WeirNearMatch, n + 1);
  if (!matches) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT,
                "no memory for the matches of %" G_GUINT64_FORMAT " rows", n);
    return NULL;
  }
  for (guint64 i = 0; i < n; i++)
    matches[i] = (WeirNearMatch){WEIR_NEAR_NONE, 0};
  find.matches = matches;
  if (run(&find, search->memory, error)) {
    for (guint64 row = first; row < near->n_rows; row++)
      matches[row - first] = matches[near_root(&find, (uint32_t)row) - first];
  } else {
    g_clear_pointer(&matches, g_free);
  }
  clear(&find);
  return matches;
}
