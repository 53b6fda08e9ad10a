/* SPDX-License-Identifier: MIT */
/* split.stratified: shares the rows of a table out to named splits, every class in the same proportion. */
#include "split.h"

#define NAMES_IN_TEXT 8 /* strata that a warning names */

int
stratified_schema(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  return split_deal_check(stage, &state->deal);
}

/* Appends the names of the strata that `is_wanted` takes, the first few of them; returns how many there are.
 */
static guint
list_strata(const StratifiedState *state, gboolean (*is_wanted)(const StratifiedState *, guint32),
            GString *text)
{
  const guint64 *rows = split_strata_rows(state->strata);
  guint n = 0;
  for (guint32 s = 0; s < split_strata_count(state->strata); s++)
    if (is_wanted(state, s) && n++ < NAMES_IN_TEXT)
      g_string_append_printf(text, "%s\"%s\" (%" G_GUINT64_FORMAT " row%s)", n > 1 ? ", " : "",
                             split_strata_name(state->strata, s), rows[s], rows[s] == 1 ? "" : "s");
  if (n > NAMES_IN_TEXT)
    g_string_append_printf(text, " and %u more", n - NAMES_IN_TEXT);
  return n;
}

static gboolean
is_rare(const StratifiedState *state, guint32 stratum)
{
  return split_is_rare(split_strata_rows(state->strata)[stratum], state->deal.ratios.count);
}

static gboolean
has_null(const StratifiedState *state, guint32 stratum)
{
  return split_strata_has_null(state->strata, stratum);
}

static void
warn_of_strata(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  g_autofree char *by = state->by.count ? g_strjoinv("\", \"", (char **)state->by.items) : NULL;
  g_autoptr(GString) rare = g_string_new(NULL);
  g_autoptr(GString) null = g_string_new(NULL);
  guint n_rare = list_strata(state, is_rare, rare);
  if (n_rare)
    weir_log(stage, WEIR_LOG_WARNING,
             "%u of %u classes of \"%s\" have fewer rows than there are splits, and go whole to \"%s\": %s",
             n_rare, split_strata_count(state->strata), by ? by : "",
             state->deal.ratios.keys[split_home(state->deal.shares, state->deal.ratios.count)], rare->str);
  if (list_strata(state, has_null, null))
    weir_log(stage, WEIR_LOG_WARNING, "rows without a value in \"%s\" are split as classes of their own: %s",
             by ? by : "", null->str);
}

/* The stratum of every row. */
static int
read_strata(weir_stage *stage, uint64_t n_rows)
{
  StratifiedState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  g_autofree weir_column *columns = g_new0(weir_column, state->by.count + 1);
  uint64_t row = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, SPLIT_IN); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, SPLIT_IN, b, &batch))
      return -1;
    for (uint32_t i = 0; i < state->by.count; i++)
      columns[i] = weir_batch_column(schema, &batch, weir_input_index(stage, SPLIT_IN, SPLIT_BY, i));
    guint32 number = 0;
    for (int64_t i = 0; i < batch.length && row < n_rows && number != G_MAXUINT32; i++)
      state->stratum[row++] = number = split_strata_add(state->strata, columns, state->by.count, i);
    weir_batch_release(&batch);
    if (number == G_MAXUINT32)
      return weir_fail(stage, "more than %u different values in the columns of \"by\": these are no classes",
                       SPLIT_MAX_STRATA);
    if (split_hold(stage, &state->held, split_strata_bytes(state->strata), "the classes"))
      return -1;
  }
  return 0;
}

/* The split of the next row of a stratum: drawn so that every choice of rows is equally likely, and the
 * counts come out exactly (selection sampling: Knuth, TAOCP 3.4.2, algorithm S). */
static guint8
draw(StratifiedState *state, weir_random *random, guint32 stratum)
{
  guint64 *left = state->left + (gsize)stratum * state->deal.ratios.count;
  guint64 at = weir_random_below(random, state->left_in[stratum]);
  guint8 j = 0;
  for (; at >= left[j]; j++)
    at -= left[j];
  left[j]--;
  state->left_in[stratum]--;
  return j;
}

/* How many rows of each class each split gets. */
static int
apportion(weir_stage *stage, guint64 seed)
{
  StratifiedState *state = stage->state;
  uint32_t k = state->deal.ratios.count;
  gsize n = split_strata_count(state->strata);
  const guint64 *rows = split_strata_rows(state->strata);
  guint64 held = 0;
  state->left = split_reserve(stage, n * k, sizeof *state->left, "the classes");
  state->left_in = state->left ? split_reserve(stage, n, sizeof *state->left_in, "the classes") : NULL;
  if (!state->left_in || split_hold(stage, &held, split_apportion_bytes(n, k), "the classes"))
    return -1;
  split_apportion(rows, n, state->deal.shares, k, seed, state->left);
  weir_unreserve(stage, held);
  memcpy(state->left_in, rows, n * sizeof *rows);
  for (gsize i = 0; i < n * k; i++)
    state->deal.rows[i % k] += state->left[i];
  return 0;
}

static int
plan_split(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  uint64_t n_rows = weir_table_rows(stage, SPLIT_IN);
  weir_random random = split_random(stage, state->seed);
  if (split_deal_begin(stage, &state->deal, SPLIT_IN))
    return -1;
  state->stratum = split_reserve(stage, n_rows, sizeof *state->stratum, "the class of each record");
  state->strata = split_strata_new();
  if (!state->stratum || read_strata(stage, n_rows) || apportion(stage, weir_random_u64(&random)))
    return -1;
  warn_of_strata(stage);
  split_classes_report(stage, &state->deal, split_strata_names(state->strata), &state->by, state->left);
  split_deal_report(stage, &state->deal, NULL, NULL);
  for (uint64_t row = 0; row < n_rows; row++)
    state->deal.side[row] = draw(state, &random, state->stratum[row]);
  return 0;
}

/* What only the plan needs. */
static void
forget_plan(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  gsize n = state->strata ? split_strata_count(state->strata) : 0;
  split_release(stage, state->stratum, weir_table_rows(stage, SPLIT_IN), sizeof *state->stratum);
  split_release(stage, state->left, n * state->deal.ratios.count, sizeof *state->left);
  split_release(stage, state->left_in, n, sizeof *state->left_in);
  split_strata_free(state->strata);
  weir_unreserve(stage, state->held);
}

int
stratified_produce(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  if (!state->deal.side) {
    int result = plan_split(stage);
    forget_plan(stage);
    if (result)
      return -1;
  }
  return split_deal_next(stage, &state->deal, SPLIT_IN);
}

void
stratified_close(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  split_deal_clear(&state->deal);
}
