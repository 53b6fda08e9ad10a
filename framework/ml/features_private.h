/* SPDX-License-Identifier: MIT */
/* What learning and applying features share: hash table places and term weights. */
#ifndef WEIR_ML_FEATURES_PRIVATE_H
#define WEIR_ML_FEATURES_PRIVATE_H

#include <math.h>

#include "ml/features.h"

#define WEIR_NO_FEATURE G_MAXUINT32

/* The key that stands for an n-gram: its hash, or the bucket that the hash's high bits name. Buckets are kept
 * in the high bits too, where the table looks; the lowest bit keeps words and characters apart, so that no
 * feature belongs to both. */
static inline uint64_t
weir_features_key(uint64_t hash, guint hash_bits, gboolean is_word)
{
  return hash_bits ? (hash & ~(UINT64_MAX >> (hash_bits - 1))) | (is_word ? 1 : 0) : hash;
}

/* Where the search for a key starts; `size` is a power of two below 2^33. */
static inline gsize
weir_features_place(uint64_t key, gsize size)
{
  return (gsize)((key >> 31) * (uint64_t)size >> 33);
}

/* The feature of a key, or WEIR_NO_FEATURE. */
static inline uint32_t
weir_features_lookup(const WeirFeatures *features, uint64_t key)
{
  gsize place = weir_features_place(key, features->table_size);
  while (features->slots[place] != WEIR_NO_FEATURE && features->keys[place] != key)
    place = (place + 1) & (features->table_size - 1);
  return features->slots[place];
}

/* The weight of a term that occurs `count` times in a row. */
static inline float
weir_features_tf(const WeirFeatureOptions *options, uint32_t count)
{
  if (count == 1)
    return 1;
  return options->sublinear ? 1 + logf((float)count) : (float)count;
}

#endif
