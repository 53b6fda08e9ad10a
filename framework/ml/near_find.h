/* SPDX-License-Identifier: MIT */
/* The state of one search for near-duplicates, and what its two halves ask of each other. */
#ifndef WEIR_ML_NEAR_FIND_H
#define WEIR_ML_NEAR_FIND_H

#include "ml/near_private.h"

/* Entries that are compared before what was found is joined. */
#define NEAR_CHUNK 16384

typedef struct {
  WeirNear *near;
  const WeirNearSearch *search;
  const WeirExecutor *executor;
  WeirNearFigures *figures;
  guint64 first;          /* rows below are the first set */
  WeirNearMatch *matches; /* NULL: clusters are wanted */

  uint32_t *parent; /* of each row in its tree (union-find); a root is the lowest row */
  guint8 *out;      /* bits: rows that take no part */

  /* The band at hand (-1: identities) and the range of keys in it. */
  int band;
  uint32_t low, high;
  uint64_t *entries, *spare; /* key << 32 | row */
  gsize capacity, n_entries;
  gsize n_kept;    /* entries in front that belong to the bucket that goes on, and were compared already */
  uint32_t leader; /* the first row of the bucket that goes on; WEIR_NEAR_NONE: none does */
  uint32_t *keys;
  uint64_t *identities;
  uint32_t *counts, *low_counts;

  /* The chunk at hand. */
  gsize chunk_begin, chunk_end;
  uint32_t *leaders;     /* by place in the chunk: the first row of the bucket */
  uint32_t *begins;      /* the entry that begins the bucket, or what is here of it */
  gsize last_begin;      /* the entry that begins the last bucket of the chunk */
  guint8 *is_like_first; /* similar to the leader */
  GArray **links;        /* by task: pairs of rows to join */
  GMutex mutex;          /* of what follows */
  WeirNearFigures sums;
  GError *error;
  guint64 done; /* entries compared, of all bands */
} NearFind;

/* The root of a row's tree; shortens the way to it, so one thread at a time. */
uint32_t near_root(NearFind *find, uint32_t row);

void near_compare_start(NearFind *find);
void near_compare_clear(NearFind *find);

/* Compares the entries begin…end-1, which are sorted, with those of the same key before them, and joins or matches what
 * is similar. */
gboolean near_compare_chunk(NearFind *find, gsize begin, gsize end, GError **error);

/* Of n entries, moves to the front what later rows of the last bucket are compared with; returns how many. */
gsize near_keep(NearFind *find, gsize n);

#endif
