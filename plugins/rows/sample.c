/* SPDX-License-Identifier: MIT */
/* rows.sample: a random part of the records, in their order. */
#include "part.h"
#include "rows.h"

#include <math.h>

int
rows_sample_schema(weir_stage *stage)
{
  const RowsSample *state = stage->state;
  bool fraction = weir_given(stage, "fraction"), count = weir_given(stage, "count");
  if (fraction == count)
    return weir_fail(
        stage, fraction ? "\"fraction\" and \"count\" are both given: one says how many records are kept"
                        : "neither \"fraction\" nor \"count\" is given\n"
                          "hint: \"fraction\": 0.1 keeps about a tenth, \"count\": 1000 exactly so many");
  if (state->exact && count)
    return weir_fail(stage, "\"exact\" is for \"fraction\": \"count\" is exact already");
  return 0;
}

/* An exact number needs to know how many records there are: they are put aside until then. */
static bool
puts_aside(weir_stage *stage)
{
  const RowsSample *state = stage->state;
  return state->exact || weir_given(stage, "count");
}

int
rows_sample_open(weir_stage *stage)
{
  RowsSample *state = stage->state;
  state->random =
      weir_given(stage, "seed") ? weir_random_from((uint64_t)state->seed) : weir_random_stream(stage, 0);
  return 0;
}

int
rows_sample_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsSample *state = stage->state;
  (void)port;
  if (puts_aside(stage)) {
    if (!state->spill)
      state->spill = weir_spill_begin(stage, weir_input_schema(stage, 0));
    if (state->spill)
      return weir_spill_add(state->spill, batch);
    weir_batch_release(batch);
    return -1;
  }
  g_auto(RowsPart) part;
  rows_part_begin(stage, &part, batch->length);
  for (int64_t row = 0; row < batch->length; row++)
    rows_part_add(&part, row, weir_random_unit(&state->random) < state->fraction);
  return rows_part_send(stage, batch, &part);
}

/* How many are kept, of those that were put aside. */
static int
count_kept(weir_stage *stage)
{
  RowsSample *state = stage->state;
  if (weir_spill_finish(state->spill))
    return -1;
  state->left = weir_spill_rows(state->spill);
  state->wanted =
      state->exact ? (uint64_t)llround(state->fraction * (double)state->left) : (uint64_t)state->count;
  if (state->wanted > state->left && !state->exact)
    weir_log(stage, WEIR_LOG_WARNING,
             "\"count\" is %" G_GUINT64_FORMAT ", and only %" G_GUINT64_FORMAT " records came: all are kept",
             (guint64)state->wanted, (guint64)state->left);
  state->wanted = MIN(state->wanted, state->left);
  return 0;
}

/* Each row is kept with the chance that makes every choice of rows equally likely (selection sampling: Knuth, TAOCP
 * 3.4.2, algorithm S). */
static int
draw_batch(weir_stage *stage, uint64_t index)
{
  RowsSample *state = stage->state;
  struct ArrowArray batch;
  if (weir_spill_batch(state->spill, index, &batch))
    return -1;
  g_auto(RowsPart) part;
  rows_part_begin(stage, &part, batch.length);
  for (int64_t row = 0; row < batch.length; row++) {
    bool keep = weir_random_below(&state->random, state->left) < state->wanted;
    state->left--;
    state->wanted -= keep;
    rows_part_add(&part, row, keep);
  }
  return rows_part_send(stage, &batch, &part);
}

int
rows_sample_end(weir_stage *stage, uint32_t port)
{
  RowsSample *state = stage->state;
  (void)port;
  if (!state->spill)
    return 0;
  if (count_kept(stage))
    return -1;
  uint64_t n = weir_spill_batches(state->spill);
  for (uint64_t b = 0; b < n; b++) {
    if (weir_cancelled(stage) || draw_batch(stage, b))
      return -1;
    weir_progress(stage, b + 1, n, "batches");
  }
  return 0;
}
