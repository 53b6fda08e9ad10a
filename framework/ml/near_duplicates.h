/* SPDX-License-Identifier: MIT */
/* Finds texts that are nearly the same among millions, without holding them or their signatures in memory. */
#ifndef WEIR_ML_NEAR_DUPLICATES_H
#define WEIR_ML_NEAR_DUPLICATES_H

#include <glib.h>
#include <stdint.h>

#include "ml/executor.h"

/* How it works.
 *
 * A text is normalised (case folded, each run of white space one space, Unicode NFKC) and becomes the set of its
 * shingles: all runs of `size` characters or words. Two texts are as similar as the Jaccard index of their sets,
 * |A ∩ B| / |A ∪ B|. A text that is shorter than a shingle is a shingle of its own; one with nothing but white space has
 * an empty set, and two empty sets have index 1. A row without a text (NULL) is similar to none.
 *
 * The signature of a set holds, for each of n_hashes hash functions, the least hash of its shingles (MinHash: Broder,
 * "On the resemblance and containment of documents", Compression and Complexity of Sequences 1997). Two sets agree at
 * any one place with a probability of just their index s. Places are taken together in b bands of r rows; texts that
 * agree in all rows of some band are candidates, which happens with probability 1 - (1 - s^r)^b (Leskovec, Rajaraman,
 * Ullman, "Mining of Massive Datasets", section 3.4.2). b and r are chosen so that this is at least `recall` at the
 * threshold. Candidates are then compared: roughly by their signatures, of which one byte a place is kept (b-bit
 * minwise hashing: Li, König, WWW 2010, https://doi.org/10.1145/1772690.1772759), and exactly by their sets.
 *
 * In a bucket of more than WEIR_NEAR_WINDOW rows that agree in a band, a row is compared with the bucket's first row and
 * the WEIR_NEAR_WINDOW before it, not with all. The result depends on texts and options alone: not on threads, on the
 * memory granted, or on how rows are cut into calls. */

/* Rows of a bucket that a row is compared with at most, besides the bucket's first. */
#define WEIR_NEAR_WINDOW 64

/* Most hashes of a signature, and the step in their number. */
#define WEIR_NEAR_MAX_HASHES  512
#define WEIR_NEAR_HASHES_STEP 16

typedef enum {
  WEIR_SHINGLE_CHARACTERS, /* over the whole text, with a space before and after it */
  WEIR_SHINGLE_WORDS       /* runs of letters, marks and digits; punctuation does not count */
} WeirShingleKind;

typedef struct {
  WeirShingleKind kind;
  guint size;             /* characters or words of a shingle, 1 to WEIR_MAX_NGRAM (text.h) */
  gboolean strip_accents; /* letters count without their marks */
  gsize max_bytes;        /* the rest of a longer text is not read */
  guint n_hashes;         /* of a signature: a multiple of WEIR_NEAR_HASHES_STEP, to WEIR_NEAR_MAX_HASHES */
  double threshold;       /* least Jaccard index of a pair, above 0, at most 1 */
  double recall; /* least share of the pairs at the threshold that the bands find, above 0, below 1 */
  guint64 seed;  /* chooses the hash functions */
} WeirNearOptions;

/* Runs of 5 characters, 128 hashes, threshold 0.8; at most 1 MiB of a text. */
#define WEIR_NEAR_OPTIONS_INIT                                                                           \
  {                                                                                                      \
    .kind = WEIR_SHINGLE_CHARACTERS, .size = 5, .max_bytes = 1 << 20, .n_hashes = 128, .threshold = 0.8, \
    .recall = 0.95                                                                                       \
  }

/* The probability that two texts of Jaccard index s become candidates: 1 - (1 - s^rows)^bands. */
double weir_near_probability(double s, guint bands, guint rows);

/* The bands for the options: the most rows a band (hence the fewest false candidates) with which the probability at the
 * threshold is at least `recall`. FALSE (WEIR_ERROR_INVALID) when an option is out of its range, or when no bands of
 * n_hashes places do, which more hashes mend. */
gboolean weir_near_bands(const WeirNearOptions *options, guint *bands, guint *rows, GError **error);

/* The exact Jaccard index of two texts; neither is NULL. */
double weir_near_jaccard(const WeirNearOptions *options, const char *a, gsize a_length, const char *b,
                         gsize b_length);

/* --- Storage --- */

/* Where signatures are kept: bytes that are only appended, then read at any place. `read` may be called from several
 * threads at once. Both return FALSE with an error set. */
typedef struct WeirNearStore WeirNearStore;
struct WeirNearStore {
  gboolean (*append)(WeirNearStore *store, const void *bytes, gsize n, GError **error);
  gboolean (*read)(WeirNearStore *store, guint64 offset, void *bytes, gsize n, GError **error);
  void (*free)(WeirNearStore *store);
};

/* A store in a file without a name in `folder`, which the system deletes in any case; in memory when that is NULL. The
 * folder's file system has to have room for weir_near_bytes() a row. NULL with an error set. */
WeirNearStore *weir_near_store_new(const char *folder, GError **error);
void weir_near_store_free(WeirNearStore *store);

/* Bytes of storage a row: 8, 4 a band, 1 a hash; 208 with the default options. */
gsize weir_near_bytes(const WeirNearOptions *options);

/* --- The index --- */

/* A text is borrowed; NULL: the row has none. */
typedef struct {
  const char *text;
  gsize length;
} WeirNearText;

/* Belongs to one thread at a time. */
typedef struct WeirNear WeirNear;

/* An empty index; the store is borrowed, empty, and of this index alone. NULL with an error set for options as
 * weir_near_bands() refuses them. */
WeirNear *weir_near_new(const WeirNearOptions *options, WeirNearStore *store, GError **error);
void weir_near_free(WeirNear *near);

/* Adds rows, which are numbered from 0 in the order of all calls. Reads the texts on the executor's threads. FALSE with
 * an error set: of the store, WEIR_ERROR_LIMIT beyond 2^32 - 2 rows, or WEIR_ERROR_CANCELLED when the executor gave up.
 */
gboolean weir_near_add(WeirNear *near, const WeirNearText *texts, gsize n, const WeirExecutor *executor,
                       GError **error);

guint64 weir_near_rows(const WeirNear *near);

/* --- The search --- */

typedef struct {
  /* Bytes to work with: at least weir_near_least(); more saves passes over the store. 0: as much as is of use. */
  guint64 memory;
  /* Appends the text of a row (one that has a text) to `into`, to compare candidates exactly; from several threads at
   * once. 0, or -1 to give up. NULL: candidates are pairs if the estimate from their signatures reaches the threshold; it
   * is off by sqrt(s (1 - s) / n_hashes) on average. */
  int (*text)(void *data, guint32 row, GString *into);
  /* Told now and then how much is done, on the thread of the search; not 0 gives up. May be NULL. */
  int (*progress)(void *data, guint64 done, guint64 total);
  void *data;
} WeirNearSearch;

/* Bytes of memory that a search over so many rows needs at least: 4.125 a row and 8 MiB. On top come up to 8 MiB a
 * thread, and the sets of two texts, some 40 bytes a shingle. */
guint64 weir_near_least(guint64 n_rows);

/* What a search did, to judge options by. It may depend on the memory granted; the result does not. */
typedef struct {
  guint64 candidates; /* comparisons of two signatures */
  guint64 compared;   /* of these, comparisons of two texts */
  guint64 confirmed;  /* of these, how many reached the threshold */
} WeirNearFigures;

/* Clusters: rows that are joined by pairs at or above the threshold, directly or by way of others (single linkage). An
 * array with the cluster of each row, named by the lowest row in it: a row that stands for its own number is its
 * cluster's first. Free with g_free(). Ends the adding of rows. NULL with an error set: of the store, WEIR_ERROR_LIMIT
 * when `memory` is below the least, WEIR_ERROR_CANCELLED when executor, `text` or `progress` gave up. `figures` may be
 * NULL. */
guint32 *weir_near_clusters(WeirNear *near, const WeirNearSearch *search, const WeirExecutor *executor,
                            WeirNearFigures *figures, GError **error);

/* The most similar row of the other set: the lowest of equals. */
typedef struct {
  guint32 row;      /* WEIR_NEAR_NONE: none at or above the threshold */
  float similarity; /* Jaccard index, or its estimate */
} WeirNearMatch;

#define WEIR_NEAR_NONE G_MAXUINT32

/* Pairs across two sets: rows below `first` are the first set, the others the second. An array with the match in the
 * first set for each row of the second. In a bucket, rows are compared with the first WEIR_NEAR_WINDOW of the first set.
 * Needs 8 bytes a row of the second set more. Otherwise as weir_near_clusters(). */
WeirNearMatch *weir_near_matches(WeirNear *near, guint64 first, const WeirNearSearch *search,
                                 const WeirExecutor *executor, WeirNearFigures *figures, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirNear, weir_near_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirNearStore, weir_near_store_free)

#endif
