/* SPDX-License-Identifier: MIT */
/* rows.concat and rows.union: the records of several inputs, one input after the other. */
#include "rows.h"

int
rows_concat_schema(weir_stage *stage)
{
  const RowsConcat *state = stage->state;
  uint32_t n = weir_inputs(stage, 0);
  if (state->names.count && !state->source)
    return weir_fail(stage, "\"names\" is for the column that \"source\" names, which is not given");
  if (state->names.count && state->names.count != n)
    return weir_fail(stage, "\"names\" has %u names, and there are %u inputs", state->names.count, n);
  return 0;
}

int
rows_concat_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const RowsConcat *state = stage->state;
  if (!state->source)
    return weir_emit(stage, 0, batch);
  uint32_t source = weir_input_source(stage);
  char number[16];
  g_snprintf(number, sizeof number, "%u", source + 1);
  const char *name = state->names.count ? state->names.items[source] : number;
  int64_t n = batch->length, length = (int64_t)strlen(name);
  weir_batch *out = weir_derive(stage, port, batch, 0);
  if (!out)
    return -1;
  for (int64_t row = 0; row < n; row++)
    weir_put_text(out->columns[0], name, length);
  return weir_send(out);
}
