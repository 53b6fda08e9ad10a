/* SPDX-License-Identifier: MIT */
/* rows.join: brings records of two inputs together that have the same key. */
#include "join.h"

/* Parts that the right side is taken in at most. */
#define MOST_PARTS 1024

int
rows_join_schema(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  if (!state->on.count)
    return weir_fail(stage, "\"on\" is empty: there is no key\nhint: name a column: \"on\": [\"id\"]");
  if (state->right_on.count && state->right_on.count != state->on.count)
    return weir_fail(stage, "\"on\" names %u column%s and \"right-on\" %u: each key needs one of both",
                     state->on.count, state->on.count == 1 ? "" : "s", state->right_on.count);
  gboolean known = weir_input_schema(stage, JOIN_PORT_LEFT) && weir_input_schema(stage, JOIN_PORT_RIGHT);
  if (!known)
    return 0;
  /* The plan is made anew when records come: without a run nothing closes the stage. */
  int result = join_plan(stage);
  rows_schema_free(state->taken);
  state->taken = NULL;
  state->is_declared = !result;
  return result;
}

/* --- The beginning --- */

/* First row and bytes of each batch of the right side. */
static int
measure_right(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, JOIN_PORT_RIGHT);
  uint64_t rows = 0, bytes = 0;
  state->n_batches = weir_table_batches(stage, JOIN_PORT_RIGHT);
  state->starts = g_new0(uint64_t, state->n_batches + 1);
  for (uint64_t i = 0; i < state->n_batches; i++) {
    struct ArrowArray batch;
    if (weir_table_batch(stage, JOIN_PORT_RIGHT, i, &batch))
      return -1;
    state->starts[i] = rows;
    rows += (uint64_t)batch.length;
    bytes += rows_batch_bytes(schema, &batch);
    weir_batch_release(&batch);
  }
  state->starts[state->n_batches] = rows;
  state->row_bytes = rows ? bytes / rows : 0;
  return 0;
}

/* The index of the right side; where it does not fit, in how many parts it does. */
static int
begin(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  if (join_plan(stage))
    return -1;
  rows_grant_init(&state->grant, stage, state->memory);
  state->scratch = g_byte_array_new();
  state->keys = g_new0(weir_column, (gsize)state->on.count + 1);
  if (state->kind == JOIN_SEMI || state->kind == JOIN_ANTI)
    state->duplicates = JOIN_FIRST;
  if (state->kind == JOIN_LEFT)
    rows_null_row(state->taken, &state->null_row);
  if (measure_right(stage))
    return -1;
  for (state->n_parts = 1; state->n_parts <= MOST_PARTS; state->n_parts *= 4) {
    /* Each part has to fit; they are about equal, so the first stands for all, unless one key has most rows. */
    JoinBuilt built = join_build(stage, 0);
    if (built != JOIN_FULL)
      return built == JOIN_DONE ? 0 : -1;
  }
  return weir_fail(stage, "the keys of the input \"right\" do not fit into memory\nhint: raise --memory");
}

/* --- Rows that come out --- */

/* Pairs that wait to be sent; the left rows are of one batch. */
typedef struct {
  weir_stage *stage;
  const struct ArrowArray *batch;
  weir_row left[ROWS_BATCH_ROWS];
  uint64_t right[ROWS_BATCH_ROWS];
  int64_t n;
  uint64_t bytes;
} Pairs;

static int
send_pairs(Pairs *pairs)
{
  weir_stage *stage = pairs->stage;
  RowsJoin *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, JOIN_PORT_LEFT);
  struct ArrowArray left, right, out;
  int64_t n = pairs->n;
  if (!n)
    return 0;
  pairs->n = 0;
  pairs->bytes = 0;
  state->n_out += (uint64_t)n;
  if (weir_cancelled(stage) || weir_gather(stage, schema, &pairs->batch, 1, pairs->left, n, &left))
    return -1;
  if (!state->n_take)
    return weir_emit(stage, JOIN_PORT_OUT, &left);
  if (join_gather(stage, pairs->right, n, &right)) {
    weir_batch_release(&left);
    return -1;
  }
  int64_t n_left = left.n_children, n_all = n_left + right.n_children;
  g_autofree struct ArrowArray *columns = g_new0(struct ArrowArray, (gsize)n_all + 1);
  rows_take_columns(&left, columns);
  rows_take_columns(&right, columns + n_left);
  rows_join_columns(columns, n_all, n, &out);
  return weir_emit(stage, JOIN_PORT_OUT, &out);
}

static int
add_pair(Pairs *pairs, int64_t left, uint64_t right)
{
  const RowsJoin *state = pairs->stage->state;
  const struct ArrowSchema *schema = weir_input_schema(pairs->stage, JOIN_PORT_LEFT);
  pairs->left[pairs->n] = (weir_row){0, left};
  pairs->right[pairs->n++] = right;
  pairs->bytes += rows_row_bytes(schema, pairs->batch, left) + (state->n_take ? state->row_bytes : 0);
  return pairs->n < ROWS_BATCH_ROWS && pairs->bytes < ROWS_BATCH_BYTES ? 0 : send_pairs(pairs);
}

/* What becomes of a left row when all its matches, of which there were so many, have been added. */
static int
end_row(Pairs *pairs, int64_t left, uint64_t n_matches)
{
  RowsJoin *state = pairs->stage->state;
  state->n_matched += n_matches > 0;
  if ((state->kind == JOIN_SEMI && n_matches) ||
      (!n_matches && (state->kind == JOIN_ANTI || state->kind == JOIN_LEFT)))
    return add_pair(pairs, left, JOIN_NONE);
  return 0;
}

/* --- Matches --- */

/* What is done with each match of a left row; -1 stops. */
typedef int (*MatchFunc)(void *data, int64_t left, uint64_t right);

/* Looks a key up in the index. Returns the number of matches that were handed on, or -1. */
static int64_t
look_up(const RowsJoin *state, RowsHash hash, int64_t left, MatchFunc func, void *data)
{
  const RowsSlot *slot = rows_table_find(&state->table, hash);
  int64_t n = 0;
  if (!slot)
    return 0;
  if (state->duplicates != JOIN_ALL)
    return func(data, left, slot->value) ? -1 : 1;
  for (uint64_t node = slot->value; node != JOIN_NONE; node = state->nodes[node].next, n++)
    if (func(data, left, state->nodes[node].row))
      return -1;
  return n;
}

static int
pair_match(void *data, int64_t left, uint64_t right)
{
  Pairs *pairs = data;
  const RowsJoin *state = pairs->stage->state;
  return state->kind == JOIN_INNER || state->kind == JOIN_LEFT ? add_pair(pairs, left, right) : 0;
}

/* Hands on the matches of a part that were put aside for left row `number`. */
static int64_t
read_matches(const RowsJoin *state, uint32_t part, uint64_t number, int64_t left, Pairs *pairs)
{
  uint64_t *ahead = state->ahead[part];
  int64_t n = 0;
  for (; ahead[0] == number; n++) {
    if (pair_match(pairs, left, ahead[1]))
      return -1;
    int more = rows_numbers_read(&state->matches[part], ahead);
    if (more < 0)
      return -1;
    if (!more)
      ahead[0] = JOIN_NONE;
  }
  return n;
}

static void
set_keys(const weir_stage *stage, const struct ArrowArray *batch)
{
  RowsJoin *state = stage->state;
  for (uint32_t k = 0; k < state->on.count; k++)
    state->keys[k] =
        weir_batch_column(weir_input_schema((weir_stage *)stage, JOIN_PORT_LEFT), batch, state->left_keys[k]);
}

/* Joins the rows of a left batch, the first of which has number `first`. */
static int
join_batch(weir_stage *stage, const struct ArrowArray *batch, uint64_t first)
{
  RowsJoin *state = stage->state;
  g_autofree Pairs *pairs = g_new(Pairs, 1);
  pairs->stage = stage;
  pairs->batch = batch;
  pairs->n = 0;
  pairs->bytes = 0;
  set_keys(stage, batch);
  for (int64_t row = 0; row < batch->length; row++) {
    int64_t n = 0;
    if (!rows_has_null(state->keys, state->on.count, row)) {
      RowsHash hash = rows_hash(state->keys, state->on.count, row, state->scratch);
      n = state->n_parts == 1
              ? look_up(state, hash, row, pair_match, pairs)
              : read_matches(state, join_part(state, hash), first + (uint64_t)row, row, pairs);
    }
    if (n < 0 || end_row(pairs, row, (uint64_t)n))
      return -1;
  }
  return send_pairs(pairs);
}

int
rows_join_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  RowsJoin *state = stage->state;
  int result = !state->scratch ? begin(stage) : 0;
  (void)port;
  if (!result && state->n_parts > 1) {
    /* In memory it would take the room that the index of each part grows in. */
    if (!state->store)
      state->store = rows_store_new(stage, weir_input_schema(stage, JOIN_PORT_LEFT), NULL);
    state->n_left += (uint64_t)batch->length;
    return rows_store_add(state->store, batch);
  }
  if (!result)
    result = join_batch(stage, batch, state->n_left);
  state->n_left += (uint64_t)batch->length;
  weir_batch_release(batch);
  return result;
}

/* --- The right side in parts --- */

typedef struct {
  RowsNumbers *matches;
  uint64_t first; /* number of the batch's first row */
} PutAside;

static int
put_aside(void *data, int64_t left, uint64_t right)
{
  const PutAside *aside = data;
  uint64_t row[2] = {aside->first + (uint64_t)left, right};
  return rows_numbers_add(aside->matches, row);
}

/* Puts the matches of all left rows in one part aside. */
static int
look_up_all(weir_stage *stage, uint32_t part)
{
  RowsJoin *state = stage->state;
  PutAside aside = {&state->matches[part], 0};
  int result = 0;
  for (uint64_t i = 0; i < rows_store_batches(state->store) && !result; i++) {
    const struct ArrowArray *batch;
    if (weir_cancelled(stage) || rows_store_look(state->store, i, &batch))
      return -1;
    set_keys(stage, batch);
    for (int64_t row = 0; row < batch->length && !result; row++) {
      if (rows_has_null(state->keys, state->on.count, row))
        continue;
      RowsHash hash = rows_hash(state->keys, state->on.count, row, state->scratch);
      if (join_part(state, hash) == part && look_up(state, hash, row, put_aside, &aside) < 0)
        result = -1;
    }
    aside.first += (uint64_t)batch->length;
    rows_store_done(state->store);
  }
  return result || rows_numbers_finish(aside.matches) ? -1 : 0;
}

static void
drop_matches(RowsJoin *state)
{
  for (uint32_t i = 0; state->matches && i < state->n_parts; i++)
    rows_numbers_clear(&state->matches[i]);
  g_clear_pointer(&state->matches, g_free);
  g_clear_pointer(&state->ahead, g_free);
}

/* Part after part. JOIN_FULL: one of them does not fit. */
static JoinBuilt
match_parts(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  state->matches = g_new0(RowsNumbers, state->n_parts);
  state->ahead = g_malloc0_n(state->n_parts, sizeof *state->ahead);
  for (uint32_t part = 0; part < state->n_parts; part++) {
    rows_numbers_init(&state->matches[part], stage, 2);
    weir_progress(stage, part, state->n_parts, "parts");
    JoinBuilt built = join_build(stage, part);
    if (built != JOIN_DONE)
      return built;
    if (look_up_all(stage, part))
      return JOIN_FAILED;
    int more = rows_numbers_read(&state->matches[part], state->ahead[part]);
    if (more < 0)
      return JOIN_FAILED;
    if (!more)
      state->ahead[part][0] = JOIN_NONE;
  }
  return JOIN_DONE;
}

/* The first part fitted; where a later one does not, which is larger by chance, all are made smaller. */
static int
match_all(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  for (;;) {
    JoinBuilt built = match_parts(stage);
    if (built != JOIN_FULL)
      return built == JOIN_DONE ? 0 : -1;
    drop_matches(state);
    if (state->n_parts * 4 > MOST_PARTS)
      return weir_fail(
          stage, "too many records of the input \"right\" have the same key: they do not fit into memory\n"
                 "hint: raise --memory, or let \"duplicates\" be \"first\"");
    state->n_parts *= 4;
  }
}

static int
join_in_parts(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  uint64_t first = 0;
  if (rows_store_finish(state->store) || match_all(stage))
    return -1;
  join_drop_index(state);
  rows_grant_shrink(&state->grant);
  for (uint64_t i = 0; i < rows_store_batches(state->store); i++) {
    struct ArrowArray batch;
    if (rows_store_take(state->store, i, &batch))
      return -1;
    int result = join_batch(stage, &batch, first);
    first += (uint64_t)batch.length;
    weir_batch_release(&batch);
    if (result)
      return -1;
    weir_progress(stage, first, state->n_left, "records");
  }
  return 0;
}

int
rows_join_produce(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  if (state->store && join_in_parts(stage))
    return -1;
  weir_metric(stage, "matched", (double)state->n_matched, "records");
  weir_metric(stage, "unmatched", (double)(state->n_left - state->n_matched), "records");
  return WEIR_END;
}

void
rows_join_close(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  rows_schema_free(state->taken);
  weir_batch_release(&state->null_row);
  if (!state->scratch)
    return;
  join_drop_index(state);
  rows_store_free(state->store);
  drop_matches(state);
  g_free(state->starts);
  g_free(state->keys);
  g_byte_array_unref(state->scratch);
}
