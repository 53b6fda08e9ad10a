/* SPDX-License-Identifier: MIT */
/* rows.shuffle: puts records in random order, by sorting them under random numbers. */
#include "rows.h"

enum { IN = 0, OUT = 0 };

int
rows_shuffle_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsShuffle *state = stage->state;
  (void)port;
  if (!state->sorter) {
    state->random =
        weir_given(stage, "seed") ? weir_random_from((uint64_t)state->seed) : weir_random_stream(stage, 0);
    rows_grant_init(&state->grant, stage, state->memory);
    state->sorter = rows_sorter_new(stage, weir_input_schema(stage, IN), NULL, 0, &state->grant);
  }
  /* SplitMix64 gives no number twice in a stream, so there are no ties. */
  g_autofree uint64_t *numbers = g_new(uint64_t, (gsize)batch->length + 1);
  for (int64_t i = 0; i < batch->length; i++)
    numbers[i] = weir_random_u64(&state->random);
  return rows_sorter_add(state->sorter, batch, numbers);
}

static int
emit(void *data, struct ArrowArray *batch)
{
  return weir_emit(data, OUT, batch);
}

int
rows_shuffle_end(weir_stage *stage, uint32_t port)
{
  RowsShuffle *state = stage->state;
  (void)port;
  return state->sorter ? rows_sorter_finish(state->sorter, emit, stage) : 0;
}

void
rows_shuffle_close(weir_stage *stage)
{
  RowsShuffle *state = stage->state;
  rows_sorter_free(state->sorter);
}
