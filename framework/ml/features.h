/* SPDX-License-Identifier: MIT */
/* Learns a vocabulary of n-grams from texts and turns texts, and dense columns beside them, into weighted
 * features. */
#ifndef WEIR_ML_FEATURES_H
#define WEIR_ML_FEATURES_H

#include "ml/executor.h"
#include "ml/sparse.h"
#include "ml/text.h"

/* How rarity raises an n-gram's weight, from idf = ln((1 + rows) / (1 + df)) + 1. In a product of two rows
 * both weights meet, so WEIR_IDF_SQRT is the one that counts idf once. */
typedef enum { WEIR_IDF_NONE, WEIR_IDF_SMOOTH, WEIR_IDF_SQRT } WeirIdf;

#define WEIR_MAX_HASH_BITS 28

typedef struct {
  WeirTextOptions text;
  gboolean sublinear; /* term frequency counts as 1 + ln(tf) */
  WeirIdf idf;
  guint min_df;       /* n-grams in fewer rows are dropped; 0 chooses 2 from 5,000 rows on, 1 below */
  double max_df;      /* so are those in more than this share of the rows */
  guint max_features; /* at most so many n-grams, the most frequent first; 0 is no limit */
  guint hash_bits;    /* not 0: n-grams share 2^hash_bits buckets, half for each kind, which bounds the
                          memory whatever the texts are; at most WEIR_MAX_HASH_BITS */
  guint n_dense;      /* numeric columns beside the text */
} WeirFeatureOptions;

#define WEIR_FEATURE_OPTIONS_INIT                                                          \
  {                                                                                        \
    .text = WEIR_TEXT_OPTIONS_INIT, .sublinear = TRUE, .idf = WEIR_IDF_SQRT, .max_df = 1.0 \
  }

/* Texts by row; a row without text has length 0 and may have a NULL pointer. `dense` is row-major, n_dense
 * values a row, and may be NULL when there are none; a value that is not finite, or not in single
 * precision once it is standardised, counts as the column's mean. Borrowed. */
typedef struct {
  gsize n_rows;
  const char *const *texts;
  const gsize *lengths;
  const double *dense;
} WeirRows;

/* What was learned. Plain data, so that a model file can be mapped into it. In `options` a min_df of 0 is replaced by
 * what was chosen.
 *
 * Feature ids: n-grams first (the more rows an n-gram occurs in the lower its id, ties by hash), then dense
 * columns. The n-grams of a row are scaled so that word n-grams and character n-grams have length 1 each;
 * dense columns are standardised and divided by the square root of their number, so that together they have
 * length 1 on average. */
typedef struct {
  WeirFeatureOptions options;
  guint n_grams;
  guint n_features;          /* n_grams + options.n_dense */
  gsize table_size;          /* a power of two, more than n_grams */
  const uint64_t *keys;      /* open addressing, linear probing from the key's high bits */
  const uint32_t *slots;     /* beside each key its feature id; G_MAXUINT32 marks a free place */
  const float *idf;          /* n_grams */
  const double *dense_mean;  /* n_dense */
  const double *dense_scale; /* n_dense: what a centred value is multiplied with; 0 for a constant column */
  gpointer owned;            /* one block that holds the arrays; NULL when they are borrowed */
} WeirFeatures;

/* Learns features from rows and also returns their matrix, which saves the second reading. NULL when the
 * executor gave up. The result depends on rows and options only. */
WeirFeatures *weir_features_fit(const WeirFeatureOptions *options, const WeirRows *rows,
                                const WeirExecutor *executor, WeirSparse **matrix);

/* The rows under features learned before. NULL when the executor gave up. */
WeirSparse *weir_features_transform(const WeirFeatures *features, const WeirRows *rows,
                                    const WeirExecutor *executor);
void weir_features_free(WeirFeatures *features);

/* Buffers of one thread for weir_features_row(). */
typedef struct WeirFeatureScratch WeirFeatureScratch;

WeirFeatureScratch *weir_feature_scratch_new(const WeirFeatures *features);
void weir_feature_scratch_free(WeirFeatureScratch *scratch);

typedef struct {
  const uint32_t *columns;
  const float *values;
  gsize n;
} WeirFeatureRow;

/* The features of one row; owned by the scratch, valid until its next use. Allocates nothing once its buffers
 * have the size of the longest text. `dense` holds n_dense values. */
WeirFeatureRow weir_features_row(const WeirFeatures *features, WeirFeatureScratch *scratch, const char *text,
                                 gsize length, const double *dense);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirFeatures, weir_features_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirFeatureScratch, weir_feature_scratch_free)

#endif
