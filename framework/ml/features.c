/* SPDX-License-Identifier: MIT */
/* Turns a row into weighted features under a vocabulary that was learned before. */
#include "ml/features.h"

#include <math.h>
#include <string.h>

#include "ml/features_private.h"

#define ROWS_PER_TASK 256

struct WeirFeatureScratch {
  WeirTextScratch *text;
  uint32_t *counts; /* a count a feature, all 0 between rows */
  guint n_counts;
  uint32_t *columns;
  float *values;
  gsize size;
};

WeirFeatureScratch *
weir_feature_scratch_new(const WeirFeatures *features)
{
  WeirFeatureScratch *scratch = g_new0(WeirFeatureScratch, 1);
  scratch->text = weir_text_scratch_new();
  scratch->n_counts = features->n_grams;
  scratch->counts = g_new0(uint32_t, MAX(features->n_grams, 1));
  return scratch;
}

void
weir_feature_scratch_free(WeirFeatureScratch *scratch)
{
  if (!scratch)
    return;
  weir_text_scratch_free(scratch->text);
  g_free(scratch->counts);
  g_free(scratch->columns);
  g_free(scratch->values);
  g_free(scratch);
}

/* Counts the n-grams of one kind; appends each known one once, in the order of its first occurrence. */
static gsize
count_grams(const WeirFeatures *features, WeirFeatureScratch *scratch, const uint64_t *hashes, gsize n,
            gboolean is_word, gsize at)
{
  const guint bits = features->options.hash_bits;
  g_assert(n == 0 || scratch->columns);
  for (gsize i = 0; i < n; i++) {
    uint32_t id = weir_features_lookup(features, weir_features_key(hashes[i], bits, is_word));
    if (id != WEIR_NO_FEATURE && !scratch->counts[id]++)
      scratch->columns[at++] = id;
  }
  return at;
}

/* Weighs the columns [from, to), scales them to length 1 and clears their counts. */
static void
weigh_grams(const WeirFeatures *features, WeirFeatureScratch *scratch, gsize from, gsize to)
{
  float squares = 0;
  for (gsize i = from; i < to; i++) {
    uint32_t id = scratch->columns[i];
    float value = weir_features_tf(&features->options, scratch->counts[id]) * features->idf[id];
    scratch->counts[id] = 0;
    scratch->values[i] = value;
    squares += value * value;
  }
  float scale = squares > 0 ? 1 / sqrtf(squares) : 0;
  for (gsize i = from; i < to; i++)
    scratch->values[i] *= scale;
}

static gsize
append_dense(const WeirFeatures *features, WeirFeatureScratch *scratch, const double *dense, gsize at)
{
  for (guint i = 0; i < features->options.n_dense; i++) {
    float value = (float)((dense[i] - features->dense_mean[i]) * features->dense_scale[i]);
    if (!isfinite(value) || value == 0)
      continue;
    scratch->columns[at] = features->n_grams + i;
    scratch->values[at++] = value;
  }
  return at;
}

WeirFeatureRow
weir_features_row(const WeirFeatures *features, WeirFeatureScratch *scratch, const char *text, gsize length,
                  const double *dense)
{
  g_return_val_if_fail(scratch->n_counts == features->n_grams, (WeirFeatureRow){0});
  WeirGrams grams = weir_text_grams(scratch->text, &features->options.text, text, length);
  gsize most = grams.n + features->options.n_dense;
  if (scratch->size < most) {
    scratch->size = MAX(most, 2 * scratch->size);
    scratch->columns = g_renew(uint32_t, scratch->columns, scratch->size);
    scratch->values = g_renew(float, scratch->values, scratch->size);
  }
  gsize n_words = count_grams(features, scratch, grams.hashes, grams.n_words, TRUE, 0);
  weigh_grams(features, scratch, 0, n_words);
  gsize n =
      count_grams(features, scratch, grams.hashes + grams.n_words, grams.n - grams.n_words, FALSE, n_words);
  weigh_grams(features, scratch, n_words, n);
  if (dense)
    n = append_dense(features, scratch, dense, n);
  return (WeirFeatureRow){.columns = scratch->columns, .values = scratch->values, .n = n};
}

/* Rows [first, last) of a transform, kept by its task until all are known. */
typedef struct {
  uint32_t *columns;
  float *values;
  gsize n, size;
} Part;

typedef struct {
  const WeirFeatures *features;
  const WeirRows *rows;
  Part *parts;
  WeirSparse *matrix;
  gsize *lengths; /* entries a row */
} Transform;

static int
transform_part(void *arg, size_t index)
{
  Transform *transform = arg;
  const WeirRows *rows = transform->rows;
  Part *part = &transform->parts[index];
  g_autoptr(WeirFeatureScratch) scratch = weir_feature_scratch_new(transform->features);
  gsize last = MIN(rows->n_rows, (index + 1) * ROWS_PER_TASK);
  for (gsize r = index * ROWS_PER_TASK; r < last; r++) {
    const double *dense = rows->dense ? rows->dense + r * transform->features->options.n_dense : NULL;
    WeirFeatureRow row =
        weir_features_row(transform->features, scratch, rows->texts[r], rows->lengths[r], dense);
    if (part->size < part->n + row.n) {
      part->size = MAX(part->n + row.n, 2 * part->size);
      part->columns = g_renew(uint32_t, part->columns, part->size);
      part->values = g_renew(float, part->values, part->size);
    }
    if (row.n) {
      memcpy(part->columns + part->n, row.columns, row.n * sizeof *row.columns);
      memcpy(part->values + part->n, row.values, row.n * sizeof *row.values);
    }
    part->n += row.n;
    transform->lengths[r] = row.n;
  }
  return 0;
}

static int
join_part(void *arg, size_t index)
{
  Transform *transform = arg;
  Part *part = &transform->parts[index];
  gsize start = transform->matrix->starts[index * ROWS_PER_TASK];
  if (part->n) {
    memcpy(transform->matrix->columns + start, part->columns, part->n * sizeof *part->columns);
    memcpy(transform->matrix->values + start, part->values, part->n * sizeof *part->values);
  }
  return 0;
}

WeirSparse *
weir_features_transform(const WeirFeatures *features, const WeirRows *rows, const WeirExecutor *executor)
{
  gsize n_parts = (rows->n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
  g_autofree gsize *lengths = g_new0(gsize, rows->n_rows + 1);
  Transform transform = {features, rows, g_new0(Part, n_parts + 1), NULL, lengths};
  int failed = weir_executor_run(executor, n_parts, transform_part, &transform);
  gsize n_entries = 0;
  for (gsize i = 0; i < n_parts; i++)
    n_entries += transform.parts[i].n;
  if (!failed) {
    transform.matrix = weir_sparse_new(rows->n_rows, features->n_features, n_entries);
    for (gsize r = 0; r < rows->n_rows; r++)
      transform.matrix->starts[r + 1] = transform.matrix->starts[r] + lengths[r];
    failed = weir_executor_run(executor, n_parts, join_part, &transform);
  }
  for (gsize i = 0; i < n_parts; i++) {
    g_free(transform.parts[i].columns);
    g_free(transform.parts[i].values);
  }
  g_free(transform.parts);
  if (failed)
    g_clear_pointer(&transform.matrix, weir_sparse_free);
  return transform.matrix;
}

void
weir_features_free(WeirFeatures *features)
{
  if (!features)
    return;
  g_free(features->owned);
  g_free(features);
}
