/* SPDX-License-Identifier: MIT */
/* rows.sort: puts records in the order of some columns. */
#include "base/nearest.h"
#include "rows.h"

enum { IN = 0, BY = 0, OUT = 0 };

/* Position of a name in `by`, or -1 with the failure reported. */
static int64_t
position_in_by(weir_stage *stage, const char *option, const char *name)
{
  RowsSort *state = stage->state;
  for (uint32_t i = 0; i < state->by.count; i++)
    if (g_str_equal(state->by.items[i], name))
      return i;
  g_autofree const char **names = g_new0(const char *, (gsize)state->by.count + 1);
  for (uint32_t i = 0; i < state->by.count; i++)
    names[i] = state->by.items[i];
  g_autofree char *hint = weir_did_you_mean(name, names);
  weir_fail(stage, "option \"%s\" names \"%s\", which is not in \"by\"%s", option, name, hint);
  return -1;
}

int
rows_sort_schema(weir_stage *stage)
{
  RowsSort *state = stage->state;
  if (!state->by.count)
    return weir_fail(stage,
                     "\"by\" is empty: there is nothing to sort by\nhint: name a column: \"by\": [\"id\"]");
  for (uint32_t i = 0; i < state->by.count; i++)
    for (uint32_t j = 0; j < i; j++)
      if (g_str_equal(state->by.items[i], state->by.items[j]))
        return weir_fail(stage, "\"by\" names \"%s\" twice", state->by.items[i]);
  state->keys = weir_alloc(stage, (state->by.count + 1) * sizeof *state->keys);
  if (!state->keys)
    return -1;
  for (uint32_t i = 0; i < state->descending.count; i++) {
    int64_t at = position_in_by(stage, "descending", state->descending.items[i]);
    if (at < 0)
      return -1;
    state->keys[at].descending = TRUE;
  }
  for (uint32_t i = 0; i < state->nulls_first.count; i++) {
    int64_t at = position_in_by(stage, "nulls-first", state->nulls_first.items[i]);
    if (at < 0)
      return -1;
    state->keys[at].nulls_first = TRUE;
  }
  return 0;
}

int
rows_sort_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsSort *state = stage->state;
  (void)port;
  if (!state->sorter) {
    for (uint32_t i = 0; i < state->by.count; i++)
      state->keys[i].column = weir_input_index(stage, IN, BY, i);
    rows_grant_init(&state->grant, stage, state->memory);
    state->sorter =
        rows_sorter_new(stage, weir_input_schema(stage, IN), state->keys, state->by.count, &state->grant);
  }
  return rows_sorter_add(state->sorter, batch, NULL);
}

static int
emit(void *data, struct ArrowArray *batch)
{
  return weir_emit(data, OUT, batch);
}

int
rows_sort_end(weir_stage *stage, uint32_t port)
{
  RowsSort *state = stage->state;
  (void)port;
  return state->sorter ? rows_sorter_finish(state->sorter, emit, stage) : 0;
}

void
rows_sort_close(weir_stage *stage)
{
  RowsSort *state = stage->state;
  rows_sorter_free(state->sorter);
}
