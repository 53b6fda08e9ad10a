/* SPDX-License-Identifier: MIT */
/* State of rows.join, and what its parts ask of each other: columns, index, rows of the right side, the stage. */
#ifndef WEIR_ROWS_JOIN_H
#define WEIR_ROWS_JOIN_H

#include "arrays.h"
#include "hash.h"
#include "store.h"

enum { JOIN_INNER, JOIN_LEFT, JOIN_SEMI, JOIN_ANTI };
enum { JOIN_ERROR, JOIN_FIRST, JOIN_ALL };

/* No row of the right side. */
#define JOIN_NONE UINT64_MAX

enum { JOIN_PORT_LEFT = 0, JOIN_PORT_RIGHT = 1, JOIN_PORT_OUT = 0 };

/* Rows of the right side with one key, in a chain in their order. */
typedef struct {
  uint64_t row;
  uint64_t next; /* node; JOIN_NONE: the last */
} JoinNode;

typedef struct {
  weir_list on, right_on, columns;
  int32_t kind, duplicates;
  const char *suffix;
  uint64_t memory;

  /* Columns, once both sides are known. */
  gboolean is_declared;
  int32_t *left_keys, *right_keys;
  int32_t *take; /* columns of the right side that come along */
  uint32_t n_take;
  struct ArrowSchema *taken; /* their schema, all nullable */
  struct ArrowArray null_row;

  RowsGrant grant;
  GByteArray *scratch; /* NULL until the run begins */
  weir_column *keys;
  uint64_t n_batches; /* of the right side */
  uint64_t *starts;   /* first row of each, and the number of rows at the end */
  uint64_t row_bytes; /* of a row of the right side, on average */

  RowsTable table; /* key to row, or to node where all count */
  JoinNode *nodes;
  uint64_t n_nodes, nodes_size;

  /* More than one: the right side is taken in so many parts by hash, and the left side waits for all of them. */
  uint32_t n_parts;
  RowsStore *store;
  RowsNumbers *matches; /* of each part: number of the left row, row of the right side */
  uint64_t (*ahead)[2]; /* of each part, the match that was read last */
  uint64_t n_left, n_matched, n_out;
} RowsJoin;

/* Finds the columns, and declares the output unless that was done; 0 or -1 (reported). */
int join_plan(weir_stage *stage);

static inline uint32_t
join_part(const RowsJoin *state, RowsHash hash)
{
  return (uint32_t)(hash.b >> 32) & (state->n_parts - 1);
}

/* The index of one part of the right side: JOIN_FULL when it does not fit. */
typedef enum { JOIN_FAILED = -1, JOIN_DONE, JOIN_FULL } JoinBuilt;
JoinBuilt join_build(weir_stage *stage, uint32_t part);
void join_drop_index(RowsJoin *state);

/* Columns of rows of the right side, JOIN_NONE for nulls, in the order given. */
int join_gather(weir_stage *stage, const uint64_t *rows, int64_t n, struct ArrowArray *out);

int rows_join_schema(weir_stage *stage);
int rows_join_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_join_produce(weir_stage *stage);
void rows_join_close(weir_stage *stage);

#endif
