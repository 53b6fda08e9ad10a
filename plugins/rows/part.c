/* SPDX-License-Identifier: MIT */
/* A batch parted in two: rows that go to output 0, the others to output 1 if somebody takes them. */
#include "part.h"

void
rows_part_begin(weir_stage *stage, RowsPart *part, int64_t length)
{
  part->rest_used = weir_output_used(stage, 1);
  part->kept = g_new(int64_t, length + 1);
  part->rest = part->rest_used ? g_new(weir_row, length + 1) : NULL;
  part->n_kept = part->n_rest = 0;
}

void
rows_part_clear(RowsPart *part)
{
  g_free(part->kept);
  g_free(part->rest);
}

int
rows_part_send(weir_stage *stage, struct ArrowArray *batch, RowsPart *part)
{
  const struct ArrowArray *batches[] = {batch};
  struct ArrowArray rest = {0};
  int result = 0;
  if (part->n_rest)
    result = weir_gather(stage, weir_input_schema(stage, 0), batches, 1, part->rest, part->n_rest, &rest);
  if (result == 0 && part->n_rest)
    result = weir_emit(stage, 1, &rest);
  if (result == 0)
    return weir_select(stage, 0, batch, 0, part->kept, part->n_kept);
  weir_batch_release(batch);
  return result;
}
