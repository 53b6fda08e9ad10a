/* SPDX-License-Identifier: MIT */
/* The right side of a join: an index of its keys, and its rows by number. */
#include "join.h"

#include "base/quote.h"
#include "base/value_write.h"

/* Batches of the table that are open at once: each keeps pages of the file in memory. */
#define OPEN_BATCHES 64
/* Nodes that always fit. */
#define FEW_NODES 4096
/* Columns of a key that an error shows. */
#define SHOWN_KEYS 4u

/* --- The index --- */

void
join_drop_index(RowsJoin *state)
{
  rows_table_clear(&state->table);
  g_clear_pointer(&state->nodes, g_free);
  rows_grant_give(&state->grant, state->nodes_size * sizeof *state->nodes);
  state->nodes_size = state->n_nodes = 0;
}

static gboolean
grow_nodes(RowsJoin *state)
{
  uint64_t more = MAX(state->nodes_size / 2, FEW_NODES), bytes = more * sizeof *state->nodes;
  if (!state->nodes_size)
    rows_grant_force(&state->grant, bytes);
  else if (!rows_grant_take(&state->grant, bytes))
    return FALSE;
  JoinNode *nodes = g_try_renew(JoinNode, state->nodes, state->nodes_size + more);
  if (!nodes) {
    rows_grant_give(&state->grant, bytes);
    return FALSE;
  }
  state->nodes = nodes;
  state->nodes_size += more;
  return TRUE;
}

/* A value of a key, as far as it can be shown in a few words. */
static void
append_value(GString *out, const weir_column *key, int64_t row)
{
  char text[WEIR_VALUE_ROOM] = "", *end = text;
  if (key->type == WEIR_UTF8) {
    weir_text value = weir_get_text(key, row);
    g_autofree char *quoted = weir_quote(value.data, value.len);
    g_string_append(out, quoted);
    return;
  }
  if (key->type == WEIR_TIMESTAMP)
    end = weir_value_write_timestamp(text, weir_get_integer(key, row));
  else if (key->type == WEIR_U64)
    end = weir_value_write_u64(text, (uint64_t)weir_get_integer(key, row));
  else if (key->type >= WEIR_I8 && key->type <= WEIR_I64)
    end = weir_value_write_i64(text, weir_get_integer(key, row));
  else if (key->type == WEIR_BOOL)
    end = g_stpcpy(text, weir_get_bool(key, row) ? "true" : "false");
  if (end && end > text)
    g_string_append_len(out, text, end - text);
  else
    g_string_append(out, "…");
}

/* The columns that the key is made of, with the values in a row: "k" "apple", "n" 3. */
static char *
describe_key(const RowsJoin *state, int64_t row)
{
  GString *out = g_string_new(NULL);
  for (uint32_t k = 0; k < MIN(state->on.count, SHOWN_KEYS); k++) {
    g_autofree char *name = weir_quote(state->keys[k].schema->name, -1);
    g_string_append_printf(out, "%s%s ", k ? ", " : "", name);
    append_value(out, &state->keys[k], row);
  }
  if (state->on.count > SHOWN_KEYS)
    g_string_append(out, ", …");
  return g_string_free(out, FALSE);
}

/* Puts a row before those of its key that are there: rows come from the last to the first. `at` is its place in the
 * batch whose keys are in the state. */
static JoinBuilt
put_row(weir_stage *stage, RowsHash hash, uint64_t row, int64_t at)
{
  RowsJoin *state = stage->state;
  gboolean is_new = FALSE, all = state->duplicates == JOIN_ALL;
  if (all && state->n_nodes == state->nodes_size && !grow_nodes(state))
    return JOIN_FULL;
  uint64_t value = all ? state->n_nodes : row;
  RowsSlot *slot = rows_table_put(&state->table, hash, value, &is_new);
  if (!slot)
    return JOIN_FULL;
  if (!is_new && state->duplicates == JOIN_ERROR) {
    g_autofree char *key = describe_key(state, at);
    weir_fail(stage,
              "records %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
              " of the input \"right\" have the same key: %s\nhint: \"duplicates\" says what is done then: "
              "\"first\" or \"all\"",
              (guint64)row + 1, (guint64)slot->value + 1, key);
    return JOIN_FAILED;
  }
  if (all)
    state->nodes[state->n_nodes++] = (JoinNode){row, is_new ? JOIN_NONE : slot->value};
  slot->value = value;
  return JOIN_DONE;
}

static JoinBuilt
put_batch(weir_stage *stage, const struct ArrowArray *batch, uint64_t first, uint32_t part)
{
  RowsJoin *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, JOIN_PORT_RIGHT);
  uint32_t n = state->on.count;
  JoinBuilt built = JOIN_DONE;
  for (uint32_t k = 0; k < n; k++)
    state->keys[k] = weir_batch_column(schema, batch, state->right_keys[k]);
  for (int64_t row = batch->length; row-- > 0 && built == JOIN_DONE;) {
    if (rows_has_null(state->keys, n, row))
      continue;
    RowsHash hash = rows_hash(state->keys, n, row, state->scratch);
    if (join_part(state, hash) == part)
      built = put_row(stage, hash, first + (uint64_t)row, row);
  }
  return built;
}

JoinBuilt
join_build(weir_stage *stage, uint32_t part)
{
  RowsJoin *state = stage->state;
  JoinBuilt built = JOIN_DONE;
  join_drop_index(state);
  rows_table_init(&state->table, &state->grant);
  for (uint64_t i = state->n_batches; i-- > 0 && built == JOIN_DONE;) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, JOIN_PORT_RIGHT, i, &batch))
      return JOIN_FAILED;
    built = put_batch(stage, &batch, state->starts[i], part);
    weir_batch_release(&batch);
  }
  return built;
}

/* --- Rows by number --- */

/* A row that is wanted, and where. */
typedef struct {
  uint64_t row;
  uint64_t at;
} Wanted;

static int
compare_wanted(const void *left, const void *right)
{
  const Wanted *a = left, *b = right;
  if (a->row != b->row)
    return a->row < b->row ? -1 : 1;
  return (a->at > b->at) - (a->at < b->at);
}

/* Some batches of the table, and what was gathered from them. */
typedef struct {
  struct ArrowArray batch[OPEN_BATCHES], view[OPEN_BATCHES];
  uint32_t n;
} Open;

static void
close_all(Open *open)
{
  for (uint32_t i = 0; i < open->n; i++) {
    g_free(open->view[i].children);
    weir_batch_release(&open->batch[i]);
  }
  open->n = 0;
}

/* The batch that a row is in. */
static uint64_t
batch_of(const RowsJoin *state, uint64_t row)
{
  uint64_t low = 0, high = state->n_batches;
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    if (state->starts[middle] <= row)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Gathers rows from as many batches as may be open at once, from `from` on: into `out`, with the places in it that the
 * rows have. Returns how many were taken, or -1. */
static int64_t
gather_some(weir_stage *stage, Open *open, const Wanted *wanted, int64_t from, int64_t n,
            struct ArrowArray *out)
{
  const RowsJoin *state = stage->state;
  const struct ArrowArray *views[OPEN_BATCHES];
  g_autofree weir_row *picks = g_new(weir_row, (gsize)(n - from) + 1);
  uint64_t last = JOIN_NONE;
  int64_t taken = 0;
  for (; from + taken < n && wanted[from + taken].row != JOIN_NONE; taken++) {
    uint64_t row = wanted[from + taken].row;
    if (last == JOIN_NONE || row >= state->starts[last + 1]) {
      if (open->n == OPEN_BATCHES)
        break;
      last = batch_of(state, row);
      if (weir_table_batch(stage, JOIN_PORT_RIGHT, last, &open->batch[open->n]))
        return -1;
      open->view[open->n] = rows_columns_of(&open->batch[open->n], state->take, state->n_take);
      views[open->n] = &open->view[open->n];
      open->n++;
    }
    picks[taken] = (weir_row){open->n - 1, (int64_t)(row - state->starts[last])};
  }
  return weir_gather(stage, state->taken, views, open->n, picks, taken, out) ? -1 : taken;
}

static int
gather_wanted(weir_stage *stage, const Wanted *wanted, int64_t n, GArray *parts, weir_row *picks)
{
  Open *open = g_new0(Open, 1);
  int result = 0;
  for (int64_t from = 0; from < n && wanted[from].row != JOIN_NONE && !result;) {
    struct ArrowArray part;
    int64_t taken = gather_some(stage, open, wanted, from, n, &part);
    close_all(open);
    if (taken < 0) {
      result = -1;
      break;
    }
    for (int64_t i = 0; i < taken; i++)
      picks[wanted[from + i].at] = (weir_row){parts->len, i};
    g_array_append_val(parts, part);
    from += taken;
  }
  close_all(open);
  g_free(open);
  return result;
}

int
join_gather(weir_stage *stage, const uint64_t *rows, int64_t n, struct ArrowArray *out)
{
  const RowsJoin *state = stage->state;
  g_autofree Wanted *wanted = g_new(Wanted, (gsize)n + 1);
  g_autofree weir_row *picks = g_new(weir_row, (gsize)n + 1);
  g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(struct ArrowArray));
  for (int64_t i = 0; i < n; i++)
    wanted[i] = (Wanted){rows[i], (uint64_t)i};
  qsort(wanted, (size_t)n, sizeof *wanted, compare_wanted);
  int result = gather_wanted(stage, wanted, n, parts, picks);
  g_autofree const struct ArrowArray **batches = g_new(const struct ArrowArray *, (gsize)parts->len + 1);
  for (guint i = 0; i < parts->len; i++)
    batches[i] = &g_array_index(parts, struct ArrowArray, i);
  batches[parts->len] = &state->null_row;
  for (int64_t i = 0; i < n; i++)
    if (rows[i] == JOIN_NONE)
      picks[i] = (weir_row){parts->len, 0};
  uint32_t n_batches = parts->len + (state->null_row.release ? 1 : 0);
  if (!result)
    result = weir_gather(stage, state->taken, batches, n_batches, picks, n, out);
  for (guint i = 0; i < parts->len; i++)
    weir_batch_release(&g_array_index(parts, struct ArrowArray, i));
  return result;
}
