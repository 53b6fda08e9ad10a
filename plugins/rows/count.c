/* SPDX-License-Identifier: MIT */
/* rows.count: how many records have each combination of values, with sums and other figures of columns. */
#include "count.h"

enum { IN = 0, BY = 0, FIRST_FIGURE = 1, OUT = 0 };

static const char *const kind_names[COUNT_KINDS] = {"sum", "mean", "min", "max"};

/* --- Columns --- */

/* The place of a column among the used ones; it is put there if it is new. */
static int32_t
use_column(RowsCount *state, int32_t column)
{
  for (uint32_t i = 0; i < state->n_used; i++)
    if (state->used[i] == column)
      return (int32_t)i;
  state->used[state->n_used] = column;
  return (int32_t)state->n_used++;
}

static weir_type
result_type(int kind, weir_type type)
{
  gboolean is_real = type == WEIR_F32 || type == WEIR_F64;
  if (kind == COUNT_MEAN)
    return WEIR_F64;
  if (kind == COUNT_SUM)
    return is_real ? WEIR_F64 : type == WEIR_U64 ? WEIR_U64 : WEIR_I64;
  return type;
}

static const char *
type_name(weir_type type)
{
  static const char *const names[] = {"",     "",     "i8?",  "u8?",  "i16?", "u16?", "i32?",      "u32?",
                                      "i64?", "u64?", "f32?", "f64?", "",     "",     "timestamp?"};
  return (gsize)type < G_N_ELEMENTS(names) ? names[type] : "";
}

static int
declare(weir_stage *stage)
{
  RowsCount *state = stage->state;
  uint32_t n_by = state->by.count, n = n_by + 1 + state->n_wanted;
  g_autofree weir_field *fields = g_new0(weir_field, (gsize)n + 1);
  g_autoptr(GPtrArray) types = g_ptr_array_new_with_free_func(g_free);
  for (uint32_t i = 0; i < n_by; i++) {
    g_ptr_array_add(types, rows_type_text(state->by_schema->children[i]));
    fields[i] = (weir_field){state->by.items[i], types->pdata[i]};
  }
  fields[n_by] = (weir_field){state->count_as, "i64"};
  for (uint32_t i = 0; i < state->n_wanted; i++)
    fields[n_by + 1 + i] = (weir_field){state->wanted[i].name, type_name(state->wanted[i].result)};
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < i; j++)
      if (g_str_equal(fields[i].name, fields[j].name))
        return weir_fail(
            stage,
            "two columns would be called \"%s\"\nhint: no column may be named twice; \"count-as\" names "
            "the column with the counts",
            fields[i].name);
  return weir_declare(stage, OUT, fields, n);
}

int
count_plan(weir_stage *stage)
{
  RowsCount *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, IN);
  gsize most = state->by.count;
  for (int kind = 0; kind < COUNT_KINDS; kind++)
    most += state->figures[kind].count;
  state->used = g_new0(int32_t, most + 1);
  state->wanted = g_new0(CountFigure, most + 1);
  state->keys = g_new0(RowsKey, most + 2);
  for (uint32_t i = 0; i < state->by.count; i++)
    state->used[state->n_used++] = weir_input_index(stage, IN, BY, i);
  for (int kind = 0; kind < COUNT_KINDS; kind++)
    for (uint32_t i = 0; i < state->figures[kind].count; i++) {
      int32_t column = weir_input_index(stage, IN, FIRST_FIGURE + (uint32_t)kind, i);
      weir_type type = weir_type_from_format(schema->children[column]->format, NULL);
      state->wanted[state->n_wanted++] =
          (CountFigure){kind, use_column(state, column), type, result_type(kind, type),
                        g_strconcat(kind_names[kind], "_", state->figures[kind].items[i], NULL)};
    }
  state->used_schema = rows_schema_of(schema, state->used, state->n_used, FALSE);
  state->by_schema = rows_schema_of(schema, state->used, state->by.count, FALSE);
  if (state->order == COUNT_BY_COUNT)
    state->keys[state->n_keys++] = (RowsKey){(int32_t)state->by.count, TRUE, FALSE};
  for (uint32_t i = 0; i < state->by.count; i++)
    state->keys[state->n_keys++] = (RowsKey){(int32_t)i, FALSE, FALSE};
  /* Without a key there is one group, whose order is any. */
  if (!state->n_keys)
    state->keys[state->n_keys++] = (RowsKey){0, FALSE, FALSE};
  return state->is_declared ? 0 : declare(stage);
}

void
count_plan_clear(RowsCount *state)
{
  for (uint32_t i = 0; i < state->n_wanted; i++)
    g_free(state->wanted[i].name);
  rows_schema_free(state->used_schema);
  rows_schema_free(state->by_schema);
  g_free(state->used);
  g_free(state->wanted);
  g_free(state->keys);
  state->used = NULL;
  state->wanted = NULL;
  state->keys = NULL;
  state->used_schema = state->by_schema = NULL;
  state->n_used = state->n_wanted = state->n_keys = 0;
}

int
rows_count_schema(weir_stage *stage)
{
  RowsCount *state = stage->state;
  if (!weir_input_schema(stage, IN))
    return 0;
  /* The plan is made anew when records come: without a run nothing closes the stage. */
  int result = count_plan(stage);
  count_plan_clear(state);
  state->is_declared = !result;
  return result;
}

/* --- The run --- */

/* Once the input's columns are known. */
static int
begin(weir_stage *stage)
{
  RowsCount *state = stage->state;
  int result = count_plan(stage);
  state->scratch = g_byte_array_new();
  state->columns = g_new0(weir_column, (gsize)state->n_used + 1);
  rows_grant_init(&state->grant, stage, state->memory);
  state->groups = count_groups_new(stage, 0);
  return result;
}

int
rows_count_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsCount *state = stage->state;
  int result = state->scratch ? 0 : begin(stage);
  (void)port;
  if (!result) {
    struct ArrowArray used = rows_columns_of(batch, state->used, state->n_used);
    result = count_groups_add(state->groups, &used);
    g_free(used.children);
  }
  weir_batch_release(batch);
  return result;
}

static int
emit(void *data, struct ArrowArray *batch)
{
  return weir_emit(data, OUT, batch);
}

int
rows_count_end(weir_stage *stage, uint32_t port)
{
  RowsCount *state = stage->state;
  (void)port;
  if (!state->scratch) {
    /* No rows: no groups, but for the one that needs none. */
    if (state->by.count || !weir_input_schema(stage, IN))
      return 0;
    if (begin(stage) || count_groups_add_none(state->groups))
      return -1;
  }
  state->sorter =
      rows_sorter_new(stage, weir_output_schema(stage, OUT), state->keys, state->n_keys, &state->grant);
  return count_groups_finish(state->groups) || rows_sorter_finish(state->sorter, emit, stage) ? -1 : 0;
}

void
rows_count_close(weir_stage *stage)
{
  RowsCount *state = stage->state;
  if (!state->scratch)
    return;
  count_groups_free(state->groups);
  rows_sorter_free(state->sorter);
  g_byte_array_unref(state->scratch);
  g_free(state->columns);
  count_plan_clear(state);
}
