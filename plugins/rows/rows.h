/* SPDX-License-Identifier: MIT */
/* State of the stages, filled from their options by the host, and their functions: one file a class. */
#ifndef WEIR_ROWS_H
#define WEIR_ROWS_H

#include <glib.h>
#include <weir/plugin.h>

#include "count.h"
#include "decide.h"
#include "expression/expression.h"
#include "grant.h"
#include "join.h"
#include "ml/near_duplicates.h"
#include "sorter.h"

/* ---- rows.filter ---- */

enum { ROWS_NULL_DROP, ROWS_NULL_KEEP };

typedef struct {
  const char *where;
  int32_t null;
  WeirExpression *expression;

  GMutex lock;     /* of what follows */
  GPtrArray *idle; /* of WeirEvaluation */
  guint64 n_in, n_kept, n_null;
} RowsFilter;

int rows_filter_schema(weir_stage *stage);
int rows_filter_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_filter_end(weir_stage *stage, uint32_t port);
void rows_filter_close(weir_stage *stage);

/* ---- rows.sample ---- */

typedef struct {
  double fraction;
  int64_t count;
  bool exact;
  int64_t seed;
  weir_random random;
  weir_spill *spill;     /* all records, where an exact number is wanted */
  uint64_t left, wanted; /* records that were not looked at yet, and how many of them are kept */
} RowsSample;

int rows_sample_schema(weir_stage *stage);
int rows_sample_open(weir_stage *stage);
int rows_sample_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_sample_end(weir_stage *stage, uint32_t port);

/* ---- rows.concat and rows.union ---- */

typedef struct {
  const char *source;
  weir_list names;
} RowsConcat;

int rows_concat_schema(weir_stage *stage);
int rows_concat_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);

/* ---- rows.limit ---- */

typedef struct {
  int64_t count;
  int64_t skip;
  uint64_t seen; /* rows that came */
} RowsLimit;

int rows_limit_schema(weir_stage *stage);
int rows_limit_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_limit_end(weir_stage *stage, uint32_t port);

/* ---- rows.sort ---- */

typedef struct {
  weir_list by;
  weir_list descending;
  weir_list nulls_first;
  uint64_t memory;
  RowsGrant grant;
  RowsKey *keys;
  RowsSorter *sorter;
} RowsSort;

int rows_sort_schema(weir_stage *stage);
int rows_sort_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_sort_end(weir_stage *stage, uint32_t port);
void rows_sort_close(weir_stage *stage);

/* ---- rows.shuffle ---- */

typedef struct {
  int64_t seed;
  uint64_t memory;
  RowsGrant grant;
  weir_random random;
  RowsSorter *sorter;
} RowsShuffle;

int rows_shuffle_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_shuffle_end(weir_stage *stage, uint32_t port);
void rows_shuffle_close(weir_stage *stage);

/* ---- rows.dedupe ---- */

enum { ROWS_KEEP_FIRST, ROWS_KEEP_LAST };

typedef struct {
  weir_list by;
  int32_t keep;
  uint64_t memory;
  RowsGrant grant;
  int32_t *columns; /* that count */
  weir_column *keys;
  uint32_t n_columns;
  GByteArray *scratch; /* NULL until the first batch */
  RowsDecider decider;
  RowsStore *store; /* rows that are still open, in order */
  uint64_t n_open, n_rows, n_kept;
} RowsDedupe;

int rows_dedupe_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_dedupe_end(weir_stage *stage, uint32_t port);
void rows_dedupe_close(weir_stage *stage);

/* ---- rows.dedupe-near ---- */

/* A half of it is there for the search, the other for the texts that the threads compare. */
#define ROWS_NEAR_LEAST (G_GUINT64_CONSTANT(32) << 20)

enum { ROWS_CHARACTERS, ROWS_WORDS };

typedef struct {
  const char *text;
  double threshold, recall;
  int32_t shingles;
  int64_t size, hashes, seed;
  bool strip_accents;
  const struct ArrowSchema *schema;
  int32_t column; /* with the text */
  uint64_t n_batches;
  uint64_t *starts;   /* of each batch, its first row */
  uint32_t *clusters; /* of each row, the first row of its cluster */
  uint64_t next;      /* the batch to send on */
  uint64_t n_kept;
} RowsNear;

int rows_near_schema(weir_stage *stage);
int rows_near_produce(weir_stage *stage);
void rows_near_close(weir_stage *stage);

#endif
