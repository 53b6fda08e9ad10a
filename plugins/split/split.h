/* SPDX-License-Identifier: MIT */
/* States of the stages, filled from their options by the host, and the functions of their classes. */
#ifndef WEIR_SPLIT_H
#define WEIR_SPLIT_H

#include "deal.h"
#include "ml/near_duplicates.h"
#include "strata.h"

/* Least memory of split.clusters: for its search, whose fixed part is 8 MiB. */
#define SPLIT_CLUSTERS_LEAST (UINT64_C(9) << 20)

enum { SPLIT_IN = 0, SPLIT_BY = 0 }; /* the input, and the entry of its type that names the key columns */

/* What becomes of a record whose key is null or empty: choices of the option "missing". */
enum { SPLIT_MISSING_REJECT, SPLIT_MISSING_TOGETHER, SPLIT_MISSING_APART };

/* Rejects a row of SPLIT_IN whose key is missing. 0 to go on without it, -1 when the run stops. */
int split_reject_row(weir_stage *stage, const struct ArrowArray *batch, int64_t row, const weir_list *by);
/* Says how many records had no key, where they were not rejected. */
void split_warn_no_key(weir_stage *stage, const weir_list *by, int32_t missing, guint64 n);

/* A record without a key that stands for itself has all its columns, but the row's number, as its key. */
void split_append_row(weir_stage *stage, const struct ArrowArray *batch, int64_t row, GString *key);

/* Puts a table on the bus: the rows of each class in each split, `cells[class * n_splits + split]`, and those of all
 * from `deal->rows`; classes beyond a screenful in one line. `by` are the columns that make the classes. */
void split_classes_report(weir_stage *stage, const SplitDeal *deal, const GPtrArray *names,
                          const weir_list *by, const guint64 *cells);

typedef struct {
  SplitDeal deal;
  weir_list by;
  int64_t seed;
  /* Of the plan. */
  SplitStrata *strata;
  guint64 held;     /* bytes that count for them */
  guint32 *stratum; /* of each row */
  guint64 *left;    /* rows of a stratum that a split still gets; n_strata * n_splits */
  guint64 *left_in; /* the sum of these for a stratum */
} StratifiedState;

int stratified_schema(weir_stage *stage);
int stratified_produce(weir_stage *stage);
void stratified_close(weir_stage *stage);

typedef struct {
  SplitDeal deal;
  weir_list by;
  const char *salt;
  int32_t missing;
  double *until;  /* the upper bound of each split's part of [0, 1) */
  guint64 no_key; /* records without one, counted atomically like `deal.rows` */
} HashState;

int hash_schema(weir_stage *stage);
int hash_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int hash_end(weir_stage *stage, uint32_t port);

typedef struct {
  SplitDeal deal;
  weir_list by;
  weir_list stratify;
  int32_t missing;
  int64_t seed;
} GroupState;

int group_schema(weir_stage *stage);
int group_produce(weir_stage *stage);
void group_close(weir_stage *stage);

/* What becomes of a record without a time: choices of the option "missing". */
enum { TIME_MISSING_REJECT, TIME_MISSING_FIRST, TIME_MISSING_LAST };

typedef struct {
  SplitDeal deal;
  const char *by;
  weir_list cuts;
  const char *gap_text;
  int32_t missing;
  weir_type type;  /* of the column */
  guint64 *cut;    /* between split j and the next: its first time, as key_of() in time.c writes it */
  bool *is_cut;    /* false: nothing comes after split j */
  guint64 gap;     /* of whole numbers and timestamps */
  double real_gap; /* of real numbers */
} TimeState;

int time_schema(weir_stage *stage);
int time_produce(weir_stage *stage);
void time_close(weir_stage *stage);

typedef struct {
  SplitDeal deal;
  weir_list by;
  int64_t order;
  int64_t seed;
} MultilabelState;

int multilabel_produce(weir_stage *stage);
int multilabel_schema(weir_stage *stage);
void multilabel_close(weir_stage *stage);

typedef struct {
  SplitDeal deal;
  const char *text;
  double threshold;
  weir_list stratify;
  int32_t shingles; /* 0: characters, 1: words */
  int64_t size;     /* of a shingle; 0: as suits their kind */
  bool strip_accents;
  int64_t hashes;
  uint64_t max_text;
  int64_t seed;
  WeirNearOptions near;
} ClustersState;

int clusters_schema(weir_stage *stage);
int clusters_produce(weir_stage *stage);
void clusters_close(weir_stage *stage);

#endif
