/* SPDX-License-Identifier: MIT */
/* State of rows.count, and its groups. */
#ifndef WEIR_ROWS_COUNT_H
#define WEIR_ROWS_COUNT_H

#include "hash.h"
#include "sorter.h"
#include "store.h"

enum { COUNT_SUM, COUNT_MEAN, COUNT_MIN, COUNT_MAX, COUNT_KINDS };
enum { COUNT_BY_COUNT, COUNT_BY_KEY };

/* A figure that is wanted of each group. */
typedef struct {
  int kind;
  int32_t column; /* among those that are used */
  weir_type type; /* of that column */
  weir_type result;
  char *name;
} CountFigure;

/* A figure of one group as it grows. A sum of integers is exact; one of real numbers, and a mean's, is added up in the
 * order of the rows. */
typedef struct {
  uint64_t n; /* values that are not null */
  union {
    int64_t i;
    uint64_t u;
    double d;
  } value;
} CountSum;

typedef struct {
  weir_list by, figures[COUNT_KINDS];
  const char *count_as;
  int32_t order;
  uint64_t memory;

  /* Columns, once the input's are known. */
  gboolean is_declared;
  int32_t *used; /* columns of the input: those of `by`, then those that figures are of */
  uint32_t n_used;
  struct ArrowSchema *used_schema, *by_schema;
  CountFigure *wanted;
  uint32_t n_wanted;
  RowsKey *keys; /* of the output's order */
  uint32_t n_keys;

  RowsGrant grant;
  GByteArray *scratch; /* NULL until the first batch */
  weir_column *columns;
  struct CountGroups *groups;
  RowsSorter *sorter;
} RowsCount;

/* Finds the columns, and declares the output unless that was done; 0 or -1 (reported). */
int count_plan(weir_stage *stage);
void count_plan_clear(RowsCount *state);

/* Groups of rows with equal keys. Once memory is refused, rows with further keys are dealt out to files by the hash of
 * their keys, in their order, and grouped file by file: so sums do not depend on the memory. */
typedef struct CountGroups CountGroups;
CountGroups *count_groups_new(weir_stage *stage, uint32_t depth);
void count_groups_free(CountGroups *groups);
/* Adds the rows of a batch of the used columns, which stays the caller's. 0 or -1 (reported). */
int count_groups_add(CountGroups *groups, const struct ArrowArray *batch);
/* Where no row came: the one group that there is without a key. 0 or -1 (reported). */
int count_groups_add_none(CountGroups *groups);
/* Hands all groups to the sorter, and frees what they hold. Once. 0 or -1 (reported). */
int count_groups_finish(CountGroups *groups);

int rows_count_schema(weir_stage *stage);
int rows_count_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_count_end(weir_stage *stage, uint32_t port);
void rows_count_close(weir_stage *stage);

#endif
