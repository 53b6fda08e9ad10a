/* SPDX-License-Identifier: MIT */
/* What the two halves of the sorter share: making runs, and merging them. */
#ifndef WEIR_ROWS_SORTER_PRIVATE_H
#define WEIR_ROWS_SORTER_PRIVATE_H

#include "sorter.h"

/* Bytes of a batch in a run: of each run that is merged one is in memory. */
#define RUN_BATCH_BYTES (G_GUINT64_CONSTANT(256) << 10)
/* Rows that are sorted at once at most. */
#define RUN_ROWS (1u << 27)
/* Runs that are merged at once at most. */
#define MERGE_MOST 128

/* A row that waits to be sorted. */
typedef struct {
  uint64_t prefix;
  uint32_t batch;
  uint32_t row;
} Entry;

typedef struct {
  weir_spill *spill;
  uint64_t largest; /* bytes of its largest batch */
} Run;

struct RowsSorter {
  weir_stage *stage;
  const struct ArrowSchema *schema;
  const RowsKey *keys; /* NULL: by numbers */
  uint32_t n_keys;
  RowsGrant *grant;
  RowsNumbered numbered; /* the schema of runs, when sorting by numbers */
  GArray *batches;       /* of struct ArrowArray: held until they are sorted */
  GArray *views;         /* of weir_column: n_keys a batch */
  GArray *entries;       /* of Entry */
  uint64_t held;         /* bytes taken of the grant for them */
  GArray *runs;          /* of Run, in the order of the rows in them */
  uint32_t n_runs;       /* that were ever made */
  uint64_t n_rows, n_done;
};

/* A run that is being made, as a sink's data. */
typedef struct {
  const RowsSorter *sorter;
  Run run;
} NewRun;

int sorter_add_to_run(void *data, struct ArrowArray *batch);

/* The schema of the batches in runs. */
const struct ArrowSchema *sorter_run_schema(const RowsSorter *sorter);
/* Bytes that the batches of a run aim at. */
uint64_t sorter_run_batch_bytes(const RowsSorter *sorter);
/* The key columns of a batch. */
void sorter_view(const RowsSorter *sorter, const struct ArrowArray *batch, weir_column *views);

/* Sort the entries of the held batches; weir_parallel(). 0 or -1. */
int sorter_sort(RowsSorter *sorter);

/* Merge all runs into the sink. */
int sorter_merge_all(RowsSorter *sorter, RowsSink sink, void *data);

#endif
