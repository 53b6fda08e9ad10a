/* SPDX-License-Identifier: MIT */
/* The state of check.leakage and the steps that its files share. */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include <glib.h>
#include <weir/plugin.h>

#include "ml/near_duplicates.h"

#define CHECK_MAX_SPLITS 16u
#define CHECK_LINE_BITS  48 /* of _row: below them the line, above them the source */

enum { TEXT = 0, KEYS = 1, LABEL = 2 }; /* entries of the inputs' type */

enum { ON_LEAK_FAIL, ON_LEAK_HOLD, ON_LEAK_WARN };

/* How a row of one split is in another, the most certain first. */
typedef enum { LEAK_NONE, LEAK_KEY, LEAK_EXACT, LEAK_NEAR } LeakKind;

/* What a row of the later split has in the earlier one. */
typedef struct {
  guint32 row; /* of the earlier split */
  float similarity;
  guint8 kind; /* LeakKind */
} Leak;

/* The counts of a pair of splits. */
typedef struct {
  uint32_t left, right; /* input ports, the earlier first */
  guint64 rows;         /* of the later */
  guint64 of_kind[LEAK_NEAR + 1];
  guint64 leaks;
  guint64 other_label; /* of these, where both have a label and it differs */
} LeakPair;

typedef struct {
  weir_list splits;
  weir_list text;
  weir_list keys;
  const char *label;
  bool near; /* look for near-duplicates, not just for equal texts */
  double threshold;
  int32_t compare; /* of texts that are equal: 0 as text, 1 byte by byte */
  bool strip_accents;
  int32_t shingles; /* 0: characters, 1: words */
  int64_t size;
  int64_t hashes;
  uint64_t max_text;
  int64_t max_leaks;
  double max_share;
  int32_t on_leak;

  WeirNearOptions options;
  const struct ArrowSchema *schema[CHECK_MAX_SPLITS]; /* of each split */
  int32_t *text_at[CHECK_MAX_SPLITS];                 /* its columns with texts; -1: it lacks one */
  int32_t row_at[CHECK_MAX_SPLITS];                   /* its column `_row`; -1: it has none */
  bool is_mixed[CHECK_MAX_SPLITS];                    /* its records are of several sources */
  guint64 *first[CHECK_MAX_SPLITS];                   /* the first row of each batch */
  LeakPair *pairs;
  uint32_t n_pairs;
  GPtrArray *examples; /* of GStrv: what the message shows of a pair */
} LeakageState;

int leakage_schema(weir_stage *stage);
int leakage_produce(weir_stage *stage);
void leakage_close(weir_stage *stage);

/* --- rows.c: rows of the splits by their number --- */

/* Memory of `n * size` bytes that counts against the run's budget; g_free, and check_release() with the same numbers.
 * NULL: reported. */
void *check_reserve(weir_stage *stage, uint64_t n, size_t size, const char *what);
void check_release(weir_stage *stage, void *memory, uint64_t n, size_t size);

/* Finds the columns of all connected splits, and counts the rows of their batches. 0 or -1 (reported). */
int check_index_splits(weir_stage *stage);

/* Gets the batch of a row, and the row's number within it. 0 or -1 (reported). [any] */
int check_get_row(weir_stage *stage, uint32_t port, uint64_t row, struct ArrowArray *batch, int64_t *within);

/* Appends the text of a row: its text columns, each on a line of its own. FALSE: all of them are null or empty. [any]
 */
gboolean check_row_text(weir_stage *stage, uint32_t port, const struct ArrowArray *batch, int64_t row,
                        GString *text);

/* A value as text. FALSE: it is null. */
gboolean check_value(const weir_column *column, int64_t row, GString *text);

/* --- exact.c: what is equal --- */

/* The keys or texts of one split by their 128-bit hashes, in order. */
typedef struct CheckExact CheckExact;
CheckExact *check_exact_new(weir_stage *stage, uint32_t port, gboolean keys); /* NULL: reported */
void check_exact_free(CheckExact *exact);
/* Fills `leaks` of the rows of another split that have none yet, with the first equal row of this one. 0 or -1
 * (reported). */
int check_exact_find(CheckExact *exact, uint32_t port, Leak *leaks);

/* --- near.c: what is nearly equal --- */

/* The same for near-duplicates. 0 or -1 (reported). */
int check_near_find(weir_stage *stage, uint32_t left, uint32_t right, Leak *leaks);

/* --- leaks.c: what came of it --- */

/* Sends the leaks of a pair to the output, and counts them. 0 or -1 (reported). */
int check_send_leaks(weir_stage *stage, LeakPair *pair, const Leak *leaks);

/* Puts counts and examples on the bus, and fails, holds or warns where there are more leaks than allowed. 0 or -1. */
int check_judge(weir_stage *stage);

#endif
