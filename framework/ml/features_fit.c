/* SPDX-License-Identifier: MIT */
/* Learns a vocabulary in three parallel passes: count n-grams by row, merge the counts by hash range, weigh
 * the rows.
 *
 * The first pass cuts the rows into parts and keeps each row's distinct n-grams; the second gives each range
 * of hashes to one task, so that no table is shared; the third looks the kept n-grams up, without reading
 * text again. Parts and ranges do not depend on the threads. */
#include <stdlib.h>
#include <string.h>

#include "ml/features_private.h"

#define ROWS_PER_TASK 256
#define RANGE_BITS    4
#define N_RANGES      (1u << RANGE_BITS)

/* Below so many rows n-grams of a single row still help; above, they cost more than they give. */
#define AUTO_MIN_DF_ROWS 5000

/* The distinct n-grams of some rows: first of words, then of characters, each in the order of first
 * occurrence. */
typedef struct {
  uint64_t *keys;
  uint32_t *counts;
  gsize n, size;
  gsize *ends;      /* two a row: the end of its words, the end of its characters */
  uint64_t *ranged; /* the keys once more, range by range */
  gsize range_starts[N_RANGES + 1];
} Part;

/* A key of the vocabulary to be and the rows that have it. */
typedef struct {
  uint64_t key;
  uint32_t df;
} Term;

/* The terms of one range of hashes. */
typedef struct {
  Term *terms;
  gsize n;
} Range;

typedef struct {
  const WeirFeatureOptions *options;
  const WeirRows *rows;
  gsize n_parts;
  Part *parts;
  Range ranges[N_RANGES];
  WeirFeatures *features;
  WeirSparse *matrix;
} Fit;

/* A table that finds repeated keys within one row; a place counts only when it carries the row's stamp. */
typedef struct {
  struct {
    uint64_t key;
    uint32_t stamp;
    uint32_t index;
  } * places;
  gsize size;
  uint32_t stamp;
} Repeats;

static void
repeats_begin(Repeats *repeats, gsize n)
{
  gsize size = 64;
  while (size < 2 * n)
    size *= 2;
  if (repeats->size < size) {
    g_free(repeats->places);
    repeats->places = g_malloc0_n(size, sizeof *repeats->places);
    repeats->size = size;
    repeats->stamp = 0;
  }
  repeats->stamp++; /* at most once a row of a part */
}

static void
append_distinct(Part *part, Repeats *repeats, uint64_t key)
{
  gsize place = (gsize)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (repeats->size - 1);
  for (; repeats->places[place].stamp == repeats->stamp; place = (place + 1) & (repeats->size - 1))
    if (repeats->places[place].key == key) {
      part->counts[repeats->places[place].index]++;
      return;
    }
  repeats->places[place].key = key;
  repeats->places[place].stamp = repeats->stamp;
  repeats->places[place].index = (uint32_t)part->n;
  part->keys[part->n] = key;
  part->counts[part->n++] = 1;
}

static void
reserve_part(Part *part, gsize more)
{
  if (part->size >= part->n + more)
    return;
  part->size = MAX(part->n + more, 2 * part->size);
  part->keys = g_renew(uint64_t, part->keys, part->size);
  part->counts = g_renew(uint32_t, part->counts, part->size);
}

static void
sort_into_ranges(Part *part)
{
  gsize at[N_RANGES] = {0};
  for (gsize i = 0; i < part->n; i++)
    at[part->keys[i] >> (64 - RANGE_BITS)]++;
  for (gsize range = 0; range < N_RANGES; range++) {
    part->range_starts[range + 1] = part->range_starts[range] + at[range];
    at[range] = part->range_starts[range];
  }
  part->ranged = g_new(uint64_t, MAX(part->n, 1));
  for (gsize i = 0; i < part->n; i++)
    part->ranged[at[part->keys[i] >> (64 - RANGE_BITS)]++] = part->keys[i];
}

static int
count_part(void *arg, size_t index)
{
  Fit *fit = arg;
  Part *part = &fit->parts[index];
  const WeirRows *rows = fit->rows;
  const guint bits = fit->options->hash_bits;
  g_autoptr(WeirTextScratch) scratch = weir_text_scratch_new();
  Repeats repeats = {0};
  gsize first = index * ROWS_PER_TASK, last = MIN(rows->n_rows, first + ROWS_PER_TASK);
  part->ends = g_new(gsize, 2 * (last - first));
  for (gsize r = first; r < last; r++) {
    WeirGrams grams = weir_text_grams(scratch, &fit->options->text, rows->texts[r], rows->lengths[r]);
    reserve_part(part, grams.n);
    repeats_begin(&repeats, grams.n);
    for (gsize i = 0; i < grams.n_words; i++)
      append_distinct(part, &repeats, weir_features_key(grams.hashes[i], bits, TRUE));
    part->ends[2 * (r - first)] = part->n;
    for (gsize i = grams.n_words; i < grams.n; i++)
      append_distinct(part, &repeats, weir_features_key(grams.hashes[i], bits, FALSE));
    part->ends[2 * (r - first) + 1] = part->n;
  }
  g_free(repeats.places);
  sort_into_ranges(part);
  return 0;
}

/* Open addressing again; df 0 marks a free place. */
static gsize
term_place(const Term *table, gsize size, uint64_t key)
{
  gsize place = (gsize)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (size - 1);
  while (table[place].df && table[place].key != key)
    place = (place + 1) & (size - 1);
  return place;
}

static Term *
grow_terms(Term *table, gsize *size)
{
  Term *grown = g_new0(Term, *size * 2);
  for (gsize i = 0; i < *size; i++)
    if (table[i].df)
      grown[term_place(grown, *size * 2, table[i].key)] = table[i];
  g_free(table);
  *size *= 2;
  return grown;
}

/* Most rows first, then by key: the order of feature ids. */
static int
compare_terms(const void *left, const void *right)
{
  const Term *a = left, *b = right;
  if (a->df != b->df)
    return a->df > b->df ? -1 : 1;
  return a->key < b->key ? -1 : a->key > b->key;
}

static guint
least_df(const WeirFeatureOptions *options, gsize n_rows)
{
  return options->min_df ? options->min_df : n_rows < AUTO_MIN_DF_ROWS ? 1 : 2;
}

static int
count_range(void *arg, size_t index)
{
  Fit *fit = arg;
  gsize size = 1024, used = 0;
  Term *table = g_new0(Term, size);
  for (gsize p = 0; p < fit->n_parts; p++) {
    const Part *part = &fit->parts[p];
    for (gsize i = part->range_starts[index]; i < part->range_starts[index + 1]; i++) {
      gsize place = term_place(table, size, part->ranged[i]);
      if (table[place].df++)
        continue;
      table[place].key = part->ranged[i];
      if (++used * 2 > size)
        table = grow_terms(table, &size);
    }
  }
  const uint32_t least = least_df(fit->options, fit->rows->n_rows);
  double most = fit->options->max_df * (double)fit->rows->n_rows;
  gsize n = 0;
  for (gsize i = 0; i < size; i++)
    if (table[i].df >= least && table[i].df <= most)
      table[n++] = table[i];
  qsort(table, n, sizeof *table, compare_terms);
  fit->ranges[index] = (Range){.terms = table, .n = n};
  return 0;
}

/* Takes the next term in the order of all ranges; there must be one. */
static Term
next_term(const Fit *fit, gsize *at)
{
  const Term *best = NULL;
  gsize best_range = 0;
  for (gsize range = 0; range < N_RANGES; range++) {
    if (at[range] == fit->ranges[range].n)
      continue;
    const Term *term = &fit->ranges[range].terms[at[range]];
    if (!best || compare_terms(term, best) < 0) {
      best = term;
      best_range = range;
    }
  }
  at[best_range]++;
  return *best;
}

/* Lays all arrays into one block. */
static WeirFeatures *
allocate_features(const WeirFeatureOptions *options, guint n_grams)
{
  gsize table_size = 16; /* a multiple of 64 bytes in a file */
  while (table_size < 2 * (gsize)n_grams)
    table_size *= 2;
  gsize doubles = 2 * (gsize)options->n_dense * sizeof(double);
  gsize bytes = table_size * (sizeof(uint64_t) + sizeof(uint32_t)) + doubles + n_grams * sizeof(float);
  char *block = g_malloc0(bytes);
  WeirFeatures *features = g_new0(WeirFeatures, 1);
  *features = (WeirFeatures){
      .options = *options,
      .n_grams = n_grams,
      .n_features = n_grams + options->n_dense,
      .table_size = table_size,
      .keys = (const uint64_t *)block,
      .dense_mean = (const double *)(block + table_size * sizeof(uint64_t)),
      .owned = block,
  };
  features->dense_scale = features->dense_mean + options->n_dense;
  features->slots = (const uint32_t *)(features->dense_scale + options->n_dense);
  features->idf = (const float *)(features->slots + table_size);
  memset((uint32_t *)features->slots, 0xff, table_size * sizeof(uint32_t));
  return features;
}

static void
insert_term(WeirFeatures *features, Term term, uint32_t id, gsize n_rows)
{
  gsize place = weir_features_place(term.key, features->table_size);
  while (features->slots[place] != WEIR_NO_FEATURE)
    place = (place + 1) & (features->table_size - 1);
  ((uint64_t *)features->keys)[place] = term.key;
  ((uint32_t *)features->slots)[place] = id;
  double idf = log((1 + (double)n_rows) / (1 + (double)term.df)) + 1;
  const WeirIdf kind = features->options.idf;
  ((float *)features->idf)[id] = kind == WEIR_IDF_NONE ? 1 : (float)(kind == WEIR_IDF_SQRT ? sqrt(idf) : idf);
}

static void
build_vocabulary(Fit *fit)
{
  gsize n = 0, at[N_RANGES] = {0};
  for (gsize range = 0; range < N_RANGES; range++)
    n += fit->ranges[range].n;
  n = MIN(n, fit->options->max_features ? fit->options->max_features : G_MAXINT32);
  fit->features = allocate_features(fit->options, (guint)n);
  fit->features->options.min_df = least_df(fit->options, fit->rows->n_rows);
  for (gsize id = 0; id < n; id++)
    insert_term(fit->features, next_term(fit, at), (uint32_t)id, fit->rows->n_rows);
}

/* Mean and scale of one dense column, over its finite values. A column of equal values is told by these: what
 * rounding leaves of its deviation would make a huge scale. */
static void
measure_dense(const Fit *fit, guint column, double *mean, double *scale)
{
  const WeirRows *rows = fit->rows;
  guint n_dense = fit->options->n_dense;
  double sum = 0, squares = 0, least = INFINITY, most = -INFINITY;
  gsize n = 0;
  for (gsize r = 0; r < rows->n_rows; r++) {
    double value = rows->dense[r * n_dense + column];
    if (isfinite(value)) {
      sum += value;
      least = MIN(least, value);
      most = MAX(most, value);
      n++;
    }
  }
  *mean = n ? sum / (double)n : 0;
  for (gsize r = 0; r < rows->n_rows; r++) {
    double gap = rows->dense[r * n_dense + column] - *mean;
    if (isfinite(gap))
      squares += gap * gap;
  }
  double deviation = least < most ? sqrt(squares / (double)n) : 0;
  *scale = deviation > 0 && isfinite(deviation) ? 1 / (deviation * sqrt(n_dense)) : 0;
}

/* Turns a part's keys into feature ids, dropping unknown ones; `starts` gets each row's length. */
static int
look_up_part(void *arg, size_t index)
{
  Fit *fit = arg;
  Part *part = &fit->parts[index];
  gsize first = index * ROWS_PER_TASK, last = MIN(fit->rows->n_rows, first + ROWS_PER_TASK);
  gsize from = 0, n = 0;
  uint32_t *ids = (uint32_t *)part->ranged; /* no longer needed, and large enough */
  for (gsize i = 0; i < 2 * (last - first); i++) {
    for (; from < part->ends[i]; from++) {
      uint32_t id = weir_features_lookup(fit->features, part->keys[from]);
      if (id == WEIR_NO_FEATURE)
        continue;
      ids[n] = id;
      part->counts[n++] = part->counts[from];
    }
    part->ends[i] = n;
  }
  part->n = n;
  g_clear_pointer(&part->keys, g_free);
  return 0;
}

/* Writes one kind of n-gram of a row at its place in the matrix. */
static gsize
write_grams(const Fit *fit, const Part *part, gsize from, gsize to, gsize at)
{
  const uint32_t *ids = (const uint32_t *)part->ranged;
  float *values = fit->matrix->values + at;
  float squares = 0;
  for (gsize i = from; i < to; i++) {
    float value = weir_features_tf(fit->options, part->counts[i]) * fit->features->idf[ids[i]];
    values[i - from] = value;
    squares += value * value;
  }
  float scale = squares > 0 ? 1 / sqrtf(squares) : 0;
  for (gsize i = 0; i < to - from; i++)
    values[i] *= scale;
  memcpy(fit->matrix->columns + at, ids + from, (to - from) * sizeof *ids);
  return at + (to - from);
}

static gsize
count_dense(const Fit *fit, gsize row)
{
  gsize n = 0;
  for (guint i = 0; fit->rows->dense && i < fit->options->n_dense; i++) {
    double value = fit->rows->dense[row * fit->options->n_dense + i] - fit->features->dense_mean[i];
    value *= fit->features->dense_scale[i];
    n += isfinite(value) && value != 0;
  }
  return n;
}

static void
write_dense(const Fit *fit, gsize row, gsize at)
{
  for (guint i = 0; fit->rows->dense && i < fit->options->n_dense; i++) {
    double value = fit->rows->dense[row * fit->options->n_dense + i] - fit->features->dense_mean[i];
    value *= fit->features->dense_scale[i];
    if (!isfinite(value) || value == 0)
      continue;
    fit->matrix->columns[at] = fit->features->n_grams + i;
    fit->matrix->values[at++] = (float)value;
  }
}

static int
write_part(void *arg, size_t index)
{
  Fit *fit = arg;
  const Part *part = &fit->parts[index];
  gsize first = index * ROWS_PER_TASK, last = MIN(fit->rows->n_rows, first + ROWS_PER_TASK);
  gsize from = 0;
  for (gsize r = first; r < last; r++) {
    gsize words = part->ends[2 * (r - first)], all = part->ends[2 * (r - first) + 1];
    gsize at = write_grams(fit, part, from, words, fit->matrix->starts[r]);
    write_dense(fit, r, write_grams(fit, part, words, all, at));
    from = all;
  }
  return 0;
}

static void
allocate_matrix(Fit *fit)
{
  g_autofree gsize *ends = g_new(gsize, fit->rows->n_rows + 1);
  gsize n = 0;
  for (gsize r = 0; r < fit->rows->n_rows; r++) {
    const Part *part = &fit->parts[r / ROWS_PER_TASK];
    gsize i = 2 * (r % ROWS_PER_TASK) + 1;
    ends[r] = n += part->ends[i] - (i > 1 ? part->ends[i - 2] : 0) + count_dense(fit, r);
  }
  fit->matrix = weir_sparse_new(fit->rows->n_rows, fit->features->n_features, n);
  if (fit->rows->n_rows)
    memcpy(fit->matrix->starts + 1, ends, fit->rows->n_rows * sizeof *ends);
}

/* The passes in their order; -1 when the executor gave up. */
static int
run_passes(Fit *fit, const WeirExecutor *executor)
{
  if (weir_executor_run(executor, fit->n_parts, count_part, fit) ||
      weir_executor_run(executor, N_RANGES, count_range, fit))
    return -1;
  build_vocabulary(fit);
  for (guint i = 0; fit->rows->dense && i < fit->options->n_dense; i++)
    measure_dense(fit, i, (double *)&fit->features->dense_mean[i], (double *)&fit->features->dense_scale[i]);
  if (weir_executor_run(executor, fit->n_parts, look_up_part, fit))
    return -1;
  allocate_matrix(fit);
  return weir_executor_run(executor, fit->n_parts, write_part, fit);
}

WeirFeatures *
weir_features_fit(const WeirFeatureOptions *options, const WeirRows *rows, const WeirExecutor *executor,
                  WeirSparse **matrix)
{
  g_return_val_if_fail(options->hash_bits <= WEIR_MAX_HASH_BITS, NULL);
  gsize n_parts = (rows->n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
  Fit fit = {.options = options, .rows = rows, .n_parts = n_parts, .parts = g_new0(Part, n_parts + 1)};
  if (run_passes(&fit, executor)) {
    g_clear_pointer(&fit.features, weir_features_free);
    g_clear_pointer(&fit.matrix, weir_sparse_free);
  }
  for (gsize p = 0; p < n_parts; p++) {
    g_free(fit.parts[p].keys);
    g_free(fit.parts[p].counts);
    g_free(fit.parts[p].ends);
    g_free(fit.parts[p].ranged);
  }
  g_free(fit.parts);
  for (gsize range = 0; range < N_RANGES; range++)
    g_free(fit.ranges[range].terms);
  *matrix = fit.matrix;
  return fit.features;
}
