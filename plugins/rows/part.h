/* SPDX-License-Identifier: MIT */
/* A batch parted in two: rows that go to output 0, the others to output 1 if somebody takes them. */
#ifndef WEIR_ROWS_PART_H
#define WEIR_ROWS_PART_H

#include <glib.h>
#include <weir/plugin.h>

typedef struct {
  int64_t *kept;
  weir_row *rest; /* NULL: nobody takes them */
  int64_t n_kept, n_rest;
  bool rest_used;
} RowsPart;

/* For a batch of input 0 with so many rows. */
void rows_part_begin(weir_stage *stage, RowsPart *part, int64_t length);
void rows_part_clear(RowsPart *part);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RowsPart, rows_part_clear)

/* The next row of the batch goes to the one or the other. */
static inline void
rows_part_add(RowsPart *part, int64_t row, bool keep)
{
  if (keep)
    part->kept[part->n_kept++] = row;
  else if (part->rest)
    part->rest[part->n_rest++] = (weir_row){0, row};
}

/* Send both parts. Takes the batch. 0 or -1 (reported). */
int rows_part_send(weir_stage *stage, struct ArrowArray *batch, RowsPart *part);

#endif
