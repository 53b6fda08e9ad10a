/* SPDX-License-Identifier: MIT */
/* split.hash: a record's split follows from the hash of its key alone. */
#include "key.h"
#include "split.h"

int
hash_schema(weir_stage *stage)
{
  HashState *state = stage->state;
  uint32_t k = state->deal.ratios.count;
  double sum = 0;
  if (split_deal_check(stage, &state->deal))
    return -1;
  state->until = weir_alloc(stage, (k + 1) * sizeof *state->until);
  if (!state->until)
    return -1;
  for (uint32_t j = 0; j < k; j++)
    state->until[j] = sum += state->deal.shares[j];
  return 0;
}

/* The columns of the key: those of "by", or all but the row's number. Returns how many. */
static guint
look(weir_stage *stage, const struct ArrowArray *batch, weir_column *columns)
{
  const HashState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  guint n = 0;
  for (uint32_t i = 0; i < state->by.count; i++)
    columns[n++] = weir_batch_column(schema, batch, weir_input_index(stage, SPLIT_IN, SPLIT_BY, i));
  for (int64_t i = 0; i < schema->n_children && !state->by.count; i++)
    if (strcmp(schema->children[i]->name, "_row") != 0)
      columns[n++] = weir_batch_column(schema, batch, i);
  return n;
}

static guint8
side_of(const HashState *state, guint64 hash)
{
  double place = split_key_unit(hash);
  guint8 j = 0;
  while (j + 1u < state->deal.ratios.count && place >= state->until[j])
    j++;
  return j;
}

static void
append_all(GString *key, const weir_column *columns, guint n, gint64 row)
{
  for (guint i = 0; i < n; i++)
    split_key_append(key, &columns[i], row);
}

/* Whether a column that "by" names has no value; of all columns together some may well have none. */
static gboolean
lacks_key(const HashState *state, const weir_column *columns, guint n, gint64 row)
{
  gboolean lacks = FALSE;
  for (guint i = 0; state->by.count && i < n && !lacks; i++)
    lacks = split_key_is_none(&columns[i], row);
  return lacks;
}

static int
choose_sides(weir_stage *stage, const struct ArrowArray *batch, guint8 *sides, guint64 *rows)
{
  HashState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  g_autofree weir_column *columns = g_new0(weir_column, (gsize)schema->n_children + state->by.count + 1);
  guint n = look(stage, batch, columns);
  g_autoptr(GString) key = g_string_new(NULL);
  split_key_append_text(key, state->salt ? state->salt : "", state->salt ? strlen(state->salt) : 0);
  gsize salt = key->len;
  guint64 no_key = 0;
  for (int64_t row = 0; row < batch->length; row++) {
    gboolean lacks = lacks_key(state, columns, n, row);
    g_string_truncate(key, salt);
    sides[row] = SPLIT_LEFT_OUT;
    no_key += lacks;
    if (lacks && state->missing == SPLIT_MISSING_REJECT) {
      if (split_reject_row(stage, batch, row, &state->by))
        return -1;
      continue;
    }
    if (lacks && state->missing == SPLIT_MISSING_APART)
      split_append_row(stage, batch, row, key);
    else
      append_all(key, columns, n, row);
    sides[row] = side_of(state, split_key_hash(key));
    rows[sides[row]]++;
  }
  __atomic_fetch_add(&state->no_key, no_key, __ATOMIC_RELAXED);
  return 0;
}

int
hash_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  HashState *state = stage->state;
  guint64 rows[SPLIT_MAX_SPLITS] = {0};
  g_autofree guint8 *sides = g_new(guint8, (gsize)batch->length + 1);
  if (choose_sides(stage, batch, sides, rows)) {
    weir_batch_release(batch);
    return -1;
  }
  for (uint32_t j = 0; j < state->deal.ratios.count; j++)
    if (rows[j])
      __atomic_fetch_add(&state->deal.rows[j], rows[j], __ATOMIC_RELAXED);
  return split_deal_batch(stage, state->deal.ratios.count, port, batch, sides);
}

int
hash_end(weir_stage *stage, uint32_t port)
{
  const HashState *state = stage->state;
  (void)port;
  split_warn_no_key(stage, &state->by, state->missing, state->no_key);
  split_deal_report(stage, &state->deal, NULL, NULL);
  return 0;
}
