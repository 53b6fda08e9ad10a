/* SPDX-License-Identifier: MIT */
/* State of the stages, filled from their options by the host, and their functions: one file a class. */
#ifndef WEIR_ROWS_H
#define WEIR_ROWS_H

#include <glib.h>
#include <weir/plugin.h>

/* ---- rows.limit ---- */

typedef struct {
  int64_t count;
  int64_t skip;
  uint64_t seen; /* rows that came */
} RowsLimit;

int rows_limit_schema(weir_stage *stage);
int rows_limit_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int rows_limit_end(weir_stage *stage, uint32_t port);

#endif
