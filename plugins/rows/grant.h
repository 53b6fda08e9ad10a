/* SPDX-License-Identifier: MIT */
/* The memory that a stage holds records in: what its class is sure of, and what the run grants beyond that. */
#ifndef WEIR_ROWS_GRANT_H
#define WEIR_ROWS_GRANT_H

#include <glib.h>
#include <weir/plugin.h>

/* Least memory of the classes that hold records: what they have without asking. */
#define ROWS_LEAST (G_GUINT64_CONSTANT(8) << 20)

/* A quarter of it is for buffers that are not counted. */
#define ROWS_COUNTED (ROWS_LEAST / 4 * 3)

/* The option that most of these classes have. */
#define ROWS_MEMORY_OPTION(State)                                                                          \
  {                                                                                                        \
    "memory", WEIR_SIZE, WEIR_OPTION_ADVANCED | WEIR_OPTION_MEASURED, offsetof(State, memory), NULL, 4096, \
        1e15, NULL,                                                                                        \
        "most memory to hold records in; left out, what the run's budget grants; the rest goes to files"   \
  }

typedef struct {
  weir_stage *stage;
  uint64_t limit;   /* of all; UINT64_MAX: none of its own */
  uint64_t granted; /* reserved beyond the least */
  uint64_t used;
} RowsGrant;

/* `limit` 0: as much as the run grants. */
void rows_grant_init(RowsGrant *grant, weir_stage *stage, uint64_t limit);

/* Count so many bytes as used if they fit, asking the run for more where needed. FALSE: they do not. */
gboolean rows_grant_take(RowsGrant *grant, uint64_t bytes);

/* Count them in any case: what there is no way around, such as the one batch in hand. */
void rows_grant_force(RowsGrant *grant, uint64_t bytes);

void rows_grant_give(RowsGrant *grant, uint64_t bytes);

/* Bytes that could be used now without asking. */
uint64_t rows_grant_room(const RowsGrant *grant);

/* So many bytes have just been freed: let the system have them. Batches that come from one thread and are freed by
 * another would leave the heap in holes, and the process twice as large as what it holds. */
void rows_grant_trim(uint64_t bytes);

/* Let the run have back what is not used. */
void rows_grant_shrink(RowsGrant *grant);

#endif
