/* SPDX-License-Identifier: MIT */
/* What the parts of the near-duplicate index share: shingle sets, the layout of the store. */
#ifndef WEIR_ML_NEAR_PRIVATE_H
#define WEIR_ML_NEAR_PRIVATE_H

#include "ml/near_duplicates.h"
#include "ml/text.h"

/* Rows of a block in the store. A block holds, for its rows: an identity (8 bytes a row), then band by band a key (4
 * bytes a row), then the signatures (n_hashes bytes a row). So a band is read without the others. */
#define NEAR_BLOCK 4096

/* Identities: equal for equal sequences of shingles. These two are not hashes. */
#define NEAR_NO_TEXT UINT64_C(0)
#define NEAR_EMPTY   UINT64_C(1)

/* Buffers of one thread for reading texts. */
typedef struct NearReader {
  struct NearReader *next;
  WeirTextScratch *scratch;
  uint64_t one;                         /* the shingle of a text that is shorter than one */
  uint32_t least[WEIR_NEAR_MAX_HASHES]; /* the signature in full */
} NearReader;

/* A set of shingles: open addressing, linear probing. 0 marks a free slot; a shingle 0 counts as 1. */
typedef struct {
  uint64_t *slots;
  uint64_t *members; /* the n that are in slots */
  gsize size;        /* of slots: a power of two, at least twice n; 0: nothing allocated yet */
  gsize n;
} NearSet;

struct WeirNear {
  WeirNearOptions options;
  WeirTextOptions text;
  guint bands, rows; /* rows of a band */
  uint32_t factor[WEIR_NEAR_MAX_HASHES], term[WEIR_NEAR_MAX_HASHES];
  WeirNearStore *store;
  guint64 n_rows;
  gboolean is_whole;   /* the last block was written */
  guint8 *block;       /* being filled */
  GMutex mutex;        /* of `readers` */
  NearReader *readers; /* free ones */
};

gsize near_block_bytes(const WeirNear *near);
/* Where in a block identities, the keys of a band, and signatures begin. */
gsize near_keys_at(guint band);
gsize near_signatures_at(const WeirNear *near);

/* Write what is left of the last block. */
gboolean near_finish(WeirNear *near, GError **error);

/* --- shingles --- */

void near_text_options(const WeirNearOptions *options, WeirTextOptions *text);
NearReader *near_reader_new(void);
void near_reader_free(NearReader *reader);
NearReader *near_take_reader(WeirNear *near);
void near_give_reader(WeirNear *near, NearReader *reader);

typedef struct {
  const uint64_t *hashes;
  gsize n;
} NearShingles;

/* The shingles of a text in its order, repeats included; they live until the reader's next use. */
NearShingles near_shingles(NearReader *reader, const WeirTextOptions *options, const char *text,
                           gsize length);
void near_set_fill(NearSet *set, NearShingles shingles);
void near_set_clear(NearSet *set);
double near_set_jaccard(const NearSet *a, const NearSet *b);

/* The least value of factor * shingle + term (mod 2^32) for each hash; `n` a multiple of WEIR_NEAR_HASHES_STEP. */
void near_minima(NearShingles shingles, const uint32_t *factor, const uint32_t *term, uint32_t *least,
                 guint n);

#endif
